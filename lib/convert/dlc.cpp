// SPDX-License-Identifier: Apache-2.0
// DeepLabCut's tables: a row per frame, three columns (x, y, likelihood) per body part, below
// header rows "scorer", "individuals" (only with several animals), "bodyparts" and "coords". Points
// that were not found are empty. Of labelled pictures, the first column is the path, or three are
// its parts, and there is no likelihood.
// https://deeplabcut.github.io/DeepLabCut/docs/standardDeepLabCut_UserGuide.html
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
#include <map>
#include <optional>
#include <set>
#include <utility>

namespace vremd::convert {
namespace {

namespace fs = std::filesystem;
using Row = std::vector<std::string>;

constexpr std::array<std::string_view, 3> kCoords = {"x", "y", "likelihood"};
constexpr std::string_view kTrack = "track_";  // and its id: an individual

std::string individual_of(std::int64_t track) { return fmt::format("{}{}", kTrack, track); }

// ---- reading ----------------------------------------------------------------------------------

constexpr std::size_t kMostFields = 100'000;  // three for each joint of each individual

class Reader {
 public:
  Reader(const std::string& path, const ReadContext& context, RecordSink& sink)
      : path_(path), context_(context), sink_(sink), rows_(path, kMostFields) {}

  void read() {
    read_header();
    bool any = false;
    while (rows_.next(row_)) {
      if (row_.size() != width_) fail("{}: {} fields instead of {}", place(), row_.size(), width_);
      const bool is_frame = columns_begin_ == 1 && is_number(row_[0]);
      if (!std::exchange(any, true)) is_video_ = is_frame;
      if (is_frame != is_video_) {
        fail("{}: '{}' is {}, unlike the rows above", place(), excerpt(row_[0]),
             is_frame ? "a frame number" : "no frame number");
      }
      is_video_ ? take_frame() : take_picture();
    }
    if (!any) begin(video_name_of_file());
    sink_.end(Json::object());
  }

 private:
  struct Column {
    std::size_t individual, joint, coord;
  };
  using Points = std::vector<std::array<std::optional<double>, kCoords.size()>>;

  std::string place() const { return rows_.place(); }

  static bool is_number(const std::string& field) {
    return field.find_first_not_of("0123456789.-") == field.npos && !field.empty();
  }

  Row header_row(std::string_view name) {
    if (!rows_.next(row_)) fail("{}: no row of {}", io::name_of_input(path_), name);
    if (row_[0] != name) fail("{}: '{}' instead of {}", place(), excerpt(row_[0]), name);
    if (width_ && row_.size() != width_) {
      fail("{}: {} fields instead of {}", place(), row_.size(), width_);
    }
    width_ = row_.size();
    return row_;
  }

  void read_header() {
    const Row scorers = header_row("scorer");
    while (columns_begin_ < width_ && scorers[columns_begin_].empty()) ++columns_begin_;
    if (columns_begin_ == width_) fail("{}: no columns", place());
    scorer_ = scorers[columns_begin_];
    for (std::size_t i = columns_begin_; i < width_; ++i) {
      if (scorers[i] != scorer_) {
        fail("{}: two scorers, {} and {}", place(), excerpt(scorer_), excerpt(scorers[i]));
      }
    }
    if (!rows_.next(row_)) fail("{}: no row of bodyparts", io::name_of_input(path_));
    Row individuals;
    if (row_[0] == "individuals") {
      if (row_.size() != width_) fail("{}: {} fields instead of {}", place(), row_.size(), width_);
      individuals = row_;
      name_individuals(individuals);
      header_row("bodyparts");
    } else if (row_[0] != "bodyparts") {
      fail("{}: '{}' instead of individuals or bodyparts", place(), excerpt(row_[0]));
    } else if (row_.size() != width_) {
      fail("{}: {} fields instead of {}", place(), row_.size(), width_);
    }
    const Row parts = row_;
    name_joints(parts);
    const Row coords = header_row("coords");
    std::set<std::array<std::size_t, 3>> seen;
    for (std::size_t i = columns_begin_; i < width_; ++i) {
      const auto coord = std::ranges::find(kCoords, coords[i]);
      if (coord == kCoords.end()) {
        fail("{}: '{}' is none of x, y and likelihood", place(), excerpt(coords[i]));
      }
      const Column column{
          individuals.empty() ? 0 : index_in(individuals_, individuals[i]),
          static_cast<std::size_t>(joints_.index(known_joint(parts[i]))),
          static_cast<std::size_t>(coord - kCoords.begin()),
      };
      if (!seen.insert({column.individual, column.joint, column.coord}).second) {
        fail("{}: duplicate column: {} {}", place(), excerpt(parts[i]), coords[i]);
      }
      columns_.push_back(column);
      names_.push_back((individuals.empty() ? "" : excerpt(individuals[i]) + " ") +
                       excerpt(parts[i]) + " " + coords[i]);
    }
  }

  static std::size_t index_in(const Row& list, const std::string& item) {
    return std::ranges::find(list, item) - list.begin();
  }

