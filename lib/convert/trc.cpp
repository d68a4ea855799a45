// SPDX-License-Identifier: Apache-2.0
// TRC (track row column), the trajectories of markers that OpenSim reads: fields between tabs,
// three rows of general properties, the names of the markers, the names of their coordinates, an
// empty line, and a row per frame with number, time and X, Y and Z of each marker, empty if it was
// not found. Every row ends with a tab, without which OpenSim misses an empty last field.
// https://opensimconfluence.atlassian.net/wiki/spaces/OpenSim/pages/53089741/Marker+.trc+Files
#include "convert/csv_rows.h"
#include "convert/format.h"
#include "convert/format_support.h"
#include "convert/joint_map.h"
#include "core/error.h"
#include "core/log.h"
#include "core/text.h"
#include "io/zstd.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <numeric>
#include <optional>

namespace vremd::convert {
namespace {

namespace fs = std::filesystem;
using Row = std::vector<std::string>;
using Rate = std::pair<std::int64_t, std::int64_t>;

constexpr std::string_view kKeys =
    "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\t"
    "OrigNumFrames";
constexpr std::string_view kPixels = "px";
constexpr std::size_t kIndexFields = 2;  // number and time
constexpr std::size_t kAxes = 3;

// ---- reading ----------------------------------------------------------------------------------

// 29.97... is 30000/1001.
std::optional<Rate> rate_from(double rate) {
  constexpr double kHighest = 1e6, kSteps = 1000, kError = 1e-4;
  if (!(rate > 0) || rate > kHighest) return std::nullopt;
  const double ntsc = std::round(rate * 1.001);
  if (rate != std::round(rate) && std::abs(ntsc / 1.001 - rate) < kError) {
    return Rate{static_cast<std::int64_t>(ntsc) * 1000, 1001};
  }
  const auto steps = static_cast<std::int64_t>(std::round(rate * kSteps));
  const std::int64_t common = std::gcd(steps, static_cast<std::int64_t>(kSteps));
  if (!steps) return std::nullopt;
  return Rate{steps / common, static_cast<std::int64_t>(kSteps) / common};
}

class Reader {
 public:
  Reader(const std::string& path, const ReadContext& context, RecordSink& sink)
      : path_(path), context_(context), sink_(sink), rows_(path, kMostFields, '\t') {}

  // False: truncated.
  bool read() {
    io::Header header = read_header();
    header.video = io::join_root(
        context_.root, path_ == "-" ? path_ : fs::path(io::without_zstd(path_)).stem().string());
    sink_.begin(header);
    std::int64_t frames = 0;
    while (rows_.next(row_)) {
      if (!texts().empty()) take_row(frames++ == 0);
    }
    const std::string name = io::name_of_input(path_);
    if (depths_) log_warning("{}: z coordinates skipped: {}", name, depths_);
    if (frames < frames_expected_) {
      log_warning("{}: truncated input: {} frames instead of {}", rows_.place(), frames,
                  frames_expected_);
      sink_.cut();
      return false;
    }
    if (frames > frames_expected_) {
      log_warning("{}: {} frames instead of {}", name, frames, frames_expected_);
    }
    sink_.end(Json::object());
    return true;
  }

 private:
  static constexpr std::size_t kMostFields = 100'000;

  void next_row(const char* what) {
    if (!rows_.next(row_)) fail("{}: no {}", io::name_of_input(path_), what);
  }

  Row texts() const {
    Row all;
    std::ranges::copy_if(row_, std::back_inserter(all), [](auto& text) { return !text.empty(); });
    return all;
  }

