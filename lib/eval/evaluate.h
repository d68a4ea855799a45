// SPDX-License-Identifier: Apache-2.0
#pragma once

// vremd-eval: reads the ground truth and the predictions, scores, reports.

#include "io/json.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vremd::eval {

enum class FrameChoice {
  kAnnotated,  // poseval: frames with annotated people, whatever is_labeled
  kLabelled,   // by is_labeled, also without people; if absent, as above
};
constexpr auto enum_names(FrameChoice) { return std::array{"annotated", "labeled"}; }

// The version of py-motmetrics below the official program: their sums differ (SCORING 5.5).
enum class MotCompat { k102, k120, k140 };
constexpr auto enum_names(MotCompat) { return std::array{"1.0.2", "1.2.0", "1.4.0"}; }

enum class JsonNan { kNaN, kNull };
constexpr auto enum_names(JsonNan) { return std::array{"NaN", "null"}; }

enum class PckLength {
  kTorso,  // the longer of left shoulder - right hip and right shoulder - left hip
  kHead,   // 0.6 of the head box's diagonal
  kBox,    // the longer side of the person's box
};
constexpr auto enum_names(PckLength) { return std::array{"torso", "head", "bbox"}; }

enum class Kit { kPt21 };
constexpr auto enum_names(Kit) { return std::array{"pt21"}; }

// xtcocotools counts the labelled keypoints itself, drops detections without any, and does not
// require areas. cocoapi treats a match with annotation id 0 as unmatched.
enum class OksKit { kCocoapi, kXtcoco };
constexpr auto enum_names(OksKit) { return std::array{"cocoapi", "xtcoco"}; }

struct EvalConfig {
  std::string ground_truth;  // a file or a folder of them; "": none, for jitter
  std::vector<std::string> predictions;

  bool ap = false, mot = false;  // poseval: average precision, CLEAR MOT
  MotCompat mot_compat = MotCompat::k102;
  FrameChoice frames = FrameChoice::kAnnotated;  // that count
  bool per_sequence = false;
  std::string output_dir;            // of the official files; "": off
  JsonNan json_nan = JsonNan::kNaN;  // spelling of NaN in them
  std::string plots;                 // directory for plots of the AP; "": off

  std::optional<PckLength> pck;
  double threshold = 0.2;           // of PCK, as a multiple of the length
  bool bbox = false;                // average precision of boxes
  std::optional<PckLength> jitter;  // accelerations, also relative to the length
  bool predicted_only = false;      // of PCK, boxes, jitter, OKS: only images with predictions

  std::optional<Kit> kit;         // mAP and HOTA of PoseTrack21's kit
  bool hota_fix = false;          // frames without predictions count their own joints
  bool compat_int_trunc = false;  // truncate scores if all keypoints are integers

  std::optional<OksKit> oks;      // average precision of keypoints
  std::string sigmas = "coco17";  // of OKS: a name known to oks_sigmas(), or a JSON file
  bool no_area = false;           // OKS: 0.53 of the box instead of the area

  int bootstrap = 0;    // resamples of the sequences or images; 0: off (SCORING 11)
  int seed = 1;         // of the bootstrap
  std::string compare;  // a second submission; "": none

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
// PCK, box AP (SCORING 8b) and jitter (8c) of records.
bool evaluate_records(const EvalConfig& config);
bool evaluate_jitter(const EvalConfig& config);  // without ground truth (SCORING 8c)

// "5 sequences without predictions: a, b, c ...": the first three of them. Silent if empty.
void warn_of_names(const std::vector<std::string>& names, const char* what);

// The annotated joints that no prediction has.
void warn_never_predicted(const std::vector<std::string>& joints);

struct MatchCounts {
  std::int64_t matched = 0, missing = 0, extra = 0;  // extra: not in the ground truth

  bool operator==(const MatchCounts&) const = default;
};
Json json_of(const MatchCounts& counts);
void report_frames(const MatchCounts& counts);  // a warning if some are missing or superfluous

// The run: tool, version, command, ground_truth, predictions.
Json report_head(const EvalConfig& config);

class Resampled;
// The bootstrap that the config asks for: its lines are appended to `text`, its object is
// `json`["bootstrap"]. `other`: of config.compare, or null. Error: it has other units.
void add_bootstrap(const EvalConfig& config, const Resampled& scores, const Resampled* other,
                   const std::string& unit, std::string& text, Json& json);

// Writes the JSON object to the file of --json, and the text to standard output unless that is it.
void write_report(const EvalConfig& config, const std::string& json, const std::string& text);

}  // namespace vremd::eval
