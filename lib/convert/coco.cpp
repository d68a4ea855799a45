// SPDX-License-Identifier: Apache-2.0
// COCO's result files: a list of {image_id, category_id, score} with keypoints or bbox.
// https://cocodataset.org/#format-results
#include "annotation/coco.h"
#include "convert/format.h"
#include "convert/format_support.h"
#include "convert/joint_map.h"
#include "core/error.h"
#include "core/log.h"
#include "io/json_file.h"

#include <fmt/ranges.h>

#include <set>
#include <unordered_map>

namespace vremd::convert {
namespace {

enum class Kind { kKeypoints, kBoxes };

// ---- reading ----------------------------------------------------------------------------------

// Results are in any order, so the people of a file are kept until it has been read.
struct Images {
  std::vector<std::int64_t> ids;  // in the order of their first result
  std::unordered_map<std::int64_t, std::vector<io::Instance>> persons;
  std::size_t joints = 0;
  std::optional<std::int64_t> person;  // the category of people; nothing: all are
  std::int64_t others = 0;             // of other categories

  void take(const io::DomNode& json, Kind kind);
};

io::Instance person_of(const annotation::CocoResult& result, const io::DomNode& json, Kind kind) {
  io::Instance person;
  person.score = result.score.value_or(1);
  person.track = result.track;
  person.box_score = result.box_score.value_or(1);
  if (kind == Kind::kBoxes) {
    if (!result.bbox) json.wrong("no bbox");
    person.box = *result.bbox;
    person.box_score = person.score;
    return person;
  }
  if (result.keypoints.empty()) json.wrong("no keypoints");
  person.keypoints = keypoints_of(result.keypoints, {"keypoints", &json.place()});
  const auto given = result.box ? result.box : result.bbox;
  person.box = given ? *given : io::box_around(person.keypoints).value_or(Box{});
  return person;
}

void Images::take(const io::DomNode& json, Kind kind) {
  const annotation::CocoResult result = annotation::read_coco_result(json);
  if (person && result.category && result.category != person) {
    ++others;
    return;
  }
  io::Instance one = person_of(result, json, kind);
  if (!joints) joints = one.keypoints.size();
  if (one.keypoints.size() != joints) {
    json.wrong(fmt::format("{} keypoints, but {} before", one.keypoints.size(), joints));
  }
  const auto [entry, is_new] = persons.try_emplace(result.image);
  if (is_new) ids.push_back(result.image);
  entry->second.push_back(std::move(one));
}

// COCO's person is 1. Programs that write the class numbers of their network begin with 0, the
// person. Results with keypoints of a single category are people whatever its number.
std::optional<std::int64_t> category_of_people(const io::DomNode& results, Kind kind) {
  std::set<std::int64_t> ids;
  for (const io::DomNode result : results.array()) {
    if (const io::DomNode id = result.field("category_id")) ids.insert(id.integer());
  }
  if (ids.empty()) return std::nullopt;
  for (const std::int64_t person : {0, 1}) {
    if (ids.contains(person)) return person;
  }
  if (kind == Kind::kKeypoints && ids.size() == 1) return *ids.begin();
  results.wrong(fmt::format("no results of category 1 (person), only of {}", fmt::join(ids, ", ")));
}

bool read(const std::vector<std::string>& paths, const ReadContext& context, RecordSink& sink,
          Kind kind) {
  for (const std::string& path : paths) {
    const std::string name = io::name_of_input(path);
    Images images;
    {
      const io::JsonDocument document(io::read_text_file(path), name);
      const io::DomNode root = document.root();
      images.person = category_of_people(root, kind);
      for (const io::DomNode result : root.array()) images.take(result, kind);
    }
    if (images.others)
      log_warning("{}: categories other than person skipped: {}", name, images.others);
    const std::string root = root_of(path, context);
    for (const std::int64_t id : images.ids) {
      io::Header header = context.header;
      header.video =
          io::join_root(root, fmt::format("{:012}.jpg", id));  // as COCO names its pictures
      if (images.joints) {
        header.joints = joint_set_of_size(images.joints, context.input_joints, name);
      }
      sink.begin(header);
      io::FrameRecord frame;
      frame.image_id = id;
      frame.instances = std::move(images.persons[id]);
      sink.frame(std::move(frame));
      sink.end(Json::object());
    }
  }
  return true;
}

// ---- writing ----------------------------------------------------------------------------------

class Writer : public RecordSink {
 public:
  Writer(io::OutputFile& out, Kind kind) : kind_(kind), list_(out) {}

  void begin(const io::Header& header) override { header_ = header; }
  void frame(io::FrameRecord frame) override {
    if (frame.instances.empty()) return;
    const auto id = image_id_of(header_, frame);
    if (!id) {
      fail(
          "{}: frame {}: no image id: neither an image_id in the records nor a number in the "
          "picture's name",
          excerpt(header_.video, kPathExcerptBytes), frame.frame);
    }
    const std::string picture = fmt::format("{} frame {}", picture_of(header_, frame), frame.frame);
    if (const auto [one, is_new] = pictures_.emplace(*id, picture);
        !is_new && one->second != picture) {
      fail("{}: image id {} is also that of {}", excerpt(picture, kPathExcerptBytes), *id,
           excerpt(one->second, kPathExcerptBytes));
    }
    for (const io::Instance& person : frame.instances) {
      if (kind_ == Kind::kKeypoints && person.keypoints.empty()) continue;
      list_.add(person_json(person, *id));
    }
  }
  void finish() override { list_.finish(); }

 private:
  Json person_json(const io::Instance& person, std::int64_t image) const {
    const Json box = {person.box.x, person.box.y, person.box.w, person.box.h};
    Json json{{"image_id", image}, {"category_id", 1}};
    if (kind_ == Kind::kBoxes) {
      json["bbox"] = box;
      json["score"] = person.box_score;
    } else {
      json["keypoints"] = flat_keypoints(person.keypoints);
      json["score"] = person.score;
      json["box"] = box;
      json["box_score"] = person.box_score;
    }
    if (person.track) json["track_id"] = *person.track;
    return json;
  }

  Kind kind_;
  JsonListFile list_;
  io::Header header_;
  std::unordered_map<std::int64_t, std::string> pictures_;  // by id
};

// A list of objects whose image_id is a number.
bool is_result_list(std::string_view head) {
  const char id = value_of(head, "image_id");
  return begins_with(head, '[') && ((id >= '0' && id <= '9') || id == '-');
}

}  // namespace

bool guess_coco_results(std::string_view head) {
  return is_result_list(head) && has_key(head, "keypoints");
}
bool guess_coco_boxes(std::string_view head) {
  return is_result_list(head) && has_key(head, "bbox") && !has_key(head, "keypoints");
}

bool read_coco_results(const std::vector<std::string>& paths, const ReadContext& context,
                       RecordSink& sink) {
  return read(paths, context, sink, Kind::kKeypoints);
}
bool read_coco_boxes(const std::vector<std::string>& paths, const ReadContext& context,
                     RecordSink& sink) {
  return read(paths, context, sink, Kind::kBoxes);
}

std::unique_ptr<RecordSink> write_coco_results(io::OutputFile& out) {
  return std::make_unique<Writer>(out, Kind::kKeypoints);
}
std::unique_ptr<RecordSink> write_coco_boxes(io::OutputFile& out) {
  return std::make_unique<Writer>(out, Kind::kBoxes);
}

}  // namespace vremd::convert
