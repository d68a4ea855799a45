// SPDX-License-Identifier: Apache-2.0
#include "io/records.h"

#include "core/error.h"
#include "core/names.h"
#include "io/json_node.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <system_error>

namespace vremd::io {
namespace {

using Rational = std::pair<std::int64_t, std::int64_t>;

double round_coordinate(double value) { return std::round(value * 100) / 100; }

double round_score(double value) { return round_to_digits(value, 6); }

// Collects an object's unknown keys, to be passed on.
auto into(Json& extra) {
  return [&extra](std::string_view key, const Json* value) {
    extra.get_ref<Json::object_t&>().emplace_back(key, *value);
  };
}

std::optional<Rational> rational(const JsonNode& pair) {
  if (!pair) return std::nullopt;
  if (!pair.is_array() || pair.array().size() != 2) pair.wrong("not [numerator, denominator]");
  const auto parts = pair.array_of<2>([](const JsonNode& part) { return part.integer(); });
  return Rational{parts[0], parts[1]};
}

// JSON writers spell NaN as null.
template <std::size_t kCount>
std::array<double, kCount> numbers_or_nan(const JsonNode& list) {
  return list.array_of<kCount>(
      [](const JsonNode& one) { return one.is_null() ? std::nan("") : one.number(); });
}

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
  if (!one.visibility.empty()) {
    Json& list = json["visibility"] = Json::array();
    for (const double v : one.visibility) list.push_back(visibility_json(v));
  }
  if (const auto& head = one.head_box) json["bbox_head"] = {head->x, head->y, head->w, head->h};
  put(json, "area", one.area);
  if (one.crowd) json["iscrowd"] = 1;
  append(json, one.extra);
  if (!one.derived.empty()) json["derived"] = one.derived;
  return json;
}

Instance instance_from_json(const JsonNode& json) {
  Instance one;
  const auto [box, box_score, score, keypoints, neighbours, track, id, visibility, bbox_head, area,
              iscrowd, derived] =
      json.fields({"box", "box_score", "score", "keypoints", "neighbours", "track", "id",
                   "visibility", "bbox_head", "area", "iscrowd", "derived"},
                  into(one.extra));
  const auto b = numbers_or_nan<4>(box);
  one.box = {b[0], b[1], b[2], b[3]};
  one.box_score = box_score.number(1);
  one.score = score.number(1);
  for (const JsonNode point : keypoints.optional_array()) {
    const auto p = numbers_or_nan<3>(point);
    one.keypoints.push_back({p[0], p[1], p[2]});
  }
  if (neighbours) {
    one.neighbours = neighbours.array_of<2>(
        [](const JsonNode& frame) { return frame.small_integer(); }, "integers");
  }
  one.track = track.optional_integer();
  one.id = id.optional_integer();
  if (visibility) one.visibility = visibility.numbers();
  if (visibility && one.visibility.size() != one.keypoints.size()) {
    visibility.wrong(
        fmt::format("{} numbers for {} keypoints", one.visibility.size(), one.keypoints.size()));
  }
  one.head_box = bbox_head.box();
  one.area = area.optional_number();
  one.crowd = iscrowd.flag(false);
  if (derived) one.derived = derived.strings();
  return one;
}

Header header_from_json(const JsonNode& json) {
  Header header;
  const auto [type, format, tool, version, command, video, width, height, fps, time_base, expected,
              model, settings, device, precision, joint_set_name, joints, from, vid_id,
              fingerprint] =
      json.fields({"type",     "format",     "tool",      "version",   "command",         "video",
                   "width",    "height",     "fps",       "time_base", "frames_expected", "model",
                   "settings", "device",     "precision", "joint_set", "joints",          "from",
                   "vid_id",   "fingerprint"},
                  into(header.extra));
  if (format && format.integer() > kRecordFormat) {
    format.wrong(
        fmt::format("{} is newer than this tool knows ({})", format.integer(), kRecordFormat));
  }
  header.tool = tool.optional_string().value_or("");
  header.version = version.optional_string().value_or("");
  header.command = command.optional_string().value_or("");
  header.video = video.string();
  header.width = width ? width.small_integer() : 0;
  header.height = height ? height.small_integer() : 0;
  header.fps = rational(fps);
  header.time_base = rational(time_base);
  header.frames_expected = expected.optional_integer();
  header.fingerprint = fingerprint.optional_string();
  header.model = model.optional_string();
  if (settings) header.settings = *settings.value();
  header.device = device.optional_string();
  header.precision = precision.optional_string();
  if (joints) {
    header.joints = joint_set_of(joints.strings());
  } else if (joint_set_name) {
    try {
      header.joints = joint_set(joint_set_name.string());
    } catch (const Error& error) {
      joint_set_name.wrong(error.what());
    }
  }
  if (from) header.from = *from.value();
  if (vid_id) {
    header.vid_id = vid_id.is_string() ? vid_id.string() : std::to_string(vid_id.integer());
  }
  return header;
}

FrameRecord frame_from_json(const JsonNode& json) {
  FrameRecord frame;
  const auto [type, index, time, pts, file, image_id, width, height, damaged, held, cut, instances,
              is_labeled, regions] =
      json.fields({"type", "frame", "time", "pts", "file", "image_id", "width", "height", "damaged",
                   "held", "cut", "instances", "is_labeled", "ignore_regions"},
                  into(frame.extra));
  frame.frame = index.integer();
  if (frame.frame < 0) index.wrong("negative");
  if (frame.frame > kLastFrame) index.wrong("too large");
  frame.time = time.number(0);
  frame.pts = pts.optional_integer();
  frame.file = file.optional_string();
  frame.image_id = image_id.optional_integer();
  if (width && height) frame.size = {width.small_integer(), height.small_integer()};
  if (damaged) {
    frame.damage = *damaged.value() == "missing" ? Damage::kMissing
                   : *damaged.value() == true    ? Damage::kDamaged
                                                 : Damage::kNone;
  }
  frame.held = held.optional_integer();
  if (cut) frame.cut = cut.boolean();
  for (const JsonNode one : instances.array()) frame.instances.push_back(instance_from_json(one));
  if (is_labeled) frame.labelled = is_labeled.boolean();
  for (const JsonNode region : regions.optional_array()) {
    auto& polygon = frame.ignore_regions.emplace_back();
    for (const JsonNode point : region.array()) {
      const auto xy = point.array_of<2>([](const JsonNode& one) { return one.number(); });
      polygon.push_back({xy[0], xy[1]});
    }
  }
  return frame;
}

End end_from_json(const JsonNode& json) {
  End end;
  // "instances" was the earlier name of "people".
  const auto [type, frames, people, instances, damaged, missing] =
      json.fields({"type", "frames", "people", "instances", "damaged", "missing"}, into(end.extra));
  end.frames = frames.optional_integer().value_or(0);
  end.people = (people ? people : instances).optional_integer().value_or(0);
  end.damaged = damaged.optional_integer().value_or(0);
  end.missing = missing.optional_integer().value_or(0);
  return end;
}

}  // namespace

