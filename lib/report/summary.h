// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/records.h"
#include "report/moments.h"

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace vremd::report {

// What a report says about one video, from its records alone. Needs 32 bytes per frame.
class VideoSummary {
 public:
  VideoSummary(const io::Header& header, std::string records);  // the file with the records

  void add(const io::FrameRecord& frame);  // in order
  void end(const io::End& end);            // if there is one

  // Known after finish().
  void finish();
  const std::vector<Moment>& moments() const { return moments_; }
  const io::Header& header() const { return header_; }
  Json to_json() const;  // as page.js reads it, without pictures

  static constexpr std::size_t kMostPoints = 300;  // of a curve
  static constexpr std::size_t kMostTracks = 40;   // the longest
  static constexpr std::size_t kMostSpans = 50;    // of a track, and of damage

 private:
  struct Point {
    double time;
    float people, score, lowest, motion;  // NaN: nothing
  };
  using Span = std::pair<std::int64_t, std::int64_t>;  // first and last frame
  struct Track {
    std::int64_t frames = 0;
    double scores = 0;
    std::vector<Span> spans;
  };

  Json curves() const;
  Json tracks() const;
  double median_score() const;

  io::Header header_;
  std::string records_;
  bool complete_ = false;
  Json seconds_;  // of the end record
  std::vector<std::int64_t> frames_;
  std::vector<Point> points_;
  std::int64_t people_ = 0;
  int most_people_ = 0;
  bool times_ = true;  // they increase
  std::array<std::int64_t, 100> scores_{};
  std::vector<std::int64_t> cuts_;
  std::vector<Span> damaged_, missing_;
  std::int64_t damaged_count_ = 0, missing_count_ = 0;
  std::map<std::int64_t, Track> tracks_;
  MomentFinder finder_;
  std::vector<Moment> moments_;
};

}  // namespace vremd::report
