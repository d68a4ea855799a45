// SPDX-License-Identifier: Apache-2.0
// MOTChallenge's text, a line per box: frame, id, left, top, width, height, confidence, and x, y, z
// in the world, -1 if unknown. Annotations end with class and visibility instead. Frames and pixels
// are counted from 1: the upper left pixel is (1, 1). TrackEval compares boxes as they are,
// py-motmetrics subtracts 1 from left and top. Lines are in any order.
// https://motchallenge.net/instructions/
#include "convert/csv_rows.h"
#include "convert/format.h"
#include "convert/format_support.h"
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

namespace vremd::convert {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 10> kNames = {"frame",  "id",         "left", "top", "width",
                                                     "height", "confidence", "x",    "y",   "z"};
enum Field { kFrame, kId, kLeft, kTop, kWidth, kHeight, kConfidence, kX, kY, kZ };
constexpr std::size_t kFewestFields = kConfidence + 1;
constexpr std::size_t kAnnotationFields = 9;
constexpr Field kClass = kX, kVisibility = kY;  // of annotations
constexpr std::int64_t kFirst = 1;              // frame and pixel
constexpr double kUnknown = -1;

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == text.npos) return "";
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

// Without the digits of a sum that no coordinate has.
double sum(double a, double b) {
  constexpr double kSteps = 1e6, kExact = 1e9;
  const double value = a + b;
  return std::abs(value) < kExact ? std::round(value * kSteps) / kSteps : value;
}

// ---- reading ----------------------------------------------------------------------------------

class Reader {
 public:
  Reader(const std::string& path, const ReadContext& context, RecordSink& sink)
      : path_(path), context_(context), sink_(sink), rows_(path, kNames.size(), ',') {}

  void read() {
    while (rows_.next(row_)) take_row();
    report("boxes of other classes than pedestrian skipped", other_classes_);
    report("visibilities skipped", visibilities_);
    report("world coordinates skipped", world_);
    io::Header header = context_.header;
    header.video = io::join_root(context_.root, video_name_of_file());
    sink_.begin(header);
    constexpr std::int64_t kFarthest = 1'000'000;
    std::int64_t next = 0;
    for (auto& [number, frame] : frames_) {
      if (number - next >= kFarthest) {
        fail("{}: frame {} after frame {}", frame.place, number + kFirst, next - 1 + kFirst);
      }
      for (; next <= number; ++next) {  // the file has no lines for frames without people
        io::FrameRecord record;
        record.frame = next;
        if (next == number) record.instances = std::move(frame.people);
        sink_.frame(std::move(record));
      }
    }
    sink_.end(Json::object());
  }

 private:
  struct Frame {
    std::string place;  // of its first line
    std::vector<io::Instance> people;
  };

  void report(const char* what, long count) const {
    if (count) log_warning("{}: {}: {}", io::name_of_input(path_), what, count);
  }

  void take_row() {
    if (row_.size() < kFewestFields) {
      fail("{}: {} fields instead of {} to {}", rows_.place(), row_.size(), kFewestFields,
           kNames.size());
    }
    const std::int64_t number = integer(kFrame);
    if (number < kFirst) fail("{}: frame {}: they are counted from 1", rows_.place(), number);
    io::Instance person;
    const std::int64_t id = integer(kId);
    if (id < kUnknown) fail("{}: id: {}, neither -1 nor positive", rows_.place(), id);
    if (id != kUnknown) person.track = id;
    person.box = {sum(needed(kLeft), -kFirst), sum(needed(kTop), -kFirst), needed(kWidth),
                  needed(kHeight)};
    const double confidence = needed(kConfidence);
    person.box_score = person.score = confidence == kUnknown ? 1 : confidence;
    if (row_.size() <= kAnnotationFields && row_.size() > kClass) {
      constexpr double kPedestrian = 1;
      const double kind = needed(kClass);
      if (kind != kUnknown && kind != kPedestrian) {
        ++other_classes_;
        return;
      }
      if (row_.size() > kVisibility) {
        const double visibility = needed(kVisibility);
        visibilities_ += visibility != kUnknown && visibility != 1;
      }
    } else {
      bool any = false;
      for (std::size_t i = kX; i < row_.size(); ++i) {
        any = any || needed(static_cast<Field>(i)) != kUnknown;
      }
      world_ += any;
    }
    Frame& frame = frames_[number - kFirst];
    if (frame.people.empty()) frame.place = rows_.place();
    for (const io::Instance& other : frame.people) {
      if (person.track && person.track == other.track) {
        fail("{}: a second box of id {} in frame {}", rows_.place(), id, number);
      }
    }
    frame.people.push_back(std::move(person));
  }

