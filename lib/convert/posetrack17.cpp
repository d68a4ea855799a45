// SPDX-License-Identifier: Apache-2.0
// PoseTrack17's annolist (EVAL 2.1): every value is a list of one.
#include "convert/format.h"
#include "convert/joint_map.h"
#include "convert/json_text.h"
#include "convert/posetrack_names.h"
#include "core/error.h"
#include "io/json_file.h"
#include "io/posetrack.h"
#include "io/strict_json.h"

#include <array>
#include <cmath>
#include <filesystem>

namespace vremd {
namespace {

namespace fs = std::filesystem;
using namespace strict;

// PoseTrack17's numbers of the joints, as indices of posetrack15.
constexpr std::array<int, 15> kJoints = {14, 12, 10, 9, 11, 13, 8, 6, 4, 3, 5, 7, 1, 0, 2};

// ---- reading ----------------------------------------------------------------------------------

// The first element of a list, or a bare value. Null: not there.
const Json* first(const Json& object, const char* key) {
  const Json* value = find(object, key);
  if (!value || !value->is_array()) return value;
  return value->empty() || value->front().is_null() ? nullptr : &value->front();
}

std::optional<double> number(const Json& object, const char* key, const std::string& place) {
  const Json* value = first(object, key);
  if (!value) return std::nullopt;
  if (!value->is_number()) fail("{}.{}: not a number", place, key);
  return value->get<double>();
}

std::optional<std::int64_t> whole(const Json& object, const char* key, const std::string& place) {
  const Json* value = first(object, key);
  if (!value) return std::nullopt;
  return integer(*value, key, place);
}

// The points of a list [{point: [...]}]; null where there are none.
const Json* points_of(const Json* list, const std::string& place) {
  if (!list || list->empty()) return nullptr;
  const Json& one = list->is_array() ? list->front() : *list;
  if (!one.is_object()) return nullptr;
  const Json* points = find(one, "point");
  if (points && !points->is_array()) fail("{}.point: not a list", place);
  return points;
}

void read_points(const Json& points, Instance& person, const std::string& place) {
  person.keypoints.assign(kJoints.size(), Keypoint{});
  Json visibility = Json::array();
  for (std::size_t i = 0; i < kJoints.size(); ++i) visibility.push_back(0);
  std::array<bool, kJoints.size()> seen{};
  bool scores = false;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const std::string here = fmt::format("{}.point[{}]", place, i);
    const Json& point = points[i];
    require_object(point, here);
    const auto id = whole(point, "id", here);
    // Other ids are not scored, and of equal ones the first counts (EVAL 2.1).
    if (!id || *id < 0 || *id >= std::int64_t{kJoints.size()} || seen[*id]) continue;
    seen[*id] = true;
    const auto x = number(point, "x", here), y = number(point, "y", here);
    if (!x || !y) fail("{}: no {}", here, x ? "y" : "x");
    const auto score = number(point, "score", here);
    const double v = number(point, "is_visible", here).value_or(1);
    scores = scores || score;
    person.keypoints[kJoints[*id]] = {*x, *y, score ? *score : v > 0 ? 1.0 : 0.0};
    visibility[kJoints[*id]] = v == std::floor(v) && std::abs(v) < 100 ? Json(int(v)) : Json(v);
  }
  if (!scores) person.extra["visibility"] = std::move(visibility);
}

Instance read_person(const Json& json, const std::string& place) {
  require_object(json, place);
  Instance person;
  person.track = whole(json, "track_id", place);
  person.score = number(json, "score", place).value_or(1);
  const std::string here = place + ".annopoints[0]";
  if (const Json* points = points_of(find(json, "annopoints"), here)) {
    read_points(*points, person, here);
  }
  const auto x1 = number(json, "x1", place), y1 = number(json, "y1", place);
  const auto x2 = number(json, "x2", place), y2 = number(json, "y2", place);
  std::optional<Box> head;
  if (x1 && y1 && x2 && y2) head = Box{*x1, *y1, width_to(*x1, *x2), width_to(*y1, *y2)};
  if (head) person.extra["bbox_head"] = {head->x, head->y, head->w, head->h};
  person.box = box_around(person.keypoints).value_or(head.value_or(Box{}));
  return person;
}

Json read_regions(const Json& frame, const std::string& place) {
  Json regions = Json::array();
  if (!find(frame, "ignore_regions")) return regions;
  for (const Json& one : require_list(frame, "ignore_regions", place)) {
    const std::string here = fmt::format("{}.ignore_regions[{}]", place, regions.size());
    require_object(one, here);
    Json polygon = Json::array();
    const Json* points = find(one, "point");
    if (points && !points->is_array()) fail("{}.point: not a list", here);
    for (const Json& point : points ? *points : Json::array()) {
      require_object(point, here + ".point");
      const auto x = number(point, "x", here), y = number(point, "y", here);
      if (!x || !y) fail("{}.point[{}]: no {}", here, polygon.size(), x ? "y" : "x");
      polygon.push_back({*x, *y});
    }
    regions.push_back(std::move(polygon));
  }
  return regions;
}

std::string read_name(const Json& frame, const std::string& place) {
  const Json& image = require(frame, "image", place);
  const Json* one = image.is_array() ? (image.empty() ? nullptr : &image.front()) : &image;
  if (!one || !one->is_object()) fail("{}.image: not a list of an object", place);
  const std::string name = text(*one, "name", place + ".image[0]");
  if (name.empty()) fail("{}.image[0].name: empty", place);
  return name;
}

// Hands over one video: its folder of pictures.
class Reader {
 public:
  Reader(const std::string& path, const ReadContext& context, RecordSink& sink)
      : file_(name_of_input(path)), context_(context), sink_(sink),
        root_(root_of(path, context.root, context.joins_folder)) {}

