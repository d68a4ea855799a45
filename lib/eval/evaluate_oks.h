// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace vremd {

// vremd-eval --oks: COCO's average precision of keypoints.
struct OksEvalConfig {
  std::string kit;                        // cocoapi or xtcoco
  std::string sigmas = "coco17";          // a name that oks_sigmas knows, or a JSON file: a list
  bool no_area = false;                   // 0.53 of the box instead of the area
  std::string ground_truth, predictions;  // files; "-" is standard input
  std::string output_dir;                 // for oks.json; "": not written
  std::string json;                       // the same object: a file, "-" instead of the text
  bool force = false;                     // replace an existing file
  std::string version, command;           // for the JSON object
};

// Prints the ten lines. False: scored, but the records ended too early (a warning says so).
bool evaluate_oks(const OksEvalConfig& config);

}  // namespace vremd
