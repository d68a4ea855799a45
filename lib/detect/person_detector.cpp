// SPDX-License-Identifier: Apache-2.0
#include "detect/person_detector.h"

#include "core/error.h"
#include "detect/nanodet.h"
#include "detect/yolox.h"
#include "ops/device.h"

#include <ATen/ops/from_blob.h>

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

// The mean of boxes by their edges, weighted by score.
class BoxMean {
 public:
  explicit BoxMean(const ops::ScoredBox& first) : first_(first) {}

  void add(const ops::ScoredBox& other) {
    // relative to the first: a single box stays bit-equal
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
  ops::ScoredBox first_;
  double left_ = 0, top_ = 0, width_ = 0, height_ = 0, weight_ = 0;
};

std::unique_ptr<Detector> make_detector(const io::SafetensorsFile& weights,
                                        const c10::Device& device, at::ScalarType type) {
  const auto found = weights.metadata().find("architecture");
  const std::string architecture = found == weights.metadata().end() ? "" : found->second;
  if (architecture == "nanodet-g") return std::make_unique<NanodetDetector>(weights, device, type);
  if (architecture.starts_with("yolox-")) {
    return std::make_unique<YoloxDetector>(weights, device, type);
  }
  fail("{}: not the weights of a person detector", weights.path());
}

}  // namespace

std::vector<ops::ScoredBox> decode_maps(const std::array<at::Tensor, 3>& maps_nchw,
                                        const std::array<int, 3>& strides, MapDecoder decode,
                                        double min_score, double scale_x, double scale_y) {
  std::vector<ops::ScoredBox> found;
  for (std::size_t i = 0; i < maps_nchw.size(); ++i) {
    decode(maps_nchw[i].squeeze(0).to(at::kCPU, at::kFloat), strides[i], min_score, found);
  }
  for (Box& box : found | std::views::transform(&ops::ScoredBox::box)) {
    box = {box.x / scale_x, box.y / scale_y, box.w / scale_x, box.h / scale_y};
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
    BoxMean mean(all[best]);
    for (std::size_t size = 0; size < sizes.size(); ++size) {
      if (size == size_of[best]) continue;
      const auto same = std::ranges::find_if(sizes[size], [&](const ops::ScoredBox& other) {
        return iou(all[best].box, other.box) > nms_iou;
      });
      if (same != sizes[size].end()) mean.add(*same);
    }
    people.push_back({mean.box(), all[best].score, all[best].label});
  }
  return people;
}

PersonDetector::PersonDetector(const io::SafetensorsFile& weights, const DetectorOptions& options)
    : options_(options) {
  options.validate();
  const c10::Device device = ops::choose_device(options.device);
  device_ = ops::name_of(device);
  detector_ = make_detector(weights, device, options.bf16 ? at::kBFloat16 : at::kFloat);
  if (options.input_sizes.empty()) options_.input_sizes = detector_->default_sizes();
}

PersonDetector::~PersonDetector() = default;

Json PersonDetector::settings() const {
  return {{"input_size", options_.input_sizes},
          {"min_score", options_.min_score},
          {"max_people", options_.max_people},
          {"nms", detector_->nms_iou()}};
}

std::vector<ops::ScoredBox> PersonDetector::detect(const Frame& frame) const {
  std::vector<std::vector<ops::ScoredBox>> by_size;
  for (const int size : options_.input_sizes) {
    by_size.push_back(detector_->detect(frame, size, options_.min_score));
  }
  return merge_people(by_size, frame.width, frame.height, detector_->nms_iou(),
                      options_.max_people);
}

}  // namespace vremd::detect
