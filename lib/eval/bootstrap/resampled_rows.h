// SPDX-License-Identifier: Apache-2.0
#pragma once

// Scores that are sums over frames, by joint.

#include "eval/bootstrap/resampled.h"
#include "eval/pose/joint_rows.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace vremd::eval {

// Figures of the rows of sums by joint (eval/pose/joint_rows.h).
template <typename Sum>
class ResampledRows : public Resampled {
 public:
  using Sums = std::map<std::string, Sum>;  // by joint
  struct Figure {
    std::string name;  // "PCK", before that of the row
    double (*value)(const Sum& sum);
  };

  // `all`: the sums over `frames`; `unit_of`: the unit of each frame.
  ResampledRows(const Sums& all, const std::vector<Sums>& frames,
                std::span<const std::size_t> unit_of, std::vector<Figure> figures)
      : all_(all), figures_(std::move(figures)) {
    for (std::size_t f = 0; f < unit_of.size(); ++f) {
      if (unit_of[f] >= sums_.size()) sums_.resize(unit_of[f] + 1, std::vector<Sum>(all.size()));
      std::size_t j = 0;
      for (const auto& [joint, sum] : all_) {
        const auto found = frames[f].find(joint);
        if (found != frames[f].end()) sums_[unit_of[f]][j].add(found->second, 1);
        ++j;
      }
    }
  }

  std::size_t units() const override { return sums_.size(); }

  std::vector<FigureName> names() const override {
    std::vector<FigureName> names;
    for (const auto& [row, sum] : rows_of(all_)) {
      for (const Figure& figure : figures_) names.push_back({figure.name + " " + row, 4});
    }
    return names;
  }

  std::vector<double> figures(std::span<const std::uint32_t> times) const override {
    Sums sums;
    std::size_t j = 0;
    for (const auto& [joint, sum] : all_) {
      for (std::size_t u = 0; u < sums_.size(); ++u) sums[joint].add(sums_[u][j], times[u]);
      ++j;
    }
    const auto rows = rows_of(sums);  // without those of joints that nobody has
    std::vector<double> values;
    for (const auto& [row, sum] : rows_of(all_)) {
      const auto found = std::ranges::find(rows, row, &std::pair<std::string, Sum>::first);
      for (const Figure& figure : figures_) {
        values.push_back(found == rows.end() ? std::nan("") : figure.value(found->second));
      }
    }
    return values;
  }

 private:
  Sums all_;
  std::vector<Figure> figures_;
  std::vector<std::vector<Sum>> sums_;  // of each unit and joint
};

}  // namespace vremd::eval
