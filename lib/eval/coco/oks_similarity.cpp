// SPDX-License-Identifier: Apache-2.0
#include "eval/coco/oks_similarity.h"

#include "eval/numerics.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace vremd::eval {
namespace {

constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

// Distance of x outside the interval, enlarged three times.
double outside(double x, double start, double length) {
  return std::max(0.0, start - length - x) + std::max(0.0, x - (start + length * 2));
}

}  // namespace

double area_of(const OksTruth& truth, bool use_area) {
  return use_area ? truth.area : truth.box.w * truth.box.h * 0.53;
}

bool is_labelled(const std::vector<double>& keypoints, std::size_t i) {
  return keypoints[3 * i + 2] > 0;
}

std::int64_t count_labelled(const std::vector<double>& keypoints) {
  std::int64_t count = 0;
  for (std::size_t i = 0; i < keypoints.size() / 3; ++i) count += is_labelled(keypoints, i);
  return count;
}

double oks(const OksDetection& detection, const OksTruth& truth, std::span<const double> sigmas,
           bool use_area) {
  const bool labelled = count_labelled(truth.keypoints) > 0;
  const double area = area_of(truth, use_area) + kEpsilon;
  std::vector<double> terms;
  for (std::size_t i = 0; i < sigmas.size(); ++i) {
    if (labelled && !is_labelled(truth.keypoints, i)) continue;
    const double x = detection.keypoints[3 * i], y = detection.keypoints[3 * i + 1];
    // Nothing labelled: an ignored person, matched by keypoints near its box.
    const double dx = labelled ? x - truth.keypoints[3 * i] : outside(x, truth.box.x, truth.box.w);
    const double dy =
        labelled ? y - truth.keypoints[3 * i + 1] : outside(y, truth.box.y, truth.box.h);
    const double spread = sigmas[i] * 2;
    terms.push_back(std::exp(-((dx * dx + dy * dy) / (spread * spread) / area / 2)));
  }
  return pairwise_sum(terms) / static_cast<double>(terms.size());
}

}  // namespace vremd::eval
