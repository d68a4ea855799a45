// SPDX-License-Identifier: Apache-2.0
// MMPose's predictions. The inferencer writes of a video a list of {frame_id, instances}, from 0,
// of a picture a list of instances; the demo scripts {meta_info, instance_info} around the same,
// with frame_id from 1. A bbox is [[x1, y1, x2, y2]] (sic).
// https://mmpose.readthedocs.io/en/latest/user_guides/inference.html
#include "convert/format.h"
#include "convert/joint_map.h"
#include "convert/json_text.h"
#include "core/error.h"
#include "io/json_file.h"
#include "io/strict_json.h"

namespace vremd {
namespace {

using namespace strict;

// ---- reading ----------------------------------------------------------------------------------

std::vector<Keypoint> read_keypoints(const Json& json, const std::string& place) {
  const Json& points = require_list(json, "keypoints", place);
  const std::vector<double> scores = numbers(json, "keypoint_scores", place);
  if (scores.size() != points.size()) {
    fail("{}.keypoint_scores: {} numbers instead of {}", place, scores.size(), points.size());
  }
  std::vector<Keypoint> keypoints;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::string here = fmt::format("{}.keypoints[{}]", place, i);
    const std::vector<double> xy = numbers(points[i], here);
    if (xy.size() != 2) fail("{}: not two numbers", here);
    keypoints.push_back({xy[0], xy[1], scores[i]});
  }
  return keypoints;
}

Instance read_person(const Json& json, const std::string& place) {
  require_object(json, place);
  Instance person;
  person.keypoints = read_keypoints(json, place);
  person.box_score = optional_number(json, "bbox_score", place).value_or(1);
  person.score = optional_number(json, "score", place)
                     .value_or(person_score(person.keypoints, person.box_score));
  person.track = optional_integer(json, "track_id", place);
  const Json* corners = find(json, "bbox");
  if (!corners) {
    person.box = box_of(person.keypoints).value_or(Box{});
    return person;
  }
  const std::string here = place + ".bbox";
  const bool nested = corners->is_array() && corners->size() == 1;
  const std::vector<double> c = numbers(nested ? corners->front() : *corners, here);
  if (c.size() != 4) fail("{}: not four numbers", here);
  person.box = {c[0], c[1], width_to(c[0], c[2]), width_to(c[1], c[3])};
  return person;
}

// meta_info.keypoint_id2name: {"0": "nose", ...}
std::optional<JointSet> named_joints(const Json& outer, const std::string& file) {
  const Json* meta = outer.is_object() ? find(outer, "meta_info") : nullptr;
  const Json* names = meta && meta->is_object() ? find(*meta, "keypoint_id2name") : nullptr;
  if (!names || !names->is_object()) return std::nullopt;
  std::vector<std::string> joints;
  for (std::size_t i = 0; i < names->size(); ++i) {
    joints.push_back(text(*names, std::to_string(i).c_str(),
                          file + ": meta_info.keypoint_id2name"));
  }
  return joint_set_of(joints);
}

class Reader {
 public:
  Reader(const std::string& path, const ReadContext& context, RecordSink& sink)
      : file_(name_of_input(path)), path_(path), context_(context), sink_(sink) {}

  void take(const Json& json, std::size_t index, const Json& outer) {
    const char* list = outer.is_array() ? "" : "instance_info";
    const std::string place = fmt::format("{}: {}[{}]", file_, list, index);
    require_object(json, place);
    named_ = named_ ? named_ : named_joints(outer, file_);
    if (index == 0) is_video_ = find(json, "instances");
    if (!is_video_) {
      frame_.instances.push_back(read(json, place));
      return;
    }
    const std::int64_t number = integer(require(json, "frame_id", place), "frame_id", place);
    const std::int64_t first = outer.is_object() ? 1 : 0;
    if (number < first) fail("{}.frame_id: below {}", place, first);
    frame_.frame = number - first;
    if (frame_.frame <= last_) fail("{}.frame_id: not in order", place);
    last_ = frame_.frame;
    const Json& people = require_list(json, "instances", place);
    for (std::size_t i = 0; i < people.size(); ++i) {
      frame_.instances.push_back(read(people[i], fmt::format("{}.instances[{}]", place, i)));
    }
    hand_over();
  }

  void end() {
    if (!is_video_) hand_over();
    begin();
    sink_.end(Json::object());
  }

 private:
  Instance read(const Json& json, const std::string& place) {
    Instance person = read_person(json, place);
    const std::size_t count = person.keypoints.size();
    if (!joints_) {
      joints_ = named_ && named_->joints.size() == count && context_.input_joints.empty()
                    ? *named_
                    : joint_set_of_size(count, context_.input_joints, place);
    }
    if (count != joints_->joints.size()) {
      fail("{}: {} keypoints, but {} before", place, count, joints_->joints.size());
    }
    return person;
  }

