// SPDX-License-Identifier: Apache-2.0
#include "track/selection.h"

#include "track/tracker.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

namespace vremd::track {
namespace {

double distance_from_middle(const Box& box, std::pair<int, int> size) {
  // Between the centres of the first and the last pixel.
  const Point middle{(size.first - 1) / 2.0, (size.second - 1) / 2.0}, centre = box.centre();
  return std::hypot(centre.x - middle.x, centre.y - middle.y);
}

// The greater, the better.
double merit(const Path& path, std::span<const io::FrameRecord> shot, std::pair<int, int> size,
             Preference prefer) {
  const auto seen = static_cast<double>(path.seen());
  if (prefer == Preference::kLongest) return seen;
  double sum = 0;
  for (std::size_t i = 0; i < path.people.size(); ++i) {
    if (!path.people[i]) continue;
    const io::Instance& person = *path.people[i];
    sum += prefer == Preference::kLargest
               ? person_area(person)
               : -distance_from_middle(person.box, shot[path.first + i].size.value_or(size));
  }
  return sum / seen;
}

// The paths of which no frame has more than that.
void keep_at_most(int people, std::size_t frames, std::vector<Path>& paths) {
  std::vector<int> counts(frames);
  std::erase_if(paths, [&](const Path& path) {
    const std::span<int> here = std::span(counts).subspan(path.first, path.people.size());
    if (std::ranges::max(here) >= people) return true;
    for (int& count : here) ++count;
    return false;
  });
}

}  // namespace

void select_tracks(std::span<io::FrameRecord> shot, std::pair<int, int> size,
                   const SelectionConfig& config) {
  std::vector<Path> paths = paths_of(shot);
  std::erase_if(paths, [&](const Path& path) {
    const bool asked = config.tracks.empty() ||
                       std::ranges::find(config.tracks, path.track) != config.tracks.end();
    return !asked || path.seen() < config.min_length;
  });
  if (config.max_people > 0) {
    std::vector<std::pair<double, Path>> ranked;
    for (Path& path : paths) {
      const double value = merit(path, shot, size, config.prefer);
      ranked.emplace_back(std::isnan(value) ? -INFINITY : value, std::move(path));
    }
    std::ranges::stable_sort(ranked, std::greater(), &std::pair<double, Path>::first);
    paths.clear();
    for (auto& [value, path] : ranked) paths.push_back(std::move(path));
    keep_at_most(config.max_people, shot.size(), paths);
  }
  std::set<std::int64_t> kept;
  for (const Path& path : paths) kept.insert(path.track);
  for (io::FrameRecord& frame : shot) {
    std::erase_if(frame.instances, [&](const io::Instance& person) {
      return !person.track || !kept.contains(*person.track);
    });
  }
}

}  // namespace vremd::track
