// SPDX-License-Identifier: Apache-2.0
#pragma once

// Matches videos of records to sequences of the ground truth by name (SCORING 8b).

#include <array>
#include <cstddef>
#include <optional>
#include <string>
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

}  // namespace vremd::eval
