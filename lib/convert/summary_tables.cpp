// SPDX-License-Identifier: Apache-2.0
// Tables for statistics programs, which are only written: csv-wide, one row per person and frame,
// and csv-tracks, one row per track.
#include "convert/csv_rows.h"
#include "convert/format.h"
#include "convert/format_support.h"
#include "core/error.h"
#include "core/text.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

namespace vremd::convert {
namespace {

std::string number(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

class WideWriter : public RecordSink {
 public:
  explicit WideWriter(io::OutputFile& out) : out_(out) {}

  void begin(const io::Header& header) override {
    const std::vector<std::string> joints =
        header.joints ? header.joints->joints : std::vector<std::string>{};
    if (!joints_) {
      joints_ = joints;
      std::string names =
          "video,frame,time,person,track,id,box_x,box_y,box_w,box_h,box_score,score";
      for (const std::string& joint : joints) {
        for (const char* what : {"x", "y", "score"}) {
          names += "," + csv_field(fmt::format("{}_{}", joint, what));
        }
      }
      out_.write(names + "\n");
    } else if (joints != *joints_) {
      fail(
          "{}: other joints than the video before; csv-wide has the same columns for all "
          "(--joints)",
          excerpt(header.video, kPathExcerptBytes));
    }
    video_ = csv_field(header.video);
  }

  void frame(io::FrameRecord frame) override {
    for (std::size_t i = 0; i < frame.instances.size(); ++i) {
      const io::Instance& one = frame.instances[i];
      const auto integer = [](const std::optional<std::int64_t>& value) {
        return value ? fmt::format("{}", *value) : "";
      };
      std::string row = fmt::format("{},{},{},{},{},{}", video_, frame.frame, frame.time, i,
                                    integer(one.track), integer(one.id));
      for (const double value :
           {one.box.x, one.box.y, one.box.w, one.box.h, one.box_score, one.score}) {
        row += "," + number(value);
      }
      for (std::size_t j = 0; j < joints_->size(); ++j) {
        const bool is_there = j < one.keypoints.size() && !io::is_absent(one.keypoints[j]);
        if (!is_there) {
          row += ",,,";
          continue;
        }
        const io::Keypoint& k = one.keypoints[j];
        row += fmt::format(",{},{},{}", number(k.x), number(k.y), number(k.score));
      }
      out_.write(row + "\n");
    }
  }

 private:
  io::OutputFile& out_;
  std::string video_;
  std::optional<std::vector<std::string>> joints_;  // of the first video
};

class TracksWriter : public RecordSink {
 public:
  explicit TracksWriter(io::OutputFile& out) : out_(out) {
    out_.write(
        "video,track,first_frame,last_frame,frames,first_time,last_time,mean_score,mean_x,mean_y,"
        "mean_height\n");
  }

  void begin(const io::Header& header) override { video_ = csv_field(header.video); }

  void frame(io::FrameRecord frame) override {
    for (const io::Instance& one : frame.instances) {
      if (one.track) tracks_[*one.track].add(frame, one);
    }
  }

  void end(const Json&) override {
    for (const auto& [track, of] : tracks_) {
      out_.write(fmt::format("{},{},{},{},{},{},{},{},{},{},{}\n", video_, track, of.first, of.last,
                             of.frames, of.first_time, of.last_time, of.mean(of.score, 6),
                             of.mean(of.x, 2), of.mean(of.y, 2), of.mean(of.height, 2)));
    }
    tracks_.clear();
  }

 private:
  struct Track {
    std::int64_t first = 0, last = 0, frames = 0;
    double first_time = 0, last_time = 0;
    double score = 0, x = 0, y = 0, height = 0;  // sums

    void add(const io::FrameRecord& frame, const io::Instance& one) {
      if (frames++ == 0) {
        first = frame.frame;
        first_time = frame.time;
      }
      last = frame.frame;
      last_time = frame.time;
      const Point centre = one.box.centre();
      score += one.score;
      x += centre.x;
      y += centre.y;
      height += one.box.h;
    }

    std::string mean(double sum, int decimals) const {
      const double scale = std::pow(10, decimals);
      return number(std::round(sum / static_cast<double>(frames) * scale) / scale);
    }
  };

  io::OutputFile& out_;
  std::string video_;
  std::map<std::int64_t, Track> tracks_;  // of this video
};

}  // namespace

std::unique_ptr<RecordSink> write_csv_wide(io::OutputFile& out) {
  return std::make_unique<WideWriter>(out);
}

std::unique_ptr<RecordSink> write_csv_tracks(io::OutputFile& out) {
  return std::make_unique<TracksWriter>(out);
}

}  // namespace vremd::convert
