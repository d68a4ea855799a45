// SPDX-License-Identifier: Apache-2.0
#include "detect/person_detector.h"

#include "core/error.h"
#include "detect/nanodet.h"
#include "io/safetensors.h"
#include "ops/device.h"

#include <ATen/ops/_upsample_bilinear2d_aa.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

namespace vremd {
namespace {

constexpr int kStep = 32;  // sides of the network's input are multiples
constexpr std::array<float, 3> kMeanBgr{103.53F, 116.28F, 123.675F};
constexpr std::array<float, 3> kStdBgr{57.375F, 57.12F, 58.395F};

int rounded_up(int size) { return (size + kStep - 1) / kStep * kStep; }

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

std::vector<ScoredBox> clipped(const std::vector<ScoredBox>& boxes, int width, int height) {
  std::vector<ScoredBox> inside;
  for (ScoredBox one : boxes) {
    if (!one.box.finite()) continue;
    const double right = std::fmin(one.box.x + one.box.w, width);
    const double bottom = std::fmin(one.box.y + one.box.h, height);
    one.box.x = std::fmax(one.box.x, 0);
    one.box.y = std::fmax(one.box.y, 0);
    one.box.w = right - one.box.x;
    one.box.h = bottom - one.box.y;
    if (one.box.w > 0 && one.box.h > 0) inside.push_back(one);
  }
  return inside;
}

// The boxes that remain, best first.
std::vector<ScoredBox> suppressed(const std::vector<ScoredBox>& boxes, double threshold) {
  std::vector<ScoredBox> kept;
  for (const int index : nms(boxes, threshold)) {
    kept.push_back(boxes[static_cast<std::size_t>(index)]);
  }
  return kept;
}

// The mean of boxes by their edges, weighted by score.
class BoxMean {
 public:
  explicit BoxMean(const ScoredBox& first) : first_(first) {}

  void add(const ScoredBox& other) {
    // relative to the first: alone it stays what it is, to the last bit
    left_ += other.score * (other.box.x - first_.box.x);
    top_ += other.score * (other.box.y - first_.box.y);
    width_ += other.score * (other.box.w - first_.box.w);
    height_ += other.score * (other.box.h - first_.box.h);
    weight_ += other.score;
  }

  Box box() const {
    const Box& from = first_.box;
    const double weight = weight_ + first_.score;
    if (weight_ <= 0) return from;
    return {from.x + left_ / weight, from.y + top_ / weight, from.w + width_ / weight,
            from.h + height_ / weight};
  }

 private:
  ScoredBox first_;
  double left_ = 0, top_ = 0, width_ = 0, height_ = 0, weight_ = 0;
};

}  // namespace

void DetectorOptions::validate() const {
  if (input_sizes.empty() || input_sizes.size() > 8) fail("--input-size: one to eight sizes");
  for (const int size : input_sizes) {
    if (size < kStep || size > 8192 || size % kStep) {
      fail("--input-size: {} is not a multiple of {} up to 8192", size, kStep);
    }
  }
  if (!(min_score >= 0 && min_score <= 1)) fail("--min-score: must be in [0, 1]");
  if (max_people < 0) fail("--max-people: must not be negative");
}

Json DetectorOptions::settings() const {
  return {{"input_size", input_sizes},
          {"min_score", min_score},
          {"max_people", max_people},
          {"nms", nms_iou}};
}

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
                   std::vector<ScoredBox>& boxes) {
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
    boxes.push_back({{x - distance[0], y - distance[1], distance[0] + distance[2],
                      distance[1] + distance[3]},
                     score,
                     0});
  }
}

std::vector<ScoredBox> merge_people(std::span<const std::vector<ScoredBox>> by_size,
                                    int frame_width, int frame_height,
                                    const DetectorOptions& options) {
  std::vector<std::vector<ScoredBox>> sizes;
  std::vector<ScoredBox> all;
  std::vector<std::size_t> size_of;  // of each in `all`
  for (const auto& found : by_size) {
    sizes.push_back(suppressed(clipped(found, frame_width, frame_height), options.nms_iou));
    all.insert(all.end(), sizes.back().begin(), sizes.back().end());
    size_of.resize(all.size(), sizes.size() - 1);
  }
  std::vector<ScoredBox> people;
  for (const int index : nms(all, options.nms_iou)) {
    if (options.max_people > 0 && std::ssize(people) == options.max_people) break;
    const auto best = static_cast<std::size_t>(index);
    BoxMean mean(all[best]);
    for (std::size_t size = 0; size < sizes.size(); ++size) {
      if (size == size_of[best]) continue;
      const auto same = std::ranges::find_if(sizes[size], [&](const ScoredBox& other) {
        return iou(all[best].box, other.box) > options.nms_iou;
      });
      if (same != sizes[size].end()) mean.add(*same);
    }
    people.push_back({mean.box(), all[best].score, all[best].label});
  }
  return people;
}

struct PersonDetector::Impl {
  DetectorOptions options;
  c10::Device device;
  at::ScalarType type;
  Nanodet network;
};

PersonDetector::PersonDetector(const SafetensorsFile& weights, const DetectorOptions& options) {
  options.validate();
  const auto& metadata = weights.metadata();
  const auto architecture = metadata.find("architecture");
  if (architecture == metadata.end() || architecture->second != "nanodet-g") {
    fail("{}: not the weights of a person detector", weights.path());
  }
  const c10::Device device = choose_device(options.device);
  const auto type = options.bf16 ? at::kBFloat16 : at::kFloat;
  impl_.reset(new Impl{options, device, type, Nanodet(weights, device, type)});
}

PersonDetector::~PersonDetector() = default;

std::string PersonDetector::device() const { return name_of(impl_->device); }

std::vector<ScoredBox> PersonDetector::detect(const Frame& frame) const {
  const DetectorOptions& options = impl_->options;
  std::vector<std::vector<ScoredBox>> by_size;
  for (const int size : options.input_sizes) {
    const NetworkPicture input = network_picture(frame, size, impl_->device, impl_->type);
    const auto maps = impl_->network.forward(input.picture_nchw);
    std::vector<ScoredBox> found;
    for (std::size_t i = 0; i < maps.size(); ++i) {
      const at::Tensor map = maps[i].squeeze(0).to(at::kCPU, at::kFloat);
      decode_people(map, Nanodet::kStrides[i], options.min_score, found);
    }
    for (ScoredBox& one : found) {
      one.box = {one.box.x / input.scale_x, one.box.y / input.scale_y, one.box.w / input.scale_x,
                 one.box.h / input.scale_y};
    }
    by_size.push_back(std::move(found));
  }
  return merge_people(by_size, frame.width, frame.height, options);
}

}  // namespace vremd
