// SPDX-License-Identifier: Apache-2.0
#include "io/records.h"

#include "core/error.h"

#include <climits>
#include <cmath>

namespace vremd {
namespace {

using Rational = std::pair<std::int64_t, std::int64_t>;

double round_coordinate(double value) { return std::round(value * 100) / 100; }

// 6 significant digits; as a double, so that dump() prints no tail.
double round_score(double value) {
  if (value == 0 || !std::isfinite(value)) return value;
  const double factor = std::pow(10.0, 5 - std::floor(std::log10(std::fabs(value))));
  return std::round(value * factor) / factor;
}

// Reads the keys of one object; what is left over is passed on.
class Fields {
 public:
  Fields(const Json& json, std::string place) : rest_(json), place_(std::move(place)) {
    if (!rest_.is_object()) wrong("", "is not an object");
  }

  std::optional<Json> take(const char* key) {
    const auto found = rest_.find(key);
    if (found == rest_.end()) return std::nullopt;
    Json value = std::move(*found);
    rest_.erase(found);
    if (value.is_null()) return std::nullopt;
    return value;
  }

  double number(const char* key, std::optional<double> absent) {
    const auto value = take(key);
    if (!value && absent) return *absent;
    if (!value || !value->is_number()) wrong(key, value ? "is not a number" : "is missing");
    return value->get<double>();
  }

  std::optional<std::int64_t> integer(const char* key) {
    const auto value = take(key);
    if (!value) return std::nullopt;
    return as_integer(*value, key);
  }

  std::optional<std::string> text(const char* key) {
    const auto value = take(key);
    if (!value) return std::nullopt;
    if (!value->is_string()) wrong(key, "is not a string");
    return value->get<std::string>();
  }

  std::optional<Rational> rational(const char* key) {
    const auto value = take(key);
    if (!value) return std::nullopt;
    if (!value->is_array() || value->size() != 2) wrong(key, "is not [numerator, denominator]");
    return Rational{as_integer((*value)[0], key), as_integer((*value)[1], key)};
  }

  std::vector<double> numbers(const Json& value, const char* key, std::size_t count) {
    if (!value.is_array() || value.size() != count) {
      wrong(key, fmt::format("is not a list of {} numbers", count));
    }
    std::vector<double> result;
    for (const Json& one : value) {
      // null is how JSON writers spell NaN; what cannot be used is decided where it is used.
      if (!one.is_number() && !one.is_null()) wrong(key, "holds something else than numbers");
      result.push_back(one.is_null() ? std::nan("") : one.get<double>());
    }
    return result;
  }

  std::int64_t as_integer(const Json& value, const char* key) const {
    if (value.is_number_unsigned() &&
        value.get<std::uint64_t>() > static_cast<std::uint64_t>(INT64_MAX)) {
      wrong(key, "is too large");
    }
    if (!value.is_number_integer()) wrong(key, "is not an integer");
    return value.get<std::int64_t>();
  }

  std::optional<int> small_integer(const char* key) {
    const auto value = integer(key);
    if (!value) return std::nullopt;
    if (*value < INT_MIN || *value > INT_MAX) wrong(key, "is too large");
    return static_cast<int>(*value);
  }

  [[noreturn]] void wrong(const char* key, const std::string& what) const {
    if (*key) fail("{}: {} {}", place_, key, what);
    fail("{}: {}", place_, what);
  }

  Json rest() && { return std::move(rest_); }

