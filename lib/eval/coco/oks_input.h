// SPDX-License-Identifier: Apache-2.0
#pragma once

// Input of OKS: COCO's keypoint annotations, and results or records.

#include "eval/coco/oks.h"

#include <cstddef>
#include <string>
#include <vector>

namespace vremd::eval {

struct OksInput {
  // By ascending category id; each has all images, by ascending id.
  std::vector<std::vector<OksImage>> categories;
  std::size_t keypoints = 0;  // per person; 0: nobody is annotated
  std::size_t images = 0, truths = 0, detections = 0;
  // Skipped: with an image (truths) or category not in the ground truth.
  std::size_t other_truths = 0, other_detections = 0;
  std::vector<std::string> never_predicted;      // labelled keypoints absent from the records
  std::size_t with_people = 0, unpredicted = 0;  // images with truths; of these without predictions
  std::vector<std::string> boxes;                // tools that found them, from records
  bool cut = false;                              // no end record
};

// `predictions`: a list of results, or records ("-", standard input, is records), whose frames
// match by image_id, else by the names of the images. Keypoints of records match by name; absent
// ones are at (0, 0). `predicted_only`: without images that have no results or record. The area of
// a result is that of its bbox if the first result has one, else of its keypoints' extent, as in
// the originals. Errors name the place: results on unknown images, with `needs_area` annotations
// without area.
OksInput read_oks_input(const std::string& ground_truth, const std::string& predictions,
                        bool needs_area, bool predicted_only);

}  // namespace vremd::eval
