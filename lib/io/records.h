// SPDX-License-Identifier: Apache-2.0
#pragma once

// The records that the tools speak, one JSON object per line: vremd-records(5), CLI.
// Coordinates are written with 2 decimals, scores with 6 significant digits.

#include "core/geometry.h"
#include "core/joints.h"
#include "io/json.h"
#include "io/json_lines.h"
#include "io/output_file.h"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace vremd::io {

constexpr int kRecordFormat = 1;

// So that nobody's arithmetic with the numbers of frames overflows.
constexpr std::int64_t kLastFrame = 1'000'000'000'000;

// What is true for a whole video. One header opens each video of a stream.
struct Header {
  std::string tool, version, command;
  std::string video;          // as the user gave it; "-" for standard input
  int width = 0, height = 0;  // of the first frame, after rotation
  std::optional<std::pair<std::int64_t, std::int64_t>> fps, time_base;  // as the container says
  std::optional<std::int64_t> frames_expected;                          // never trusted
  std::optional<std::string> model;  // "sha256:..." of the weights file
  Json settings;                     // whatever can change a result; null: none
  std::optional<std::string> device, precision;
  std::optional<JointSet> joints;     // where the instances have keypoints
  Json from;                          // provenance of earlier tools, newest first; null: none
  std::optional<std::string> vid_id;  // in the data set the video came from
  Json extra = Json::object();        // unknown keys, passed on
};

struct Keypoint {
  double x = 0, y = 0;  // video pixels
  double score = 0;     // heatmap maximum, 0...1
};

// x = y = score = 0, or no numbers.
bool is_absent(const Keypoint& keypoint);

// core/geometry.h's around the keypoints that are there.
std::optional<Box> box_around(const std::vector<Keypoint>& keypoints);

// One person in one frame.
struct Instance {
  Box box;
  double box_score = 1;                          // the detector's
  double score = 1;                              // the person's
  std::vector<Keypoint> keypoints;               // empty, or one per joint of the header
  std::optional<std::array<int, 2>> neighbours;  // frame offsets used, such as [-1, 1]
  std::optional<std::int64_t> track, id;
  // Of annotations (PoseTrack18's names in the records): visibility is COCO's v of each keypoint,
  // empty for a prediction; area is that of the segmentation; a crowd is a region with several
  // people.
  std::vector<double> visibility;
  std::optional<Box> head_box;
  std::optional<double> area;
  bool crowd = false;
  std::vector<std::string> derived;  // names of keypoints that were computed from others
  Json extra = Json::object();
};

enum class Damage { kNone, kDamaged, kMissing };  // decoded with errors; could not be decoded

struct FrameRecord {
  std::int64_t frame = 0;                   // from 0, presentation order, no gaps
  double time = 0;                          // seconds
  std::optional<std::int64_t> pts;          // in the header's time_base
  std::optional<std::string> file;          // picture of a folder
  std::optional<std::int64_t> image_id;     // of the data set it came from
  std::optional<std::pair<int, int>> size;  // where it differs from the header's
  Damage damage = Damage::kNone;
  std::optional<std::int64_t> held;  // the boxes are those of frame N
  std::vector<Instance> instances;
  std::optional<bool> labelled;                    // is_labeled: somebody looked for people here
  std::vector<std::vector<Point>> ignore_regions;  // polygons
  Json extra = Json::object();
};

struct End {
  std::int64_t frames = 0, instances = 0, damaged = 0, missing = 0;
  Json extra = Json::object();
};

using Record = std::variant<Header, FrameRecord, End>;

Json to_json(const Header& header);
Json to_json(const FrameRecord& frame);
Json to_json(const End& end);

// Strict about what it understands: a wrong type or a missing key is an Error "place: what".
Record record_from_json(const Json& json, const std::string& place);

// Where this stream came from: the header's own tool in front of its `from` list.
Json provenance(const Header& header);

// The header of what a tool makes of a video's records: the input's, with the tool's own name,
// command, model and settings in `own`, and the input's provenance.
Header following(const Header& input, const Header& own);

double round_to_digits(double value, int digits);  // significant ones
Json visibility_json(double v);                    // 2, not 2.0

// A person's score: the mean of the keypoint scores that exceed 0.2 x box_score (CLI, METHOD 2.3);
// 0 where none does.
double person_score(const std::vector<Keypoint>& keypoints, double box_score);

// Reads a stream of records: the order header, frames, end is checked, for each video.
class RecordReader {
 public:
  explicit RecordReader(std::string path, std::function<bool()> stopped = {},
                        LastLine last_line = LastLine::kAsItIs)
      : lines_(std::move(path), std::move(stopped), last_line) {}

  // The next record. Nothing at the end of input.
  std::optional<Record> next();

  // The input ended inside a video: no end record. Known after next() gave nothing.
  bool cut() const { return cut_; }
  bool interrupted() const { return lines_.interrupted(); }
  std::string place() const { return lines_.place(); }
  const std::string& name() const { return lines_.name(); }

 private:
  JsonLinesReader lines_;
  bool in_video_ = false, cut_ = false, any_ = false;
  std::size_t joints_ = 0;  // of the header
  std::int64_t last_frame_ = -1;
};

// Writes records, one line each, and counts what the end record tells.
class RecordWriter {
 public:
  explicit RecordWriter(OutputFile& out) : out_(out) {}

  void write(const Header& header);
  void write(const FrameRecord& frame);
  void write_end(const Json& extra = Json::object());  // ends the last header's video: the counts

  std::int64_t frames() const { return total_.frames; }  // of all videos
  std::int64_t instances() const { return total_.instances; }

 private:
  OutputFile& out_;
  End video_, total_;
};

}  // namespace vremd::io
