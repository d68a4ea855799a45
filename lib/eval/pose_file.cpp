// SPDX-License-Identifier: Apache-2.0
#include "eval/pose_file.h"

#include "core/error.h"
#include "core/joints.h"
#include "eval/strict_dom.h"
#include "io/json_file.h"
#include "io/posetrack.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <unordered_map>

namespace vremd {

const std::array<std::string_view, kPoseJoints> kPoseJointNames = {
    "right_ankle", "right_knee",  "right_hip",      "left_hip",      "left_knee",
    "left_ankle",  "right_wrist", "right_elbow",    "right_shoulder", "left_shoulder",
    "left_elbow",  "left_wrist",  "head_bottom",    "nose",          "head_top"};

namespace {

using namespace strict_dom;

// ---- PoseTrack17: lists of one element --------------------------------------------------------

std::optional<dom::element> first(const std::optional<dom::element>& value, const At& at) {
  if (!value) return std::nullopt;
  const dom::array array = list(*value, at);
  if (array.size() == 0 || (*array.begin()).is_null()) return std::nullopt;
  return *array.begin();
}

double first_number(const std::optional<dom::element>& value, const char* key, const At& at) {
  const At here{&at, key};
  return number(require(first(value, here), key, at), here);
}

PosePoint annolist_point(dom::element json, const At& at) {
  static constexpr std::array<std::string_view, 5> kKeys = {"id", "x", "y", "score", "is_visible"};
  const auto [id, x, y, score, visible] = fields(json, kKeys, at);
  PosePoint point;
  const At id_at{&at, "id"};
  if (const auto number = first(id, id_at)) {
    const std::int64_t joint = integer(*number, id_at);
    if (joint >= 0 && joint < kPoseJoints) point.joint = static_cast<int>(joint);
  }
  point.x = first_number(x, "x", at);
  point.y = first_number(y, "y", at);
  if (const auto value = first(score, {&at, "score"})) point.score = number(*value, {&at, "score"});
  // Never scored by; some files have it as a text.
  if (visible && visible->is_array()) {
    const auto value = first(visible, at);
    double one;
    if (value && !value->get(one)) point.visible = one;
  }
  return point;
}

// The list of points of a person, where there is one: in the first element of annopoints.
std::optional<dom::element> annolist_points(const std::optional<dom::element>& annopoints,
                                            const At& at) {
  if (!annopoints) return std::nullopt;
  dom::object empty;
  if (!annopoints->get(empty) && empty.size() == 0) return std::nullopt;
  const auto element = first(annopoints, at);
  if (!element) return std::nullopt;
  dom::array nothing;
  if (!element->get(nothing) && nothing.size() == 0) return std::nullopt;
  static constexpr std::array<std::string_view, 1> kKeys = {"point"};
  return fields(*element, kKeys, {&at, "", 0})[0];
}

Pose annolist_pose(dom::element json, const At& at) {
  static constexpr std::array<std::string_view, 6> kKeys = {"track_id", "annopoints", "x1",
                                                            "y1",       "x2",         "y2"};
  const auto [track, annopoints, x1, y1, x2, y2] = fields(json, kKeys, at);
  Pose pose;
  const At track_at{&at, "track_id"};
  if (const auto id = first(track, track_at)) pose.track = integer(*id, track_at);
  if (first(x1, {&at, "x1"})) {
    pose.head = HeadBox{first_number(x1, "x1", at), first_number(y1, "y1", at),
                        first_number(x2, "x2", at), first_number(y2, "y2", at)};
  }
  const At points_at{&at, "annopoints"};
  if (const auto points = annolist_points(annopoints, points_at)) {
    const At element_at{&points_at, "", 0}, list_at{&element_at, "point"};
    pose.has_points = true;
    const dom::array array = list(*points, list_at);
    pose.points.reserve(array.size());
    for (const dom::element one : array) {
      pose.points.push_back(annolist_point(one, {&list_at, "", pose.points.size()}));
    }
  }
  return pose;
}

Polygon annolist_region(dom::element json, const At& at) {
  static constexpr std::array<std::string_view, 1> kRegion = {"point"};
  static constexpr std::array<std::string_view, 2> kPoint = {"x", "y"};
  const At list_at{&at, "point"};
  Polygon polygon;
  for (const dom::element one : list(require(fields(json, kRegion, at)[0], "point", at), list_at)) {
    const At here{&list_at, "", polygon.size()};
    const auto [x, y] = fields(one, kPoint, here);
    polygon.push_back({first_number(x, "x", here), first_number(y, "y", here)});
  }
  return polygon;
}

// Written as a list, as an object, or not at all.
std::string annolist_image(const std::optional<dom::element>& image, const At& at) {
  static constexpr std::array<std::string_view, 1> kKeys = {"name"};
  const auto element = image && image->is_array() ? first(image, at) : image;
  if (!element) return "";
  const auto name = fields(*element, kKeys, at)[0];
  return name ? text(*name, {&at, "name"}) : "";
}

PoseFrame annolist_frame(dom::element json, const At& at) {
  static constexpr std::array<std::string_view, 5> kKeys = {"image", "annorect", "ignore_regions",
                                                            "imgnum", "is_labeled"};
  const auto [image, annorect, regions, imgnum, labelled] = fields(json, kKeys, at);
  PoseFrame frame;
  frame.file_name = annolist_image(image, {&at, "image"});
  frame.index = static_cast<std::int64_t>(at.index);
  const At imgnum_at{&at, "imgnum"};
  if (const auto number = first(imgnum, imgnum_at)) {
    frame.index = std::max<std::int64_t>(integer(*number, imgnum_at), 0) - 1;
  }
  const At labelled_at{&at, "is_labeled"};
  const auto label = labelled && labelled->is_array() ? first(labelled, labelled_at) : labelled;
  if (label) frame.labelled = flag(*label, labelled_at);
  if (regions) {
    const At here{&at, "ignore_regions"};
    for (const dom::element one : list(*regions, here)) {
      frame.ignore_regions.push_back(
          annolist_region(one, {&here, "", frame.ignore_regions.size()}));
    }
  }
  const At here{&at, "annorect"};
  for (const dom::element one : list(require(annorect, "annorect", at), here)) {
    frame.poses.push_back(annolist_pose(one, {&here, "", frame.poses.size()}));
  }
  return frame;
}

// ---- PoseTrack18 and 21 -----------------------------------------------------------------------

// Which joint each slot of `keypoints` is, -1: none of the fifteen.
using Slots = std::vector<int>;

Slots slots_of(const std::optional<dom::element>& categories, const At& file) {
  Slots slots;
  if (!categories) {
    for (const std::string& name : joint_set("posetrack17").joints) {
      slots.push_back(joint_number(name));
    }
    return slots;
  }
  const At list_at{&file, "categories"}, at{&list_at, "", 0};
  const dom::array array = list(*categories, list_at);
  if (array.size() != 1) wrong(list_at, "not one category");
  static constexpr std::array<std::string_view, 2> kKeys = {"name", "keypoints"};
  const auto [name, keypoints] = fields(*array.begin(), kKeys, at);
  if (text(require(name, "name", at), {&at, "name"}) != "person") {
    wrong({&at, "name"}, "not \"person\"");
  }
  const At names_at{&at, "keypoints"};
  for (const dom::element one : list(require(keypoints, "keypoints", at), names_at)) {
    slots.push_back(joint_number(text(one, {&names_at, "", slots.size()})));
  }
  if (slots.size() != 15 && slots.size() != 17) wrong(names_at, "neither 15 nor 17 names");
  for (int joint = 0; joint < kPoseJoints; ++joint) {
    if (std::count(slots.begin(), slots.end(), joint) != 1) {
      fail("{}: {} is not there once", names_at.text(), kPoseJointNames[joint]);
    }
  }
  return slots;
}

std::vector<Polygon> regions_of(const std::optional<dom::element>& xs,
                                const std::optional<dom::element>& ys, const At& at) {
  if (!xs || !ys) return {};
  const At x_at{&at, "ignore_regions_x"}, y_at{&at, "ignore_regions_y"};
  const dom::array x_lists = list(*xs, x_at), y_lists = list(*ys, y_at);
  std::vector<Polygon> regions;
  auto y_list = y_lists.begin();
  for (const dom::element x_list : x_lists) {  // the shorter list limits the regions
    if (y_list == y_lists.end()) break;
    const At x_here{&x_at, "", regions.size()}, y_here{&y_at, "", regions.size()};
    const dom::array x = list(x_list, x_here), y = list(*y_list, y_here);
    if (x.size() != y.size()) wrong(x_here, "not as long as the list of y");
    Polygon polygon;
    auto y_value = y.begin();
    for (const dom::element x_value : x) {
      polygon.push_back({number(x_value, x_here), number(*y_value, y_here)});
      ++y_value;
    }
    regions.push_back(std::move(polygon));
    ++y_list;
  }
  return regions;
}

PoseFrame coco_frame(dom::element json, const At& at) {
  static constexpr std::array<std::string_view, 6> kKeys = {
      "id", "file_name", "frame_id", "is_labeled", "ignore_regions_x", "ignore_regions_y"};
  const auto [id, name, number, labelled, xs, ys] = fields(json, kKeys, at);
  PoseFrame frame;
  frame.image_id = integer(require(id, "id", at), {&at, "id"});
  if (name) frame.file_name = text(*name, {&at, "file_name"});
  frame.index = number_in(frame.file_name).value_or(static_cast<std::int64_t>(at.index));
  if (number) {
    const std::int64_t index = integer(*number, {&at, "frame_id"});
    if (index >= 0 && index < kFirstGlobalNumber) frame.index = index;
  }
  if (labelled) frame.labelled = flag(*labelled, {&at, "is_labeled"});
  frame.ignore_regions = regions_of(xs, ys, at);
  frame.has_ignore_regions = xs && ys;
  frame.integer_keypoints = true;
  return frame;
}

struct Annotation {
  std::int64_t image_id;
  bool integers;  // all of its keypoints
  Pose pose;
};

Annotation coco_pose(dom::element json, const Slots& slots, const At& at) {
  static constexpr std::array<std::string_view, 6> kKeys = {"image_id", "track_id",  "keypoints",
                                                            "scores",   "bbox_head", "bbox"};
  const auto [image, track, keypoints, scores, head, box] = fields(json, kKeys, at);
  Annotation result{integer(require(image, "image_id", at), {&at, "image_id"}), true, {}};
  Pose& pose = result.pose;
  if (track) pose.track = integer(*track, {&at, "track_id"});
  if (const auto b = numbers<4>(head, {&at, "bbox_head"})) {
    pose.head = HeadBox{(*b)[0], (*b)[1], (*b)[0] + (*b)[2], (*b)[1] + (*b)[3]};
  }
  if (const auto b = numbers<4>(box, {&at, "bbox"})) {
    pose.box = Box{(*b)[0], (*b)[1], (*b)[2], (*b)[3]};
  }

  std::vector<double> joint_scores(slots.size(), kNoScore);
  const At scores_at{&at, "scores"};
  if (scores) {
    const dom::array array = list(*scores, scores_at);
    if (array.size() != 0 && array.size() != slots.size()) {
      fail("{}: {} numbers instead of {}", scores_at.text(), array.size(), slots.size());
    }
    std::size_t i = 0;
    for (const dom::element one : array) {
      joint_scores[i] = number(one, {&scores_at, "", i});
      ++i;
    }
  }

  const At keypoints_at{&at, "keypoints"};
  const dom::array array = list(require(keypoints, "keypoints", at), keypoints_at);
  if (array.size() != 3 * slots.size()) {
    fail("{}: {} numbers instead of {} (x, y, v of {} joints)", keypoints_at.text(), array.size(),
         3 * slots.size(), slots.size());
  }
  pose.has_points = true;
  pose.points.reserve(kPoseJoints);
  std::array<double, 3> xyv;
  std::size_t i = 0;
  for (const dom::element one : array) {
    xyv[i % 3] = number(one, {&keypoints_at, "", i});
    result.integers &= one.type() != dom::element_type::DOUBLE;
    if (++i % 3 != 0) continue;
    const std::size_t slot = i / 3 - 1;
    if (slots[slot] < 0 || (xyv[0] == 0 && xyv[1] == 0 && xyv[2] == 0)) continue;
    pose.points.push_back({slots[slot], xyv[0], xyv[1], xyv[2], joint_scores[slot]});
  }
  return result;
}

// A text or a number.
std::string video_id(dom::element image, const At& at) {
  static constexpr std::array<std::string_view, 1> kKeys = {"vid_id"};
  const auto id = fields(image, kKeys, at)[0];
  if (!id) return "";
  const At here{&at, "vid_id"};
  return id->is_string() ? text(*id, here) : std::to_string(integer(*id, here));
}

void read_coco(dom::element json, const At& file, PoseFile& result) {
  static constexpr std::array<std::string_view, 3> kKeys = {"images", "annotations", "categories"};
  const auto [images, annotations, categories] = fields(json, kKeys, file);
  const Slots slots = slots_of(categories, file);
  std::vector<PoseFrame>& frames = result.frames;
  std::unordered_map<std::int64_t, std::size_t> places;  // of each image id
  const At images_at{&file, "images"};
  for (const dom::element image : list(require(images, "images", file), images_at)) {
    const At at{&images_at, "", frames.size()};
    if (frames.empty()) result.vid_id = video_id(image, at);
    frames.push_back(coco_frame(image, at));
    if (!places.emplace(*frames.back().image_id, frames.size() - 1).second) {
      fail("{}.id: {} is there twice", at.text(), *frames.back().image_id);
    }
  }
  const At annotations_at{&file, "annotations"};
  std::size_t i = 0;
  for (const dom::element one : list(require(annotations, "annotations", file), annotations_at)) {
    const At at{&annotations_at, "", i++};
    Annotation annotation = coco_pose(one, slots, at);
    const auto place = places.find(annotation.image_id);
    if (place == places.end()) {
      fail("{}.image_id: {} is not among the images", at.text(), annotation.image_id);
    }
    PoseFrame& frame = frames[place->second];
    frame.integer_keypoints &= annotation.integers;
    frame.poses.push_back(std::move(annotation.pose));
  }
}

}  // namespace

int joint_number(std::string_view name) {
  const auto found = std::find(kPoseJointNames.begin(), kPoseJointNames.end(), name);
  return found == kPoseJointNames.end() ? -1 : static_cast<int>(found - kPoseJointNames.begin());
}

const PosePoint* Pose::find(int joint) const {
  const auto found = std::find_if(points.begin(), points.end(),
                                  [&](const PosePoint& point) { return point.joint == joint; });
  return found == points.end() ? nullptr : &*found;
}

std::string PoseFile::place(std::size_t frame) const {
  const std::string& name = frames[frame].file_name;
  if (name.empty()) return fmt::format("{}: frame {}", path, frame);
  return fmt::format("{}: frame {} ({})", path, frame, excerpt(name, kPathExcerptBytes));
}

PoseFile read_pose_file(const std::string& path) {
  return parse_pose_file(read_text_file(path), path == "-" ? "standard input" : path);
}

PoseFile parse_pose_file(std::string text, const std::string& path) {
  const Document document(std::move(text), path);
  const dom::element json = document.root();
  PoseFile file;
  file.path = path;
  const At at{nullptr, path};
  static constexpr std::array<std::string_view, 2> kKeys = {"annolist", "images"};
  const auto [annolist, images] = fields(json, kKeys, at);
  if (!annolist && !images) wrong(at, "neither annolist nor images");
  if (!annolist) {
    file.format = PoseFormat::kPoseTrack18;
    read_coco(json, at, file);
    return file;
  }
  const At list_at{&at, "annolist"};
  for (const dom::element one : list(*annolist, list_at)) {
    file.frames.push_back(annolist_frame(one, {&list_at, "", file.frames.size()}));
  }
  return file;
}

std::string sequence_name(const std::string& path) {
  const std::string name = std::filesystem::path(path).filename();
  return name.substr(0, name.find('.'));
}

std::string_view video_key(std::string_view file_name) {
  const std::size_t slash = file_name.rfind('/');
  if (slash == std::string_view::npos) return "";
  const std::string_view folder = file_name.substr(0, slash);
  const std::string_view name = folder.substr(folder.rfind('/') + 1);  // npos + 1 is 0
  return name.substr(0, name.find('_'));
}

}  // namespace vremd