  // Individuals that are not called track_N get the first numbers that are free.
  void name_individuals(const Row& row) {
    std::set<std::int64_t> taken;
    for (std::size_t i = columns_begin_; i < row.size(); ++i) {
      if (index_in(individuals_, row[i]) < individuals_.size()) continue;
      individuals_.push_back(row[i]);
      auto& track = tracks_.emplace_back();
      if (row[i].starts_with(kTrack)) {
        track = number_from<std::int64_t>(std::string_view(row[i]).substr(kTrack.size()));
      }
      if (track && individual_of(*track) != row[i]) track.reset();
      if (track) taken.insert(*track);
    }
    std::int64_t next = 1;
    std::string numbered;
    for (std::size_t i = 0; i < tracks_.size(); ++i) {
      if (tracks_[i]) continue;
      while (taken.contains(next)) ++next;
      tracks_[i] = next++;
      numbered += fmt::format("{}{} is {}", numbered.empty() ? "" : ", ", excerpt(individuals_[i]),
                              *tracks_[i]);
    }
    constexpr std::size_t kMostBytes = 1000;
    if (numbered.empty()) return;
    log_warning("{}: individuals become tracks: {}", io::name_of_input(path_),
                excerpt(numbered, kMostBytes));
  }

  void name_joints(const Row& parts) {
    std::vector<std::string> names;
    std::set<std::string> seen;
    for (std::size_t i = columns_begin_; i < width_; ++i) {
      const std::string name = known_joint(parts[i]);
      if (seen.insert(name).second) names.push_back(name);
    }
    joints_ = joint_set_of_names(names, context_.input_joints, place());
  }

  // DeepLabCut calls its tables VIDEO SCORER.csv, without a space.
  std::string video_name_of_file() const {
    if (path_ == "-") return path_;
    const std::string stem = fs::path(io::without_zstd(path_)).stem();
    const std::size_t at = stem.find(scorer_);
    return at == 0 || at == stem.npos || scorer_.empty() ? stem : stem.substr(0, at);
  }

  void begin(const std::string& video) {
    io::Header header = context_.header;
    header.video = io::join_root(context_.root, video);
    header.joints = joints_;
    sink_.begin(header);
    begun_ = true;
    last_ = -1;
  }

  void take_frame() {
    const auto index = rows_.integer(row_[0], "frame");
    if (!index || *index < 0) fail("{}: '{}' is no frame number", place(), excerpt(row_[0]));
    if (!begun_) begin(video_name_of_file());
    if (*index <= last_) fail("{}: frame {} after frame {}", place(), *index, last_);
    last_ = *index;
    io::FrameRecord frame;
    frame.frame = *index;
    take_people(std::move(frame));
  }

  // labeled-data/VIDEO/img0012.png
  void take_picture() {
    std::string path = row_[0];
    for (std::size_t i = 1; i < columns_begin_; ++i) path += '/' + row_[i];
    std::ranges::replace(path, '\\', '/');
    io::FrameRecord frame;
    frame.file = fs::path(path).filename();
    if (frame.file->empty()) fail("{}: neither a frame number nor a picture", place());
    const std::string folder = fs::path(path).parent_path();
    if (!begun_ || folder != folder_) {
      if (begun_) sink_.end(Json::object());
      if (!folders_.insert(folder).second) {
        fail("{}: {}: the rows must be sorted by directory", place(),
             excerpt(path, kPathExcerptBytes));
      }
      folder_ = folder;
      begin(folder.empty() ? video_name_of_file() : folder);
    }
    frame.frame = ++last_;
    take_people(std::move(frame));
  }

  void take_people(io::FrameRecord frame) {
    std::vector<Points> people(std::max<std::size_t>(individuals_.size(), 1));
    for (std::size_t i = columns_begin_; i < width_; ++i) {
      const Column& column = columns_[i - columns_begin_];
      const auto value = rows_.number(row_[i], names_[i - columns_begin_]);
      if (!value) continue;
      Points& points = people[column.individual];
      points.resize(joints_.size());
      points[column.joint][column.coord] = value;
    }
    for (std::size_t p = 0; p < people.size(); ++p) {
      if (auto one = person_of(people[p])) {
        if (!tracks_.empty()) one->track = tracks_[p];
        frame.instances.push_back(std::move(*one));
      }
    }
    sink_.frame(std::move(frame));
  }

  // Nothing: no point was found.
  std::optional<io::Instance> person_of(const Points& points) const {
    io::Instance person;
    for (std::size_t j = 0; j < points.size(); ++j) {
      const auto& [x, y, likelihood] = points[j];
      if (x.has_value() != y.has_value()) {
        fail("{}: {} has {} but no {}", place(), excerpt(joints_.joints[j]), x ? "x" : "y",
             x ? "y" : "x");
      }
      person.keypoints.push_back(x ? io::Keypoint{*x, *y, likelihood.value_or(1)} : io::Keypoint{});
    }
    const auto box = io::box_around(person.keypoints);
    if (!box) return std::nullopt;
    person.box = *box;
    person.score = io::person_score(person.keypoints, 1);
    return person;
  }

