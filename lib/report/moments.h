// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/geometry.h"
#include "io/records.h"

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace vremd::report {

// What deserves a look. All thresholds are in vremd-draw(1), REPORT.
enum class MomentKind {
  kLowScore,  // a person's score falls to less than half of what it was
  kJump,      // a track moves faster than people do
  kFlip,      // left and right joints of a track change places
  kSwitch,    // two tracks change places
  kBreak,     // a track ends where another one begins
  kDropout,   // nobody is found for a moment
  kGap,       // a step in time
  kDamaged,   // decoded with errors
  kMissing,   // could not be decoded
};
constexpr std::array<std::string_view, 9> kMomentNames = {
    "low_score", "jump", "flip", "switch", "break", "dropout", "gap", "damaged", "missing"};

struct Moment {
  MomentKind kind;
  std::int64_t first, last;                  // frames
  double time;                               // of the first, seconds
  std::optional<std::int64_t> track, other;  // the second one of a switch or break
  // kLowScore: lowest score; kJump: box diagonals per frame; kFlip: pairs of joints; kBreak and
  // kGap: seconds; else frames.
  double value;
  double severity;                                // among those of its kind
  std::shared_ptr<const io::FrameRecord> record;  // of the frame to be shown
};

// Finds the moments of one video, reading its frames once. Memory does not grow with the video:
// of each kind, only the most severe are kept.
class MomentFinder {
 public:
  static constexpr std::size_t kMostPerKind = 12;

  explicit MomentFinder(const std::optional<JointSet>& joints);

  void add(const io::FrameRecord& frame);  // in order
  std::vector<Moment> finish();            // in order of time
  std::int64_t count(MomentKind kind) const { return counts_[static_cast<std::size_t>(kind)]; }

  // The fastest tracked person of the last frame, in box diagonals per second; nothing if none has
  // moved from the frame before.
  std::optional<double> motion() const { return motion_; }

 private:
  using RecordPointer = std::shared_ptr<const io::FrameRecord>;

  // The level of a score and its current fall.
  struct ScoreLevel {
    double mean = 0;
    int frames = 0;
    std::optional<Moment> fall;
  };
  struct Track {
    io::Instance last;
    std::int64_t frame = 0;
    double time = 0;
    ScoreLevel score;
  };

  const RecordPointer& shared(const io::FrameRecord& frame);
  void keep(Moment moment);
  void run(std::optional<Moment>& current, MomentKind kind, bool is, const io::FrameRecord& frame);
  void follow_score(ScoreLevel& level, std::optional<std::int64_t> track, double score,
                    const io::FrameRecord& frame);
  void follow_tracks(const io::FrameRecord& frame);
  void find_jumps(const io::FrameRecord& frame, double seconds);
  int flipped_pairs(const io::Instance& before, const io::Instance& now) const;
  void find_breaks(const io::FrameRecord& frame, const std::vector<const io::Instance*>& begun);
  void follow_dropout(const io::FrameRecord& frame);
  void follow_time(const io::FrameRecord& frame);

  std::vector<std::pair<std::size_t, std::size_t>> pairs_;  // left and right joints
  std::array<std::vector<Moment>, kMomentNames.size()> kept_;
  std::array<std::int64_t, kMomentNames.size()> counts_{};
  RecordPointer shared_;  // of the current frame
  std::optional<Moment> damaged_, missing_, dropout_;
  bool people_before_ = false;
  std::map<std::int64_t, Track> tracks_;  // seen within the last second
  std::vector<Moment> breaks_;            // unless the first track goes on
  ScoreLevel untracked_;                  // of all people, unless there are tracks
  bool any_tracks_ = false;
  std::optional<double> motion_;
  std::optional<std::pair<std::int64_t, double>> before_;   // frame and time
  std::optional<std::pair<std::int64_t, double>> tracked_;  // the last one without held boxes
  double interval_ = 0;                                     // mean step in time
  int intervals_ = 0;
};

}  // namespace vremd::report
