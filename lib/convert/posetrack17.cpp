// SPDX-License-Identifier: Apache-2.0
// Writes PoseTrack17's annolist (SCORING 2.1): every value is a list of one element.
#include "annotation/posetrack_names.h"
#include "convert/format.h"
#include "convert/format_support.h"
#include "core/joints.h"

namespace vremd::convert {
namespace {

Json list_of(Json value) {
  Json list = Json::array();
  list.push_back(std::move(value));
  return list;
}

Json point_json(int id, const io::Keypoint& k) {
  return {{"id", list_of(id)}, {"x", list_of(k.x)}, {"y", list_of(k.y)}};
}

Json person_json(const io::Instance& person) {
  static const JointSet& set = joint_set("posetrack15");
  Json json = Json::object();
  if (person.track) json["track_id"] = list_of(*person.track);
  const bool annotated = !person.visibility.empty();
  if (!person.keypoints.empty()) {
    Json points = Json::array();
    for (int id = 0; id < kPoseJoints; ++id) {
      const auto i = static_cast<std::size_t>(set.index(kPoseJointNames[id]));
      const io::Keypoint& k = person.keypoints[i];
      if (io::is_absent(k) && (!annotated || person.visibility[i] == 0)) continue;
      Json& point = points.emplace_back(point_json(id, k));
      if (annotated) {
        point["is_visible"] = list_of(io::visibility_json(person.visibility[i]));
      } else {
        const double factor = person.box_score;
        point["score"] = list_of(factor == 1 ? k.score : k.score * factor);
      }
    }
    json["annopoints"] = list_of({{"point", std::move(points)}});
  }
  if (const auto& head = person.head_box) {
    json["x1"] = list_of(head->x);
    json["y1"] = list_of(head->y);
    json["x2"] = list_of(annotation::right_of(head->x, head->w));
    json["y2"] = list_of(annotation::right_of(head->y, head->h));
  }
  if (!annotated && person.score != 0) json["score"] = list_of(person.score);
  return json;
}

Json regions_json(const std::vector<std::vector<Point>>& regions) {
  Json list = Json::array();
  for (const auto& polygon : regions) {
    Json points = Json::array();
    for (const Point& point : polygon) {
      points.push_back({{"x", list_of(point.x)}, {"y", list_of(point.y)}});
    }
    list.push_back({{"point", std::move(points)}});
  }
  return list;
}

class Writer : public RecordSink {
 public:
  explicit Writer(io::OutputFile& out) : list_(out, "{\"annolist\":") {}

  void begin(const io::Header& header) override { header_ = header; }
  void frame(io::FrameRecord frame) override {
    Json json{{"image", list_of({{"name", picture_of(header_, frame)}})},
              {"imgnum", list_of(frame.frame + 1)},
              {"annorect", Json::array()}};
    for (const io::Instance& person : frame.instances)
      json["annorect"].push_back(person_json(person));
    if (frame.labelled) json["is_labeled"] = list_of(*frame.labelled ? 1 : 0);
    if (!frame.ignore_regions.empty()) {
      json["ignore_regions"] = regions_json(frame.ignore_regions);
    }
    list_.add(json);
  }
  void finish() override { list_.finish("}"); }

 private:
  JsonListFile list_;
  io::Header header_;
};

}  // namespace

bool guess_posetrack17(std::string_view head) {
  return begins_with(head, '{') && has_key(head, "annolist");
}

std::unique_ptr<RecordSink> write_posetrack17(io::OutputFile& out) {
  return std::make_unique<Writer>(out);
}

}  // namespace vremd::convert
