// SPDX-License-Identifier: Apache-2.0
// The COCO-like form of PoseTrack18, PoseTrack21 and COCO's annotations (EVAL 2.2, appendix D).
#include "convert/format.h"
#include "convert/joint_map.h"
#include "convert/json_text.h"
#include "convert/posetrack_names.h"
#include "core/error.h"
#include "core/log.h"
#include "io/posetrack.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <unordered_set>

namespace vremd {
namespace {

// A joint's score in a data set's file is that of the records times the box's (METHOD 2.3). Both
// directions round, so that the digits of a record survive.
double round_to_digits(double value, int digits) {
  if (value == 0 || !std::isfinite(value)) return value;
  const double factor = std::pow(10.0, digits - 1 - std::floor(std::log10(std::fabs(value))));
  return std::isfinite(factor) ? std::round(value * factor) / factor : value;
}
double times_box(double score, double box) {
  return box == 1 ? score : round_to_digits(score * box, 12);
}
double without_box(double score, double box) {
  return box == 1 || !(box > 0) ? score : round_to_digits(score / box, 9);
}

// ---- reading ----------------------------------------------------------------------------------

Json visibility_of(const std::vector<AnnotatedJoint>& joints) {
  Json list = Json::array();
  for (const AnnotatedJoint& joint : joints) {
    const bool small = joint.v == std::floor(joint.v) && std::fabs(joint.v) < 100;
    list.push_back(small ? Json(static_cast<int>(joint.v)) : Json(joint.v));
  }
  return list;
}

void read_keypoints(const AnnotatedPerson& person, Instance& instance) {
  const auto here = [](const AnnotatedJoint& j) { return j.x != 0 || j.y != 0 || j.v != 0; };
  if (std::none_of(person.joints.begin(), person.joints.end(), here)) return;
  const bool predicted = !person.scores.empty();
  for (std::size_t i = 0; i < person.joints.size(); ++i) {
    const AnnotatedJoint& joint = person.joints[i];
    Keypoint& k = instance.keypoints.emplace_back();
    if (!here(joint)) continue;
    k = {joint.x, joint.y, joint.v > 0 ? 1.0 : 0.0};
    if (predicted) k.score = without_box(person.scores[i], person.box_score.value_or(1));
  }
  if (!predicted) instance.extra["visibility"] = visibility_of(person.joints);
}

// Keys of PoseTrack18 that would hide those of a record stay behind.
bool is_record_key(const std::string& key) {
  static constexpr std::array kKeys = {"box",   "box_score",  "score",   "keypoints", "neighbours",
                                       "track", "visibility", "derived", "bbox_head"};
  return std::find(kKeys.begin(), kKeys.end(), key) != kKeys.end();
}

Instance instance_of(const AnnotatedPerson& person) {
  Instance instance;
  instance.id = person.id;
  instance.track = person.track;
  instance.box_score = person.box_score.value_or(1);
  instance.score = instance.box_score;
  read_keypoints(person, instance);
  const auto box = person.box ? person.box : box_around(instance.keypoints);
  if (!box) fail("{}: no bbox", person.place);
  instance.box = *box;
  if (const auto& head = person.head_box) {
    instance.extra["bbox_head"] = {head->x, head->y, head->w, head->h};
  }
  if (person.area) instance.extra["area"] = *person.area;
  if (person.crowd) instance.extra["iscrowd"] = 1;
  for (const auto& [key, value] : person.extra.items()) {
    if (key == "score" && value.is_number()) {
      instance.score = value.get<double>();
    } else if (key == "derived" && value.is_array()) {
      instance.extra[key] = value;
    } else if (!is_record_key(key)) {
      instance.extra[key] = value;
    }
  }
  return instance;
}

FrameRecord frame_of(const AnnotatedFrame& frame, const AnnotatedVideo& video,
                     const Header& header) {
  FrameRecord record;
  record.frame = frame.index;
  record.image_id = frame.image_id;
  if (video.source == VideoSource::kFolder) {
    record.file = std::filesystem::path(frame.file_name).filename();
  }
  const std::pair<int, int> size = {frame.width, frame.height};
  if (frame.width > 0 && size != std::pair(header.width, header.height)) record.size = size;
  for (const AnnotatedPerson& person : frame.persons) {
    record.instances.push_back(instance_of(person));
  }
  if (frame.says_labelled) record.extra["is_labeled"] = frame.labelled;
  if (frame.ignore_regions.empty()) return record;
  Json& regions = record.extra["ignore_regions"] = Json::array();
  for (const auto& polygon : frame.ignore_regions) {
    Json& points = regions.emplace_back(Json::array());
    for (const Point& point : polygon) points.push_back({point.x, point.y});
  }
  return record;
}

void read_video(const AnnotatedVideo& video, const Annotations& all, const ReadContext& context,
                RecordSink& sink) {
  Header header = context.header;
  header.video = video.path;
  header.width = video.frames.front().width;
  header.height = video.frames.front().height;
  if (video.source != VideoSource::kStill) header.frames_expected = video.nframes;
  const auto posed = [](const AnnotatedPerson& person) { return !person.joints.empty(); };
  for (const AnnotatedFrame& frame : video.frames) {
    if (std::any_of(frame.persons.begin(), frame.persons.end(), posed)) header.joints = all.joints;
  }
  header.extra["vid_id"] = video.id;
  sink.begin(header);
  for (const AnnotatedFrame& frame : video.frames) sink.frame(frame_of(frame, video, header));
  sink.end(Json::object());
}

// ---- writing ----------------------------------------------------------------------------------

enum class Kind { kPoseTrack18, kPoseTrack21, kCoco };

Json categories_json(const JointSet& joints) {
  Json category{{"supercategory", "person"}, {"id", 1}, {"name", "person"}};
  category["keypoints"] = joints.joints;
  Json& limbs = category["skeleton"] = Json::array();
  for (const auto& [a, b] : joints.limbs) limbs.push_back({a + 1, b + 1});
  return Json::array({category});
}

// The annotations go out as they come. The images wait, as text: they are short, and nframes is
// known at the end of a video only.
class Writer : public RecordSink {
 public:
  Writer(const std::string& path, bool force, Kind kind)
      : kind_(kind), list_(path, force, "{\"annotations\":"),
        joints_(joint_set(kind == Kind::kCoco ? "coco17" : "posetrack17")) {}