  std::string path_;
  const ReadContext& context_;
  RecordSink& sink_;
  CsvReader rows_;
  Row row_;
  std::size_t width_ = 0, columns_begin_ = 1;  // of the columns behind the index
  std::string scorer_;
  Row individuals_;
  std::vector<std::optional<std::int64_t>> tracks_;  // of individuals
  JointSet joints_;
  std::vector<Column> columns_;
  Row names_;  // of columns, for messages
  bool is_video_ = true, begun_ = false;
  std::string folder_;  // of the pictures
  std::set<std::string> folders_;
  std::int64_t last_ = -1;
};

// ---- writing ----------------------------------------------------------------------------------

// The individuals, which the header names, are known at the end of a video.
class Writer : public RecordSink {
 public:
  explicit Writer(io::OutputFile& out) : out_(out) {}

  void begin(const io::Header& header) override {
    if (!header.joints || header.joints->joints.empty()) {
      fail("{}: no joints, but dlc holds nothing else; run vremd-pose first", name_of(header));
    }
    header_ = header;
  }

  void frame(io::FrameRecord frame) override {
    FrameOfTracks row{frame.frame, {}};
    for (io::Instance& person : frame.instances) {
      if (person.keypoints.empty()) continue;
      if (person.track) {
        tracks_.insert(*person.track);
      } else if (!untracked_) {
        untracked_ = frame.frame;
      }
      if (!row.people.emplace(person.track, std::move(person.keypoints)).second) {
        if (person.track) {
          fail("{}: frame {}: two people of track {}", name_of(header_), frame.frame,
               *person.track);
        }
        several_ = true;
      }
    }
    if (untracked_ && (several_ || !tracks_.empty())) {
      fail(
          "{}: frame {}: a person without a track, but dlc tells several people by their tracks; "
          "run vremd-track first, or use --tracked",
          name_of(header_), *untracked_);
    }
    rows_.push_back(std::move(row));
  }

  void end(const Json&) override {
    std::vector<std::optional<std::int64_t>> columns(tracks_.begin(), tracks_.end());
    if (columns.empty()) columns.emplace_back();
    const std::vector<std::string>& joints = header_.joints->joints;
    const auto head = [&](std::string_view name, auto&& text) {
      std::string line(name);
      for (const auto& track : columns) {
        for (const std::string& joint : joints) {
          for (const std::string_view coord : kCoords) {
            (line += ',') += text(track, joint, coord);
          }
        }
      }
      out_.write(line += '\n');
    };
    using Name = const std::string&;
    head("scorer", [](auto, Name, auto) { return "vremd"; });
    if (!tracks_.empty()) {
      head("individuals", [](auto track, Name, auto) { return individual_of(*track); });
    }
    head("bodyparts", [](auto, Name joint, auto) { return csv_field(joint); });
    head("coords", [](auto, Name, std::string_view coord) { return coord; });
    for (const FrameOfTracks& row : rows_) {
      // pandas takes a first row without values for the name of the index.
      const bool is_bare =
          &row == &rows_.front() && std::ranges::all_of(row.people, [](const auto& person) {
            return std::ranges::all_of(person.second, io::is_absent);
          });
      const std::string_view none = is_bare ? ",NaN,NaN,NaN" : ",,,";
      std::string line = fmt::format("{}", row.frame);
      for (const auto& track : columns) {
        const auto person = row.people.find(track);
        for (std::size_t j = 0; j < joints.size(); ++j) {
          const bool there = person != row.people.end() && !io::is_absent(person->second[j]);
          if (!there) {
            line += none;
            continue;
          }
          const io::Keypoint& k = person->second[j];
          line += fmt::format(",{},{},", k.x, k.y);
          if (std::isfinite(k.score)) line += fmt::format("{}", k.score);
        }
      }
      out_.write(line += '\n');
    }
    rows_.clear();
  }

 private:
  struct FrameOfTracks {
    std::int64_t frame;
    std::map<std::optional<std::int64_t>, std::vector<io::Keypoint>> people;  // by track
  };

  static std::string name_of(const io::Header& header) {
    return excerpt(header.video, kPathExcerptBytes);
  }

  io::OutputFile& out_;
  io::Header header_;
  std::vector<FrameOfTracks> rows_;
  std::set<std::int64_t> tracks_;
  std::optional<std::int64_t> untracked_;  // the first frame with a person without a track
  bool several_ = false;                   // people in a frame, one of them without a track
};

}  // namespace

bool guess_dlc(std::string_view head) {
  const auto begins = [&](std::string_view word) {
    return head.starts_with(word) && head.size() > word.size() &&
           kCsvSeparators.find(head[word.size()]) != kCsvSeparators.npos;
  };
  if (!begins("scorer")) return false;
  const std::size_t line = head.find('\n');
  if (line == head.npos) return true;  // many columns
  head.remove_prefix(line + 1);
  return begins("individuals") || begins("bodyparts");
}

bool read_dlc(const std::vector<std::string>& paths, const ReadContext& context, RecordSink& sink) {
  for (const std::string& path : paths) Reader(path, context, sink).read();
  return true;
}

std::unique_ptr<RecordSink> write_dlc(io::OutputFile& out) { return std::make_unique<Writer>(out); }

}  // namespace vremd::convert
