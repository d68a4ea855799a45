// SPDX-License-Identifier: Apache-2.0
#include "eval/coco/oks_input.h"

#include "annotation/coco.h"
#include "annotation/posetrack_names.h"
#include "core/picture_names.h"
#include "eval/input/record_matching.h"
#include "io/json_file.h"
#include "io/record_stream.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <set>
#include <unordered_map>
#include <utility>

namespace vremd::eval {
namespace {

namespace fs = std::filesystem;

using Places = std::unordered_map<std::int64_t, std::size_t>;  // id → index by ascending id

Places by_ascending_id(const std::vector<std::int64_t>& ids) {
  Places places;
  for (const std::int64_t id : std::set(ids.begin(), ids.end())) places.emplace(id, places.size());
  return places;
}

// The images of the ground truth by their names.
class ImageNames {
 public:
  void add(const std::string& file_name, std::size_t image) {
    if (file_name.empty()) return;
    by_name_[video_name(file_name)].push_back({file_name, image});
    const std::string folder = fs::path(file_name).parent_path().filename();
    if (const auto number = annotation::posetrack_index(file_name)) {
      by_number_[{folder, *number}].push_back({file_name, image});
    }
  }

  // The image of a frame without an id: of the same name, of several the one with the longest
  // common end of the path; of a video's frame the one with its number in the folder called as the
  // video.
  std::size_t find(const io::Header& header, const io::FrameRecord& frame,
                   const std::string& place) const {
    const bool is_picture = frame.file || has_picture_name(header.video);
    const std::string path =
        frame.file ? (fs::path(header.video) / *frame.file).string() : header.video;
    const std::vector<Image>* images = nullptr;
    if (is_picture) {
      if (const auto found = by_name_.find(video_name(path)); found != by_name_.end()) {
        images = &found->second;
      }
    } else if (const auto found = by_number_.find({video_name(path), frame.frame});
               found != by_number_.end()) {
      images = &found->second;
    }
    if (!images) fail("{}: no image_id, and no image of this name in the ground truth", place);
    const auto end = [&](const Image& image) { return common_end(path, image.name); };
    const Image& best = *std::ranges::max_element(*images, {}, end);
    if (std::ranges::count(*images, end(best), end) > 1) {
      fail("{}: no image_id, and several images of this name in the ground truth", place);
    }
    return best.index;
  }

 private:
  struct Image {
    std::string name;
    std::size_t index = 0;
  };
  std::unordered_map<std::string, std::vector<Image>> by_name_;
  std::map<std::pair<std::string, std::int64_t>, std::vector<Image>> by_number_;
};

// The ids of a list of objects.
std::vector<std::int64_t> read_ids(const io::DomNode& objects) {
  std::vector<std::int64_t> ids;
  std::set<std::int64_t> known;
  for (const io::DomNode one : objects.array()) {
    const io::DomNode id = one.field("id");
    ids.push_back(id.integer());
    if (!known.insert(ids.back()).second) id.wrong(fmt::format("duplicate id {}", ids.back()));
  }
  return ids;
}

// (max x - min x)(max y - min y), including keypoints at (0, 0).
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

OksDetection detection_of(const io::Instance& one, const std::vector<int>& joint_map) {
  OksDetection detection;
  detection.score = one.score;
  for (const int joint : joint_map) {
    const io::Keypoint k = joint < 0 ? io::Keypoint{} : one.keypoints[joint];
    const bool present = std::isfinite(k.x) && std::isfinite(k.y);
    const std::array xyv = present ? std::array{k.x, k.y, k.score} : std::array{0.0, 0.0, 0.0};
    detection.keypoints.insert(detection.keypoints.end(), xyv.begin(), xyv.end());
  }
  detection.area = extent_area(detection.keypoints);
  return detection;
}

class OksReader {
 public:
  OksInput input;

  void read_truths(const std::string& path, bool needs_area) {
    const auto document = io::JsonDocument::read(path);
    const io::DomNode root = document.root();
    const auto [images, annotations, categories] =
        root.fields({"images", "annotations", "categories"});
    images_ = by_ascending_id(read_ids(images));
    input.images = images_.size();
    predicted_.resize(images_.size());
    for (const io::DomNode one : images.array()) {
      const auto [id, name] = one.fields({"id", "file_name"});
      if (name.is_string()) names_.add(name.string(), images_.at(id.integer()));
    }
    read_categories(categories, annotations);
    for (const io::DomNode one : annotations.array()) read_truth(one, needs_area);
  }

