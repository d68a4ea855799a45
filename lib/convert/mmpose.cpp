// SPDX-License-Identifier: Apache-2.0
// MMPose's predictions. The inferencer writes a list of {frame_id, instances}, from 0, for a video
// and a list of instances for a picture; the demo scripts wrap the same in {meta_info,
// instance_info}, with frame_id from 1. A bbox is [[x1, y1, x2, y2]] (sic).
// https://mmpose.readthedocs.io/en/latest/user_guides/inference.html
#include "annotation/posetrack_names.h"
#include "convert/format.h"
#include "convert/format_support.h"
#include "convert/joint_map.h"
#include "core/error.h"
#include "io/json_file.h"

#include <algorithm>
#include <filesystem>
#include <map>

namespace vremd::convert {
namespace {

namespace fs = std::filesystem;

// ---- reading ----------------------------------------------------------------------------------

std::vector<io::Keypoint> read_keypoints(const io::JsonNode& points,
                                         const io::JsonNode& point_scores) {
  const std::size_t count = points.array().size();
  const std::vector<double> scores = point_scores ? point_scores.numbers() : std::vector<double>();
  if (scores.size() != count) {
    fail("{}: {} numbers instead of {}", point_scores.place().text(), scores.size(), count);
  }
  std::vector<io::Keypoint> keypoints;
  for (const io::JsonNode point : points.array()) {
    const auto xy = point.numbers<2>();
    if (!xy) point.wrong("not an array of 2 numbers");
    keypoints.push_back({(*xy)[0], (*xy)[1], scores[keypoints.size()]});
  }
  return keypoints;
}

io::Instance read_person(const io::JsonNode& json) {
  const auto [keypoints, keypoint_scores, bbox_score, score, track_id, bbox] =
      json.fields({"keypoints", "keypoint_scores", "bbox_score", "score", "track_id", "bbox"});
  io::Instance person;
  person.keypoints = read_keypoints(keypoints, keypoint_scores);
  person.box_score = bbox_score.number(1);
  person.score = score ? score.number() : io::person_score(person.keypoints, person.box_score);
  person.track = track_id.optional_integer();
  if (!bbox) {
    person.box = io::box_around(person.keypoints).value_or(Box{});
    return person;
  }
  const bool nested = bbox.is_array() && bbox.array().size() == 1;
  const auto c = (nested ? *bbox.array().begin() : bbox).numbers<4>();
  if (!c) bbox.wrong("not an array of 4 numbers");
  person.box = {(*c)[0], (*c)[1], annotation::width_to((*c)[0], (*c)[2]),
                annotation::width_to((*c)[1], (*c)[3])};
  return person;
}

// meta_info.keypoint_id2name: {"0": "nose", ...}
std::optional<JointSet> named_joints(const Json& outer, const std::string& file) {
  const io::JsonNode root(&outer, {file});
  if (!root.is_object()) return std::nullopt;
  const io::JsonNode meta = root.field("meta_info");
  if (!meta.is_object()) return std::nullopt;
  const io::JsonNode names = meta.field("keypoint_id2name");
  if (!names.is_object()) return std::nullopt;
  std::vector<std::string> joints;
  for (std::size_t i = 0; i < names.value()->size(); ++i) {
    const std::string id = std::to_string(i);
    const std::string name = known_joint(names.field(id).string());
    joints.push_back(name == "head" ? "head_top" : name == "hip" ? "mid_hip" : name);  // of Halpe
  }
  return joint_set_of(joints);
}

class Reader {
 public:
  Reader(std::string video, const ReadContext& context, RecordSink& sink)
      : context_(context), video_start_(sink) {
    video_start_.header = context.header;
    video_start_.header.video = io::join_root(context.root, video);
  }

  // A picture's people are those of frame `number`.
  void read(const std::string& path, std::int64_t number) {
    file_ = io::name_of_input(path);
    is_video_ = false;
    frame_.frame = number;
    const auto item = [&](const Json& json, std::size_t index, const Json& outer) {
      take(json, index, outer);
    };
    const Json rest = io::read_json_file(path, {{"", item}, {"instance_info", item}});
    const bool known = rest.is_array() || (rest.is_object() && rest.contains("instance_info") &&
                                           rest["instance_info"].is_array());
    if (!known) fail("{}: neither a list nor an object with instance_info", file_);
    if (!is_video_) end_frame();
  }

  void end() { video_start_.end(); }

 private:
  void take(const Json& json, std::size_t index, const Json& outer) {
    const io::JsonPlace file{file_}, list{"instance_info", &file};
    const io::JsonNode item(&json, {"", outer.is_array() ? &file : &list, index});
    named_ = named_ ? named_ : named_joints(outer, file_);
    const auto [frame_id, instances] = item.fields({"frame_id", "instances"});
    if (index == 0) is_video_ = static_cast<bool>(instances);
    if (!is_video_) {
      frame_.instances.push_back(read(item));
      return;
    }
    const std::int64_t first = outer.is_object() ? 1 : 0;
    if (frame_id.integer() < first) frame_id.wrong(fmt::format("below {}", first));
    frame_.frame = frame_id.integer() - first;
    if (frame_.frame <= last_) frame_id.wrong("not in order");
    last_ = frame_.frame;
    for (const io::JsonNode person : instances.array()) frame_.instances.push_back(read(person));
    end_frame();
  }

