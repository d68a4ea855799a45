// SPDX-License-Identifier: Apache-2.0
#include "annotation/annolist.h"

#include "annotation/posetrack_names.h"

#include <algorithm>

namespace vremd::annotation {
namespace {

// The first element of a list, or the value if it is no list. Keeps the place of the list.
io::DomNode first_or_bare(const io::DomNode& value) {
  if (!value.is_array()) return value;
  const simdjson::dom::array list(value.value());
  const auto one = list.begin();
  if (one != list.end() && !(*one).is_null()) return {*one, value.place()};
  return {std::nullopt, value.place()};
}

}  // namespace

AnnolistReader::AnnolistReader(ReadAs as) : strict_(as == ReadAs::kPoseval) {
  const JointSet& set = joint_set("posetrack15");
  for (int id = 0; id < kPoseJoints; ++id) {
    indices_[id] = strict_ ? id : set.index(kPoseJointNames[id]);
  }
}

io::DomNode AnnolistReader::first(const io::DomNode& list) const {
  if (strict_ && list && !list.is_array()) list.wrong("not an array");
  return first_or_bare(list);
}

void AnnolistReader::read(const io::DomNode& json, AnnotatedFrame& frame) const {
  const auto [image, annorect, regions, imgnum, is_labeled] =
      json.fields({"image", "annorect", "ignore_regions", "imgnum", "is_labeled"});
  frame.file_name = name(image);
  if (const io::DomNode number = first(imgnum)) {
    frame.index = std::max<std::int64_t>(number.integer(), 0) - 1;
    if (frame.index < 0 && !strict_) number.wrong("not positive");
  }
  if (const io::DomNode label = first_or_bare(is_labeled)) frame.labelled = label.flag();
  for (const io::DomNode one : regions.optional_array())
    frame.ignore_regions.push_back(region(one));
  if (strict_) annorect.required();
  for (const io::DomNode one : annorect.optional_array()) {
    read_person(one, frame.persons.emplace_back());
  }
}

// The image is a list or an object.
std::string AnnolistReader::name(const io::DomNode& image) const {
  const io::DomNode element = first_or_bare(image);
  if (strict_ && !element) return "";
  const io::DomNode name = element.field("name");
  if (strict_ && !name) return "";
  std::string text = name.string();
  if (!strict_ && text.empty()) name.wrong("empty");
  return text;
}

void AnnolistReader::read_person(const io::DomNode& json, AnnotatedPerson& person) const {
  const auto [track_id, annopoints, score, x1, y1, x2, y2] =
      json.fields({"track_id", "annopoints", "score", "x1", "y1", "x2", "y2"});
  person.track = first(track_id).optional_integer();
  if (!strict_) person.score = first(score).optional_number();
  const io::DomNode left = first(x1), top = first(y1), right = first(x2), bottom = first(y2);
  if (strict_ ? static_cast<bool>(left) : left && top && right && bottom) {
    const double x = left.number(), y = top.number(), r = right.number(), b = bottom.number();
    person.head = HeadBox{{x, y, width_to(x, r), width_to(y, b)}, r, b};
  }
  read_points(annopoints, person);
  if (strict_) return;
  const auto box = box_around(person.joints, [](const AnnotatedJoint& joint) {
    return joint.x != 0 || joint.y != 0 ||
           (joint.has_score() ? joint.score != 0 : joint.visibility > 0);
  });
  person.box = box ? *box : person.head ? person.head->box : Box{};
}

// Reads the first element of annopoints.
void AnnolistReader::read_points(const io::DomNode& annopoints, AnnotatedPerson& person) const {
  const bool is_empty =
      annopoints.is_object() && simdjson::dom::object(annopoints.value()).size() == 0;
  if (is_empty) return;
  const io::DomNode element = first(annopoints);
  if (!element || (element.is_array() && element.array().size() == 0)) return;
  if (!strict_ && !element.is_object()) return;
  const io::DomNode whole(element.value(), {"", &annopoints.place(), 0});
  const io::DomNode points = whole.field("point");
  if (!points) return;
  person.has_joints = true;
  person.joints.reserve(points.array().size());
  for (const io::DomNode point : points.array()) read_point(point, person);
}

void AnnolistReader::read_point(const io::DomNode& json, AnnotatedPerson& person) const {
  const auto [id, x, y, score, is_visible] = json.fields({"id", "x", "y", "score", "is_visible"});
  AnnotatedJoint joint;
  const auto number = first(id).optional_integer();
  if (number && *number >= 0 && *number < kPoseJoints) joint.index = indices_[*number];
  if (!strict_ && (joint.index < 0 || person.find(joint.index))) return;
  joint.x = first(x).number();
  joint.y = first(y).number();
  if (const io::DomNode value = first(score)) joint.score = value.number();
  // Not used by any score; a string in some files.
  if (!strict_ || is_visible.is_array()) {
    if (const io::DomNode value = first_or_bare(is_visible); value.is_number()) {
      joint.visibility = value.number();
    }
  }
  joint.labelled = joint.x != 0 || joint.y != 0 || joint.visibility != 0;
  person.joints.push_back(joint);
}

Polygon AnnolistReader::region(const io::DomNode& json) const {
  const io::DomNode points = json.field("point");
  if (strict_) points.required();
  Polygon polygon;
  for (const io::DomNode point : points.optional_array()) {
    const auto [x, y] = point.fields({"x", "y"});
    polygon.push_back({first(x).number(), first(y).number()});
  }
  return polygon;
}

}  // namespace vremd::annotation
