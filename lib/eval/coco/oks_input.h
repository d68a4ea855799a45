// SPDX-License-Identifier: Apache-2.0
#pragma once

// What OKS is computed from: COCO's annotations of keypoints and results, or our own records.

#include "eval/coco/oks.h"

#include <cstddef>
#include <string>
#include <vector>

namespace vremd::eval {

struct OksInput {
  // By rising id of the category; each has every image, by rising id.
  std::vector<std::vector<OksImage>> categories;
  std::size_t keypoints = 0;  // of each person; 0: nobody is annotated
  std::size_t images = 0, truths = 0, detections = 0;
  // Left out: of an image (truths) or a category that the ground truth does not list.
  std::size_t other_truths = 0, other_detections = 0;
  std::vector<std::string> never_predicted;  // keypoints that are labelled, but not in the records
  bool cut = false;                          // the records ended without an end record
};

// `predictions` is a list of results, or records whose frames have an image_id ("-", standard
// input, is records). Keypoints of records are known by name; those that they lack are at (0, 0).
// The area of a result is that of its keypoints' extent; of its bbox where the first result has
// one, as in the originals. Where `needs_area`, each annotation must have an area.
// Errors name the file and the place in it; among them results on unknown images.
OksInput read_oks_input(const std::string& ground_truth, const std::string& predictions,
                        bool needs_area);

}  // namespace vremd::eval
