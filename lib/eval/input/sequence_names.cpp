// SPDX-License-Identifier: Apache-2.0
#include "eval/input/sequence_names.h"

#include "core/error.h"
#include "core/picture_names.h"

#include <algorithm>
#include <filesystem>

namespace vremd::eval {
namespace {

namespace fs = std::filesystem;

fs::path without_slash(const std::string& path) {
  const fs::path plain = fs::path(path).lexically_normal();
  return plain.has_filename() ? plain : plain.parent_path();
}

// The number of trailing components that two paths share.
int common_end(const fs::path& a, const fs::path& b) {
  const std::vector<fs::path> left(a.begin(), a.end()), right(b.begin(), b.end());
  const auto pair = std::mismatch(left.rbegin(), left.rend(), right.rbegin(), right.rend());
  return static_cast<int>(pair.first - left.rbegin());
}

}  // namespace

void SequenceNames::add(const SequenceNameSet& names) {
  const std::array<const std::string*, 4> kinds = {&names.vid_id, &names.file, &names.folder,
                                                   &names.still};
  for (std::size_t k = 0; k < kinds.size(); ++k) {
    if (!kinds[k]->empty()) names_[k][*kinds[k]].push_back(paths_.size());
  }
  paths_.push_back(names.path);
}

std::optional<std::size_t> SequenceNames::find(const std::string& video,
                                               const std::string& place) const {
  const fs::path path = without_slash(video);
  const std::vector<std::size_t>* candidates = nullptr;
  for (const auto& names : names_) {
    const auto found = names.find(video_name(path));
    if (found == names.end()) continue;
    candidates = &found->second;
    break;
  }
  if (!candidates) return std::nullopt;
  std::size_t best = candidates->front();
  int best_end = -1;
  bool tie = false;
  for (const std::size_t candidate : *candidates) {
    const int end = common_end(path, without_slash(paths_[candidate]));
    if (end > best_end) {
      best = candidate;
      best_end = end;
      tie = false;
    } else if (end == best_end) {
      tie = true;
    }
  }
  if (tie) {
    fail("{}: video {}: several sequences of the ground truth have this name", place,
         excerpt(video, kPathExcerptBytes));
  }
  return best;
}

}  // namespace vremd::eval
