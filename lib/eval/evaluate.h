// SPDX-License-Identifier: Apache-2.0
#pragma once

// vremd-eval: reads the ground truth and the predictions, scores, reports.

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
  std::string output_dir;        // of the official files; "": off
  std::string json_nan = "NaN";  // spelling of NaN in them: NaN, null
  std::string plots;             // directory for plots of the AP; "": off

  std::string pck;              // torso, head or bbox; "": off
  double threshold = 0.2;       // of PCK, as a multiple of the length
  bool bbox = false;            // average precision of boxes
  bool predicted_only = false;  // of PCK, boxes, OKS: only images with predictions

  std::string kit;                // pt21: mAP and HOTA of PoseTrack21's kit; "": off
  bool hota_fix = false;          // frames without predictions count their own joints
  bool compat_int_trunc = false;  // truncate scores if all keypoints are integers

  std::string oks;                // cocoapi or xtcoco: average precision of keypoints; "": off
  std::string sigmas = "coco17";  // of OKS: a name known to oks_sigmas(), or a JSON file
  bool no_area = false;           // OKS: 0.53 of the box instead of the area

  std::string json;              // everything as a JSON object: a file, "-" for standard output
  bool force = false;            // replace an existing file
  int threads = 1;               // the scores do not depend on it
  std::string version, command;  // for the JSON object
};

// Runs the evaluation that the config asks for, one of those below. False: scored, but the records
// are truncated (with a warning).
bool evaluate(const EvalConfig& config);

bool evaluate_poseval(const EvalConfig& config);  // as the official evaluator (SCORING 1 to 6)
bool evaluate_pt21(const EvalConfig& config);     // as PoseTrack21's kit (SCORING 7)
bool evaluate_oks(const EvalConfig& config);      // COCO's keypoint AP (SCORING 8)
bool evaluate_records(const EvalConfig& config);  // PCK and box AP of records (SCORING 8b)

}  // namespace vremd::eval
