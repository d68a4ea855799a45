// SPDX-License-Identifier: Apache-2.0
#pragma once

// The items of COCO's annotations, also used by PoseTrack18 and PoseTrack21 (SCORING 2.2), and of
// COCO's results.

#include "annotation/annotations.h"
#include "io/json_dom.h"

#include <cstddef>

namespace vremd::annotation {

struct CocoCategory {
  std::optional<std::int64_t> id;
  std::string name;                 // "" if absent
  std::vector<std::string> joints;  // empty if absent
};
std::vector<CocoCategory> read_coco_categories(const io::DomNode& categories);

// The category of people: the one with keypoints, named or else annotated; of several, or if there
// is none, the one called person, else People, pedestrian and the like. Null: none of these.
const CocoCategory* person_category(const std::vector<CocoCategory>& categories,
                                    const io::DomNode& annotations);

struct CocoImageEntry {
  AnnotatedFrame frame;  // without its index
  std::optional<std::int64_t> frame_id, nframes;
  std::optional<std::string> vid_id;
};
CocoImageEntry read_coco_image(const io::DomNode& json);

struct CocoAnnotation {
  std::int64_t image = 0;
  std::optional<std::int64_t> category, labelled;  // labelled: num_keypoints
  std::size_t numbers = 0, scores = 0;             // counts of keypoints, of scores
  bool integers = true;                            // all of keypoints are integers
  AnnotatedPerson person;                          // joint indices: places in keypoints
};
// `keep_other`: fill AnnotatedPerson::other.
CocoAnnotation read_coco_annotation(const io::DomNode& json, bool keep_other);
// Error: keypoints or scores, if present, are not of `joints` joints.
void check_counts(const io::DomNode& json, const CocoAnnotation& annotation, std::size_t joints);

struct CocoResult {
  std::int64_t image = 0;
  std::optional<std::int64_t> category, track;
  std::optional<double> score, box_score;
  std::optional<Box> bbox,
      box;  // pycocotools scores results with a bbox as boxes, so ours have `box`
  std::vector<double> keypoints;  // x, y, v or score; empty if absent
};
CocoResult read_coco_result(const io::DomNode& json);

}  // namespace vremd::annotation
