// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "catch_torch.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace vremd {

using NamedLeaves = std::vector<std::pair<std::string, at::Tensor>>;

// The gradient that backward gives of sum(f() r), r random, against central differences, at some
// entries of each leaf. Everything in float64: so a wrong gradient cannot hide in rounding. One of
// three steps has to agree: a longer one may cross a kink (ReLU, between cells of a map).
inline void check_finite_differences(const std::function<at::Tensor()>& f,
                                     const NamedLeaves& leaves, std::int64_t entries = 6) {
  constexpr double kTolerance = 1e-6;
  for (const auto& [name, leaf] : leaves) {
    REQUIRE(leaf.scalar_type() == at::kDouble);
    if (leaf.grad().defined()) leaf.mutable_grad() = at::Tensor();
  }
  const at::Tensor first = f();
  REQUIRE(first.scalar_type() == at::kDouble);
  const at::Tensor r = at::randn_like(first.detach());
  (first * r).sum().backward();
  at::NoGradGuard no_grad;
  for (const auto& [name, leaf] : leaves) {
    CAPTURE(name);
    REQUIRE(leaf.grad().defined());
    const at::Tensor gradient = leaf.grad().flatten(), values = leaf.view({-1});
    const double largest = gradient.abs().max().item<double>();
    const at::Tensor places = at::randperm(values.numel()).slice(0, 0, entries);
    for (std::int64_t i = 0; i < places.numel(); ++i) {
      const auto place = places[i].item<std::int64_t>();
      const double before = values[place].item<double>();
      const auto at_value = [&](double value) {
        values[place].fill_(value);
        return (f() * r).sum().item<double>();
      };
      const double analytic = gradient[place].item<double>();
      double difference = 0;
      bool agrees = false;
      for (const double step : {1e-5, 1e-6, 1e-7}) {
        difference = (at_value(before + step) - at_value(before - step)) / (2 * step);
        agrees = std::abs(difference - analytic) <= kTolerance * std::max(1.0, largest);
        if (agrees) break;
      }
      values[place].fill_(before);
      CAPTURE(place, difference, analytic);
      CHECK(agrees);
    }
  }
}

// The parameters of a module that was made in float32, in float64 and random.
inline NamedLeaves random_doubles(torch::nn::Module& module, double sigma = 0.3) {
  module.to(at::kDouble);
  at::NoGradGuard no_grad;
  NamedLeaves leaves;
  for (const auto& item : module.named_parameters()) {
    item.value().normal_(0, sigma);
    leaves.emplace_back(item.key(), item.value());
  }
  return leaves;
}

inline at::Tensor random_leaf(at::IntArrayRef shape, double scale = 1) {
  return at::randn(shape, at::kDouble).mul_(scale).requires_grad_();
}

}  // namespace vremd