  void hand_over() {
    if (joints_) begin();
    if (begun_) {
      sink_.frame(std::move(frame_));
    } else {
      waiting_.push_back(std::move(frame_));
    }
    frame_ = FrameRecord{};
  }

  // Once: after the first person, whose joints the header names; the frames before have waited.
  void begin() {
    if (begun_) return;
    begun_ = true;
    Header header = context_.header;
    header.video = join_paths(context_.root, path_ == "-" ? "-" : stem_of(path_));
    header.joints = joints_;
    sink_.begin(header);
    for (FrameRecord& frame : waiting_) sink_.frame(std::move(frame));
    waiting_.clear();
  }

  std::string file_, path_;
  const ReadContext& context_;
  RecordSink& sink_;
  bool is_video_ = false, begun_ = false;
  std::optional<JointSet> named_, joints_;
  std::int64_t last_ = -1;
  FrameRecord frame_;
  std::vector<FrameRecord> waiting_;
};

// ---- writing ----------------------------------------------------------------------------------

// The form with the names of the joints, that of the demo scripts.
class Writer : public RecordSink {
 public:
  Writer(std::string path, bool force) : path_(std::move(path)), force_(force) {}

  void begin(const Header& header) override {
    header_ = header;
    const JointSet joints = header.joints.value_or(JointSet{});
    Json meta{{"dataset_name", joints.name}, {"num_keypoints", joints.joints.size()}};
    Json &names = meta["keypoint_id2name"] = Json::object(), ids = Json::object();
    for (int i = 0; i < joints.size(); ++i) {
      names[std::to_string(i)] = joints.joints[i];
      ids[joints.joints[i]] = i;
    }
    meta["keypoint_name2id"] = std::move(ids);
    const std::string opening = "{\"meta_info\":" + dump(meta) + ",\n\"instance_info\":";
    list_ = std::make_unique<JsonListFile>(path_, force_, opening);
  }

  void frame(FrameRecord frame) override {
    Json people = Json::array();
    for (const Instance& person : frame.instances) {
      if (!person.keypoints.empty()) people.push_back(person_json(person));
    }
    if (is_still(header_) && frame.frame == 0) {
      for (const Json& person : people) list_->add(person);
    } else {
      list_->add({{"frame_id", frame.frame + 1}, {"instances", std::move(people)}});
    }
  }
  void end(const Json&) override {}
  void finish() override {
    if (list_) list_->finish("}");
  }

 private:
  static Json person_json(const Instance& person) {
    Json points = Json::array(), scores = Json::array();
    for (const Keypoint& k : person.keypoints) {
      const Keypoint one = is_absent(k) ? Keypoint{} : k;
      points.push_back({one.x, one.y});
      scores.push_back(one.score);
    }
    const Box& b = person.box;
    Json json{{"keypoints", std::move(points)}, {"keypoint_scores", std::move(scores)}};
    json["bbox"] = Json::array({Json{b.x, b.y, right_of(b.x, b.w), right_of(b.y, b.h)}});
    json["bbox_score"] = person.box_score;
    json["score"] = person.score;
    if (person.track) json["track_id"] = *person.track;
    return json;
  }

  std::string path_;
  bool force_;
  Header header_;
  std::unique_ptr<JsonListFile> list_;
};

}  // namespace

bool guess_mmpose(std::string_view head) {
  if (has_key(head, "instance_info") || has_key(head, "meta_info")) return begins_with(head, '{');
  return begins_with(head, '[') && (has_key(head, "keypoint_scores") ||
                                    value_of(head, "instances") == '[');
}

bool read_mmpose(const std::vector<std::string>& paths, const ReadContext& context,
                 RecordSink& sink) {
  for (const std::string& path : paths) {
    Reader reader(path, context, sink);
    const auto take = [&](const Json& json, std::size_t index, const Json& outer) {
      reader.take(json, index, outer);
    };
    const Json rest = read_json_file(path, {{"", take}, {"instance_info", take}});
    const bool known = rest.is_array() || (rest.is_object() && rest.contains("instance_info") &&
                                           rest["instance_info"].is_array());
    if (!known) fail("{}: neither a list nor an object with instance_info", name_of_input(path));
    reader.end();
  }
  return true;
}

std::unique_ptr<RecordSink> write_mmpose(const std::string& path, bool force) {
  return std::make_unique<Writer>(path, force);
}

}  // namespace vremd