Json to_json(const Header& header) {
  Json json{{"type", "header"},          {"format", kRecordFormat},   {"tool", header.tool},
            {"version", header.version}, {"command", header.command}, {"video", header.video},
            {"width", header.width},     {"height", header.height}};
  put(json, "fps", header.fps);
  put(json, "time_base", header.time_base);
  put(json, "frames_expected", header.frames_expected);
  put(json, "fingerprint", header.fingerprint);
  if (header.joints) {
    json["joint_set"] = header.joints->name;
    json["joints"] = header.joints->joints;
  }
  put(json, "model", header.model);
  if (!header.settings.is_null()) json["settings"] = header.settings;
  put(json, "device", header.device);
  put(json, "precision", header.precision);
  if (!header.from.is_null()) json["from"] = header.from;
  put(json, "vid_id", header.vid_id);
  append(json, header.extra);
  return json;
}

Json to_json(const FrameRecord& frame) {
  Json json{
      {"type", "frame"}, {"frame", frame.frame}, {"time", std::round(frame.time * 1e6) / 1e6}};
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
  if (frame.cut) json["cut"] = true;
  Json& instances = json["instances"] = Json::array();
  for (const Instance& one : frame.instances) instances.push_back(to_json(one));
  put(json, "is_labeled", frame.labelled);
  if (!frame.ignore_regions.empty()) {
    Json& regions = json["ignore_regions"] = Json::array();
    for (const auto& polygon : frame.ignore_regions) {
      Json& points = regions.emplace_back(Json::array());
      for (const Point& point : polygon) points.push_back({point.x, point.y});
    }
  }
  append(json, frame.extra);
  return json;
}

Json to_json(const End& end) {
  Json json{{"type", "end"},
            {"frames", end.frames},
            {"people", end.people},
            {"damaged", end.damaged},
            {"missing", end.missing}};
  append(json, end.extra);
  return json;
}

Record record_from_json(const Json& json, const std::string& place) {
  const JsonNode record(&json, {place});
  const JsonNode type = record.field("type");
  const std::string name = type.string();
  if (name == "header") return header_from_json(record);
  if (name == "frame") return frame_from_json(record);
  if (name != "end") type.wrong("neither header, frame nor end: " + excerpt(name));
  return end_from_json(record);
}

Json provenance(const Header& header) {
  Json own{{"tool", header.tool}, {"version", header.version}, {"command", header.command}};
  put(own, "model", header.model);
  put(own, "fingerprint", header.fingerprint);
  if (!header.settings.is_null()) own["settings"] = header.settings;
  Json list = Json::array({own});
  if (header.from.is_array()) {
    for (const Json& one : header.from) list.push_back(one);
  }
  return list;
}

