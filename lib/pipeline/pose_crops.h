// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ops/crop.h"
#include "ops/tensor_ops.h"
#include "pipeline/chunk.h"

#include <cstddef>
#include <span>
#include <vector>

namespace vremd::pipeline {

// People with the same box (held over some frames), whose crops can be shared, become adjacent.
std::vector<Person*> ordered_by_box(std::span<Person> persons);

bool same_box(const Person& a, const Person& b);

// The distinct crops of some people (METHOD 11.3).
struct PoseCrops {
  // `share`: false gives every person crops of its own.
  PoseCrops(std::span<Person* const> persons, const ops::CropSpec& spec, int frames, bool flip,
            bool share);

  std::size_t of(std::size_t person, std::size_t pass, std::size_t frame) const {
    return index[(person * passes + pass) * frames + frame];
  }

  // Indices of `crops`; each group has one frame.
  std::vector<std::vector<std::size_t>> by_frame() const;

  struct Crop {
    ops::CropRequest request;
    bool is_key = false;  // of a person
  };

  std::size_t passes, frames;  // 2 with flip; T
  std::vector<Crop> crops;
  std::vector<std::size_t> index;  // of the crop, [person][pass][frame]
};

}  // namespace vremd::pipeline
