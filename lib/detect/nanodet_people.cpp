// SPDX-License-Identifier: Apache-2.0
#include "detect/nanodet_people.h"

#include <ATen/ops/_upsample_bilinear2d_aa.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace vremd::detect {
namespace {

constexpr std::array<float, 3> kMeanBgr{103.53F, 116.28F, 123.675F};
constexpr std::array<float, 3> kStdBgr{57.375F, 57.12F, 58.395F};

int rounded_up(int size) { return (size + kNetworkStep - 1) / kNetworkStep * kNetworkStep; }

at::Tensor per_channel(const std::array<float, 3>& values, const at::TensorOptions& options) {
  return at::tensor(at::ArrayRef<float>(values)).to(options).view({1, 3, 1, 1});
}

// The expected distance of one side in bins: softmax over 11 logits.
double expectation(const float* logits, std::int64_t step) {
  float highest = logits[0];
  for (int bin = 1; bin < Nanodet::kBins; ++bin) highest = std::fmax(highest, logits[bin * step]);
  double sum = 0, weighted = 0;
  for (int bin = 0; bin < Nanodet::kBins; ++bin) {
    const double weight = std::exp(static_cast<double>(logits[bin * step] - highest));
    sum += weight;
    weighted += bin * weight;
  }
  return weighted / sum;
}

}  // namespace

NetworkPicture network_picture(const Frame& frame, int size, const c10::Device& device,
                               at::ScalarType type) {
  const double scale = static_cast<double>(size) / std::max(frame.width, frame.height);
  const int width = std::max(1, static_cast<int>(std::lround(frame.width * scale)));
  const int height = std::max(1, static_cast<int>(std::lround(frame.height * scale)));
  at::Tensor rgb = at::from_blob(const_cast<std::uint8_t*>(frame.rgb.data()),
                                 {1, frame.height, frame.width, 3}, at::kByte)
                       .permute({0, 3, 1, 2});
  if (!device.is_cpu()) rgb = rgb.to(device).to(at::kFloat);  // the GPU filters floats alone
  if (width != frame.width || height != frame.height) {
    rgb = at::_upsample_bilinear2d_aa(rgb, {height, width}, /*align_corners=*/false);
    if (!device.is_cpu()) rgb.round_();  // as bytes do
  }
  const auto options = at::TensorOptions().device(device).dtype(at::kFloat);
  at::Tensor picture = at::zeros({1, 3, rounded_up(height), rounded_up(width)},
                                 options.memory_format(at::MemoryFormat::ChannelsLast));
  picture.narrow(2, 0, height).narrow(3, 0, width).copy_(rgb.flip(1));
  picture.sub_(per_channel(kMeanBgr, options)).div_(per_channel(kStdBgr, options));
  return {picture.to(type), static_cast<double>(width) / frame.width,
          static_cast<double>(height) / frame.height};
}

void decode_people(const at::Tensor& map_chw, int stride, double min_score,
                   std::vector<ops::ScoredBox>& boxes) {
  const at::Tensor map = map_chw.contiguous();
  const std::int64_t height = map.size(1), width = map.size(2), plane = height * width;
  const float* person = map.data_ptr<float>();  // class 0
  const float* bins = person + Nanodet::kClasses * plane;
  for (std::int64_t at = 0; at < plane; ++at) {
    const double score = 1 / (1 + std::exp(-static_cast<double>(person[at])));
    if (!(score >= min_score)) continue;
    std::array<double, 4> distance;  // left, top, right, bottom
    for (int side = 0; side < 4; ++side) {
      distance[side] = stride * expectation(bins + side * Nanodet::kBins * plane + at, plane);
    }
    const double x = (static_cast<double>(at % width) + 0.5) * stride;
    const double y = (static_cast<double>(at / width) + 0.5) * stride;
    boxes.push_back(
        {{x - distance[0], y - distance[1], distance[0] + distance[2], distance[1] + distance[3]},
         score,
         0});
  }
}

NanodetPeople::NanodetPeople(const io::SafetensorsFile& weights, const c10::Device& device,
                             at::ScalarType type)
    : device_(device), type_(type), network_(weights, device, type) {}

std::vector<ops::ScoredBox> NanodetPeople::find(const Frame& frame, int size,
                                                double min_score) const {
  const NetworkPicture input = network_picture(frame, size, device_, type_);
  return decode_maps(network_.forward(input.picture_nchw), Nanodet::kStrides, decode_people,
                     min_score, input.scale_x, input.scale_y);
}

}  // namespace vremd::detect