  io::Instance read(const io::JsonNode& json) {
    io::Instance person = read_person(json);
    const std::size_t count = person.keypoints.size();
    auto& joints = video_start_.header.joints;
    if (!joints) {
      joints = named_ && named_->joints.size() == count && context_.input_joints.empty()
                   ? *named_
                   : joint_set_of_size(count, context_.input_joints, json.place().text());
    }
    if (count != joints->joints.size()) {
      json.wrong(fmt::format("{} keypoints, but {} before", count, joints->joints.size()));
    }
    return person;
  }

  void end_frame() {
    video_start_.frame(std::exchange(frame_, {}), video_start_.header.joints.has_value());
  }

  std::string file_;
  const ReadContext& context_;
  VideoStart video_start_;
  bool is_video_ = false;
  std::optional<JointSet> named_;
  std::int64_t last_ = -1;
  io::FrameRecord frame_;
};

// Whether a file is about a picture called by its number, as the frames of a video are.
std::optional<std::int64_t> picture_number(const std::string& path) {
  const std::string stem = fs::path(path).stem();
  if (stem.find_first_not_of("0123456789") != stem.npos) return std::nullopt;
  const std::string head = io::read_head(path, 4096);
  if (head.empty()) return std::nullopt;
  return has_key(head, "instances") || has_key(head, "frame_id") ? std::nullopt : number_in(path);
}

// ---- writing ----------------------------------------------------------------------------------

// The form of the demo scripts, which names the joints.
class Writer : public RecordSink {
 public:
  explicit Writer(io::OutputFile& out) : out_(out) {}

  void begin(const io::Header& header) override {
    header_ = header;
    const JointSet joints = header.joints.value_or(JointSet{});
    Json meta{{"dataset_name", joints.name}, {"num_keypoints", joints.joints.size()}};
    Json &names = meta["keypoint_id2name"] = Json::object(), ids = Json::object();
    for (int i = 0; i < joints.size(); ++i) {
      names[std::to_string(i)] = joints.joints[i];
      ids[joints.joints[i]] = i;
    }
    meta["keypoint_name2id"] = std::move(ids);
    const std::string opening = "{\"meta_info\":" + io::dump(meta) + ",\n\"instance_info\":";
    list_ = std::make_unique<JsonListFile>(out_, opening);
  }

  void frame(io::FrameRecord frame) override {
    Json people = Json::array();
    for (const io::Instance& person : frame.instances) {
      if (!person.keypoints.empty()) people.push_back(person_json(person));
    }
    if (is_still(header_) && frame.frame == 0) {
      for (const Json& person : people) list_->add(person);
    } else {
      list_->add({{"frame_id", frame.frame + 1}, {"instances", std::move(people)}});
    }
  }
  void finish() override {
    if (list_) list_->finish("}");
  }

 private:
  static Json person_json(const io::Instance& person) {
    Json points = Json::array(), scores = Json::array();
    for (const io::Keypoint& k : person.keypoints) {
      const io::Keypoint one = io::is_absent(k) ? io::Keypoint{} : k;
      points.push_back({one.x, one.y});
      scores.push_back(one.score);
    }
    const Box& b = person.box;
    Json json{{"keypoints", std::move(points)}, {"keypoint_scores", std::move(scores)}};
    json["bbox"] = Json::array(
        {Json{b.x, b.y, annotation::right_of(b.x, b.w), annotation::right_of(b.y, b.h)}});
    json["bbox_score"] = person.box_score;
    json["score"] = person.score;
    if (person.track) json["track_id"] = *person.track;
    return json;
  }

  io::OutputFile& out_;
  io::Header header_;
  std::unique_ptr<JsonListFile> list_;
};

}  // namespace

bool guess_mmpose(std::string_view head) {
  if (std::count_if(head.begin(), head.end(), [](char c) { return c > ' '; }) == 2 &&
      begins_with(head, '[') && head.find(']') != head.npos) {
    return true;  // a picture without people
  }
  if (has_key(head, "instance_info") || has_key(head, "meta_info")) return begins_with(head, '{');
  return begins_with(head, '[') &&
         (has_key(head, "keypoint_scores") || value_of(head, "instances") == '[');
}

bool read_mmpose(const std::vector<std::string>& paths, const ReadContext& context,
                 RecordSink& sink) {
  std::map<std::string, std::map<std::int64_t, std::string>> folders;  // pictures by number
  for (const std::string& path : paths) {
    if (const auto number = picture_number(path)) {
      auto& pictures = folders[fs::path(path).parent_path()];
      if (!pictures.emplace(*number, path).second) fail("{}: a second frame {}", path, *number);
    }
  }
  std::map<std::string, int> counts;  // of names
  for (const std::string& path : paths) ++counts[fs::path(path).stem()];
  for (const std::string& path : paths) {
    const std::string folder = fs::path(path).parent_path(), stem = fs::path(path).stem();
    const auto& pictures = folders[folder];
    const auto number = pictures.size() > 1 ? picture_number(path) : std::nullopt;
    if (number && pictures.begin()->second != path) continue;  // of a video
    Reader reader(number             ? folder_name(folder)
                  : path == "-"      ? path
                  : counts[stem] > 1 ? (fs::path(folder) / stem).string()
                                     : stem,
                  context, sink);
    if (number) {
      for (const auto& [frame, picture] : pictures) reader.read(picture, frame);
    } else {
      reader.read(path, 0);
    }
    reader.end();
  }
  return true;
}

std::unique_ptr<RecordSink> write_mmpose(io::OutputFile& out) {
  return std::make_unique<Writer>(out);
}

}  // namespace vremd::convert
