// SPDX-License-Identifier: Apache-2.0
#include "convert/format.h"

#include "core/error.h"
#include "io/json_file.h"

#include <filesystem>

namespace vremd::convert {
namespace {

constexpr std::size_t kHeadBytes = 64 << 10;
constexpr unsigned kJoints = kHoldsKeypoints | kHoldsJointScores;
constexpr unsigned kPoses = kHoldsScores | kJoints;

constexpr Format kFormats[] = {
    // in the order of guessing
    {"records", "JSON lines of these tools", guess_records, read_records, write_records, kHoldsAll,
     "", false, nullptr, ".jsonl"},
    {"posetrack17", "annolist of PoseTrack17, a file per sequence", guess_posetrack17,
     read_annotation_files, write_posetrack17,
     kPoses | kHoldsVideo | kHoldsEmpty | kHoldsFiles | kHoldsTracks | kHoldsAnnotation,
     "posetrack15", true},
    {"posetrack18", "annotations and predictions of PoseTrack18", guess_posetrack18,
     read_annotation_files, write_posetrack18,
     kHoldsAll & ~(kHoldsTimes | kHoldsRate | kHoldsMaker | kHoldsDamage), "posetrack17", false},
    {"posetrack21", "predictions for the PoseTrack21 kit, a file per sequence", nullptr,
     read_annotation_files, write_posetrack21,
     kJoints | kHoldsVideo | kHoldsEmpty | kHoldsFiles | kHoldsImageIds | kHoldsTracks |
         kHoldsBoxes,
     "posetrack17", true},
    {"coco-keypoints", "annotated persons of COCO", guess_coco_keypoints, read_annotation_files,
     write_coco_keypoints, kHoldsAll & ~(kHoldsTimes | kHoldsRate | kHoldsMaker | kHoldsDamage),
     "coco17", false},
    {"coco-results", "keypoint results of COCO", guess_coco_results, read_coco_results,
     write_coco_results, kPoses | kHoldsImageIds | kHoldsBoxes | kHoldsBoxScores | kHoldsTracks,
     "coco17", false},
    {"coco-boxes", "detection results of COCO", guess_coco_boxes, read_coco_boxes, write_coco_boxes,
     kHoldsImageIds | kHoldsBoxes | kHoldsBoxScores | kHoldsTracks | kHoldsBare, "", false},
    {"openpose", "a folder with a file per frame, BODY_25 or COCO-18", guess_openpose,
     read_openpose, nullptr, kJoints | kHoldsVideo | kHoldsEmpty | kHoldsTracks, "body25", false,
     write_openpose},
    {"alphapose", "AlphaPose's result file", guess_alphapose, read_alphapose, write_alphapose,
     kPoses | kHoldsFiles | kHoldsBoxes | kHoldsTracks, "coco17", false},
    {"mmpose", "MMPose's prediction file, one per video or picture", guess_mmpose, read_mmpose,
     write_mmpose, kPoses | kHoldsEmpty | kHoldsBoxes | kHoldsBoxScores | kHoldsTracks, "", true},
    {"dlc", "DeepLabCut's table, one per video", guess_dlc, read_dlc, write_dlc,
     kJoints | kHoldsEmpty | kHoldsTracks, "", true, nullptr, ".csv"},
    {"mot", "boxes and tracks of MOTChallenge, one file per video", guess_mot, read_mot, write_mot,
     kHoldsBoxes | kHoldsBoxScores | kHoldsTracks | kHoldsBare, "", true, nullptr, ".txt"},
    {"trc", "markers of one person for OpenSim", guess_trc, read_trc, write_trc,
     kHoldsKeypoints | kHoldsTimes | kHoldsEmpty, "", true, nullptr, ".trc"},
    {"yolo", "a folder of labels for YOLO, a file per picture", nullptr, read_yolo, nullptr,
     kHoldsKeypoints | kHoldsSize | kHoldsEmpty | kHoldsBoxes | kHoldsBare, "", false, write_yolo},
    {"csv", "a table, one row per joint", guess_csv, read_csv, write_csv,
     kPoses | kHoldsVideo | kHoldsTimes | kHoldsEmpty | kHoldsFiles | kHoldsImageIds | kHoldsBoxes |
         kHoldsBoxScores | kHoldsTracks | kHoldsIds | kHoldsBare,
     "", false, nullptr, ".csv"},
    {"csv-wide", "a table for statistics, one row per person and frame", nullptr, nullptr,
     write_csv_wide,
     kPoses | kHoldsVideo | kHoldsTimes | kHoldsBoxes | kHoldsBoxScores | kHoldsTracks | kHoldsIds |
         kHoldsBare,
     "", false, nullptr, ".csv"},
    {"csv-tracks", "a table of the tracks, one row each", nullptr, nullptr, write_csv_tracks,
     kHoldsAll, "", false, nullptr, ".csv"},
};

}  // namespace

const Format* find_format(std::string_view name) {
  for (const Format& format : kFormats) {
    if (format.name == name) return &format;
  }
  return nullptr;
}

std::string format_names() {
  std::string names;
  for (const Format& format : kFormats) {
    names += (names.empty() ? "" : ", ") + std::string(format.name);
  }
  return names;
}

const Format& guess_format(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  // A pipe can be read only once, and the pipes of these tools carry records.
  if (path == "-") return *find_format("records");
  if (fs::is_directory(path, ignored)) {
    if (is_yolo(path)) return *find_format("yolo");
    const std::vector<std::string> files = io::files_in(path, ".json");
    return files.empty() ? *find_format("openpose") : guess_format(files.front());
  }
  if (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored)) {
    return *find_format("records");
  }
  const std::string head = io::read_head(path, kHeadBytes);
  if (head.empty()) fail("{}: empty", path);
  for (const Format& format : kFormats) {
    if (format.guess && format.guess(head)) return format;
  }
  fail("{}: unknown format; use --from", path);
}

}  // namespace vremd::convert