  double needed(Field field) const {
    const auto value = rows_.number(trimmed(row_[field]), kNames[field]);
    if (!value) fail("{}: no {}", rows_.place(), kNames[field]);
    return *value;
  }
  std::int64_t integer(Field field) const {
    const auto value = rows_.integer(trimmed(row_[field]), kNames[field]);
    if (!value) fail("{}: no {}", rows_.place(), kNames[field]);
    return *value;
  }

  // SEQUENCE/gt/gt.txt and SEQUENCE/det/det.txt, or SEQUENCE.txt.
  std::string video_name_of_file() const {
    if (path_ == "-") return path_;
    const fs::path path(io::without_zstd(path_));
    const fs::path folder = path.parent_path();
    const std::string stem = path.stem();
    const bool is_part = (stem == "gt" || stem == "det") && folder.filename() == stem;
    return is_part ? folder_name(folder.parent_path()) : stem;
  }

  std::string path_;
  const ReadContext& context_;
  RecordSink& sink_;
  CsvReader rows_;
  std::vector<std::string> row_;
  std::map<std::int64_t, Frame> frames_;
  long other_classes_ = 0, visibilities_ = 0, world_ = 0;
};

// ---- writing ----------------------------------------------------------------------------------

class Writer : public RecordSink {
 public:
  explicit Writer(io::OutputFile& out) : out_(out) {}

  void begin(const io::Header& header) override { video_ = header.video; }

  void frame(io::FrameRecord frame) override {
    for (const io::Instance& person : frame.instances) {
      const auto wrong = [&](const std::string& what) {
        fail("{}: frame {}: {}", excerpt(video_, kPathExcerptBytes), frame.frame, what);
      };
      const Box& b = person.box;
      if (person.track && *person.track < 0) {
        wrong(fmt::format("track {}: ids of mot are not negative", *person.track));
      }
      if (!b.finite() || !std::isfinite(person.box_score)) wrong("a box that is not finite");
      out_.write(fmt::format("{},{},{},{},{},{},{},-1,-1,-1\n", frame.frame + kFirst,
                             person.track.value_or(-1), sum(b.x, kFirst), sum(b.y, kFirst), b.w,
                             b.h, person.box_score));
    }
  }

 private:
  io::OutputFile& out_;
  std::string video_;
};

}  // namespace

bool guess_mot(std::string_view head) {
  std::string_view line = head.substr(0, head.find_first_of("\r\n"));
  std::size_t fields = 0;
  for (bool more = true; more; ++fields) {
    const std::size_t comma = line.find(',');
    if (!number_from<double>(trimmed(line.substr(0, comma)))) return false;
    more = comma != line.npos;
    if (more) line.remove_prefix(comma + 1);
  }
  return fields >= kFewestFields && fields <= kNames.size();
}

bool read_mot(const std::vector<std::string>& paths, const ReadContext& context, RecordSink& sink) {
  for (const std::string& path : paths) Reader(path, context, sink).read();
  return true;
}

std::unique_ptr<RecordSink> write_mot(io::OutputFile& out) { return std::make_unique<Writer>(out); }

}  // namespace vremd::convert
