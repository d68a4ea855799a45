// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which video of the records belongs to which annotated sequence, and which record to which frame
// (SCORING 8b).

#include "annotation/annotations.h"
#include "eval/evaluate.h"
#include "io/record_stream.h"

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace vremd::eval {

// The names of a sequence; "" for an absent one.
struct SequenceNameSet {
  std::string vid_id;
  std::string file;    // stem of the ground-truth file if it holds one video
  std::string folder;  // of its pictures
  std::string still;   // stem of the still picture or of the video file
  std::string path;    // of the folder, picture or video: decides between equal names
};

// Matches the videos of records to sequences by name.
class SequenceNames {
 public:
  void add(const SequenceNameSet& names);  // of the next sequence: 0, 1 ...

  // The sequence named as a header's `video` without its extension, if any: by the first kind of
  // name that matches, and among equal names by the longest common end of the paths. Error,
  // beginning with `place`: a tie.
  std::optional<std::size_t> find(const std::string& video, const std::string& place) const;

 private:
  std::array<std::unordered_map<std::string, std::vector<std::size_t>>, 4> names_;
  std::vector<std::string> paths_;
};

struct MatchedFrame {
  const annotation::AnnotatedVideo* video = nullptr;
  const annotation::AnnotatedFrame* truth = nullptr;
  const JointSet* truth_joints = nullptr;
  bool predicted = false;  // has a record, perhaps without people
  std::vector<io::Instance> predictions;
  std::shared_ptr<const JointSet> joints;  // of their keypoints; null if none

  // A finite keypoint of a prediction; null: it has none of that name, or `prediction` is -1.
  const io::Keypoint* find_keypoint(int prediction, std::string_view joint) const;
};

struct Matching {
  std::string records;               // their file, for messages
  std::vector<MatchedFrame> frames;  // every annotated frame, in the order of the files
  MatchCounts sequences, frame_counts;
  std::vector<std::string> missing, extra;  // names of sequences
  std::vector<std::string> other_sizes;     // videos with a picture size unlike the annotations'
  std::vector<std::string> boxes;           // tools that found them
  bool cut = false;                         // no end record
};

// Error if a file holds something else than records, which names what to do.
void require_records(const std::string& path);
// Whether a file begins with the header of records, whatever its name.
bool begins_with_header(const std::string& path);

// Adds the tool that found the boxes, the oldest one in the header, unless that only converted
// them.
void add_box_source(const io::Header& header, std::vector<std::string>& sources);
std::string box_text(const std::vector<std::string>& sources);  // "not stated" if none

// Reads all records. Videos match sequences by name (SequenceNames), frames by the picture's name
// if the records have it, else by index. `truth` must outlive the result. Errors: two videos match
// the same sequence; no video matches any.
Matching match(const std::vector<annotation::Annotations>& truth, io::RecordStream& records);

}  // namespace vremd::eval