  void take(const Json& json, std::size_t index) {
    const std::string place = fmt::format("{}: annolist[{}]", file_, index);
    require_object(json, place);
    const std::string name = read_name(json, place);
    const std::string folder = fs::path(name).parent_path();
    if (index == 0) begin(folder);
    if (folder != folder_) {
      fail("{}: {} is not in the folder {}", place, excerpt(name, kPathExcerptBytes),
           excerpt(folder_, kPathExcerptBytes));
    }
    FrameRecord frame;
    frame.file = fs::path(name).filename();
    frame.frame = frame_number(json, name, place);
    if (frame.frame <= last_) fail("{}: frame {} after frame {}", place, frame.frame, last_);
    last_ = frame.frame;
    if (find(json, "annorect")) {
      const Json& persons = require_list(json, "annorect", place);
      for (std::size_t i = 0; i < persons.size(); ++i) {
        frame.instances.push_back(
            read_person(persons[i], fmt::format("{}.annorect[{}]", place, i)));
      }
    }
    if (const auto labelled = whole(json, "is_labeled", place)) {
      frame.extra["is_labeled"] = *labelled != 0;
    }
    if (Json regions = read_regions(json, place); !regions.empty()) {
      frame.extra["ignore_regions"] = std::move(regions);
    }
    sink_.frame(std::move(frame));
  }

  void end() {
    if (last_ < 0) fail("{}: annolist: no frames", file_);
    sink_.end(Json::object());
  }

 private:
  void begin(const std::string& folder) {
    folder_ = folder;
    Header header = context_.header;
    header.video = join_paths(root_, folder);
    if (header.video.empty()) header.video.push_back('.');
    header.joints = joint_set("posetrack15");
    sink_.begin(header);
  }

  std::int64_t frame_number(const Json& json, const std::string& name, const std::string& place) {
    if (const auto number = whole(json, "imgnum", place)) {
      if (*number < 1) fail("{}.imgnum: not positive", place);
      return *number - 1;
    }
    return posetrack_index(name).value_or(last_ + 1);
  }

