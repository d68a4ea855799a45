// SPDX-License-Identifier: Apache-2.0
#include "eval/coco/coco_ap.h"

#include "eval/numeric/numpy.h"

#include <limits>

namespace vremd::eval {
namespace {

// numpy.linspace(0.5, 0.95, 10)
double overlap_threshold(int t) {
  return t == kCocoThresholds - 1 ? 0.95 : t * ((0.95 - 0.5) / (kCocoThresholds - 1)) + 0.5;
}

enum Outcome : char { kWrong, kRight, kIgnored };
using Outcomes = std::array<Outcome, kCocoThresholds>;

struct Sample {
  double score;
  Outcomes outcomes;
};

// Appends the outcomes of the image's best detections. Returns the number of truths that count.
std::size_t match_image(const CocoImage& image, CocoAreas areas, std::size_t max_detections,
                        std::vector<Sample>& samples) {
  // The truths that count come first.
  const auto ignore = [&](const CocoTruth& g) { return g.ignored || !areas.holds(g.area); };
  const std::vector<std::size_t> order = stable_order(image.truths, ignore);
  const std::size_t truths = order.size();
  const auto first_ignored = std::find_if(order.begin(), order.end(),
                                          [&](std::size_t g) { return ignore(image.truths[g]); });
  const auto positives = static_cast<std::size_t>(first_ignored - order.begin());

  const std::size_t detections = std::min(image.detections.size(), max_detections);
  const std::size_t first_sample = samples.size();
  for (std::size_t d = 0; d < detections; ++d) samples.push_back({image.detections[d].score, {}});

  std::vector<char> taken(truths);
  for (int t = 0; t < kCocoThresholds; ++t) {
    std::fill(taken.begin(), taken.end(), 0);
    for (std::size_t d = 0; d < detections; ++d) {
      double best = std::min(overlap_threshold(t), 1 - 1e-10);
      std::size_t match = truths;
      for (std::size_t g = 0; g < truths; ++g) {
        if (taken[g] && !image.truths[order[g]].crowd) continue;
        // A match that counts has priority over the ignored truths, which follow.
        if (match < positives && g >= positives) break;
        const double overlap = image.overlaps[d * truths + order[g]];
        if (overlap < best) continue;
        best = overlap;
        match = g;
      }
      if (match < truths) taken[match] = 1;
      Outcome& outcome = samples[first_sample + d].outcomes[t];
      if (match < positives && !image.truths[order[match]].unseen) {
        outcome = kRight;
      } else if (match >= positives && match < truths) {
        outcome = kIgnored;
      } else {
        outcome = areas.holds(image.detections[d].area) ? kWrong : kIgnored;
      }
    }
  }
  return positives;
}

double mean(std::span<const double> values) {
  return values.empty() ? -1 : pairwise_sum(values) / static_cast<double>(values.size());
}

bool is_selected(int t, int threshold) { return threshold == kAllThresholds || t == threshold; }

}  // namespace

CocoCurve coco_curve(std::span<const CocoImage> images, CocoAreas areas,
                     std::size_t max_detections) {
  std::vector<Sample> samples;
  std::size_t positives = 0;
  for (const CocoImage& image : images) {
    positives += match_image(image, areas, max_detections, samples);
  }
  CocoCurve curve;
  if (positives == 0) return curve;
  curve.exists = true;
  std::stable_sort(samples.begin(), samples.end(),
                   [](const Sample& a, const Sample& b) { return a.score > b.score; });
  std::vector<double> precision(samples.size()), recall(samples.size());
  for (int t = 0; t < kCocoThresholds; ++t) {
    double right = 0, wrong = 0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      right += samples[i].outcomes[t] == kRight;
      wrong += samples[i].outcomes[t] == kWrong;
      recall[i] = right / static_cast<double>(positives);
      precision[i] = right / (wrong + right + std::numeric_limits<double>::epsilon());
    }
    for (std::size_t i = samples.size(); i-- > 1;) {
      precision[i - 1] = std::max(precision[i - 1], precision[i]);
    }
    curve.recall[t] = samples.empty() ? 0 : recall.back();
    for (int r = 0; r < kCocoRecalls; ++r) {
      const auto first = std::lower_bound(recall.begin(), recall.end(), r * 0.01);
      if (first != recall.end()) curve.precision[t][r] = precision[first - recall.begin()];
    }
  }
  return curve;
}

double coco_ap(std::span<const CocoCurve> categories, int threshold) {
  std::vector<double> values;
  for (int t = 0; t < kCocoThresholds; ++t) {
    if (!is_selected(t, threshold)) continue;
    for (int r = 0; r < kCocoRecalls; ++r) {
      for (const CocoCurve& curve : categories) {
        if (curve.exists) values.push_back(curve.precision[t][r]);
      }
    }
  }
  return mean(values);
}

double coco_ar(std::span<const CocoCurve> categories, int threshold) {
  std::vector<double> values;
  for (int t = 0; t < kCocoThresholds; ++t) {
    if (!is_selected(t, threshold)) continue;
    for (const CocoCurve& curve : categories) {
      if (curve.exists) values.push_back(curve.recall[t]);
    }
  }
  return mean(values);
}

}  // namespace vremd::eval
