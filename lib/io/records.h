// SPDX-License-Identifier: Apache-2.0
#pragma once

// The records of the tools, one JSON object per line: vremd-records(5).
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

// So that arithmetic with frame numbers cannot overflow.
constexpr std::int64_t kLastFrame = 1'000'000'000'000;

// Properties of a whole video. Each video of a stream starts with a header.
struct Header {
  std::string tool, version;
  std::string command;        // see command_of()
  std::size_t inputs = 0;     // of the run; not in records
  std::string video;          // as the user gave it; "-" for standard input
  int width = 0, height = 0;  // of the first frame, after rotation
  std::optional<std::pair<std::int64_t, std::int64_t>> fps, time_base;  // as the container says
  std::optional<std::int64_t> frames_expected;                          // never trusted
  std::optional<std::string> fingerprint;                               // video/fingerprint.h
  std::optional<std::string> model;  // "sha256:..." of the weights file
  Json settings;                     // whatever can change a result; null: none
  std::optional<std::string> device, precision;
  std::optional<JointSet> joints;     // if instances have keypoints
  Json from;                          // provenance of earlier tools, newest first; null: none
  std::optional<std::string> vid_id;  // in the data set the video came from
  Json extra = Json::object();        // unknown keys, passed on
};

struct Keypoint {
  double x = 0, y = 0;  // video pixels
  double score = 0;     // heatmap maximum, 0...1
};

// x = y = score = 0, or not finite.
bool is_absent(const Keypoint& keypoint);

// core/geometry.h's box_around() of the keypoints that are not absent.
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
  // Names of keypoints that were computed from others; "box": the box was, and the person added.
  std::vector<std::string> derived;
  Json extra = Json::object();
};

enum class Damage { kNone, kDamaged, kMissing };  // decoded with errors; could not be decoded

struct FrameRecord {
  std::int64_t frame = 0;                   // from 0, presentation order; gaps if skipped (live)
  double time = 0;                          // seconds
  std::optional<std::int64_t> pts;          // in the header's time_base
  std::optional<std::string> file;          // picture of a folder
  std::optional<std::int64_t> image_id;     // of the data set it came from
  std::optional<std::pair<int, int>> size;  // if different from the header's
  Damage damage = Damage::kNone;
  std::optional<std::int64_t> held;  // the frame whose boxes are reused
  bool cut = false;                  // the first frame of a new shot
  std::vector<Instance> instances;
  std::optional<bool> labelled;                    // is_labeled: annotated for people
  std::vector<std::vector<Point>> ignore_regions;  // polygons
  Json extra = Json::object();
};

struct End {
  std::int64_t frames = 0, people = 0, damaged = 0, missing = 0;
  Json extra = Json::object();
};

using Record = std::variant<Header, FrameRecord, End>;

Json to_json(const Header& header);
Json to_json(const FrameRecord& frame);
Json to_json(const End& end);

// The record that a reader gets of a written one: with rounded numbers.
Record as_written(const Record& record);

// A wrong type or a missing key is an Error "place: what"; unknown keys are kept in `extra`.
Record record_from_json(const Json& json, const std::string& place);

// The header's own tool, followed by its `from` list.
Json provenance(const Header& header);

// The command of a run (`own`) in the header of an output that was made from that input: with many,
// a list of them all in each header would grow with the square of their number.
std::string command_of(const Header& own, const std::string& input);

// The header of a tool's output for a video: the input's, with name, command, model and settings
// from `own`, and the input's provenance. `path`: of the input.
Header following(const Header& input, const Header& own, const std::string& path);

// A name under the directory of --root. An empty root, an absolute name, a URL and "-"
// change nothing.
std::string join_root(const std::string& root, const std::string& name);

// Whether the frames were read with --live: numbers of skipped ones are missing.
bool is_live(const Header& header);

// The path of a header's video. Error at `place` if it was standard input or a live source, which
// cannot be read again.
std::string video_path(const Header& header, const std::string& root, const std::string& place);

double round_to_digits(double value, int digits);  // significant ones
Json visibility_json(double v);                    // 2, not 2.0

// The files of records directly in a folder: *.jsonl and *.jsonl.zst.
std::vector<std::string> record_files_in(const std::string& folder);

// A person's score: the mean of the keypoint scores above 0.2 x box_score (vremd-records(5),
// METHOD 2.3); 0 if there are none.
double person_score(const std::vector<Keypoint>& keypoints, double box_score);

// Reads a stream of records and checks the order header, frames, end of each video.
class RecordReader {
 public:
  explicit RecordReader(const std::string& path, std::function<bool()> stopped = {},
                        LastLine last_line = LastLine::kAsItIs)
      : lines_(path, std::move(stopped), last_line) {}

  std::optional<Record> next();  // nothing at the end of input
  // The input ended inside a video or, after one, inside its compressed data; known at its end.
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

// Writes records, one line each, and counts for the end record.
class RecordWriter {
 public:
  explicit RecordWriter(OutputFile& out) : out_(out) {}

  void write(const Header& header);
  void write(const FrameRecord& frame);
  void write_end(const Json& extra = Json::object());  // with the counts of the current video

  std::int64_t frames() const { return total_.frames; }  // of all videos
  const End& total() const { return total_; }
  // Of all videos so far, as their containers say; 0: one does not.
  std::int64_t frames_expected() const { return frames_expected_.value_or(0); }

 private:
  OutputFile& out_;
  End video_, total_;
  std::optional<std::int64_t> frames_expected_ = 0;
};

}  // namespace vremd::io
