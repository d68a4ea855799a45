// SPDX-License-Identifier: Apache-2.0
#include "detect/person_detector.h"

#include "core/error.h"
#include "detect/people_network.h"
#include "ops/device.h"

#include <algorithm>
#include <cmath>
#include <utility>

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

// The boxes that remain, best first.
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
  ops::ScoredBox first_;
  double left_ = 0, top_ = 0, width_ = 0, height_ = 0, weight_ = 0;
};

}  // namespace

void DetectorOptions::validate() const {
  if (input_sizes.size() > 8) fail("--input-size: at most eight sizes");
  for (const int size : input_sizes) {
    if (size < kNetworkStep || size > 8192 || size % kNetworkStep) {
      fail("--input-size: {} is not a multiple of {} up to 8192", size, kNetworkStep);
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
  std::vector<std::size_t> size_of;  // of each in `all`
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

struct PersonDetector::Impl {
  DetectorOptions options;
  c10::Device device;
  std::unique_ptr<PeopleNetwork> network;
};

PersonDetector::PersonDetector(const io::SafetensorsFile& weights, const DetectorOptions& options) {
  options.validate();
  const c10::Device device = ops::choose_device(options.device);
  auto network = make_people_network(weights, device, options.bf16 ? at::kBFloat16 : at::kFloat);
  impl_.reset(new Impl{options, device, std::move(network)});
  if (options.input_sizes.empty()) impl_->options.input_sizes = impl_->network->own_sizes();
}

PersonDetector::~PersonDetector() = default;

std::string PersonDetector::device() const { return ops::name_of(impl_->device); }

Json PersonDetector::settings() const {
  return {{"input_size", impl_->options.input_sizes},
          {"min_score", impl_->options.min_score},
          {"max_people", impl_->options.max_people},
          {"nms", impl_->network->own_nms_iou()}};
}

std::vector<ops::ScoredBox> PersonDetector::detect(const Frame& frame) const {
  const DetectorOptions& options = impl_->options;
  std::vector<std::vector<ops::ScoredBox>> by_size;
  for (const int size : options.input_sizes) {
    by_size.push_back(impl_->network->find(frame, size, options.min_score));
  }
  return merge_people(by_size, frame.width, frame.height, impl_->network->own_nms_iou(),
                      options.max_people);
}

}  // namespace vremd::detect
