// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "data/triplet.h"
#include "io/records.h"

#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace vremd::pipeline {

// A person to estimate.
struct Person {
  data::Triplet triplet;
  Box box;                              // in the key frame, overlaps the picture
  int video = 0;                        // index of the header in the run
  std::size_t record = 0;               // in FrameChunk::records[record],
  std::size_t instance = 0;             // instances[instance]
  std::vector<io::Keypoint> keypoints;  // output: one per written joint, frame pixels
};

// One token of the pose pipeline: consecutive records and their people. Chunks are independent, so
// they may be processed in any order.
struct FrameChunk {
  std::vector<io::Record> records;
  std::vector<Person> persons;
  std::map<std::size_t, std::int64_t> removed;  // people of records[i], by vremd-pose --nms
};

}  // namespace vremd::pipeline
