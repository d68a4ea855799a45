// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pose_crops.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>

namespace vremd::pipeline {
namespace {

auto box_key(const Person& person) {
  const Box& box = person.box;
  return std::tuple(box.x, box.y, box.w, box.h);
}

}  // namespace

std::vector<Person*> ordered_by_box(std::span<Person> persons) {
  std::vector<Person*> order;
  for (Person& person : persons) order.push_back(&person);
  std::stable_sort(order.begin(), order.end(),
                   [](const Person* a, const Person* b) { return box_key(*a) < box_key(*b); });
  return order;
}

bool same_box(const Person& a, const Person& b) { return box_key(a) == box_key(b); }

PoseCrops::PoseCrops(std::span<Person* const> persons, const ops::CropSpec& spec, int frames_in,
                     bool flip, bool share)
    : passes(flip ? 2 : 1), frames(static_cast<std::size_t>(frames_in)) {
  std::map<std::pair<const Frame*, std::array<double, 6>>, std::size_t> known;
  for (const Person* person : persons) {
    ops::CropRegion region = ops::crop_region(person->box, spec);
    for (std::size_t pass = 0; pass < passes; ++pass) {
      region.flip = pass == 1;
      const Affine2x3 crop_to_frame = ops::frame_to_crop(region, spec).inverse();
      for (std::size_t i = 0; i < frames; ++i) {
        const Frame* frame = person->triplet.frames[frames == 1 ? 1 : i].get();
        const auto [found, is_new] = known.try_emplace({frame, crop_to_frame.m}, crops.size());
        const bool shared = !is_new && share;
        const std::size_t crop = shared ? found->second : crops.size();
        if (!shared) crops.push_back({{frame, crop_to_frame}, false});
        if (i == frames / 2) crops[crop].is_key = true;
        index.push_back(crop);
      }
    }
  }
}

std::vector<std::vector<std::size_t>> PoseCrops::by_frame() const {
  std::vector<std::vector<std::size_t>> groups;
  std::map<const Frame*, std::size_t> known;
  for (std::size_t i = 0; i < crops.size(); ++i) {
    const auto [group, is_new] = known.try_emplace(crops[i].request.frame, groups.size());
    if (is_new) groups.emplace_back();
    groups[group->second].push_back(i);
  }
  return groups;
}

}  // namespace vremd::pipeline
