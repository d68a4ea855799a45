// SPDX-License-Identifier: Apache-2.0
#pragma once

// The poses of one sequence, annotated or predicted, from a file of PoseTrack17 (annolist) or of
// PoseTrack18 and 21 (images, annotations): EVAL 2. Nothing is judged or dropped here but what no
// evaluator ever looks at, so that each of them applies its own rules to the same frames.

#include "core/geometry.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace vremd {

// PoseTrack17's joints; their numbers are the order of every list of joints in this folder.
constexpr int kPoseJoints = 15;
extern const std::array<std::string_view, kPoseJoints> kPoseJointNames;  // as PoseTrack18 spells

int joint_number(std::string_view name);  // -1: none of them

constexpr double kNoScore = -9999;  // what the official programs take for a missing score

struct PosePoint {
  int joint = -1;             // 0...14; -1: an id that is no joint, which only fills the list
  double x = 0, y = 0;        // pixels, as the file has them
  double visible = 1;         // v or is_visible
  double score = kNoScore;    // of the joint
};

struct HeadBox {
  double x1 = 0, y1 = 0, x2 = 0, y2 = 0;

  // What distances are measured in (EVAL 4.1).
  double size() const {
    const double w = x2 - x1, h = y2 - y1;
    return 0.6 * std::sqrt(w * w + h * h);
  }
};

struct Pose {
  std::optional<std::int64_t> track;
  std::optional<HeadBox> head;
  std::optional<Box> box;  // of the person; never used to score
  bool has_points = false;  // the file has a list of points, perhaps an empty one
  // annolist: the list as it is, in its order, where an id may be twice (the first one counts).
  // PoseTrack18: slots other than (0, 0, 0), in their order; ears are left out.
  std::vector<PosePoint> points;

  const PosePoint* find(int joint) const;  // the first of that number, or null
};

using Polygon = std::vector<Point>;

struct PoseFrame {
  std::string file_name;                 // "" where the file has none
  std::optional<std::int64_t> image_id;  // PoseTrack18
  std::int64_t index = 0;  // in the video, from 0: frame_id, imgnum - 1, the number in file_name,
                           // or else the place in the file
  std::optional<bool> labelled;  // is_labeled
  // PoseTrack18: every number in the keypoints of all people here was written as an integer, which
  // makes the PoseTrack21 kit cut off their scores (EVAL 7.1).
  bool integer_keypoints = false;
  std::vector<Polygon> ignore_regions;
  bool has_ignore_regions = false;  // the file has their keys, perhaps with no polygon
  std::vector<Pose> poses;  // in the order of the file
};

enum class PoseFormat { kPoseTrack17, kPoseTrack18, kRecords };

struct PoseFile {
  std::string path;
  PoseFormat format = PoseFormat::kPoseTrack17;
  std::string vid_id;  // of the first frame; "": the file has none
  std::vector<PoseFrame> frames;  // in the order of the file

  std::string place(std::size_t frame) const;  // "FILE: frame 3 (images/000003.jpg)", for messages
};

// Errors name the file and the place in it, such as
// "a.json: annolist[3].annorect[0].track_id: not an integer".
PoseFile read_pose_file(const std::string& path);
PoseFile parse_pose_file(std::string text, const std::string& path);

// The name of a sequence: that of the file up to the first '.'.
std::string sequence_name(const std::string& path);

// PoseTrack18 tells the videos in one file apart by the folder in file_name, up to its first '_'.
std::string_view video_key(std::string_view file_name);

}  // namespace vremd
