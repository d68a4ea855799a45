// SPDX-License-Identifier: Apache-2.0
// A tidy table: one row per joint. A person without keypoints has one row without a joint, a frame
// without people one row without a person. Columns are matched by name, in any order.
#include "convert/csv_rows.h"
#include "convert/format.h"
#include "convert/format_support.h"
#include "convert/joint_map.h"
#include "core/error.h"
#include "core/log.h"
#include "core/text.h"
#include "io/json_file.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

namespace vremd::convert {
namespace {

enum Column {
  kVideo,
  kFrame,
  kTime,
  kFile,
  kImageId,
  kPerson,
  kTrack,
  kId,
  kBoxX,
  kBoxY,
  kBoxW,
  kBoxH,
  kBoxScore,
  kScore,
  kJoint,
  kX,
  kY,
  kJointScore,
  kColumns
};
constexpr std::array<const char*, kColumns> kNames = {
    "video", "frame", "time",  "file",      "image_id", "person", "track", "id", "box_x",
    "box_y", "box_w", "box_h", "box_score", "score",    "joint",  "x",     "y",  "joint_score"};

// ---- reading ----------------------------------------------------------------------------------

class Table {
 public:
  explicit Table(const std::string& path) : rows_(path) {
    if (!rows_.next(row_)) fail("{}: empty", io::name_of_input(path));
    where_.fill(-1);
    std::string others;
    for (std::size_t i = 0; i < row_.size(); ++i) {
      const auto found = std::find(kNames.begin(), kNames.end(), row_[i]);
      if (found == kNames.end()) {
        others += " " + excerpt(row_[i]);
        continue;
      }
      int& where = where_[found - kNames.begin()];
      if (where >= 0) fail("{}: duplicate column {}", place(), row_[i]);
      where = static_cast<int>(i);
    }
    for (const Column needed : {kFrame, kPerson}) {
      if (!has(needed)) fail("{}: no column {}", place(), kNames[needed]);
    }
    constexpr std::size_t kMostBytes = 1000;
    if (!others.empty()) {
      log_warning("{}: unknown columns skipped:{}", io::name_of_input(path),
                  excerpt(others, kMostBytes));
    }
    width_ = row_.size();
  }

  bool next() {
    if (!rows_.next(row_)) return false;
    if (row_.size() != width_) {
      fail("{}: {} fields instead of {}", place(), row_.size(), width_);
    }
    return true;
  }
  std::string place() const { return rows_.place(); }
  bool has(Column column) const { return where_[column] >= 0; }
  const std::string& text(Column column) const {
    static const std::string kNothing;
    return has(column) ? row_[where_[column]] : kNothing;
  }
  bool is_empty(Column column) const { return is_missing(text(column)); }
  std::optional<double> number(Column column) const {
    return rows_.number(text(column), kNames[column]);
  }
  std::optional<std::int64_t> integer(Column column) const {
    return rows_.integer(text(column), kNames[column]);
  }
  double needed(Column column) const {
    const auto value = number(column);
    if (!value) fail("{}: no {}", place(), kNames[column]);
    return *value;
  }

 private:
  CsvReader rows_;
  std::vector<std::string> row_;
  std::array<int, kColumns> where_{};
  std::size_t width_ = 0;
};

// The joints of a video are those of its first person, unless --input-joints names them.
class Reader {
 public:
  Reader(const std::string& path, const ReadContext& context, RecordSink& sink)
      : path_(path), context_(context), video_start_(sink), table_(path) {}

  void read() {
    while (table_.next()) take_row();
    end_video();
  }

 private:
  void take_row() {
    const auto index = table_.integer(kFrame);
    if (!index || *index < 0) fail("{}: frame: not a frame number", table_.place());
    if (!in_video_ || table_.text(kVideo) != video_) next_video();
    if (!frame_ || frame_->frame != *index) next_frame(*index);
    const auto person = table_.integer(kPerson);
    if (!person) return;
    if (person != person_) next_person(*person);
    if (table_.is_empty(kJoint)) return;
    io::Keypoint k;  // absent
    if (!table_.is_empty(kX) || !table_.is_empty(kY)) {
      k = {table_.needed(kX), table_.needed(kY), table_.number(kJointScore).value_or(1)};
    }
    const std::string name = known_joint(table_.text(kJoint));
    for (const auto& [joint, ignored] : keypoints_) {
      if (joint == name) fail("{}: duplicate joint {}", table_.place(), excerpt(name));
    }
    keypoints_.emplace_back(name, k);
  }

  void next_video() {
    end_video();
    video_ = table_.text(kVideo);
    in_video_ = true;
    last_ = -1;
    io::Header& header = video_start_.header = context_.header;
    header.video = io::join_root(
        context_.root, video_.empty() ? std::filesystem::path(path_).stem().string() : video_);
    if (!context_.input_joints.empty()) header.joints = joint_set_from(context_.input_joints);
  }

  void next_frame(std::int64_t index) {
    end_frame();
    if (index <= last_) {
      fail("{}: frame {} after frame {}: the rows must be sorted by video, frame and person",
           table_.place(), index, last_);
    }
    last_ = index;
    frame_.emplace();
    frame_->frame = index;
    frame_->time = table_.number(kTime).value_or(0);
    if (!table_.is_empty(kFile)) frame_->file = table_.text(kFile);
    frame_->image_id = table_.integer(kImageId);
    last_person_ = -1;
  }

