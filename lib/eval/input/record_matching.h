// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which record belongs to which annotated frame (SCORING 8b).

#include "annotation/annotations.h"
#include "eval/report.h"
#include "io/records.h"

#include <memory>
#include <string>
#include <vector>

namespace vremd::eval {

struct MatchedFrame {
  const annotation::AnnotatedVideo* video = nullptr;
  const annotation::AnnotatedFrame* truth = nullptr;
  const JointSet* truth_joints = nullptr;
  bool predicted = false;  // has a record, perhaps without people
  std::vector<io::Instance> predictions;
  std::shared_ptr<const JointSet> joints;  // of their keypoints; null if none
};

struct Matching {
  std::string records;               // their file, for messages
  std::vector<MatchedFrame> frames;  // every annotated frame, in the order of the files
  MatchCounts sequences, frame_counts;
  std::vector<std::string> missing, extra;  // names of sequences
  std::vector<std::string> other_sizes;     // videos with a picture size unlike the annotations'
  bool cut = false;                         // no end record
};

// Error if a file holds something else than records, which names what to do.
void require_records(const std::string& path);
// Whether a file begins with the header of records, whatever its name.
bool begins_with_header(const std::string& path);

// Reads all records. Videos match sequences by name (SequenceNames), frames by the picture's name
// if the records have it, else by index. `truth` must outlive the result. Errors: two videos match
// the same sequence; no video matches any.
Matching match(const std::vector<annotation::Annotations>& truth, io::RecordReader& records);

}  // namespace vremd::eval
