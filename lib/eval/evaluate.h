// SPDX-License-Identifier: Apache-2.0
#pragma once

// What vremd-eval does: reads ground truth and records once, scores, reports.

#include <string>
#include <vector>

namespace vremd::eval {

struct EvalConfig {
  std::string ground_truth;  // a file or a folder of them
  std::vector<std::string> predictions;

  bool ap = false, mot = false;      // poseval: average precision, CLEAR MOT
  std::string mot_compat = "1.0.2";  // which py-motmetrics
  std::string frames = "annotated";  // which frames count: annotated, labeled
  bool per_sequence = false;
  std::string output_dir;        // of the official files; "": none
  std::string json_nan = "NaN";  // how they spell it: NaN, null
  std::string plots;             // a folder for pictures of the AP; "": none

  std::string pck;         // torso, head or bbox; "": not asked for
  double threshold = 0.2;  // of PCK, in lengths
  bool bbox = false;       // average precision of boxes

  std::string kit;                // pt21: mAP and HOTA of PoseTrack21's kit; "": none
  bool hota_fix = false;          // a frame without predictions counts as what it is
  bool compat_int_trunc = false;  // scores beside integer keypoints are cut off

  std::string oks;                // cocoapi or xtcoco: average precision of keypoints; "": none
  std::string sigmas = "coco17";  // of OKS: a name that oks_sigmas knows, or a JSON file: a list
  bool no_area = false;           // OKS with 0.53 of the box instead of the area

  std::string json;              // everything as one JSON object: a file, "-" standard output
  bool force = false;            // replace an existing file
  int threads = 1;               // the scores do not depend on it
  std::string version, command;  // for the JSON object
};

// Runs the kind of evaluation that is asked for. True: all is well. False: scored, but records
// ended too early (a warning says so).
bool evaluate(const EvalConfig& config);

}  // namespace vremd::eval
