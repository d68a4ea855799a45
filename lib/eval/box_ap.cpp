// SPDX-License-Identifier: Apache-2.0
#include "eval/box_ap.h"

#include "eval/pairwise_sum.h"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace vremd {
namespace {

constexpr int kThresholds = 10;  // IoU 0.50, 0.55 ... 0.95
constexpr int kRecalls = 101;    // 0.00, 0.01 ... 1.00
constexpr int kMaxDetections = 100;

// numpy.linspace(0.5, 0.95, 10)
double iou_threshold(int t) {
  return t == kThresholds - 1 ? 0.95 : t * ((0.95 - 0.5) / (kThresholds - 1)) + 0.5;
}

struct AreaRange {
  double low, high;  // both included
  bool holds(double area) const { return !(area < low || area > high); }
};
constexpr AreaRange kAll{0, 1e10}, kSmall{0, 32 * 32}, kMedium{32 * 32, 96 * 96},
    kLarge{96 * 96, 1e10};

template <typename T, typename Key>
std::vector<std::size_t> stable_order(const std::vector<T>& items, Key key) {
  std::vector<std::size_t> order(items.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return key(items[a]) < key(items[b]);
  });
  return order;
}

// Intersection over union; over the detection's own area where the truth is a crowd.
double overlap(const Box& detection, const TrueBox& truth) {
  const Box &d = detection, &g = truth.box;
  const double w = std::fmin(d.w + d.x, g.w + g.x) - std::fmax(d.x, g.x);
  if (w <= 0) return 0;
  const double h = std::fmin(d.h + d.y, g.h + g.y) - std::fmax(d.y, g.y);
  if (h <= 0) return 0;
  const double common = w * h;
  return common / (truth.crowd ? d.w * d.h : d.w * d.h + g.w * g.h - common);
}

enum Outcome : char { kWrong, kRight, kIgnored };

// An image in one range of areas: what became of its best detections, by falling score.
struct ImageResult {
  std::vector<double> scores;
  std::vector<std::array<Outcome, kThresholds>> outcomes;
  std::size_t positives = 0;  // true boxes that count
};

ImageResult evaluate_image(const BoxImage& image, AreaRange range) {
  std::vector<std::size_t> order =
      stable_order(image.detections, [](const DetectedBox& d) { return -d.score; });
  if (order.size() > kMaxDetections) order.resize(kMaxDetections);

  // The truths that count come first.
  const auto ignore = [&](const TrueBox& g) { return g.crowd || !range.holds(g.area); };
  std::vector<TrueBox> truths;
  for (const std::size_t i : stable_order(image.truths, ignore)) truths.push_back(image.truths[i]);

  ImageResult result;
  for (const TrueBox& truth : truths) result.positives += !ignore(truth);
  std::vector<std::vector<double>> overlaps;
  for (const std::size_t i : order) {
    const DetectedBox& detection = image.detections[i];
    result.scores.push_back(detection.score);
    auto& row = overlaps.emplace_back();
    for (const TrueBox& truth : truths) row.push_back(overlap(detection.box, truth));
  }

  result.outcomes.resize(order.size());
  for (int t = 0; t < kThresholds; ++t) {
    std::vector<char> taken(truths.size(), 0);
    for (std::size_t d = 0; d < order.size(); ++d) {
      double best = std::min(iou_threshold(t), 1 - 1e-10);
      std::size_t match = truths.size();
      for (std::size_t g = 0; g < truths.size(); ++g) {
        if (taken[g] && !truths[g].crowd) continue;
        // Matched to one that counts: those to ignore, which follow, are no better.
        if (match < truths.size() && match < result.positives && g >= result.positives) break;
        if (overlaps[d][g] < best) continue;
        best = overlaps[d][g];
        match = g;
      }
      Outcome& outcome = result.outcomes[d][t];
      if (match < truths.size()) {
        taken[match] = 1;
        outcome = match < result.positives ? kRight : kIgnored;
      } else {
        const Box& box = image.detections[order[d]].box;
        outcome = range.holds(box.w * box.h) ? kWrong : kIgnored;
      }
    }
  }
  return result;
}

struct Curve {
  std::array<std::array<double, kRecalls>, kThresholds> precision{};
  std::array<double, kThresholds> recall{};
  bool exists = false;  // false: no true box counts
};

