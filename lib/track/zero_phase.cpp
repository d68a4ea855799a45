// SPDX-License-Identifier: Apache-2.0
#include "track/zero_phase.h"

#include "track/quantile.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace vremd::track {
namespace {

using std::numbers::pi;
using std::numbers::sqrt2;

// Two passes have the gain 1/sqrt(2) where one has it to the power of 1/4 (Winter, "Biomechanics
// and Motor Control of Human Movement"): at this fraction of the cutoff of one pass.
const double kCutoffOfTwoPasses = std::pow(sqrt2 - 1, 0.25);

// Half the angular cutoff of one pass, such that the trapezoidal rule has it there at the median
// step (the bilinear transform with prewarping).
double half_cutoff(double cutoff, double step) {
  constexpr double kMostPeriods = 0.49;  // in a step: half a period is the limit of the transform
  return std::tan(pi * std::min(cutoff * step, kMostPeriods)) / kCutoffOfTwoPasses / step;
}

// One pass: the filter's differential equation by the trapezoidal rule.
void pass(std::span<const double> times, std::span<double> values, double half_cutoff) {
  double input = values[0], output = values[0];
  double slope = 0;  // of the output, per radian of the cutoff
  for (std::size_t i = 1; i < values.size(); ++i) {
    const double k = half_cutoff * std::fabs(times[i] - times[i - 1]);
    const double slopes =
        (2 * slope + k * (input + values[i] - 2 * output)) / (1 + sqrt2 * k + k * k);
    input = values[i];
    output += k * slopes;
    slope = slopes - slope;
    values[i] = output;
  }
}

double median_step(std::span<const double> times) {
  std::vector<double> steps;
  for (std::size_t i = 1; i < times.size(); ++i) steps.push_back(times[i] - times[i - 1]);
  return median(std::move(steps));
}

// The spectral density of the acceleration's white noise with which the smoother of values with the
// variance 1 has its cutoff there: the gain S / (S + 1) is 1/sqrt(2), where S is the spectrum of
// the position as sampled, the sum of density / w^4 over all aliases.
double acceleration_density(double cutoff, double step) {
  const double angle = std::min(2 * pi * cutoff * step, pi);
  const double sine = std::sin(angle / 2);
  const double aliases = (2 + std::cos(angle)) / (48 * std::pow(sine, 4));
  return 1 / ((sqrt2 - 1) * aliases * std::pow(step, 3));
}

// Mean and covariance of position and velocity.
struct State {
  double x = 0, v = 0;
  double xx = 0, xv = 0, vv = 0;
};

State predicted(const State& s, double step, double density) {
  return {s.x + step * s.v, s.v,
          s.xx + 2 * step * s.xv + step * step * s.vv + density * std::pow(step, 3) / 3,
          s.xv + step * s.vv + density * step * step / 2, s.vv + density * step};
}

State updated(const State& s, double value, double noise) {
  if (std::isinf(noise)) return s;
  const double variance = s.xx + noise * noise;
  const double gain_x = s.xx / variance, gain_v = s.xv / variance;
  const double residual = value - s.x;
  return {s.x + gain_x * residual, s.v + gain_v * residual, (1 - gain_x) * s.xx,
          (1 - gain_x) * s.xv, s.vv - gain_v * s.xv};
}

// Means only.
State smoothed(const State& s, const State& next_predicted, const State& next_smoothed,
               double step) {
  const State& p = next_predicted;
  const double determinant = p.xx * p.vv - p.xv * p.xv;
  const double x = next_smoothed.x - p.x, v = next_smoothed.v - p.v;
  const double a = (p.vv * x - p.xv * v) / determinant;  // the inverse covariance times (x, v)
  const double b = (p.xx * v - p.xv * x) / determinant;
  const double from_x = s.xx + step * s.xv, from_v = s.xv + step * s.vv;
  return {s.x + from_x * a + s.xv * b, s.v + from_v * a + s.vv * b};
}

}  // namespace

std::vector<double> butterworth(std::span<const double> times, std::span<const double> values,
                                double cutoff) {
  const std::size_t count = values.size();
  if (count < 2) return {values.begin(), values.end()};
  const double half = half_cutoff(cutoff, median_step(times));
  // At both ends the series is continued by its reflection in the end, for a period of the cutoff:
  // so the slope there is kept.
  std::size_t pad = 0;
  while (pad + 1 < count && (times[pad] - times[0]) * cutoff < 1) ++pad;
  std::size_t end_pad = 0;
  while (end_pad + 1 < count && (times[count - 1] - times[count - 1 - end_pad]) * cutoff < 1) {
    ++end_pad;
  }
  std::vector<double> t, v;
  for (std::size_t i = pad; i > 0; --i) {
    t.push_back(2 * times[0] - times[i]);
    v.push_back(2 * values[0] - values[i]);
  }
  t.insert(t.end(), times.begin(), times.end());
  v.insert(v.end(), values.begin(), values.end());
  for (std::size_t i = 1; i <= end_pad; ++i) {
    t.push_back(2 * times[count - 1] - times[count - 1 - i]);
    v.push_back(2 * values[count - 1] - values[count - 1 - i]);
  }
  for (int direction = 0; direction < 2; ++direction) {
    pass(t, v, half);
    std::ranges::reverse(t);
    std::ranges::reverse(v);
  }
  const auto first = v.begin() + static_cast<std::ptrdiff_t>(pad);
  return {first, first + static_cast<std::ptrdiff_t>(count)};
}

std::vector<double> kalman(std::span<const double> times, std::span<const double> values,
                           std::span<const double> noise, double cutoff) {
  const std::size_t count = values.size();
  if (count < 2) return {values.begin(), values.end()};
  const double step = median_step(times);
  const double density = acceleration_density(cutoff, step);
  constexpr double kVague = 1e6;  // variance, of what is unknown at first
  std::vector<State> before(count), after(count);
  before[0] = {values[0], 0, kVague, 0, kVague / (step * step)};
  after[0] = updated(before[0], values[0], noise[0]);
  for (std::size_t i = 1; i < count; ++i) {
    before[i] = predicted(after[i - 1], times[i] - times[i - 1], density);
    after[i] = updated(before[i], values[i], noise[i]);
  }
  std::vector<double> result(count);
  State later = after.back();
  result.back() = later.x;
  for (std::size_t i = count - 1; i-- > 0;) {
    later = smoothed(after[i], before[i + 1], later, times[i + 1] - times[i]);
    result[i] = later.x;
  }
  return result;
}

}  // namespace vremd::track
