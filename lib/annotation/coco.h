// SPDX-License-Identifier: Apache-2.0
#pragma once

// The items of COCO's form of annotations, which PoseTrack18 and PoseTrack21 share (EVAL 2.2), and
// of COCO's results.

#include "annotation/annotations.h"
#include "io/json_dom.h"

#include <cstddef>

namespace vremd::annotation {

struct CocoCategory {
  std::optional<std::int64_t> id;
  std::optional<std::string> name;
  std::optional<std::vector<std::string>> joints;
};
CocoCategory read_coco_category(const io::DomNode& json);

struct CocoImageEntry {
  AnnotatedFrame frame;  // without its index
  std::optional<std::int64_t> frame_id, nframes;
  std::optional<std::string> vid_id;
};
CocoImageEntry read_coco_image(const io::DomNode& json);

struct CocoAnnotation {
  std::int64_t image = 0;
  std::optional<std::int64_t> category, labelled;  // labelled: num_keypoints
  std::size_t numbers = 0, scores = 0;             // in keypoints, in scores
  bool integers = true;                            // all of keypoints
  AnnotatedPerson person;                          // joints by their place in keypoints
};
// `keep_other`: AnnotatedPerson::other.
CocoAnnotation read_coco_annotation(const io::DomNode& json, bool keep_other);
// Error: not x, y, v and a score for each of `joints`.
void check_counts(const io::DomNode& json, const CocoAnnotation& annotation, std::size_t joints);

struct CocoResult {
  std::int64_t image = 0;
  std::optional<std::int64_t> category, track;
  std::optional<double> score, box_score;
  std::optional<Box> bbox, box;   // pycocotools takes results with a bbox for boxes: ours are `box`
  std::vector<double> keypoints;  // x, y, v or score; empty: not in the file
};
CocoResult read_coco_result(const io::DomNode& json);

}  // namespace vremd::annotation
