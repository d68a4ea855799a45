// SPDX-License-Identifier: Apache-2.0
#include "track/zero_phase.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>

#include <cmath>
#include <functional>
#include <numbers>

using namespace vremd::track;
using Catch::Approx;
using std::numbers::pi;

namespace {

using Series = std::vector<double>;

Series times_at(double rate, std::size_t count) {
  Series times(count);
  for (std::size_t i = 0; i < count; ++i) times[i] = static_cast<double>(i) / rate;
  return times;
}

Series values_of(const Series& times, const std::function<double(double)>& f) {
  Series values;
  for (const double t : times) values.push_back(f(t));
  return values;
}

Series kalman_of(const Series& times, const Series& values, double cutoff) {
  return kalman(times, values, Series(times.size(), 1), cutoff);
}

}  // namespace

TEST_CASE("butterworth equals scipy's filtfilt") {
  // fs = 25; c = (sqrt(2) - 1) ** .25; w = fs / pi * arctan(tan(pi * 4 / fs) / c)
  // filtfilt(*butter(2, w, fs=fs), values, padlen=7)
  const Series values = {3, 5, 4, 8, 9, 7, 12, 30, 11, 12, 10, 9, 4, 2, 1, 0, -3, -2, 5, 6};
  const Series wanted = {2.998549339,  4.237870169,  5.428595042,  6.481162913,  7.712129586,
                         10.680069705, 15.626438726, 18.68975208,  16.919401083, 12.899544192,
                         9.807981652,  7.422318884,  4.874253866,  2.477502503,  0.509903223,
                         -1.125297902, -1.769192814, -0.388089578, 2.625628497,  6.003020287};
  const Series smooth = butterworth(times_at(25, values.size()), values, 4);
  for (std::size_t i = 0; i < values.size(); ++i)
    CHECK(smooth[i] == Approx(wanted[i]).margin(1e-8));
}

TEST_CASE("the gain at the cutoff is 1 / sqrt(2), without a shift") {
  const Series times = times_at(30, 3001);
  for (const double cutoff : {0.5, 3.0, 6.0, 10.0}) {
    const auto wave = [&](double t) { return std::cos(2 * pi * cutoff * (t - 50)); };
    const Series values = values_of(times, wave);
    for (const auto& smooth :
         {butterworth(times, values, cutoff), kalman_of(times, values, cutoff)}) {
      for (const std::size_t i : {1500, 1501, 1507}) {  // from the crest
        CHECK(smooth[i] == Approx(values[i] / std::numbers::sqrt2).margin(1e-6));
      }
    }
  }
}

TEST_CASE("straight motion stays as it is, whatever the steps") {
  Series times;
  double time = 0;
  for (int i = 0; i < 60; ++i) times.push_back(time += i % 3 ? 0.03 : 0.07);
  const Series values = values_of(times, [](double t) { return 100 - 40 * t; });
  const Series filtered = butterworth(times, values, 5), estimated = kalman_of(times, values, 5);
  for (std::size_t i = 0; i < times.size(); ++i) {
    CHECK(filtered[i] == Approx(values[i]).margin(0.05));
    CHECK(estimated[i] == Approx(values[i]).margin(1e-3));
  }
}

TEST_CASE("kalman estimates unknown values and trusts noisy ones less") {
  const Series times = times_at(25, 40);
  const Series truth = values_of(times, [](double t) { return 30 * std::sin(4 * t); });
  Series values = truth, noise(times.size(), 1);
  for (std::size_t i = 15; i < 22; ++i) values[i] = NAN, noise[i] = INFINITY;
  Series smooth = kalman(times, values, noise, 6);
  for (std::size_t i = 12; i < 25; ++i) CHECK(smooth[i] == Approx(truth[i]).margin(0.8));

  values[30] += 20;
  const double trusted = std::fabs(kalman(times, values, noise, 6)[30] - truth[30]);
  noise[30] = 10;
  const double doubted = std::fabs(kalman(times, values, noise, 6)[30] - truth[30]);
  CHECK(trusted > 5);
  CHECK(doubted < 1);
}

TEST_CASE("short series") {
  for (std::size_t count : {1, 2, 3}) {
    const Series times = times_at(25, count), values(count, 7.0);
    CHECK(butterworth(times, values, 6).size() == count);
    for (const double value : butterworth(times, values, 6)) CHECK(value == Approx(7));
    for (const double value : kalman_of(times, values, 6)) CHECK(value == Approx(7));
  }
}

TEST_CASE("a cutoff above half the frame rate") {
  const Series times = times_at(5, 20);
  const Series values = values_of(times, [](double t) { return std::sin(3 * t); });
  const Series filtered = butterworth(times, values, 6), estimated = kalman_of(times, values, 6);
  for (std::size_t i = 0; i < times.size(); ++i) {
    CHECK(filtered[i] == Approx(values[i]).margin(0.05));
    CHECK(estimated[i] == Approx(values[i]).margin(0.1));
  }
}
