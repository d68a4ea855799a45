// SPDX-License-Identifier: Apache-2.0
#pragma once

// What vremd-eval does: reads ground truth and records once, scores, reports.

#include <string>

namespace vremd {

struct EvalConfig {
  std::string ground_truth;      // a JSON file in PoseTrack18's form, or a folder of them
  std::string predictions;       // records; "-" is standard input
  std::string pck;               // torso, head or bbox; "": not asked for
  double threshold = 0.2;        // of PCK, in lengths
  bool bbox = false;             // average precision of boxes
  std::string json;              // everything as one JSON object: a file, "-" standard output
  bool force = false;            // replace an existing file
  std::string version, command;  // for the JSON object
};

// True: all is well. False: scored, but the records ended too early (a warning says so).
bool evaluate(const EvalConfig& config);

}  // namespace vremd