  void next_person(std::int64_t number) {
    end_person();
    if (number <= last_person_) {
      fail("{}: person {} after person {}: the rows must be sorted by video, frame and person",
           table_.place(), number, last_person_);
    }
    person_ = last_person_ = number;
    io::Instance& one = frame_->instances.emplace_back();
    one.track = table_.integer(kTrack);
    one.id = table_.integer(kId);
    one.box_score = table_.number(kBoxScore).value_or(1);
    one.score = table_.number(kScore).value_or(one.box_score);
    has_box_ = !table_.is_empty(kBoxX);
    if (has_box_) {
      one.box = {table_.needed(kBoxX), table_.needed(kBoxY), table_.needed(kBoxW),
                 table_.needed(kBoxH)};
    }
    person_place_ = table_.place();
  }

  void end_person() {
    if (!person_) return;
    person_.reset();
    io::Instance& one = frame_->instances.back();
    if (!keypoints_.empty()) place_keypoints(one);
    if (has_box_) return;
    const auto box = io::box_around(one.keypoints);
    if (!box) fail("{}: neither a box nor keypoints", person_place_);
    one.box = *box;
  }

  void place_keypoints(io::Instance& one) {
    auto& joints = video_start_.header.joints;
    if (!joints) {
      std::vector<std::string> names;
      for (const auto& [name, ignored] : keypoints_) names.push_back(name);
      joints = joint_set_of(names);
    }
    one.keypoints.assign(joints->joints.size(), io::Keypoint{});
    for (const auto& [name, k] : keypoints_) {
      const int index = joints->index(name);
      if (index < 0) {
        fail("{}: joint: {} is not a joint of the first person; use --input-joints", person_place_,
             excerpt(name));
      }
      one.keypoints[index] = k;
    }
    keypoints_.clear();
  }

  void end_frame() {
    if (!frame_) return;
    end_person();
    video_start_.frame(std::move(*frame_), video_start_.header.joints || !table_.has(kJoint));
    frame_.reset();
  }

  void end_video() {
    if (!in_video_) return;
    end_frame();
    video_start_.end();
    in_video_ = false;
  }

  std::string path_;
  const ReadContext& context_;
  VideoStart video_start_;
  Table table_;
  std::string video_, person_place_;
  bool in_video_ = false, has_box_ = false;
  std::optional<io::FrameRecord> frame_;
  std::optional<std::int64_t> person_;
  std::int64_t last_ = -1, last_person_ = -1;
  std::vector<std::pair<std::string, io::Keypoint>> keypoints_;
};

// ---- writing ----------------------------------------------------------------------------------

class Writer : public RecordSink {
 public:
  explicit Writer(io::OutputFile& out) : file_(out) {
    file_.write(fmt::format("{}\n", fmt::join(kNames, ",")));
  }

  void begin(const io::Header& header) override { header_ = header; }

  void frame(io::FrameRecord frame) override {
    Row row;
    row[kVideo] = csv_field(header_.video);
    row[kFrame] = fmt::format("{}", frame.frame);
    row[kTime] = fmt::format("{}", frame.time);
    if (frame.file) row[kFile] = csv_field(*frame.file);
    if (frame.image_id) row[kImageId] = fmt::format("{}", *frame.image_id);
    if (frame.instances.empty()) write(row);
    for (std::size_t i = 0; i < frame.instances.size(); ++i) {
      row[kPerson] = fmt::format("{}", i);
      write_person(row, frame.instances[i]);
    }
  }

 private:
  using Row = std::array<std::string, kColumns>;

  static std::string number(double value) {
    return std::isfinite(value) ? fmt::format("{}", value) : "";
  }

  void write_person(Row row, const io::Instance& one) {
    if (one.track) row[kTrack] = fmt::format("{}", *one.track);
    if (one.id) row[kId] = fmt::format("{}", *one.id);
    row[kBoxX] = number(one.box.x);
    row[kBoxY] = number(one.box.y);
    row[kBoxW] = number(one.box.w);
    row[kBoxH] = number(one.box.h);
    row[kBoxScore] = number(one.box_score);
    row[kScore] = number(one.score);
    if (one.keypoints.empty()) write(row);
    for (std::size_t j = 0; j < one.keypoints.size(); ++j) {
      const io::Keypoint& k = one.keypoints[j];
      const bool absent = io::is_absent(k);
      row[kJoint] = csv_field(header_.joints->joints[j]);
      row[kX] = absent ? "" : number(k.x);
      row[kY] = absent ? "" : number(k.y);
      row[kJointScore] = absent ? "" : number(k.score);
      write(row);
    }
  }

  void write(const Row& row) { file_.write(fmt::format("{}\n", fmt::join(row, ","))); }

  io::OutputFile& file_;
  io::Header header_;
};

}  // namespace

bool guess_csv(std::string_view head) {
  const std::string_view line = head.substr(0, head.find_first_of("\r\n"));
  return line.find("frame") != line.npos && line.find("person") != line.npos &&
         line.find_first_of(kCsvSeparators) != line.npos && !begins_with(head, '{') &&
         !begins_with(head, '[');
}

bool read_csv(const std::vector<std::string>& paths, const ReadContext& context, RecordSink& sink) {
  for (const std::string& path : paths) Reader(path, context, sink).read();
  return true;
}

std::unique_ptr<RecordSink> write_csv(io::OutputFile& out) { return std::make_unique<Writer>(out); }

}  // namespace vremd::convert