// All images together, with at most `max_detections` of each.
Curve accumulate(const std::vector<ImageResult>& images, std::size_t max_detections) {
  struct Sample {
    double score;
    const std::array<Outcome, kThresholds>* outcomes;
  };
  std::vector<Sample> samples;
  std::size_t positives = 0;
  for (const ImageResult& image : images) {
    positives += image.positives;
    for (std::size_t d = 0; d < std::min(max_detections, image.scores.size()); ++d) {
      samples.push_back({image.scores[d], &image.outcomes[d]});
    }
  }
  Curve curve;
  if (positives == 0) return curve;
  curve.exists = true;
  std::stable_sort(samples.begin(), samples.end(),
                   [](const Sample& a, const Sample& b) { return a.score > b.score; });
  std::vector<double> precision(samples.size()), recall(samples.size());
  for (int t = 0; t < kThresholds; ++t) {
    double right = 0, wrong = 0;
    for (std::size_t i = 0; i < samples.size(); ++i) {
      right += (*samples[i].outcomes)[t] == kRight;
      wrong += (*samples[i].outcomes)[t] == kWrong;
      recall[i] = right / static_cast<double>(positives);
      precision[i] = right / (wrong + right + std::numeric_limits<double>::epsilon());
    }
    for (std::size_t i = samples.size(); i-- > 1;) {
      precision[i - 1] = std::max(precision[i - 1], precision[i]);
    }
    curve.recall[t] = samples.empty() ? 0 : recall.back();
    for (int r = 0; r < kRecalls; ++r) {
      const auto first = std::lower_bound(recall.begin(), recall.end(), r * 0.01);
      if (first != recall.end()) curve.precision[t][r] = precision[first - recall.begin()];
    }
  }
  return curve;
}

double mean(std::span<const double> values) {
  return pairwise_sum(values) / static_cast<double>(values.size());
}

double average_precision(const Curve& curve) {
  if (!curve.exists) return -1;
  std::vector<double> all;
  for (const auto& row : curve.precision) all.insert(all.end(), row.begin(), row.end());
  return mean(all);
}

double average_precision_at(const Curve& curve, int threshold) {
  return curve.exists ? mean(curve.precision[threshold]) : -1;
}

double average_recall(const Curve& curve) { return curve.exists ? mean(curve.recall) : -1; }

}  // namespace

const std::array<const char*, 12> kBoxApNames = {
    "AP", "AP50", "AP75", "APsmall", "APmedium", "APlarge",
    "AR1", "AR10", "AR100", "ARsmall", "ARmedium", "ARlarge"};

BoxAp box_ap(std::span<const BoxImage> images) {
  const auto evaluate = [&](AreaRange range) {
    std::vector<ImageResult> results;
    for (const BoxImage& image : images) results.push_back(evaluate_image(image, range));
    return results;
  };
  const auto all = evaluate(kAll);
  const Curve curve = accumulate(all, kMaxDetections);
  const Curve small = accumulate(evaluate(kSmall), kMaxDetections);
  const Curve medium = accumulate(evaluate(kMedium), kMaxDetections);
  const Curve large = accumulate(evaluate(kLarge), kMaxDetections);
  return {{average_precision(curve), average_precision_at(curve, 0),
           average_precision_at(curve, 5), average_precision(small), average_precision(medium),
           average_precision(large), average_recall(accumulate(all, 1)),
           average_recall(accumulate(all, 10)), average_recall(curve), average_recall(small),
           average_recall(medium), average_recall(large)}};
}

std::string BoxAp::text() const {
  struct Row {
    const char *iou, *area;
    int detections;
  };
  constexpr Row kRows[12] = {{"0.50:0.95", "all", 100},    {"0.50", "all", 100},
                             {"0.75", "all", 100},         {"0.50:0.95", "small", 100},
                             {"0.50:0.95", "medium", 100}, {"0.50:0.95", "large", 100},
                             {"0.50:0.95", "all", 1},      {"0.50:0.95", "all", 10},
                             {"0.50:0.95", "all", 100},    {"0.50:0.95", "small", 100},
                             {"0.50:0.95", "medium", 100}, {"0.50:0.95", "large", 100}};
  std::string text;
  for (int i = 0; i < 12; ++i) {
    text += fmt::format(" {:<18} {} @[ IoU={:<9} | area={:>6} | maxDets={:>3} ] = {:0.3f}\n",
                        i < 6 ? "Average Precision" : "Average Recall", i < 6 ? "(AP)" : "(AR)",
                        kRows[i].iou, kRows[i].area, kRows[i].detections, values[i]);
  }
  return text;
}

}  // namespace vremd
