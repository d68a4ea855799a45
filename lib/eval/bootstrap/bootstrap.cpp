// SPDX-License-Identifier: Apache-2.0
#include "eval/bootstrap/bootstrap.h"

#include "core/parallel.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace vremd::eval {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kLow = 0.025, kHigh = 0.975;

// SplitMix64 (Steele, Lea, Flood 2014): a seed and a counter give the number, whatever the library.
std::uint64_t random_number(std::uint64_t seed, std::uint64_t counter) {
  std::uint64_t z = seed + (counter + 1) * 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

// Of ascending values, between the neighbouring ones.
double quantile(std::span<const double> sorted, double share) {
  if (sorted.empty()) return kNaN;
  const double place = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(place);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - std::floor(place));
}

Interval interval_of(double value, std::vector<double> resampled) {
  std::erase_if(resampled, [](double one) { return std::isnan(one); });
  std::ranges::sort(resampled);
  const auto count = static_cast<double>(resampled.size());
  double sum = 0, squares = 0;
  for (const double one : resampled) sum += one;
  for (const double one : resampled) squares += (one - sum / count) * (one - sum / count);
  return {value, quantile(resampled, kLow), quantile(resampled, kHigh),
          count > 1 ? std::sqrt(squares / (count - 1)) : kNaN};
}

Json number(double value) { return std::isnan(value) ? Json(nullptr) : Json(value); }

Json json_of(const Interval& one) {
  return {{"value", number(one.value)},
          {"low", number(one.low)},
          {"high", number(one.high)},
          {"standard_error", number(one.error)}};
}

}  // namespace

std::vector<FigureName> ResampledList::names() const {
  std::vector<FigureName> all;
  for (const auto& one : list_) {
    const auto names = one->names();
    all.insert(all.end(), names.begin(), names.end());
  }
  return all;
}

std::vector<double> ResampledList::figures(std::span<const std::uint32_t> times) const {
  std::vector<double> all;
  for (const auto& one : list_) {
    const auto figures = one->figures(times);
    all.insert(all.end(), figures.begin(), figures.end());
  }
  return all;
}

std::vector<std::uint32_t> draw_units(std::size_t units, std::uint64_t seed, std::size_t number) {
  std::vector<std::uint32_t> times(units);
  const std::uint64_t own = random_number(seed, number);
  for (std::size_t i = 0; i < units; ++i) {
    const unsigned __int128 scaled =
        static_cast<unsigned __int128>(random_number(own, i)) * static_cast<std::uint64_t>(units);
    ++times[static_cast<std::size_t>(scaled >> 64)];
  }
  return times;
}

Bootstrap bootstrap(const Resampled& scores, const Resampled* other, const std::string& unit,
                    const BootstrapOptions& options) {
  Bootstrap result{options.resamples, options.seed, scores.units(), unit, {}};
  const std::vector<std::uint32_t> once(scores.units(), 1);
  const std::vector<double> value = scores.figures(once);
  const std::vector<double> other_value = other ? other->figures(once) : value;
  const auto resamples = static_cast<std::size_t>(options.resamples);
  // By figure, then resample.
  std::vector<std::vector<double>> own(value.size(), std::vector<double>(resamples)), others = own;
  for_each_index(resamples, options.threads, [&](std::size_t r) {
    const std::vector<std::uint32_t> times = draw_units(scores.units(), options.seed, r);
    const auto store = [&](const Resampled& from, auto& to) {
      const std::vector<double> figures = from.figures(times);
      for (std::size_t f = 0; f < figures.size(); ++f) to[f][r] = figures[f];
    };
    store(scores, own);
    if (other) store(*other, others);
  });
  const std::vector<FigureName> names = scores.names();
  for (std::size_t f = 0; f < names.size(); ++f) {
    BootstrapFigure& figure = result.figures.emplace_back();
    figure.name = names[f];
    if (other) {
      const double observed = value[f] - other_value[f];
      std::vector<double> differences;
      std::size_t defined = 0, changes = 0;
      for (std::size_t r = 0; r < resamples; ++r) {
        differences.push_back(own[f][r] - others[f][r]);
        if (std::isnan(differences.back())) continue;
        ++defined;
        changes += !(differences.back() * observed > 0);
      }
      figure.other = interval_of(other_value[f], std::move(others[f]));
      figure.difference = interval_of(observed, std::move(differences));
      figure.sign_changes =
          defined > 0 ? static_cast<double>(changes) / static_cast<double>(defined) : kNaN;
    }
    figure.own = interval_of(value[f], std::move(own[f]));
  }
  return result;
}

std::string Bootstrap::text() const {
  const bool compared = !figures.empty() && figures.front().other;
  std::string text = fmt::format("bootstrap: {} resamples of {} {}, seed {}; 95 % intervals\n",
                                 resamples, units, unit, seed);
  text += compared ? fmt::format("{:<18} {:>8} {:>8} {:>10} {:>18}  sign changes\n", "", "this",
                                 "other", "difference", "interval")
                   : fmt::format("{:<18} {:>8} {:>18} {:>14}\n", "", "value", "interval",
                                 "standard error");
  for (const BootstrapFigure& one : figures) {
    const int decimals = one.name.decimals;
    const auto cell = [&](double value, bool sign = false) {
      if (std::isnan(value)) return std::string("-");
      return sign ? fmt::format("{:+.{}f}", value, decimals)
                  : fmt::format("{:.{}f}", value, decimals);
    };
    text += fmt::format("{:<18} {:>8} ", one.name.name, cell(one.own.value));
    const Interval& shown = one.difference ? *one.difference : one.own;
    if (one.difference) {
      text += fmt::format("{:>8} {:>10} ", cell(one.other->value), cell(shown.value, true));
    }
    const bool sign = one.difference.has_value();
    text += fmt::format("{:>18}",
                        fmt::format("{} ... {}", cell(shown.low, sign), cell(shown.high, sign)));
    text += one.difference ? fmt::format(" {:>11.1f} %\n", 100 * one.sign_changes)
                           : fmt::format(" {:>14}\n", cell(shown.error));
  }
  return text;
}

Json Bootstrap::json() const {
  Json each = Json::object();
  for (const BootstrapFigure& one : figures) {
    Json& json = each[one.name.name] = json_of(one.own);
    if (!one.other) continue;
    json["other"] = json_of(*one.other);
    json["difference"] = json_of(*one.difference);
    json["difference"]["sign_changes"] = number(one.sign_changes);
  }
  return {{"resamples", resamples},
          {"seed", seed},
          {"unit", unit},
          {"units", units},
          {"figures", each}};
}

}  // namespace vremd::eval