  std::string file_;
  const ReadContext& context_;
  RecordSink& sink_;
  std::string root_, folder_;
  std::int64_t last_ = -1;
};

// ---- writing ----------------------------------------------------------------------------------

Json list_of(Json value) {
  Json list = Json::array();
  list.push_back(std::move(value));
  return list;
}

Json point_json(int id, const Keypoint& k, const Json* visible, double factor) {
  Json point{{"id", list_of(id)}, {"x", list_of(k.x)}, {"y", list_of(k.y)}};
  if (visible) {
    point["is_visible"] = list_of(*visible);
  } else {
    point["score"] = list_of(factor == 1 ? k.score : k.score * factor);
  }
  return point;
}

Json person_json(const Instance& person) {
  Json json = Json::object();
  if (person.track) json["track_id"] = list_of(*person.track);
  const auto visibility = person.extra.find("visibility");
  const bool annotated = visibility != person.extra.end();
  if (!person.keypoints.empty()) {
    Json points = Json::array();
    for (std::size_t id = 0; id < kJoints.size(); ++id) {
      const Keypoint& k = person.keypoints[kJoints[id]];
      const Json* visible = annotated ? &(*visibility)[kJoints[id]] : nullptr;
      if (is_absent(k) && (!visible || *visible == 0)) continue;
      points.push_back(point_json(static_cast<int>(id), k, visible, person.box_score));
    }
    json["annopoints"] = list_of({{"point", std::move(points)}});
  }
  if (const auto head = person.extra.find("bbox_head"); head != person.extra.end()) {
    const std::vector<double> box = *head;
    json["x1"] = list_of(box[0]);
    json["y1"] = list_of(box[1]);
    json["x2"] = list_of(right_of(box[0], box[2]));
    json["y2"] = list_of(right_of(box[1], box[3]));
  }
  if (!annotated && person.score != 0) json["score"] = list_of(person.score);
  return json;
}

Json regions_json(const Json& regions) {
  Json list = Json::array();
  for (const Json& polygon : regions) {
    Json points = Json::array();
    for (const Json& point : polygon) {
      points.push_back({{"x", list_of(point[0])}, {"y", list_of(point[1])}});
    }
    list.push_back({{"point", std::move(points)}});
  }
  return list;
}

class Writer : public RecordSink {
 public:
  Writer(const std::string& path, bool force) : list_(path, force, "{\"annolist\":") {}

  void begin(const Header& header) override { header_ = header; }
  void frame(FrameRecord frame) override {
    Json json{{"image", list_of({{"name", picture_of(header_, frame)}})},
              {"imgnum", list_of(frame.frame + 1)},
              {"annorect", Json::array()}};
    for (const Instance& person : frame.instances) json["annorect"].push_back(person_json(person));
    if (const auto labelled = frame.extra.find("is_labeled"); labelled != frame.extra.end()) {
      json["is_labeled"] = list_of(*labelled == true ? 1 : 0);
    }
    if (const auto regions = frame.extra.find("ignore_regions"); regions != frame.extra.end()) {
      json["ignore_regions"] = regions_json(*regions);
    }
    list_.add(json);
  }
  void end(const Json&) override {}
  void finish() override { list_.finish("}"); }

 private:
  JsonListFile list_;
  Header header_;
};

}  // namespace

bool guess_posetrack17(std::string_view head) {
  return begins_with(head, '{') && has_key(head, "annolist");
}

bool read_posetrack17(const std::vector<std::string>& paths, const ReadContext& context,
                      RecordSink& sink) {
  for (const std::string& path : paths) {
    Reader reader(path, context, sink);
    const auto take = [&](const Json& json, std::size_t index, const Json&) {
      reader.take(json, index);
    };
    const Json rest = read_json_file(path, {{"annolist", take}});
    if (!rest.is_object() || !rest.contains("annolist") || !rest["annolist"].is_array()) {
      fail("{}: not an object with an annolist", name_of_input(path));
    }
    reader.end();
  }
  return true;
}

std::unique_ptr<RecordSink> write_posetrack17(const std::string& path, bool force) {
  return std::make_unique<Writer>(path, force);
}

}  // namespace vremd
