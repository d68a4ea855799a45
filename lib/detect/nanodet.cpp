// SPDX-License-Identifier: Apache-2.0
#include "detect/nanodet.h"

#include <ATen/ops/_upsample_bilinear2d_aa.h>
#include <ATen/ops/avg_pool2d.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

namespace vremd::detect {
namespace {

constexpr std::array<int, 4> kBlocks{1, 2, 2, 3};  // per stage
constexpr int kWidth = 128;                        // of the neck and the head

std::string stage_name(int number) { return fmt::format("backbone.stage_{}", number); }

at::Tensor enlarge(const at::Tensor& x) {
  return at::upsample_bilinear2d(x, {2 * x.size(2), 2 * x.size(3)}, /*align_corners=*/false);
}

// Equals bilinear sampling at half the size.
at::Tensor halve(const at::Tensor& x) { return at::avg_pool2d(x, {2, 2}); }

constexpr std::array<float, 3> kMeanBgr{103.53F, 116.28F, 123.675F};
constexpr std::array<float, 3> kStdBgr{57.375F, 57.12F, 58.395F};

int rounded_up(int size) { return (size + kSizeStep - 1) / kSizeStep * kSizeStep; }

at::Tensor per_channel(const std::array<float, 3>& values, const at::TensorOptions& options) {
  return at::tensor(at::ArrayRef<float>(values)).to(options).view({1, 3, 1, 1});
}

// The expected distance of one side, in bins, over the softmax of its logits.
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

std::vector<ConvShape> nanodet_layers() {
  std::vector<ConvShape> layers{{"backbone.stem", 3, 32, 3}};
  std::int64_t width = 32;
  for (int s = 1; s <= 4; ++s) {
    const std::string stage = stage_name(s);
    layers.push_back({stage + ".enter", width, width, 3});
    for (int b = 1; b <= kBlocks[s - 1]; ++b) {
      const std::string block = fmt::format("{}.block_{}", stage, b);
      layers.push_back({block + ".first", width, width / 2, 3});
      layers.push_back({block + ".second", width / 2, width / 2, 3});
    }
    layers.push_back({stage + ".leave", width, width, 3});
    width *= 2;
  }
  for (const int stride : kStrides) {
    layers.push_back({fmt::format("neck.lateral_{}", stride), 16 * stride, kWidth, 1});
  }
  for (const int stride : kStrides) {
    layers.push_back({fmt::format("head.stride_{}.features", stride), kWidth, kWidth, 3});
    layers.push_back({fmt::format("head.stride_{}.output", stride), kWidth, Nanodet::kChannels, 1});
  }
  return layers;
}

Nanodet::Nanodet(const io::SafetensorsFile& file, const c10::Device& device, at::ScalarType type)
    : Detector(
          {"nanodet-g", nanodet_input, decode_nanodet, {416, 640}, 0.6},  // models/nanodet-g.md
          file.tensors(), file.path(), nanodet_layers(), device, type) {}

at::Tensor Nanodet::activated(const at::Tensor& x, const std::string& layer, int stride) const {
  return convolve(x, layer, stride, ops::Activation::kLeakyRelu);
}

// CSP: the input bypasses the blocks. Each block halves the channels and concatenates both halves.
at::Tensor Nanodet::stage(const at::Tensor& x, int number) const {
  const std::string name = stage_name(number);
  const at::Tensor entered = activated(x, name + ".enter", number == 1 ? 1 : 2);
  at::Tensor y = entered;
  for (int b = 1; b <= kBlocks[number - 1]; ++b) {
    const std::string block = fmt::format("{}.block_{}", name, b);
    const at::Tensor first = activated(y, block + ".first");
    y = at::cat({activated(first, block + ".second"), first}, 1);
  }
  return at::cat({activated(y, name + ".leave"), entered}, 1);
}

std::array<at::Tensor, 3> Nanodet::run(const at::Tensor& pictures_nchw) const {
  at::Tensor y =
      activated(pictures_nchw.contiguous(at::MemoryFormat::ChannelsLast), "backbone.stem", 2);
  y = at::max_pool2d(y, {3, 3}, {2, 2}, {1, 1});
  y = stage(stage(y, 1), 2);
  const at::Tensor side_8 = convolve(y, "neck.lateral_8");
  y = stage(y, 3);
  const at::Tensor side_16 = convolve(y, "neck.lateral_16");
  const at::Tensor side_32 = convolve(stage(y, 4), "neck.lateral_32");

  const at::Tensor down_16 = side_16.add(enlarge(side_32));
  const at::Tensor out_8 = side_8.add(enlarge(down_16));
  const at::Tensor out_16 = down_16.add(halve(out_8));
  const at::Tensor out_32 = side_32.add(halve(out_16));

  const auto head = [&](const at::Tensor& map, int stride) {
    const std::string name = fmt::format("head.stride_{}", stride);
    return convolve(activated(map, name + ".features"), name + ".output");
  };
  return {head(out_8, 8), head(out_16, 16), head(out_32, 32)};
}

DetectorInput nanodet_input(const Frame& frame, int size, const c10::Device& device,
                            at::ScalarType type) {
  const double scale = static_cast<double>(size) / std::max(frame.width, frame.height);
  const int width = std::max(1, static_cast<int>(std::lround(frame.width * scale)));
  const int height = std::max(1, static_cast<int>(std::lround(frame.height * scale)));
  at::Tensor rgb = rgb_nchw(frame);
  if (!device.is_cpu()) rgb = rgb.to(device).to(at::kFloat);  // the GPU filter needs floats
  if (width != frame.width || height != frame.height) {
    rgb = at::_upsample_bilinear2d_aa(rgb, {height, width}, /*align_corners=*/false);
    if (!device.is_cpu()) rgb.round_();  // as for bytes
  }
  const auto options = at::TensorOptions().device(device).dtype(at::kFloat);
  at::Tensor picture = at::zeros({1, 3, rounded_up(height), rounded_up(width)},
                                 options.memory_format(at::MemoryFormat::ChannelsLast));
  picture.narrow(2, 0, height).narrow(3, 0, width).copy_(rgb.flip(1));
  picture.sub_(per_channel(kMeanBgr, options)).div_(per_channel(kStdBgr, options));
  return {picture.to(type), static_cast<double>(width) / frame.width,
          static_cast<double>(height) / frame.height};
}

void decode_nanodet(const at::Tensor& map_chw, int stride, double min_score,
                    std::vector<ops::ScoredBox>& boxes) {
  const at::Tensor map = map_chw.contiguous();
  const std::int64_t height = map.size(1), width = map.size(2), plane = height * width;
  const float* person = map.data_ptr<float>();  // class 0
  const float* bins = person + Nanodet::kClasses * plane;
  for (std::int64_t at = 0; at < plane; ++at) {
    const double score = sigmoid(person[at]);
    if (!(score >= min_score)) continue;
    std::array<double, 4> distance;  // left, top, right, bottom
    for (int side = 0; side < 4; ++side) {
      distance[side] = stride * expectation(bins + side * Nanodet::kBins * plane + at, plane);
    }
    const std::int64_t row = at / width, column = at % width;
    const double x = (static_cast<double>(column) + 0.5) * stride;
    const double y = (static_cast<double>(row) + 0.5) * stride;
    boxes.push_back(
        {{x - distance[0], y - distance[1], distance[0] + distance[2], distance[1] + distance[3]},
         score,
         0});
  }
}

}  // namespace vremd::detect
