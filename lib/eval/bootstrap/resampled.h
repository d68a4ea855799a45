// SPDX-License-Identifier: Apache-2.0
#pragma once

// Scores as functions of how often each sequence counts (SCORING 11).

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace vremd::eval {

struct FigureName {
  std::string name;  // "AP Total"
  int decimals;      // in tables
};

// The scores of a metric over units (sequences, or images) each of which may count several times or
// not at all. With every unit once, they are those that the metric reports; else those that it
// would report if the input held each unit as often, in the same order. Only the order of equal
// scores of predictions may differ, which the official programs leave to chance.
class Resampled {
 public:
  virtual ~Resampled() = default;
  virtual std::size_t units() const = 0;
  virtual std::vector<FigureName> names() const = 0;
  // One per name, NaN if undefined. `times`: one per unit. Thread-safe.
  virtual std::vector<double> figures(std::span<const std::uint32_t> times) const = 0;
};

// Several metrics of the same units.
class ResampledList : public Resampled {
 public:
  void add(std::unique_ptr<const Resampled> one) { list_.push_back(std::move(one)); }
  std::size_t units() const override { return list_.front()->units(); }
  std::vector<FigureName> names() const override;
  std::vector<double> figures(std::span<const std::uint32_t> times) const override;

 private:
  std::vector<std::unique_ptr<const Resampled>> list_;
};

}  // namespace vremd::eval