  void begin(const Header& header) override {
    header_ = header;
    ++videos_;
    if (header.joints) joints_ = *header.joints;
    last_ = -1;
  }

  void frame(FrameRecord frame) override {
    const std::int64_t id = new_image_id(frame);
    images_of_video_.push_back(image_json(frame, id));
    last_ = frame.frame;
    for (std::size_t i = 0; i < frame.instances.size(); ++i) {
      list_.add(person_json(frame.instances[i], id, i));
    }
  }

  void end(const Json&) override {
    const std::int64_t count = std::max(header_.frames_expected.value_or(0), last_ + 1);
    for (Json& image : images_of_video_) {
      if (kind_ != Kind::kCoco || !is_still(header_)) image["nframes"] = count;
      images_ += (images_.empty() ? "\n" : ",\n") + dump(image);
    }
    images_of_video_.clear();
  }

  void finish() override {
    list_.finish(",\n\"images\":[" + images_ + "\n],\n\"categories\":" +
                 dump(categories_json(joints_)) + "}");
    if (numbered_) {
      log_warning("persons without a track: {}; they get their place in the frame as track_id",
                  numbered_);
    }
  }

 private:
  std::int64_t new_image_id(const FrameRecord& frame) {
    constexpr std::int64_t kMostFrames = 1'000'000;
    auto id = image_id_of(header_, frame);
    if (!id && kind_ == Kind::kPoseTrack21) {
      fail("{}: frame {}: no image id: neither an image_id in the records nor a folder such as "
           "012834_mpii_test", excerpt(header_.video, kPathExcerptBytes), frame.frame);
    }
    if (!id) id = videos_ * kMostFrames + frame.frame;
    if (!ids_.insert(*id).second) {
      fail("{}: frame {}: image id {} is there twice", excerpt(header_.video, kPathExcerptBytes),
           frame.frame, *id);
    }
    return *id;
  }

  std::int64_t new_id(std::int64_t image, std::size_t index) const {
    std::int64_t id = 0;
    if (__builtin_mul_overflow(image, 100, &id) || __builtin_add_overflow(id, index, &id)) {
      fail("{}: image id {}: too large to number its annotations",
           excerpt(header_.video, kPathExcerptBytes), image);
    }
    return id;
  }

  Json image_json(const FrameRecord& frame, std::int64_t id) const {
    const std::string name = sequence_name(header_);
    Json image{{"id", id}, {"file_name", picture_of(header_, frame)}};
    const bool still = is_still(header_) && !frame.file;
    if (kind_ != Kind::kCoco || !still) {
      const bool official = first_image_id(name) && frame.file;
      const Json id_of_video = header_.extra.value("vid_id", Json(name));
      image["vid_id"] = official && id_of_video == name
                            ? Json(name.substr(0, name.find('_'))) : id_of_video;
      image["frame_id"] = official ? id : frame.frame;
    }
    const auto size = frame.size.value_or(std::pair(header_.width, header_.height));
    if (size.first > 0) {
      image["width"] = size.first;
      image["height"] = size.second;
    }
    if (kind_ == Kind::kPoseTrack21) return image;
    image["is_labeled"] = frame.extra.value("is_labeled", Json(!frame.instances.empty()));
    if (kind_ == Kind::kPoseTrack18) add_regions(image, frame.extra);
    return image;
  }