  void read_results(const std::string& path) {
    const auto document = io::JsonDocument::read(path);
    const io::DomNode root = document.root();
    std::optional<bool> have_boxes;  // from the first result
    for (const io::DomNode json : root.array()) {
      annotation::CocoResult one = annotation::read_coco_result(json);
      const auto image = images_.find(one.image);
      if (image == images_.end()) {
        fail("{}.image_id: {} is not in the ground truth", json.place().text(), one.image);
      }
      predicted_[image->second] = true;
      if (!have_boxes) have_boxes = one.bbox.has_value();
      if (!one.category) json.wrong("no category_id");
      const auto category = categories_.find(*one.category);
      if (category == categories_.end()) {
        ++input.other_detections;
        continue;
      }
      check_keypoints(one.keypoints.size(), json);
      if (!one.score) json.wrong("no score");
      if (*have_boxes && !one.bbox) json.wrong("no bbox, though the first result has one");
      OksDetection detection;
      detection.keypoints = std::move(one.keypoints);
      detection.score = *one.score;
      detection.area = *have_boxes ? one.bbox->w * one.bbox->h : extent_area(detection.keypoints);
      input.categories[category->second][image->second].detections.push_back(std::move(detection));
      ++input.detections;
    }
  }

  void read_records(const std::string& path) {
    io::RecordStream records({path});
    if (!person_) {
      fail("{}: the ground truth has no category \"person\"", io::name_of_input(path));
    }
    auto& images = input.categories[*person_];
    int posed = 0, unposed = 0;
    while (const auto header = records.next_video()) {
      ++(header->joints ? posed : unposed);
      add_box_source(*header, input.boxes);
      std::vector<int> map;
      if (header->joints) {
        if (input.keypoints == 0) input.keypoints = header->joints->joints.size();
        if (joints_.empty() && header->joints->joints.size() != input.keypoints) {
          fail("{}: {} joints, but the ground truth has {} without names", records.place(),
               header->joints->joints.size(), input.keypoints);
        }
        map = joint_map(*header->joints);
      }
      while (const auto frame = records.next_frame()) {
        const std::size_t image = image_of(*header, *frame, records.place());
        predicted_[image] = true;
        for (const io::Instance& one : frame->instances) {
          if (!header->joints) fail("{}: no joints: OKS needs poses", records.place());
          if (one.keypoints.empty()) continue;
          if (!std::isfinite(one.score)) fail("{}: a score is not finite", records.place());
          images[image].detections.push_back(detection_of(one, map));
          ++input.detections;
        }
      }
    }
    if (unposed && !posed) fail("{}: no joints: OKS needs poses", io::name_of_input(path));
    input.cut = records.truncated();
  }

  void finish(bool predicted_only) {
    const auto any = [&](std::size_t i, auto list) {
      return std::ranges::any_of(input.categories,
                                 [&](const auto& images) { return !(images[i].*list).empty(); });
    };
    for (std::size_t i = 0; i < input.images; ++i) {
      if (!any(i, &OksImage::truths)) continue;
      ++input.with_people;
      input.unpredicted += !any(i, &OksImage::detections);
    }
    if (!predicted_only) return;
    for (auto& images : input.categories) {
      std::size_t i = 0;
      std::erase_if(images, [&](const OksImage&) { return !predicted_[i++]; });
    }
    input.images = std::ranges::count(predicted_, true);
  }

 private:
  void read_categories(const io::DomNode& categories, const io::DomNode& annotations) {
    categories_ = by_ascending_id(read_ids(categories));
    const auto all = annotation::read_coco_categories(categories);
    const annotation::CocoCategory* person =
        all.size() == 1 ? all.data() : annotation::person_category(all, annotations);
    if (person) {
      person_ = categories_.at(*person->id);
      joints_ = person->joints;
    }
    input.keypoints = joints_.size();
    input.categories.assign(categories_.size(), std::vector<OksImage>(images_.size()));
  }

