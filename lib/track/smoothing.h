// SPDX-License-Identifier: Apache-2.0
#pragma once

// The one-euro filter (Casiez, Roussel, Vogel: "1€ Filter", CHI 2012): a low-pass filter whose
// cutoff rises with the speed: little jitter at rest, little lag in motion.

#include "io/records.h"

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

namespace vremd::track {

enum class Smoothing {
  kNone,
  kOneEuro,      // online
  kButterworth,  // the whole series (zero_phase.h)
  kKalman,
};
constexpr auto enum_names(Smoothing) {
  return std::array{"none", "one-euro", "butterworth", "kalman"};
}

struct OneEuroConfig {
  double min_cutoff = 2;         // Hz, at rest: lower reduces jitter
  double beta = 20;              // Hz per person size per second: higher reduces lag
  double derivative_cutoff = 1;  // Hz, of the speed itself
};

// One coordinate.
class OneEuro {
 public:
  // `seconds` since the last value, above 0; `size`: the unit of length of the speed.
  double next(double value, double seconds, double size, const OneEuroConfig& config);
  void reset() { last_.reset(); }

 private:
  std::optional<double> last_;  // filtered
  double speed_ = 0;            // per second
};

// Smooths the keypoints and the box of each track of one video, with speeds in person sizes (the
// square root of the area) per second, so that the settings fit every resolution. Scores and
// unusable keypoints (tracker.h) are unchanged; the latter reset their filter.
class Smoother {
 public:
  // Drops a track that was not seen for `max_age` frames.
  Smoother(const OneEuroConfig& config, int max_age) : config_(config), max_age_(max_age) {}

  // `time`: seconds, increasing.
  void smooth(io::FrameRecord& frame, double time);

 private:
  struct State {
    std::int64_t frame = 0;
    double time = 0;
    std::array<OneEuro, 4> box;  // centre and size
    std::vector<std::array<OneEuro, 2>> keypoints;
  };

  void smooth(io::Instance& person, State& state, double seconds) const;

  OneEuroConfig config_;
  int max_age_;
  std::map<std::int64_t, State> states_;  // by track
};

}  // namespace vremd::track