  // Also where there are none: the PoseTrack21 kit wants the keys.
  static void add_regions(Json& image, const Json& extra) {
    const Json regions = extra.value("ignore_regions", Json::array());
    for (const auto& [key, axis] : {std::pair("ignore_regions_x", 0), {"ignore_regions_y", 1}}) {
      Json& polygons = image[key] = Json::array();
      for (const Json& polygon : regions) {
        Json& values = polygons.emplace_back(Json::array());
        for (const Json& point : polygon) values.push_back(point[axis]);
      }
    }
  }

  Json person_json(const Instance& person, std::int64_t image, std::size_t index) {
    const bool submission = kind_ == Kind::kPoseTrack21;
    Json json;
    if (!submission) json["id"] = person.id ? *person.id : new_id(image, index);
    json["image_id"] = image;
    json["category_id"] = 1;
    if (person.track || kind_ != Kind::kCoco) {
      json["track_id"] = person.track.value_or(static_cast<std::int64_t>(index));
      numbered_ += !person.track;
    }
    json["bbox"] = {person.box.x, person.box.y, person.box.w, person.box.h};
    const auto head = person.extra.find("bbox_head");
    if (head != person.extra.end() && !submission) json["bbox_head"] = *head;
    add_keypoints(json, person);
    if (submission) return json;
    if (person.box_score != 1) json["bbox_score"] = person.box_score;
    if (person.score != person.box_score) json["score"] = person.score;
    if (kind_ == Kind::kCoco && !person.extra.contains("iscrowd")) json["iscrowd"] = 0;
    for (const auto& [key, value] : person.extra.items()) {
      if (key != "visibility" && !json.contains(key)) json[key] = value;
    }
    return json;
  }

  // Of predictions the third number is 1 (0: no such joint), and `scores` has the scores.
  void add_keypoints(Json& json, const Instance& person) const {
    const auto visibility = person.extra.find("visibility");
    const bool annotated = visibility != person.extra.end();
    std::vector<Keypoint> points = person.keypoints;
    points.resize(joints_.joints.size());
    Json flat = flat_keypoints(points), scores = Json::array();
    int labelled = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      Json& v = flat[3 * i + 2];
      if (!annotated) {
        scores.push_back(times_box(v.get<double>(), person.box_score));
        v = is_absent(points[i]) ? 0 : 1;
      } else if (i < visibility->size()) {
        v = (*visibility)[i];
      }
      labelled += v > 0;
    }
    json["keypoints"] = std::move(flat);
    if (kind_ == Kind::kCoco) json["num_keypoints"] = labelled;
    if (!annotated && !person.keypoints.empty()) json["scores"] = std::move(scores);
  }

  Kind kind_;
  JsonListFile list_;
  JointSet joints_;
  Header header_;
  std::int64_t videos_ = 0, last_ = -1, numbered_ = 0;
  std::vector<Json> images_of_video_;
  std::string images_;
  std::unordered_set<std::int64_t> ids_;
};

bool is_coco_like(std::string_view head) {
  return begins_with(head, '{') && (has_key(head, "images") || has_key(head, "annotations"));
}

}  // namespace

bool guess_posetrack18(std::string_view head) {
  return is_coco_like(head) && (has_key(head, "vid_id") || has_key(head, "frame_id") ||
                                has_key(head, "track_id") || has_key(head, "head_bottom"));
}

bool guess_coco_keypoints(std::string_view head) { return is_coco_like(head); }

bool read_annotations(const std::vector<std::string>& paths, const ReadContext& context,
                      RecordSink& sink) {
  for (const std::string& path : paths) {
    const Annotations all = Annotations::read_under(
        path, root_of(path, context.root, context.joins_folder));
    for (const AnnotatedVideo& video : all.videos) read_video(video, all, context, sink);
  }
  return true;
}

std::unique_ptr<RecordSink> write_posetrack18(const std::string& path, bool force) {
  return std::make_unique<Writer>(path, force, Kind::kPoseTrack18);
}
std::unique_ptr<RecordSink> write_posetrack21(const std::string& path, bool force) {
  return std::make_unique<Writer>(path, force, Kind::kPoseTrack21);
}
std::unique_ptr<RecordSink> write_coco_keypoints(const std::string& path, bool force) {
  return std::make_unique<Writer>(path, force, Kind::kCoco);
}

}  // namespace vremd
