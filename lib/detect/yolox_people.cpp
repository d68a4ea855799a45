// SPDX-License-Identifier: Apache-2.0
#include "detect/yolox_people.h"

#include "core/error.h"
#include "io/safetensors.h"

#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/upsample_bilinear2d.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string>

namespace vremd::detect {
namespace {

constexpr double kGrey = 114;

double probability(float logit) { return 1 / (1 + std::exp(-static_cast<double>(logit))); }

int read_input_size(const io::SafetensorsFile& weights) {
  const auto found = weights.metadata().find("input_size");
  const std::string text = found == weights.metadata().end() ? "" : found->second;
  int size = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), size);
  if (error != std::errc() || stop != text.data() + text.size() || size < kNetworkStep ||
      size > 8192 || size % kNetworkStep) {
    fail("{}: input_size of its metadata: '{}'", weights.path(), text);
  }
  return size;
}

}  // namespace

Letterbox letterbox(const Frame& frame, int size, const c10::Device& device, at::ScalarType type) {
  const double scale = static_cast<double>(size) / std::max(frame.width, frame.height);
  const int width = std::max(1, static_cast<int>(frame.width * scale));  // cut, as officially
  const int height = std::max(1, static_cast<int>(frame.height * scale));
  at::Tensor rgb = at::from_blob(const_cast<std::uint8_t*>(frame.rgb.data()),
                                 {1, frame.height, frame.width, 3}, at::kByte)
                       .permute({0, 3, 1, 2})
                       .to(device, at::kFloat);
  if (width != frame.width || height != frame.height) {
    rgb = at::upsample_bilinear2d(rgb, {height, width}, /*align_corners=*/false).round_();
  }
  at::Tensor picture =
      at::full({1, 3, size, size}, kGrey, at::TensorOptions().device(device).dtype(at::kFloat));
  picture.narrow(2, 0, height).narrow(3, 0, width).copy_(rgb.flip(1));
  return {picture.to(type), scale};
}

void decode_yolox(const at::Tensor& map_chw, int stride, double min_score,
                  std::vector<ops::ScoredBox>& boxes) {
  const at::Tensor map = map_chw.contiguous();
  const std::int64_t height = map.size(1), width = map.size(2), plane = height * width;
  const float* values = map.data_ptr<float>();
  for (std::int64_t at = 0; at < plane; ++at) {
    const auto channel = [&](int index) { return values[index * plane + at]; };
    const double score = probability(channel(4)) * probability(channel(5));
    if (!(score >= min_score)) continue;
    const double x = (channel(0) + static_cast<double>(at % width)) * stride;
    const double y = (channel(1) + static_cast<double>(at / width)) * stride;
    const double w = std::exp(static_cast<double>(channel(2))) * stride;
    const double h = std::exp(static_cast<double>(channel(3))) * stride;
    boxes.push_back({{x - w / 2, y - h / 2, w, h}, score, 0});
  }
}

YoloxPeople::YoloxPeople(const io::SafetensorsFile& weights, const c10::Device& device,
                         at::ScalarType type)
    : device_(device),
      type_(type),
      network_(weights.tensors(), weights.path(), device, type),
      input_size_(read_input_size(weights)) {}

std::vector<ops::ScoredBox> YoloxPeople::find(const Frame& frame, int size,
                                              double min_score) const {
  const Letterbox input = letterbox(frame, size, device_, type_);
  return decode_maps(network_.forward(input.picture_nchw), Yolox::kStrides, decode_yolox, min_score,
                     input.scale, input.scale);
}

}  // namespace vremd::detect
