// SPDX-License-Identifier: Apache-2.0
#pragma once

// Low-pass filters without lag, which need the whole series. Both have the gain 1/sqrt(2) (-3 dB)
// at the cutoff and, well below the frame rate, |H(f)| = 1 / (1 + (f / f0)^4) with f0 = 1.25
// cutoff. The steps of time may differ.

#include <span>
#include <vector>

namespace vremd::track {

// A Butterworth filter of second order, forward and then backward, as scipy's filtfilt. `times` in
// seconds, increasing; `cutoff` in Hz: from half the frame rate on, the values hardly change.
std::vector<double> butterworth(std::span<const double> times, std::span<const double> values,
                                double cutoff);

// A Kalman filter of position and velocity, and the smoother of Rauch, Tung and Striebel. The
// accelerations are white noise, as strong as the cutoff at the median step requires. `noise`: the
// standard deviation of each value relative to the one that the cutoff is meant for; infinite: the
// value is unknown and estimated. The first and the last value must be known.
std::vector<double> kalman(std::span<const double> times, std::span<const double> values,
                           std::span<const double> noise, double cutoff);

}  // namespace vremd::track