  // All people have as many; the first one decides if the category does not.
  void check_keypoints(std::size_t numbers, const io::DomNode& json) {
    if (input.keypoints == 0 && numbers % 3 == 0) input.keypoints = numbers / 3;
    if (numbers == 0) json.wrong("no keypoints");
    if (numbers != 3 * input.keypoints) {
      fail("{}.keypoints: {} numbers, not x, y, v of {} keypoints", json.place().text(), numbers,
           input.keypoints ? std::to_string(input.keypoints) : "all");
    }
  }

  void read_truth(const io::DomNode& json, bool needs_area) {
    const annotation::CocoAnnotation one =
        annotation::read_coco_annotation(json, /*keep_other=*/false);
    if (!one.category) json.wrong("no category_id");
    const auto image = images_.find(one.image);
    const auto category = categories_.find(*one.category);
    if (image == images_.end() || category == categories_.end()) {
      ++input.other_truths;
      return;
    }
    const annotation::AnnotatedPerson& person = one.person;
    if (!person.id) json.wrong("no id");
    OksTruth truth;
    truth.id = *person.id;
    if (!truth_ids_.insert(truth.id).second) {
      fail("{}.id: duplicate id {}", json.place().text(), truth.id);
    }
    check_keypoints(one.numbers, json);
    truth.keypoints.assign(one.numbers, 0);
    labelled_.resize(input.keypoints);
    std::int64_t count = 0;
    for (const annotation::AnnotatedJoint& joint : person.joints) {
      const auto i = static_cast<std::size_t>(joint.index);
      truth.keypoints[3 * i] = joint.x;
      truth.keypoints[3 * i + 1] = joint.y;
      truth.keypoints[3 * i + 2] = joint.visibility;
      if (!joint.labelled) continue;
      labelled_[i] = true;
      ++count;
    }
    truth.labelled = one.labelled.value_or(count);
    if (!person.box) json.wrong("no bbox");
    truth.box = *person.box;
    if (needs_area && !person.area) json.wrong("no area; --no-area takes 0.53 of the box instead");
    truth.area = person.area.value_or(0);
    truth.crowd = person.crowd;
    input.categories[category->second][image->second].truths.push_back(std::move(truth));
    ++input.truths;
  }

  // For each keypoint of the ground truth its index among the records' joints, or -1.
  std::vector<int> joint_map(const JointSet& joints) {
    std::vector<int> map;
    for (std::size_t i = 0; i < input.keypoints; ++i) {
      map.push_back(joints_.empty() ? static_cast<int>(i) : joints.index(joints_[i]));
      if (map.back() >= 0 || i >= labelled_.size() || !labelled_[i]) continue;
      auto& names = input.never_predicted;
      if (!std::ranges::count(names, joints_[i])) names.push_back(joints_[i]);
    }
    return map;
  }

  std::size_t image_of(const io::Header& header, const io::FrameRecord& frame,
                       const std::string& place) const {
    if (!frame.image_id) return names_.find(header, frame, place);
    const auto image = images_.find(*frame.image_id);
    if (image == images_.end()) {
      fail("{}: image_id {} is not in the ground truth", place, *frame.image_id);
    }
    return image->second;
  }

  Places images_, categories_;
  ImageNames names_;
  std::vector<bool> predicted_;  // images with a result or record
  std::set<std::int64_t> truth_ids_;
  std::optional<std::size_t> person_;  // index of the category of records
  std::vector<std::string> joints_;    // its keypoints; empty if absent
  std::vector<bool> labelled_;         // keypoints labelled for anybody
};

// Results are a list, records objects.
bool begins_with_list(const std::string& path) {
  const std::string head = io::read_head(path, 4096);
  const std::size_t first = head.find_first_not_of(" \t\r\n");
  return first != head.npos && head[first] == '[';
}

}  // namespace

OksInput read_oks_input(const std::string& ground_truth, const std::string& predictions,
                        bool needs_area, bool predicted_only) {
  OksReader reader;
  reader.read_truths(ground_truth, needs_area);
  if (predictions != "-" && begins_with_list(predictions)) {
    reader.read_results(predictions);
  } else {
    reader.read_records(predictions);
  }
  reader.finish(predicted_only);
  return std::move(reader.input);
}

}  // namespace vremd::eval
