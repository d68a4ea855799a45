// SPDX-License-Identifier: Apache-2.0
#include "import/self_test.h"

#include "core/error.h"
#include "model/weights.h"

#include <algorithm>
#include <cmath>

namespace vremd::importer {
namespace {

// Waves of a few pixels to a third of the crop, different per channel, in the range of normalised
// pictures.
at::Tensor pattern(int height, int width) {
  at::Tensor crop = at::empty({1, 3, height, width}, at::kFloat);
  auto values = crop.accessor<float, 4>();
  for (std::int64_t c = 0; c < crop.size(1); ++c) {
    for (std::int64_t y = 0; y < crop.size(2); ++y) {
      for (std::int64_t x = 0; x < crop.size(3); ++x) {
        const double wave = std::sin(0.1 * static_cast<double>(x) + static_cast<double>(c)) +
                            std::cos(0.07 * static_cast<double>(y * (c + 1))) +
                            0.3 * std::sin(0.9 * static_cast<double>(x + 2 * y));
        values[0][c][y][x] = static_cast<float>(wave);
      }
    }
  }
  return crop;
}

at::Tensor result(model::VremdImpl& model, bool with_head) {
  const model::ModelConfig& config = model.config;
  const at::Tensor features = model.features(pattern(config.input_height(), config.input_width()));
  if (!with_head) return features;
  return model.forward(features.unsqueeze(1)).heatmaps_bkhw;
}

at::Tensor result(const detect::Yolox& network) {
  const at::Tensor picture = pattern(256, 256).mul(60).add(114).clamp(0, 255).round();
  std::vector<at::Tensor> maps;
  for (const at::Tensor& map : network.forward(picture)) maps.push_back(map.flatten());
  return at::cat(maps);
}

SelfTest compared(const at::Tensor& exact, const at::Tensor& stored, io::DType dtype,
                  const std::string& path) {
  if (!at::isfinite(exact).all().item<bool>()) {
    fail("{}: the network gives values that are not finite", path);
  }
  SelfTest test;
  test.low = exact.min().item<double>();
  test.high = exact.max().item<double>();
  test.difference = (stored - exact).abs().max().item<double>();
  const double largest = std::max(std::abs(test.low), std::abs(test.high));
  const double allowed = largest * (dtype == io::DType::kF16 ? kMaxRoundingFp16 : kMaxRoundingBf16);
  if (!(test.difference <= allowed)) {
    fail("{}: stored in fewer bits the network differs by {:.2g} of {:.2g}; --dtype fp32 keeps all",
         path, test.difference, largest);
  }
  return test;
}

}  // namespace

std::string SelfTest::text() const {
  const double largest = std::max(std::abs(low), std::abs(high));
  return fmt::format("{:.4g} to {:.4g}, the stored numbers differ by at most {:.2g} ({:.2g} %)",
                     low, high, difference, largest > 0 ? 100 * difference / largest : 0.0);
}

SelfTest self_test(model::VremdImpl& model, bool with_head, io::DType dtype,
                   const std::string& path) {
  at::NoGradGuard no_grad;
  const at::Tensor exact = result(model, with_head);
  if (dtype == io::DType::kF32) return compared(exact, exact, dtype, path);
  for (const auto& [name, tensor] : model::state_of(model)) {
    if (tensor.dim() >= 2) {
      tensor.copy_(tensor.to(dtype == io::DType::kF16 ? at::kHalf : at::kBFloat16));
    }
  }
  return compared(exact, result(model, with_head), dtype, path);
}

SelfTest self_test(const detect::Yolox& exact, const detect::Yolox& stored, io::DType dtype,
                   const std::string& path) {
  at::NoGradGuard no_grad;
  return compared(result(exact), result(stored), dtype, path);
}

}  // namespace vremd::importer
