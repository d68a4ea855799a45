// SPDX-License-Identifier: Apache-2.0
// The COCO-like form of PoseTrack18, PoseTrack21 and COCO's annotations (SCORING 2.2, appendix D).
#include "annotation/posetrack_names.h"
#include "annotation/record_translation.h"
#include "convert/format.h"
#include "convert/format_support.h"
#include "convert/joint_map.h"
#include "core/error.h"
#include "core/log.h"
#include "io/json_file.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

namespace vremd::convert {
namespace {

// A joint's score in a data set's file is the record's times the box score (METHOD 2.3). Rounding
// in both directions preserves the digits of a record.
double times_box(double score, double box) {
  return box == 1 ? score : io::round_to_digits(score * box, 12);
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

// Annotations are written as they arrive, images at the end: nframes is only known at the end of a
// video.
class Writer : public RecordSink {
 public:
  Writer(io::OutputFile& out, Kind kind)
      : kind_(kind),
        list_(out, "{\"annotations\":"),
        joints_(joint_set(kind == Kind::kCoco ? "coco17" : "posetrack17")) {}

  void begin(const io::Header& header) override {
    header_ = header;
    const std::string name = video_name(header.video);
    const bool taken = videos_by_name_.emplace(name, header.video).first->second != header.video;
    vid_id_ = header.vid_id.value_or(taken ? header.video : name);
    ++videos_;
    if (header.joints) joints_ = *header.joints;
    last_ = -1;
  }

  void frame(io::FrameRecord frame) override {
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
      images_ += (images_.empty() ? "\n" : ",\n") + io::dump(image);
    }
    images_of_video_.clear();
  }

  void finish() override {
    list_.finish(",\n\"images\":[" + images_ +
                 "\n],\n\"categories\":" + io::dump(categories_json(joints_)) + "}");
    if (numbered_) {
      log_warning("people without a track: {}; track_id is their index in the frame", numbered_);
    }
  }

 private:
  std::int64_t new_image_id(const io::FrameRecord& frame) {
    constexpr std::int64_t kMostFrames = 1'000'000;
    auto id = image_id_of(header_, frame);
    // Pictures of the same name in several folders.
    if (!frame.image_id && kind_ != Kind::kPoseTrack21 && id && ids_.contains(*id)) id.reset();
    if (!id && kind_ == Kind::kPoseTrack21) {
      fail(
          "{}: frame {}: no image id: neither an image_id in the records nor a folder such as "
          "012834_mpii_test",
          excerpt(header_.video, kPathExcerptBytes), frame.frame);
    }
    if (!id) id = videos_ * kMostFrames + frame.frame;
    if (!ids_.insert(*id).second) {
      fail("{}: frame {}: duplicate image id {}", excerpt(header_.video, kPathExcerptBytes),
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

  Json image_json(const io::FrameRecord& frame, std::int64_t id) const {
    const std::string name = video_name(header_.video);
    Json image{{"id", id}, {"file_name", picture_of(header_, frame)}};
    const bool still = is_still(header_) && !frame.file;
    if (kind_ != Kind::kCoco || !still) {
      const bool official = annotation::first_image_id(name) && frame.file;
      image["vid_id"] = official && vid_id_ == name ? name.substr(0, name.find('_')) : vid_id_;
      image["frame_id"] = official ? id : frame.frame;
    }
    const auto size = frame.size.value_or(std::pair(header_.width, header_.height));
    if (size.first > 0) {
      image["width"] = size.first;
      image["height"] = size.second;
    }
    if (kind_ == Kind::kPoseTrack21) return image;
    image["is_labeled"] = frame.labelled.value_or(!frame.instances.empty());
    if (kind_ == Kind::kPoseTrack18) add_regions(image, frame);
    return image;
  }

  // Also if empty: the PoseTrack21 kit requires the keys.
  static void add_regions(Json& image, const io::FrameRecord& frame) {
    Json &xs = image["ignore_regions_x"] = Json::array(), ys = Json::array();
    for (const auto& polygon : frame.ignore_regions) {
      Json &x = xs.emplace_back(Json::array()), &y = ys.emplace_back(Json::array());
      for (const Point& point : polygon) x.push_back(point.x), y.push_back(point.y);
    }
    image["ignore_regions_y"] = std::move(ys);
  }

  Json person_json(const io::Instance& person, std::int64_t image, std::size_t index) {
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
    const auto& head = person.head_box;
    if (head && !submission) json["bbox_head"] = {head->x, head->y, head->w, head->h};
    add_keypoints(json, person);
    if (submission) return json;
    if (person.box_score != 1) json["bbox_score"] = person.box_score;
    if (person.score != person.box_score) json["score"] = person.score;
    if (kind_ == Kind::kCoco && !person.crowd) json["iscrowd"] = 0;
    if (person.area) json["area"] = *person.area;
    if (person.crowd) json["iscrowd"] = 1;
    for (const auto& [key, value] : person.extra.items()) {
      if (!json.contains(key)) json[key] = value;
    }
    if (!person.derived.empty()) json["derived"] = person.derived;
    return json;
  }

  // For predictions the third number is 1 (0: absent), and `scores` has the scores.
  void add_keypoints(Json& json, const io::Instance& person) const {
    const bool annotated = !person.visibility.empty();
    std::vector<io::Keypoint> points = person.keypoints;
    points.resize(joints_.joints.size());
    Json flat = flat_keypoints(points), scores = Json::array();
    int labelled = 0;
    for (std::size_t i = 0; i < points.size(); ++i) {
      Json& v = flat[3 * i + 2];
      if (!annotated) {
        scores.push_back(times_box(v.get<double>(), person.box_score));
        v = io::is_absent(points[i]) ? 0 : 1;
      } else if (i < person.visibility.size()) {
        v = io::visibility_json(person.visibility[i]);
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
  io::Header header_;
  std::string vid_id_;
  std::unordered_map<std::string, std::string> videos_by_name_;
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

bool read_annotation_files(const std::vector<std::string>& paths, const ReadContext& context,
                           RecordSink& sink) {
  for (const std::string& path : paths) {
    annotation::ReadOptions options{false, {}};
    if (!context.input_joints.empty()) options.joints = joint_set_from(context.input_joints);
    const annotation::Annotations file =
        annotation::Annotations::read_under(path, root_of(path, context), options);
    if (!file.has_people && !context.only_frames) {
      log_warning("{}: images without annotations: nobody", io::name_of_input(path));
    }
    for (const annotation::AnnotatedVideo& video : file.videos) {
      io::Header header = annotation::header_of(video, file);
      header.tool = context.header.tool;
      header.version = context.header.version;
      header.command = context.header.command;
      sink.begin(header);
      for (const annotation::AnnotatedFrame& frame : video.frames) {
        sink.frame(annotation::record_of(frame, video, file, header));
      }
      sink.end(Json::object());
    }
  }
  return true;
}

std::unique_ptr<RecordSink> write_posetrack18(io::OutputFile& out) {
  return std::make_unique<Writer>(out, Kind::kPoseTrack18);
}
std::unique_ptr<RecordSink> write_posetrack21(io::OutputFile& out) {
  return std::make_unique<Writer>(out, Kind::kPoseTrack21);
}
std::unique_ptr<RecordSink> write_coco_keypoints(io::OutputFile& out) {
  return std::make_unique<Writer>(out, Kind::kCoco);
}

}  // namespace vremd::convert
