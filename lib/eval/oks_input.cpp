// SPDX-License-Identifier: Apache-2.0
#include "eval/oks_input.h"

#include "eval/strict_dom.h"
#include "io/json_file.h"
#include "io/records.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <set>
#include <unordered_map>
#include <utility>

namespace vremd {
namespace {

using namespace strict_dom;

using Places = std::unordered_map<std::int64_t, std::size_t>;  // id → place by rising id

Places by_rising_id(const std::vector<std::int64_t>& ids) {
  Places places;
  for (const std::int64_t id : std::set(ids.begin(), ids.end())) places.emplace(id, places.size());
  return places;
}

// The ids of a list of objects.
std::vector<std::int64_t> read_ids(dom::element objects, const At& list_at) {
  static constexpr std::array<std::string_view, 1> kKeys = {"id"};
  std::vector<std::int64_t> ids;
  std::set<std::int64_t> known;
  for (const dom::element one : list(objects, list_at)) {
    const At at{&list_at, "", ids.size()};
    const auto [id] = fields(one, kKeys, at);
    ids.push_back(integer(require(id, "id", at), {&at, "id"}));
    if (!known.insert(ids.back()).second) fail("{}.id: {} is there twice", at.text(), ids.back());
  }
  return ids;
}

// (max x - min x)(max y - min y), those at (0, 0) included.
double extent_area(const std::vector<double>& xyv) {
  double low[2] = {xyv[0], xyv[1]}, high[2] = {xyv[0], xyv[1]};
  for (std::size_t i = 0; i < xyv.size(); i += 3) {
    for (std::size_t k = 0; k < 2; ++k) {
      low[k] = std::min(low[k], xyv[i + k]);
      high[k] = std::max(high[k], xyv[i + k]);
    }
  }
  return (high[0] - low[0]) * (high[1] - low[1]);
}

class OksReader {
 public:
  void read_truths(const std::string& path, bool needs_area);
  void read_results(const std::string& path);
  void read_records(const std::string& path);
  OksInput take() && { return std::move(input_); }

 private:
  void read_categories(dom::element categories, const At& list_at);
  void read_truth(dom::element json, bool needs_area, const At& at);
  std::vector<double> read_keypoints(const std::optional<dom::element>& json, const At& at);
  std::vector<int> joint_map(const JointSet& joints);

