// SPDX-License-Identifier: Apache-2.0
#include "detect/person_detector.h"

#include "core/error.h"
#include "detect/nanodet.h"
#include "detect/yolox.h"
#include "ops/stored_tensors.h"

#include <ATen/ops/from_blob.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ranges>

namespace vremd::detect {
namespace {

std::vector<ops::ScoredBox> clipped(const std::vector<ops::ScoredBox>& boxes, int width,
                                    int height) {
  std::vector<ops::ScoredBox> inside;
  for (ops::ScoredBox one : boxes) {
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

std::vector<ops::ScoredBox> suppressed(const std::vector<ops::ScoredBox>& boxes, double threshold) {
  std::vector<ops::ScoredBox> kept;
  for (const int index : ops::nms(boxes, threshold)) {
    kept.push_back(boxes[static_cast<std::size_t>(index)]);
  }
  return kept;
}

// The mean of boxes by their edges, weighted by score. Summed relative to the first: a single box
// stays bit-equal.
Box mean_box(const ops::ScoredBox& first, const std::vector<ops::ScoredBox>& others) {
  const Box& from = first.box;
  Box sum;
  double weight = 0;
  for (const auto& [box, score, label] : others) {
    sum.x += score * (box.x - from.x);
    sum.y += score * (box.y - from.y);
    sum.w += score * (box.w - from.w);
    sum.h += score * (box.h - from.h);
    weight += score;
  }
  if (weight <= 0) return from;
  weight += first.score;
  return {from.x + sum.x / weight, from.y + sum.y / weight, from.w + sum.w / weight,
          from.h + sum.h / weight};
}

std::unique_ptr<Detector> make_detector(const io::SafetensorsFile& weights,
                                        const c10::Device& device, at::ScalarType type) {
  const auto found = weights.metadata().find("architecture");
  const std::string architecture = found == weights.metadata().end() ? "" : found->second;
  if (architecture == "nanodet-g") return std::make_unique<Nanodet>(weights, device, type);
  if (architecture.starts_with("yolox-")) {
    return std::make_unique<Yolox>(weights.tensors(), weights.path(), device, type,
                                   yolox_input_size(weights));
  }
  fail("{}: not the weights of a person detector", weights.path());
}

}  // namespace

Detector::Detector(Traits traits, const std::map<std::string, io::TensorView>& tensors,
                   const std::string& path, const std::vector<ConvShape>& layers,
                   const c10::Device& device, at::ScalarType type)
    : traits_(std::move(traits)), device_(device), type_(type) {
  for (const ConvShape& layer : layers) {
    const at::Tensor weight =
        ops::read_tensor(tensors, path, layer.name + ".weight", layer.weight_shape());
    const at::Tensor bias = ops::read_tensor(tensors, path, layer.name + ".bias", {layer.out});
    // oneDNN and cuDNN are fastest on channels-last weights.
    layers_[layer.name] = {weight.to(device, type).contiguous(at::MemoryFormat::ChannelsLast),
                           bias.to(device, type), layer.depthwise ? layer.in : 1};
  }
  for (const auto& [name, view] : tensors) {
    if (!layers_.contains(name.substr(0, name.rfind('.')))) {
      fail("{}: {} is not a tensor of {}", path, name, traits_.name);
    }
  }
}

at::Tensor Detector::convolve(const at::Tensor& x, const std::string& layer, int stride,
                              ops::Activation activation) const {
  const auto& [weight, bias, groups, packed] = layers_.at(layer);
  const ops::ConvShape shape{
      .stride = stride, .padding = weight.size(2) / 2, .dilation = 1, .groups = groups};
  return ops::conv2d(x, weight, bias, shape, activation, *packed);
}

std::array<at::Tensor, 3> Detector::forward(const at::Tensor& pictures_nchw) const {
  const at::Tensor& x = pictures_nchw;
  if (x.dim() != 4 || x.size(1) != 3 || x.size(2) % kSizeStep || x.size(3) % kSizeStep ||
      x.numel() == 0) {
    fail("{}: pictures of {}", traits_.name, fmt::join(x.sizes(), " x "));
  }
  return run(x);
}

std::vector<ops::ScoredBox> Detector::detect(const Frame& frame, int size, double min_score) const {
  const DetectorInput input = traits_.input(frame, size, device_, type_);
  const auto maps = forward(input.picture_nchw);
  std::vector<ops::ScoredBox> found;
  for (std::size_t i = 0; i < maps.size(); ++i) {
    traits_.decode(maps[i].squeeze(0).to(at::kCPU, at::kFloat), kStrides[i], min_score, found);
  }
  for (Box& box : found | std::views::transform(&ops::ScoredBox::box)) {
    box = {box.x / input.scale_x, box.y / input.scale_y, box.w / input.scale_x,
           box.h / input.scale_y};
  }
  return found;
}

at::Tensor rgb_nchw(const Frame& frame) {
  return at::from_blob(const_cast<std::uint8_t*>(frame.rgb.data()),
                       {1, frame.height, frame.width, 3}, at::kByte)
      .permute({0, 3, 1, 2});
}

void DetectorOptions::validate() const {
  if (input_sizes.size() > 8) fail("--input-size: at most eight sizes");
  for (const int size : input_sizes) {
    if (size < kSizeStep || size > 8192 || size % kSizeStep) {
      fail("--input-size: {} is not a multiple of {} up to 8192", size, kSizeStep);
    }
  }
  if (!(min_score >= 0 && min_score <= 1)) fail("--min-score: must be in [0, 1]");
  if (max_people < 0) fail("--max-people: must not be negative");
  if (!(nms_iou >= 0 && nms_iou < 1)) fail("--nms: must be between 0 and 1");
}

std::vector<ops::ScoredBox> merge_people(std::span<const std::vector<ops::ScoredBox>> by_size,
                                         int frame_width, int frame_height, double nms_iou,
                                         int max_people) {
  std::vector<std::vector<ops::ScoredBox>> sizes;
  std::vector<ops::ScoredBox> all;
  std::vector<std::size_t> size_of;  // indices into `sizes`, parallel to `all`
  for (const auto& found : by_size) {
    sizes.push_back(suppressed(clipped(found, frame_width, frame_height), nms_iou));
    all.insert(all.end(), sizes.back().begin(), sizes.back().end());
    size_of.resize(all.size(), sizes.size() - 1);
  }
  std::vector<ops::ScoredBox> people;
  for (const int index : ops::nms(all, nms_iou)) {
    if (max_people > 0 && std::ssize(people) == max_people) break;
    const auto best = static_cast<std::size_t>(index);
    std::vector<ops::ScoredBox> others;
    for (std::size_t size = 0; size < sizes.size(); ++size) {
      if (size == size_of[best]) continue;
      const auto same = std::ranges::find_if(sizes[size], [&](const ops::ScoredBox& other) {
        return iou(all[best].box, other.box) > nms_iou;
      });
      if (same != sizes[size].end()) others.push_back(*same);
    }
    people.push_back({mean_box(all[best], others), all[best].score, all[best].label});
  }
  return people;
}

PersonDetector::PersonDetector(const io::SafetensorsFile& weights, const DetectorOptions& options)
    : options_(options) {
  options.validate();
  const c10::Device device = ops::choose_device(options.device);
  device_ = device.str();
  detector_ = make_detector(
      weights, device, options.precision == ops::Precision::kBf16 ? at::kBFloat16 : at::kFloat);
  if (options.input_sizes.empty()) options_.input_sizes = detector_->traits().default_sizes;
  if (options.nms_iou == 0) options_.nms_iou = detector_->traits().nms_iou;
}

PersonDetector::~PersonDetector() = default;

Json PersonDetector::settings() const {
  return {{"input_size", options_.input_sizes},
          {"min_score", options_.min_score},
          {"max_people", options_.max_people},
          {"nms", options_.nms_iou}};
}

std::vector<ops::ScoredBox> PersonDetector::detect(const Frame& frame) const {
  std::vector<std::vector<ops::ScoredBox>> by_size;
  for (const int size : options_.input_sizes) {
    by_size.push_back(detector_->detect(frame, size, options_.min_score));
  }
  return merge_people(by_size, frame.width, frame.height, options_.nms_iou, options_.max_people);
}

}  // namespace vremd::detect
