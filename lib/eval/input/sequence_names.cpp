// SPDX-License-Identifier: Apache-2.0
#include "eval/input/sequence_names.h"

#include "core/error.h"
#include "core/picture_names.h"

namespace vremd::eval {

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
  const std::vector<std::size_t>* candidates = nullptr;
  for (const auto& names : names_) {
    const auto found = names.find(video_name(video));
    if (found == names.end()) continue;
    candidates = &found->second;
    break;
  }
  if (!candidates) return std::nullopt;
  std::size_t best = candidates->front();
  int best_end = -1;
  bool tie = false;
  for (const std::size_t candidate : *candidates) {
    const int end = common_end(video, paths_[candidate]);
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
