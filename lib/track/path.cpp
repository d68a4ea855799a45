// SPDX-License-Identifier: Apache-2.0
#include "track/path.h"

#include <algorithm>
#include <map>

namespace vremd::track {

std::int64_t Path::seen() const {
  return static_cast<std::int64_t>(people.size()) - std::ranges::count(people, nullptr);
}

std::vector<Path> paths_of(std::span<io::FrameRecord> shot) {
  std::map<std::int64_t, Path> by_track;
  for (std::size_t f = 0; f < shot.size(); ++f) {
    for (io::Instance& person : shot[f].instances) {
      if (!person.track) continue;
      Path& path = by_track.try_emplace(*person.track, Path{*person.track, f, {}}).first->second;
      path.people.resize(f - path.first);
      path.people.push_back(&person);
    }
  }
  std::vector<Path> paths;
  for (auto& [track, path] : by_track) paths.push_back(std::move(path));
  return paths;
}

}  // namespace vremd::track