std::string command_of(const Header& own, const std::string& input) {
  if (own.inputs == 0) return own.command;
  const bool like_option = input.size() > 1 && input.front() == '-';
  std::string text =
      own.command + (like_option ? " -- " : " ") + shell_quoted(without_credentials(input));
  if (own.inputs > 1) text += fmt::format("  # one of {} inputs", own.inputs);
  return text;
}

Header following(const Header& input, const Header& own, const std::string& path) {
  Header header = input;
  header.from = provenance(input);
  header.tool = own.tool;
  header.version = own.version;
  header.command = command_of(own, path);
  header.model = own.model;
  header.settings = own.settings;
  header.device = own.device;
  header.precision = own.precision;
  return header;
}

Record as_written(const Record& record) {
  const Json json = std::visit([](const auto& one) { return to_json(one); }, record);
  return record_from_json(parse_json(dump(json), ""), "");
}

double round_to_digits(double value, int digits) {
  if (value == 0 || !std::isfinite(value)) return value;
  const double factor = std::pow(10.0, digits - 1 - std::floor(std::log10(std::fabs(value))));
  return std::isfinite(factor) ? std::round(value * factor) / factor : value;
}

Json visibility_json(double v) {
  const bool small = v == std::floor(v) && std::fabs(v) < 100;
  return small ? Json(static_cast<int>(v)) : Json(v);
}

bool is_absent(const Keypoint& k) {
  return (k.x == 0 && k.y == 0 && k.score == 0) || !std::isfinite(k.x) || !std::isfinite(k.y);
}

std::optional<Box> box_around(const std::vector<Keypoint>& keypoints) {
  return vremd::box_around(keypoints, [](const Keypoint& k) { return !is_absent(k); });
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

std::string join_root(const std::string& root, const std::string& name) {
  if (root.empty() || name == "-" || is_url(name)) return name;
  return (std::filesystem::path(root) / name).string();
}

bool is_live(const Header& header) {
  const auto live = [](const Json& settings) {
    return settings.is_object() && settings.contains("live");
  };
  return live(header.settings) ||
         (header.from.is_array() && std::ranges::any_of(header.from, [&](const Json& run) {
            return run.is_object() && run.contains("settings") && live(run["settings"]);
          }));
}

std::string video_path(const Header& header, const std::string& root, const std::string& place) {
  if (header.video == "-") {
    fail("{}: the video was read from standard input; use --video", place);
  }
  const std::string path = join_root(root, header.video);
  std::error_code ignored;
  if (is_live(header) && !std::filesystem::is_regular_file(path, ignored)) {
    fail("{}: {} was read live, and cannot be read again; use --video with a recording of it",
         place, header.video);
  }
  return path;
}

std::vector<std::string> record_files_in(const std::string& folder) {
  std::vector<std::string> files = files_in(folder, ".jsonl");
  const auto compressed = files_in(folder, ".jsonl.zst");
  files.insert(files.end(), compressed.begin(), compressed.end());
  return files;
}

std::optional<Record> RecordReader::next() {
  const auto json = lines_.next();
  if (!json) {
    const bool truncated = lines_.truncated();
    if (!any_ && !interrupted()) {
      fail("{}: no records ({})", name(), truncated ? "truncated" : "the input is empty");
    }
    cut_ = in_video_ || truncated;
    return std::nullopt;
  }
  Record record = record_from_json(*json, place());
  any_ = true;
  if (const auto* header = std::get_if<Header>(&record)) {
    if (in_video_) fail("{}: header without an end record before it", place());
    in_video_ = true;
    last_frame_ = -1;
    joints_ = header->joints ? header->joints->joints.size() : 0;
    return record;
  }
  if (!in_video_) fail("{}: record without a header", place());
  if (const auto* frame = std::get_if<FrameRecord>(&record)) {
    if (frame->frame <= last_frame_) {
      fail("{}: frame {} after frame {}: not in order", place(), frame->frame, last_frame_);
    }
    last_frame_ = frame->frame;
    for (const Instance& one : frame->instances) {
      if (!one.keypoints.empty() && one.keypoints.size() != joints_) {
        fail("{}: an instance with {} keypoints, but {} joints in the header", place(),
             one.keypoints.size(), joints_);
      }
    }
  } else {
    in_video_ = false;
  }
  return record;
}

void RecordWriter::write(const Header& header) {
  require_utf8(header.video);
  video_ = End{};
  if (!header.frames_expected) frames_expected_.reset();
  if (frames_expected_) *frames_expected_ += *header.frames_expected;
  out_.write_line(dump(to_json(header)));
}

void RecordWriter::write(const FrameRecord& frame) {
  if (frame.file) require_utf8(*frame.file);
  for (End* count : {&video_, &total_}) {
    ++count->frames;
    count->people += static_cast<std::int64_t>(frame.instances.size());
    count->damaged += frame.damage == Damage::kDamaged;
    count->missing += frame.damage == Damage::kMissing;
  }
  out_.write_line(dump(to_json(frame)));
}

void RecordWriter::write_end(const Json& extra) {
  video_.extra = extra;
  out_.write_line(dump(to_json(video_)));
}

}  // namespace vremd::io
