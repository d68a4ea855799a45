// SPDX-License-Identifier: Apache-2.0
#include "annotation/coco.h"

#include "core/error.h"
#include "core/text.h"

#include <array>
#include <set>

namespace vremd::annotation {
namespace {

int picture_size(const io::DomNode& size) {
  if (!size) return 0;
  const std::int64_t value = size.integer();
  if (value < 0 || value > std::numeric_limits<int>::max()) size.wrong("not a size");
  return static_cast<int>(value);
}

// One list of coordinates per polygon. The shorter list limits the regions, as in poseval.
std::vector<Polygon> regions_of(const io::DomNode& xs, const io::DomNode& ys) {
  std::vector<Polygon> regions;
  if (!xs || !ys) return regions;
  const auto y_lists = ys.array();
  auto y_list = y_lists.begin();
  for (const io::DomNode x_list : xs.array()) {
    if (!(y_list != y_lists.end())) break;
    const io::DomNode y_node = *y_list;
    const std::vector<double> x = x_list.numbers(), y = y_node.numbers();
    if (x.size() != y.size()) {
      x_list.wrong(fmt::format("not as long as ignore_regions_y[{}]", regions.size()));
    }
    Polygon& polygon = regions.emplace_back();
    for (std::size_t i = 0; i < x.size(); ++i) polygon.push_back({x[i], y[i]});
    ++y_list;
  }
  return regions;
}

// (0, 0, 0) is an absent joint.
void read_joints(const io::DomNode& keypoints, const io::DomNode& scores, CocoAnnotation& result) {
  AnnotatedPerson& person = result.person;
  std::vector<double> joint_scores;
  if (scores) joint_scores = scores.numbers();
  result.scores = joint_scores.size();
  if (!keypoints) return;
  const auto numbers = keypoints.array();
  result.numbers = numbers.size();
  person.has_joints = result.numbers > 0;
  person.joints.reserve(kPoseJoints);
  std::array<double, 3> xyv;
  std::size_t i = 0;
  for (const io::DomNode one : numbers) {
    xyv[i % 3] = one.number();
    result.integers &= one.value().type() != simdjson::dom::element_type::DOUBLE;
    if (++i % 3 != 0 || (xyv[0] == 0 && xyv[1] == 0 && xyv[2] == 0)) continue;
    AnnotatedJoint& joint = person.joints.emplace_back();
    joint.index = static_cast<int>(i / 3 - 1);
    joint.x = xyv[0];
    joint.y = xyv[1];
    joint.visibility = xyv[2];
    joint.labelled = xyv[2] > 0;
    if (i / 3 <= joint_scores.size()) joint.score = joint_scores[i / 3 - 1];
  }
}

}  // namespace

std::vector<CocoCategory> read_coco_categories(const io::DomNode& categories) {
  std::vector<CocoCategory> result;
  for (const io::DomNode json : categories.optional_array()) {
    const auto [id, name, keypoints] = json.fields({"id", "name", "keypoints"});
    CocoCategory& category = result.emplace_back();
    category.id = id.optional_integer();
    if (name.is_string()) category.name = name.string();
    if (keypoints) category.joints = keypoints.strings();
    std::ranges::transform(category.joints, category.joints.begin(), known_joint);
  }
  return result;
}

const CocoCategory* person_category(const std::vector<CocoCategory>& categories,
                                    const io::DomNode& annotations) {
  std::vector<const CocoCategory*> some;
  for (const CocoCategory& one : categories) {
    if (!one.joints.empty()) some.push_back(&one);
  }
  if (some.empty()) {
    std::set<std::int64_t> with_keypoints;
    for (const io::DomNode json : annotations.optional_array()) {
      const auto [category, keypoints] = json.fields({"category_id", "keypoints"});
      if (category && keypoints.is_array() && keypoints.array().size() > 0) {
        with_keypoints.insert(category.integer());
      }
    }
    for (const CocoCategory& one : categories) {
      if (one.id && with_keypoints.contains(*one.id)) some.push_back(&one);
    }
  }
  if (some.size() == 1) return some.front();
  if (some.empty()) {
    for (const CocoCategory& one : categories) some.push_back(&one);
  }
  constexpr std::array kNames = {"person", "persons", "people", "human", "humans", "pedestrian"};
  for (const bool exactly : {true, false}) {
    for (const char* wanted : kNames) {
      for (const CocoCategory* one : some) {
        if ((exactly ? one->name : lower_case(one->name)) == wanted) return one;
      }
    }
  }
  return nullptr;
}

CocoImageEntry read_coco_image(const io::DomNode& json) {
  const auto [id, file_name, frame_id, is_labeled, xs, ys, vid_id, video_id, nframes, width,
              height] =
      json.fields({"id", "file_name", "frame_id", "is_labeled", "ignore_regions_x",
                   "ignore_regions_y", "vid_id", "video_id", "nframes", "width", "height"});
  CocoImageEntry image;
  AnnotatedFrame& frame = image.frame;
  frame.image_id = id.integer();
  if (file_name) frame.file_name = file_name.string();
  image.frame_id = frame_id.optional_integer();
  if (is_labeled) frame.labelled = is_labeled.flag();
  frame.ignore_regions = regions_of(xs, ys);
  frame.has_ignore_regions = xs && ys;
  frame.integer_keypoints = true;
  // MMTracking's video_id is numbered; a picture's "video_id" without frame_id may mean anything.
  if (const io::DomNode& video = vid_id || !frame_id ? vid_id : video_id) {
    const std::string text = video.is_string() ? video.string() : std::to_string(video.integer());
    if (!text.empty()) image.vid_id = text;
  }
  image.nframes = nframes.optional_integer();
  frame.width = picture_size(width);
  frame.height = picture_size(height);
  return image;
}

CocoAnnotation read_coco_annotation(const io::DomNode& json, bool keep_other) {
  CocoAnnotation result;
  AnnotatedPerson& person = result.person;
  const auto [id, image_id, track_id, category_id, bbox, bbox_head, bbox_score, score, area,
              iscrowd, keypoints, num_keypoints, scores, derived] =
      json.fields({"id", "image_id", "track_id", "category_id", "bbox", "bbox_head", "bbox_score",
                   "score", "area", "iscrowd", "keypoints", "num_keypoints", "scores", "derived"},
                  [&](std::string_view key, simdjson::dom::element value) {
                    if (keep_other) person.other[std::string(key)] = io::to_json(value);
                  });
  result.image = image_id.integer();
  result.category = category_id.optional_integer();
  result.labelled = num_keypoints.optional_integer();
  person.id = id.optional_integer();
  person.track = track_id.optional_integer();
  person.box = bbox.box();
  if (const auto head = bbox_head.box()) person.head = HeadBox::of(*head);
  person.box_score = bbox_score.optional_number();
  if (score.is_number()) person.score = score.number();
  person.area = area.optional_number();
  person.crowd = iscrowd.flag(false);
  if (derived.is_array()) person.derived = derived.strings();
  read_joints(keypoints, scores, result);
  return result;
}

void check_counts(const io::DomNode& json, const CocoAnnotation& one, std::size_t joints) {
  if (one.numbers != 0 && one.numbers != 3 * joints) {
    fail("{}.keypoints: {} numbers instead of {} (x, y, v of {} joints)", json.place().text(),
         one.numbers, 3 * joints, joints);
  }
  if (one.scores != 0 && one.scores != joints) {
    fail("{}.scores: {} numbers instead of {}", json.place().text(), one.scores, joints);
  }
}

CocoResult read_coco_result(const io::DomNode& json) {
  const auto [image_id, category_id, track_id, score, box_score, bbox, box, keypoints] =
      json.fields({"image_id", "category_id", "track_id", "score", "box_score", "bbox", "box",
                   "keypoints"});
  CocoResult result;
  result.image = image_id.integer();
  result.category = category_id.optional_integer();
  result.track = track_id.optional_integer();
  result.score = score.optional_number();
  result.box_score = box_score.optional_number();
  result.bbox = bbox.box();
  result.box = box.box();
  if (keypoints) result.keypoints = keypoints.numbers();
  return result;
}

}  // namespace vremd::annotation
