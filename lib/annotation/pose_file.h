// SPDX-License-Identifier: Apache-2.0
#pragma once

// The people of one sequence, annotated or predicted, as PoseTrack's evaluators read them
// (SCORING 2). Only what no evaluator uses is dropped; each applies its own rules to the same
// frames.

#include "annotation/annotations.h"

#include <cstddef>
#include <string>
#include <vector>

namespace vremd::annotation {

struct PoseFile {
  std::string path;
  AnnotationForm form = AnnotationForm::kPoseTrack17;
  std::string vid_id;  // of the first frame; "" if absent
  // In the order of the file, with joint indices of kPoseJointNames, without PoseTrack18's ears. A
  // frame's index is its imgnum - 1, frame_id or the number in file_name, else its place.
  std::vector<AnnotatedFrame> frames;

  std::string place(std::size_t frame) const;  // "FILE: frame 3 (images/000003.jpg)", for messages
};

// Errors name the place: "a.json: annolist[3].annorect[0].track_id: not an integer".
PoseFile read_pose_file(const std::string& path);
PoseFile parse_pose_file(std::string text, const std::string& path);

// The index of each joint in kPoseJointNames, or -1.
std::vector<int> pose_joints(const std::vector<std::string>& joints);

// Maps joint indices, and drops joints mapped to -1; an index of -1 is kept.
void renumber(AnnotatedPerson& person, const std::vector<int>& numbers);

}  // namespace vremd::annotation
