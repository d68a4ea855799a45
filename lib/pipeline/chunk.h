// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "data/triplet.h"
#include "io/records.h"

#include <cstddef>
#include <vector>

namespace vremd::pipeline {

// A person whose joints are to be found.
struct Person {
  data::Triplet triplet;
  Box box;                              // in the key frame, with an area, on the picture
  int video = 0;                        // counts the headers of the run from 0
  std::size_t record = 0;               // its place is FrameChunk::records[record],
  std::size_t instance = 0;             // instances[instance]
  std::vector<io::Keypoint> keypoints;  // found: one per joint that is written, frame pixels
};

// What one token of the pose pipeline carries: some records in their order, and the people in
// them. No state runs between chunks, so they may be worked on in any order.
struct FrameChunk {
  std::vector<io::Record> records;
  std::vector<Person> persons;
};

}  // namespace vremd::pipeline