  OksInput input_;
  Places images_, categories_;
  std::set<std::int64_t> truth_ids_;
  std::size_t person_ = 0;           // the place of the category that records are of
  std::vector<std::string> joints_;  // its keypoints; empty: not in the file
  std::vector<bool> labelled_;       // each keypoint, by anybody
};

void OksReader::read_categories(dom::element categories, const At& list_at) {
  static constexpr std::array<std::string_view, 3> kKeys = {"id", "name", "keypoints"};
  categories_ = by_rising_id(read_ids(categories, list_at));
  std::size_t i = 0;
  for (const dom::element one : list(categories, list_at)) {
    const At at{&list_at, "", i++};
    const auto [id, name, keypoints] = fields(one, kKeys, at);
    if (categories_.size() > 1 && (!name || text(*name, {&at, "name"}) != "person")) continue;
    person_ = categories_.at(integer(*id, {&at, "id"}));
    joints_.clear();
    if (!keypoints) continue;
    const At names_at{&at, "keypoints"};
    for (const dom::element joint : list(*keypoints, names_at)) {
      joints_.push_back(text(joint, {&names_at, "", joints_.size()}));
    }
  }
  input_.keypoints = joints_.size();
  input_.categories.assign(categories_.size(), std::vector<OksImage>(images_.size()));
}

// As many as everybody has; the first one decides where the category does not.
std::vector<double> OksReader::read_keypoints(const std::optional<dom::element>& json,
                                              const At& at) {
  const At here{&at, "keypoints"};
  std::vector<double> xyv;
  for (const dom::element one : list(require(json, "keypoints", at), here)) {
    xyv.push_back(number(one, {&here, "", xyv.size()}));
  }
  if (input_.keypoints == 0 && xyv.size() % 3 == 0) input_.keypoints = xyv.size() / 3;
  if (xyv.empty() || xyv.size() != 3 * input_.keypoints) {
    fail("{}: {} numbers, not x, y, v of {} keypoints", here.text(), xyv.size(),
         input_.keypoints ? std::to_string(input_.keypoints) : "all");
  }
  return xyv;
}

void OksReader::read_truth(dom::element json, bool needs_area, const At& at) {
  static constexpr std::array<std::string_view, 8> kKeys = {
      "id", "image_id", "category_id", "keypoints", "num_keypoints", "bbox", "area", "iscrowd"};
  const auto [id, image_id, category_id, keypoints, labelled, bbox, area, crowd] =
      fields(json, kKeys, at);
  const auto image = images_.find(integer(require(image_id, "image_id", at), {&at, "image_id"}));
  const auto category =
      categories_.find(integer(require(category_id, "category_id", at), {&at, "category_id"}));
  if (image == images_.end() || category == categories_.end()) {
    ++input_.other_truths;
    return;
  }
  OksTruth truth;
  truth.id = integer(require(id, "id", at), {&at, "id"});
  if (!truth_ids_.insert(truth.id).second) fail("{}.id: {} is there twice", at.text(), truth.id);
  truth.keypoints = read_keypoints(keypoints, at);
  labelled_.resize(input_.keypoints);
  std::int64_t count = 0;
  for (std::size_t i = 0; i < input_.keypoints; ++i) {
    if (truth.keypoints[3 * i + 2] <= 0) continue;
    labelled_[i] = true;
    ++count;
  }
  truth.labelled = labelled ? integer(*labelled, {&at, "num_keypoints"}) : count;
  const auto box = numbers<4>(bbox, {&at, "bbox"});
  if (!box) fail("{}: no bbox", at.text());
  truth.box = {(*box)[0], (*box)[1], (*box)[2], (*box)[3]};
  if (needs_area && !area) fail("{}: no area", at.text());
  if (area) truth.area = number(*area, {&at, "area"});
  truth.crowd = crowd && flag(*crowd, {&at, "iscrowd"});
  input_.categories[category->second][image->second].truths.push_back(std::move(truth));
  ++input_.truths;
}

void OksReader::read_truths(const std::string& path, bool needs_area) {
  const std::string name = path == "-" ? "standard input" : path;
  const Document document(read_text_file(path), name);
  const At file{nullptr, name};
  static constexpr std::array<std::string_view, 3> kKeys = {"images", "annotations", "categories"};
  const auto [images, annotations, categories] = fields(document.root(), kKeys, file);
  images_ = by_rising_id(read_ids(require(images, "images", file), {&file, "images"}));
  input_.images = images_.size();
  read_categories(require(categories, "categories", file), {&file, "categories"});
  const At list_at{&file, "annotations"};
  std::size_t i = 0;
  for (const dom::element one : list(require(annotations, "annotations", file), list_at)) {
    read_truth(one, needs_area, {&list_at, "", i++});
  }
}

void OksReader::read_results(const std::string& path) {
  static constexpr std::array<std::string_view, 5> kKeys = {"image_id", "category_id", "keypoints",
                                                            "score", "bbox"};
  const Document document(read_text_file(path), path);
  const At file{nullptr, path};
  bool have_boxes = false;
  std::size_t i = 0;
  for (const dom::element one : list(document.root(), file)) {
    const At at{&file, "", i++};
    const auto [image_id, category_id, keypoints, score, bbox] = fields(one, kKeys, at);
    const std::int64_t id = integer(require(image_id, "image_id", at), {&at, "image_id"});
    if (!images_.contains(id)) fail("{}.image_id: {} is not in the ground truth", at.text(), id);
    const auto box = numbers<4>(bbox, {&at, "bbox"});
    if (i == 1) have_boxes = box.has_value();
    const auto category =
        categories_.find(integer(require(category_id, "category_id", at), {&at, "category_id"}));
    if (category == categories_.end()) {
      ++input_.other_detections;
      continue;
    }
    OksDetection detection;
    detection.keypoints = read_keypoints(keypoints, at);
    detection.score = number(require(score, "score", at), {&at, "score"});
    if (have_boxes && !box) fail("{}: no bbox, though the first result has one", at.text());
    detection.area = have_boxes ? (*box)[2] * (*box)[3] : extent_area(detection.keypoints);
    input_.categories[category->second][images_.at(id)].detections.push_back(std::move(detection));
    ++input_.detections;
  }
}

// For each keypoint of the ground truth its place among the records' joints, -1: not there.
std::vector<int> OksReader::joint_map(const JointSet& joints) {
  std::vector<int> map;
  for (std::size_t i = 0; i < input_.keypoints; ++i) {
    map.push_back(joints_.empty() ? static_cast<int>(i) : joints.index(joints_[i]));
    if (map.back() >= 0 || i >= labelled_.size() || !labelled_[i]) continue;
    auto& names = input_.never_predicted;
    const std::string& name = joints_[i];
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return map;
}

OksDetection detection_of(const Instance& one, const std::vector<int>& joint_map) {
  OksDetection detection;
  detection.score = one.score;
  for (const int joint : joint_map) {
    const Keypoint k = joint < 0 ? Keypoint{} : one.keypoints[joint];
    const bool there = std::isfinite(k.x) && std::isfinite(k.y);
    const std::array xyv = there ? std::array{k.x, k.y, k.score} : std::array{0.0, 0.0, 0.0};
    detection.keypoints.insert(detection.keypoints.end(), xyv.begin(), xyv.end());
  }
  detection.area = extent_area(detection.keypoints);
  return detection;
}

void OksReader::read_records(const std::string& path) {
  RecordReader records(path);
  std::vector<int> map;
  if (input_.categories.empty()) fail("{}: the ground truth has no category", records.name());
  auto& images = input_.categories[person_];
  while (const auto record = records.next()) {
    if (const auto* header = std::get_if<Header>(&*record)) {
      if (!header->joints) fail("{}: no joints: OKS needs poses", records.place());
      if (input_.keypoints == 0) input_.keypoints = header->joints->joints.size();
      if (joints_.empty() && header->joints->joints.size() != input_.keypoints) {
        fail("{}: {} joints, but the ground truth has {} without names", records.place(),
             header->joints->joints.size(), input_.keypoints);
      }
      map = joint_map(*header->joints);
    } else if (const auto* frame = std::get_if<FrameRecord>(&*record)) {
      if (!frame->image_id) fail("{}: no image_id", records.place());
      const auto image = images_.find(*frame->image_id);
      if (image == images_.end()) {
        fail("{}: image_id {} is not in the ground truth", records.place(), *frame->image_id);
      }
      for (const Instance& one : frame->instances) {
        if (one.keypoints.empty()) continue;
        if (!std::isfinite(one.score)) fail("{}: a score is not finite", records.place());
        images[image->second].detections.push_back(detection_of(one, map));
        ++input_.detections;
      }
    }
  }
  input_.cut = records.cut();
}

// Results are a list; records begin with an object.
bool begins_with_list(const std::string& path) {
  std::ifstream file(path);
  char c = 0;
  for (const int mark : {0xef, 0xbb, 0xbf}) {
    if (file.peek() == mark) file.get();
  }
  file >> c;
  return c == '[';
}

}  // namespace

OksInput read_oks_input(const std::string& ground_truth, const std::string& predictions,
                        bool needs_area) {
  OksReader reader;
  reader.read_truths(ground_truth, needs_area);
  if (predictions != "-" && begins_with_list(predictions)) {
    reader.read_results(predictions);
  } else {
    reader.read_records(predictions);
  }
  return std::move(reader).take();
}

}  // namespace vremd