 private:
  Json rest_;
  std::string place_;
};

void put(Json& json, const char* key, const std::optional<Rational>& value) {
  if (value) json[key] = {value->first, value->second};
}
template <typename T>
void put(Json& json, const char* key, const std::optional<T>& value) {
  if (value) json[key] = *value;
}

void append(Json& json, const Json& extra) {
  for (const auto& [key, value] : extra.items()) json[key] = value;
}

Json to_json(const Instance& one) {
  Json json;
  put(json, "track", one.track);
  put(json, "id", one.id);
  const Box& b = one.box;
  json["box"] = {round_coordinate(b.x), round_coordinate(b.y), round_coordinate(b.w),
                 round_coordinate(b.h)};
  json["box_score"] = round_score(one.box_score);
  json["score"] = round_score(one.score);
  if (!one.keypoints.empty()) {
    Json& points = json["keypoints"] = Json::array();
    for (const Keypoint& k : one.keypoints) {
      points.push_back({round_coordinate(k.x), round_coordinate(k.y), round_score(k.score)});
    }
  }
  if (one.neighbours) json["neighbours"] = *one.neighbours;
  append(json, one.extra);
  return json;
}

Instance instance_from_json(const Json& json, const std::string& place) {
  Fields fields(json, place);
  Instance one;
  const auto box = fields.take("box");
  if (!box) fields.wrong("box", "is missing");
  const auto b = fields.numbers(*box, "box", 4);
  one.box = {b[0], b[1], b[2], b[3]};
  one.box_score = fields.number("box_score", 1);
  one.score = fields.number("score", 1);
  if (const auto points = fields.take("keypoints")) {
    if (!points->is_array()) fields.wrong("keypoints", "is not a list");
    for (const Json& point : *points) {
      const auto p = fields.numbers(point, "keypoints", 3);
      one.keypoints.push_back({p[0], p[1], p[2]});
    }
  }
  if (const auto pair = fields.take("neighbours")) {
    std::array<int, 2>& offsets = one.neighbours.emplace();
    const auto n = fields.numbers(*pair, "neighbours", 2);
    for (std::size_t i = 0; i < n.size(); ++i) {
      const bool good = n[i] == std::floor(n[i]) && std::fabs(n[i]) <= INT_MAX;
      if (!good) fields.wrong("neighbours", "are not two offsets of frames");
      offsets[i] = static_cast<int>(n[i]);
    }
  }
  one.track = fields.integer("track");
  one.id = fields.integer("id");
  one.extra = std::move(fields).rest();
  return one;
}

Header header_from_json(Fields fields) {
  Header header;
  const auto format = fields.integer("format");
  if (format && *format > kRecordFormat) {
    fields.wrong("format", fmt::format("{} is newer than this tool knows ({})", *format,
                                       kRecordFormat));
  }
  header.tool = fields.text("tool").value_or("");
  header.version = fields.text("version").value_or("");
  header.command = fields.text("command").value_or("");
  const auto video = fields.text("video");
  if (!video) fields.wrong("video", "is missing");
  header.video = *video;
  header.width = fields.small_integer("width").value_or(0);
  header.height = fields.small_integer("height").value_or(0);
  header.fps = fields.rational("fps");
  header.time_base = fields.rational("time_base");
  header.frames_expected = fields.integer("frames_expected");
  header.model = fields.text("model");
  header.settings = fields.take("settings").value_or(nullptr);
  header.device = fields.text("device");
  header.precision = fields.text("precision");
  const auto set = fields.text("joint_set");
  if (const auto names = fields.take("joints")) {
    std::vector<std::string> joints;
    if (!names->is_array()) fields.wrong("joints", "is not a list of names");
    for (const Json& one : *names) {
      if (!one.is_string()) fields.wrong("joints", "is not a list of names");
      joints.push_back(one.get<std::string>());
    }
    header.joints = joint_set_of(joints);
  } else if (set) {
    try {
      header.joints = joint_set(*set);
    } catch (const Error& error) {
      fields.wrong("joint_set:", error.what());
    }
  }
  header.from = fields.take("from").value_or(nullptr);
  header.extra = std::move(fields).rest();
  return header;
}

FrameRecord frame_from_json(Fields fields, const std::string& place) {
  FrameRecord frame;
  const auto index = fields.integer("frame");
  if (!index) fields.wrong("frame", "is missing");
  if (*index < 0) fields.wrong("frame", "is negative");
  if (*index > kLastFrame) fields.wrong("frame", "is too large");
  frame.frame = *index;
  frame.time = fields.number("time", 0);
  frame.pts = fields.integer("pts");
  frame.file = fields.text("file");
  frame.image_id = fields.integer("image_id");
  const auto width = fields.small_integer("width"), height = fields.small_integer("height");
  if (width && height) frame.size = {*width, *height};
  if (const auto damaged = fields.take("damaged")) {
    frame.damage = *damaged == "missing" ? Damage::kMissing
                   : *damaged == true    ? Damage::kDamaged
                                         : Damage::kNone;
  }
  frame.held = fields.integer("held");
  const auto instances = fields.take("instances");
  if (!instances || !instances->is_array()) {
    fields.wrong("instances", instances ? "is not a list" : "is missing");
  }
  for (const Json& one : *instances) {
    frame.instances.push_back(instance_from_json(
        one, fmt::format("{}: instances[{}]", place, frame.instances.size())));
  }
  frame.extra = std::move(fields).rest();
  return frame;
}

}  // namespace

Json to_json(const Header& header) {
  Json json{{"type", "header"},
            {"format", kRecordFormat},
            {"tool", header.tool},
            {"version", header.version},
            {"command", header.command},
            {"video", header.video},
            {"width", header.width},
            {"height", header.height}};
  put(json, "fps", header.fps);
  put(json, "time_base", header.time_base);
  put(json, "frames_expected", header.frames_expected);
  if (header.joints) {
    json["joint_set"] = header.joints->name;
    json["joints"] = header.joints->joints;
  }
  put(json, "model", header.model);
  if (!header.settings.is_null()) json["settings"] = header.settings;
  put(json, "device", header.device);
  put(json, "precision", header.precision);
  if (!header.from.is_null()) json["from"] = header.from;
  append(json, header.extra);
  return json;
}

Json to_json(const FrameRecord& frame) {
  Json json{{"type", "frame"},
            {"frame", frame.frame},
            {"time", std::round(frame.time * 1e6) / 1e6}};
  put(json, "pts", frame.pts);
  put(json, "file", frame.file);
  put(json, "image_id", frame.image_id);
  if (frame.size) {
    json["width"] = frame.size->first;
    json["height"] = frame.size->second;
  }
  if (frame.damage == Damage::kDamaged) json["damaged"] = true;
  if (frame.damage == Damage::kMissing) json["damaged"] = "missing";
  put(json, "held", frame.held);
  Json& instances = json["instances"] = Json::array();
  for (const Instance& one : frame.instances) instances.push_back(to_json(one));
  append(json, frame.extra);
  return json;
}

Json to_json(const End& end) {
  Json json{{"type", "end"},
            {"frames", end.frames},
            {"instances", end.instances},
            {"damaged", end.damaged},
            {"missing", end.missing}};
  append(json, end.extra);
  return json;
}

Record record_from_json(const Json& json, const std::string& place) {
  Fields fields(json, place);
  const auto type = fields.text("type");
  if (!type) fields.wrong("type", "is missing");
  if (*type == "header") return header_from_json(std::move(fields));
  if (*type == "frame") return frame_from_json(std::move(fields), place);
  if (*type != "end") fields.wrong("type", "is neither header, frame nor end: " + excerpt(*type));
  End end;
  end.frames = fields.integer("frames").value_or(0);
  end.instances = fields.integer("instances").value_or(0);
  end.damaged = fields.integer("damaged").value_or(0);
  end.missing = fields.integer("missing").value_or(0);
  end.extra = std::move(fields).rest();
  return end;
}

Json provenance(const Header& header) {
  Json own{{"tool", header.tool}, {"version", header.version}, {"command", header.command}};
  put(own, "model", header.model);
  if (!header.settings.is_null()) own["settings"] = header.settings;
  Json list = Json::array({own});
  if (header.from.is_array()) {
    for (const Json& one : header.from) list.push_back(one);
  }
  return list;
}

Header following(const Header& input, const Header& own) {
  Header header = input;
  header.from = provenance(input);
  header.tool = own.tool;
  header.version = own.version;
  header.command = own.command;
  header.model = own.model;
  header.settings = own.settings;
  header.device = own.device;
  header.precision = own.precision;
  return header;
}

double person_score(const std::vector<Keypoint>& keypoints, double box_score) {
  double sum = 0;
  int count = 0;
  for (const Keypoint& keypoint : keypoints) {
    if (!(keypoint.score > 0.2 * box_score)) continue;
    sum += keypoint.score;
    ++count;
  }
  return count ? sum / count : 0;
}

std::optional<Record> RecordReader::next() {
  const auto json = lines_.next();
  if (!json) {
    if (!any_ && !interrupted()) fail("{}: no records (the input is empty)", name());
    cut_ = in_video_;
    return std::nullopt;
  }
  Record record = record_from_json(*json, place());
  any_ = true;
  if (const auto* header = std::get_if<Header>(&record)) {
    if (in_video_) fail("{}: a header, but the video before it has no end record", place());
    in_video_ = true;
    last_frame_ = -1;
    joints_ = header->joints ? header->joints->joints.size() : 0;
    return record;
  }
  if (!in_video_) fail("{}: a record without a header before it", place());
  if (const auto* frame = std::get_if<FrameRecord>(&record)) {
    if (frame->frame <= last_frame_) {
      fail("{}: frame {} after frame {}: not in order", place(), frame->frame, last_frame_);
    }
    last_frame_ = frame->frame;
    for (const Instance& one : frame->instances) {
      if (!one.keypoints.empty() && one.keypoints.size() != joints_) {
        fail("{}: an instance with {} keypoints, but the header names {} joints", place(),
             one.keypoints.size(), joints_);
      }
    }
  } else {
    in_video_ = false;
  }
  return record;
}

void RecordWriter::write(const Header& header) {
  video_ = End{};
  out_.write_line(to_json(header).dump(-1, ' ', false, Json::error_handler_t::replace));
}

void RecordWriter::write(const FrameRecord& frame) {
  for (End* count : {&video_, &total_}) {
    ++count->frames;
    count->instances += static_cast<std::int64_t>(frame.instances.size());
    count->damaged += frame.damage == Damage::kDamaged;
    count->missing += frame.damage == Damage::kMissing;
  }
  out_.write_line(to_json(frame).dump(-1, ' ', false, Json::error_handler_t::replace));
}

void RecordWriter::write_end(const Json& extra) {
  video_.extra = extra;
  out_.write_line(to_json(video_).dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace vremd