  io::Header read_header() {
    next_row("PathFileType");
    if (row_[0] != "PathFileType") {
      fail("{}: '{}' instead of PathFileType", rows_.place(), excerpt(row_[0]));
    }
    next_row("row of DataRate");
    const Row keys = texts();
    next_row("values of DataRate and other properties");
    const Row values = texts();
    if (values.size() != keys.size()) {
      fail("{}: {} values of {} properties", rows_.place(), values.size(), keys.size());
    }
    const auto value = [&](const char* key) -> const std::string& {
      const std::size_t at = std::ranges::find(keys, key) - keys.begin();
      if (at == keys.size()) fail("{}: no {}", rows_.place(), key);
      return values[at];
    };
    io::Header header = context_.header;
    header.fps = rate_from(rows_.number(value("DataRate"), "DataRate").value_or(0));
    if (!header.fps) fail("{}: DataRate: '{}'", rows_.place(), excerpt(value("DataRate")));
    frames_expected_ = rows_.integer(value("NumFrames"), "NumFrames").value_or(0);
    const std::int64_t markers = rows_.integer(value("NumMarkers"), "NumMarkers").value_or(0);
    if (const std::string& units = value("Units"); units != kPixels) {
      log_warning("{}: units are {}; coordinates are kept as they are", rows_.place(),
                  excerpt(units));
    }
    next_row("names of markers");
    Row names = texts();
    if (names.size() < kIndexFields || names[0] != "Frame#" || names[1] != "Time") {
      fail("{}: not Frame#, Time and names of markers", rows_.place());
    }
    names.erase(names.begin(), names.begin() + kIndexFields);
    if (names.empty() || std::ssize(names) != markers) {
      fail("{}: {} names of {} markers", rows_.place(), names.size(), markers);
    }
    for (std::string& name : names) name = known_joint(name);
    joints_ = joint_set_of_names(names, context_.input_joints, rows_.place());
    for (const std::string& name : names) where_.push_back(joints_.index(name));
    next_row("names of coordinates");
    const Row axes = texts();
    if (axes.size() != names.size() * kAxes) {
      fail("{}: {} coordinates of {} markers", rows_.place(), axes.size(), names.size());
    }
    for (std::size_t i = 0; i < axes.size(); ++i) {
      const std::string axis = fmt::format("{}{}", "XYZ"[i % kAxes], i / kAxes + 1);
      if (axes[i] != axis) fail("{}: '{}' instead of {}", rows_.place(), excerpt(axes[i]), axis);
    }
    header.joints = joints_;
    return header;
  }

  void take_row(bool is_first) {
    const std::size_t width = kIndexFields + where_.size() * kAxes;
    while (row_.size() > width && row_.back().empty()) row_.pop_back();
    if (row_.size() != width) {
      fail("{}: {} fields instead of {}", rows_.place(), row_.size(), width);
    }
    const auto number = rows_.integer(row_[0], "Frame#");
    const auto time = rows_.number(row_[1], "Time");
    if (!number || *number < 0)
      fail("{}: '{}' is no frame number", rows_.place(), excerpt(row_[0]));
    if (!time) fail("{}: no Time", rows_.place());
    if (is_first) first_ = *number == 0 ? 0 : 1;
    io::FrameRecord frame;
    frame.frame = *number - first_;
    frame.time = *time;
    if (frame.frame <= last_) {
      fail("{}: frame {} after frame {}", rows_.place(), *number, last_ + first_);
    }
    last_ = frame.frame;
    io::Instance person;
    person.keypoints.resize(joints_.size());
    for (std::size_t i = 0; i < where_.size(); ++i) {
      const std::size_t at = kIndexFields + i * kAxes;
      const std::string& name = joints_.joints[where_[i]];
      const auto x = rows_.number(row_[at], name), y = rows_.number(row_[at + 1], name),
                 z = rows_.number(row_[at + 2], name);
      if (const int found = x.has_value() + y.has_value() + z.has_value(); found % 3) {
        fail("{}: {}: {} of 3 coordinates", rows_.place(), excerpt(name), found);
      }
      depths_ += z.value_or(0) != 0;
      if (x) person.keypoints[where_[i]] = {*x, *y, 1};
    }
    if (const auto box = io::box_around(person.keypoints)) {
      person.box = *box;
      person.score = io::person_score(person.keypoints, 1);
      frame.instances.push_back(std::move(person));
    }
    sink_.frame(std::move(frame));
  }

  std::string path_;
  const ReadContext& context_;
  RecordSink& sink_;
  CsvReader rows_;
  Row row_;
  JointSet joints_;
  std::vector<int> where_;  // in joints_, for each marker
  std::int64_t frames_expected_ = 0, first_ = 1, last_ = -1;
  long depths_ = 0;
};

// ---- writing ----------------------------------------------------------------------------------

// The number of frames, which the header states, is known at the end of a video.
class Writer : public RecordSink {
 public:
  explicit Writer(io::OutputFile& out) : out_(out) {}

