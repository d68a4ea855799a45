// SPDX-License-Identifier: Apache-2.0
#pragma once

// Which sequence of the ground truth a video of the records is (EVAL 8b, Names).

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace vremd::eval {

// The names of a sequence; "" where it has none of that kind.
struct SequenceNameSet {
  std::string vid_id;
  std::string file;    // stem of the ground-truth file, where it holds one video
  std::string folder;  // of its pictures
  std::string still;   // stem of the still picture or of the video file
  std::string path;    // of the folder, picture or video: decides between equal names
};

class SequenceNames {
 public:
  void add(const SequenceNameSet& names);  // of the next sequence: 0, 1 ...

  // The sequence that a header's `video` is by its stem: by the first kind of name that fits, and
  // among equal names by the longest common end of the paths. Nothing: none. An Error, with `place`
  // in front, where several fit as well.
  std::optional<std::size_t> find(const std::string& video, const std::string& place) const;

 private:
  std::array<std::unordered_map<std::string, std::vector<std::size_t>>, 4> names_;
  std::vector<std::string> paths_;
};

}  // namespace vremd::eval
