// SPDX-License-Identifier: Apache-2.0
#pragma once

// How sure scores are: the bootstrap over sequences or images, and the paired comparison of two
// submissions (SCORING 11).

#include "eval/bootstrap/resampled.h"
#include "io/json.h"

#include <optional>
#include <string>
#include <vector>

namespace vremd::eval {

struct Interval {
  double value;      // of the units as they are
  double low, high;  // 2.5 and 97.5 % of the resamples
  double error;      // their standard deviation
};

struct BootstrapFigure {
  FigureName name;
  Interval own;
  // With a second submission:
  std::optional<Interval> other, difference;  // difference: own - other
  // The share of the resamples in which the difference is 0 or has the other sign.
  double sign_changes = 0;
};

struct Bootstrap {
  int resamples = 0;
  std::uint64_t seed = 0;
  std::size_t units = 0;
  std::string unit;  // "sequences", "images"
  std::vector<BootstrapFigure> figures;

  std::string text() const;
  Json json() const;
};

struct BootstrapOptions {
  int resamples = 0;
  std::uint64_t seed = 1;
  int threads = 1;  // the results do not depend on it
};

// Draws as many units as there are, with replacement. `other`: the same units of another
// submission, or null. Resamples in which a figure is undefined do not count for it; NaN if none
// does.
Bootstrap bootstrap(const Resampled& scores, const Resampled* other, const std::string& unit,
                    const BootstrapOptions& options);

// How often resample `number` has each unit.
std::vector<std::uint32_t> draw_units(std::size_t units, std::uint64_t seed, std::size_t number);

}  // namespace vremd::eval
