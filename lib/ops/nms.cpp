// SPDX-License-Identifier: Apache-2.0
#include "ops/nms.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace vremd::ops {
namespace {

bool same(const Box& a, const Box& b) {
  return a.x == b.x && a.y == b.y && a.w == b.w && a.h == b.h;
}

bool suppresses(const ScoredBox& kept, const ScoredBox& other, double threshold) {
  if (kept.label != other.label) return false;
  const bool both_real =
      kept.box.finite() && other.box.finite() && kept.box.area() > 0 && other.box.area() > 0;
  return both_real ? iou(kept.box, other.box) > threshold : same(kept.box, other.box);
}

}  // namespace

std::vector<int> nms(std::span<const ScoredBox> boxes, double threshold) {
  std::vector<int> order(boxes.size());
  std::iota(order.begin(), order.end(), 0);
  const auto score = [&](int i) {  // NaN last
    return std::isnan(boxes[i].score) ? -std::numeric_limits<double>::infinity() : boxes[i].score;
  };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return score(a) > score(b); });

  std::vector<int> kept;
  for (const int candidate : order) {
    const bool suppressed = std::any_of(kept.begin(), kept.end(), [&](int better) {
      return suppresses(boxes[better], boxes[candidate], threshold);
    });
    if (!suppressed) kept.push_back(candidate);
  }
  return kept;
}

}  // namespace vremd::ops
