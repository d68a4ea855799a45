// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which record belongs to which annotated frame (EVAL 8b, Names).

#include "annotation/annotations.h"
#include "io/records.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace vremd::eval {

struct MatchedFrame {
  const annotation::AnnotatedVideo* video = nullptr;
  const annotation::AnnotatedFrame* truth = nullptr;
  const JointSet* truth_joints = nullptr;
  bool predicted = false;  // a record exists, perhaps without people
  std::vector<io::Instance> predictions;
  std::shared_ptr<const JointSet> joints;  // of their keypoints; null: they have none
};

struct MatchCounts {
  std::int64_t matched = 0, missing = 0, superfluous = 0;
};

struct Matching {
  std::string records;               // their file, for messages
  std::vector<MatchedFrame> frames;  // every annotated frame, in the order of the files
  MatchCounts sequences, frame_counts;
  std::vector<std::string> missing, superfluous;  // names of sequences
  std::vector<std::string> other_sizes;  // videos of another picture size than the annotations
  bool cut = false;                      // the records ended without an end record
};

// Reads all records. A sequence is known by the stem of the header's `video`: the vid_id, or the
// stem of the ground-truth file, or the folder of its pictures, or the stem of its picture or video
// file, in this order; among equal names the longest common end of the paths decides. Frames match
// by index. Errors: two videos of the records are the same sequence; nothing matches at all.
// `truth` has to stay alive.
Matching match(const std::vector<annotation::Annotations>& truth, io::RecordReader& records);

}  // namespace vremd::eval