  void begin(const io::Header& header) override {
    header_ = header;
    if (!header.joints || header.joints->joints.empty()) {
      fail("{}: no joints, but trc holds nothing else; run vremd-pose first", video());
    }
    for (const std::string& name : header.joints->joints) {
      if (name.empty() || name.find_first_of("\t\r\n") != name.npos) {
        fail("{}: joint '{}': not a name of a marker", video(), excerpt(name));
      }
    }
  }

  void frame(io::FrameRecord frame) override {
    io::Instance* one = nullptr;
    for (io::Instance& person : frame.instances) {
      if (person.keypoints.empty()) continue;
      if (one) several(frame.frame, "several people");
      one = &person;
    }
    if (one && one->track) {
      if (track_ && track_ != one->track) {
        several(frame.frame, fmt::format("track {} after track {}", *one->track, *track_));
      }
      track_ = one->track;
    }
    rows_.push_back(
        {frame.frame, frame.time, one ? std::move(one->keypoints) : std::vector<io::Keypoint>()});
  }

  void end(const Json&) override {
    const std::vector<std::string>& names = header_.joints->joints;
    const auto [rate, camera_rate] = rates();
    std::string head = fmt::format("PathFileType\t4\t(X/Y/Z)\t{}.trc\n{}\n",
                                   one_line(video_name(header_.video)), kKeys);
    head += fmt::format("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", rate, camera_rate, rows_.size(),
                        names.size(), kPixels, camera_rate,
                        rows_.empty() ? 1 : rows_.front().frame + 1, rows_.size());
    head += "Frame#\tTime\t";
    for (const std::string& name : names) head += name + "\t\t\t";
    head += "\n\t\t";
    for (std::size_t i = 1; i <= names.size(); ++i) head += fmt::format("X{0}\tY{0}\tZ{0}\t", i);
    out_.write(head += "\n\n");
    for (const FrameOfMarkers& row : rows_) {
      const bool has_time = row.time > 0 || row.frame == 0;
      const double time = has_time ? row.time : static_cast<double>(row.frame) / camera_rate;
      std::string line = fmt::format("{}\t{}\t", row.frame + 1, time);
      for (std::size_t i = 0; i < names.size(); ++i) {
        const bool there = !row.keypoints.empty() && !io::is_absent(row.keypoints[i]);
        line +=
            there ? fmt::format("{}\t{}\t0\t", row.keypoints[i].x, row.keypoints[i].y) : "\t\t\t";
      }
      out_.write(line += '\n');
    }
    rows_.clear();
  }

 private:
  struct FrameOfMarkers {
    std::int64_t frame;
    double time;
    std::vector<io::Keypoint> keypoints;  // empty: nobody
  };

  std::string video() const { return excerpt(header_.video, kPathExcerptBytes); }

  [[noreturn]] void several(std::int64_t frame, const std::string& what) const {
    fail("{}: frame {}: {}, but trc holds one person; choose one with --tracks N", video(), frame,
         what);
  }

  // Of the rows, which may be thinned out, and of the video.
  std::pair<double, double> rates() const {
    constexpr double kSteps = 1e4, kLikely = 0.01;
    std::optional<double> camera, rows;
    if (header_.fps && header_.fps->first > 0 && header_.fps->second > 0) {
      camera = static_cast<double>(header_.fps->first) / static_cast<double>(header_.fps->second);
    }
    if (rows_.size() > 1) {
      const double seconds = rows_.back().time - rows_.front().time;
      const double steps = static_cast<double>(rows_.size() - 1);
      if (seconds > 0) rows = std::round(steps / seconds * kSteps) / kSteps;
    }
    if (!camera && !(rows && *rows > 0)) {
      fail("{}: neither a frame rate nor times, which trc requires", video());
    }
    if (camera && rows && std::abs(*rows / *camera - 1) < kLikely) rows = camera;
    return {rows.value_or(camera.value_or(0)), camera.value_or(rows.value_or(0))};
  }

  io::OutputFile& out_;
  io::Header header_;
  std::optional<std::int64_t> track_;
  std::vector<FrameOfMarkers> rows_;
};

}  // namespace

bool guess_trc(std::string_view head) { return head.starts_with("PathFileType\t"); }

bool read_trc(const std::vector<std::string>& paths, const ReadContext& context, RecordSink& sink) {
  bool whole = true;
  for (const std::string& path : paths) whole = Reader(path, context, sink).read() && whole;
  return whole;
}

std::unique_ptr<RecordSink> write_trc(io::OutputFile& out) { return std::make_unique<Writer>(out); }

}  // namespace vremd::convert
