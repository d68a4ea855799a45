// SPDX-License-Identifier: Apache-2.0
#include "eval/coco/coco_ap.h"

#include "eval/numerics.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace vremd::eval {
namespace {

constexpr int kThresholds = 10;  // of the overlap
constexpr int kRecalls = 101;    // 0.00, 0.01 ... 1.00

// numpy.linspace(0.5, 0.95, 10)
double overlap_threshold(int t) {
  return t == kThresholds - 1 ? 0.95 : t * ((0.95 - 0.5) / (kThresholds - 1)) + 0.5;
}

enum Outcome : char { kWrong, kRight, kIgnored };

struct Sample {
  double score;
  std::size_t image;
  std::array<Outcome, kThresholds> outcomes;
};

// Of one category.
struct Curve {
  std::array<std::array<double, kRecalls>, kThresholds> precision{};
  std::array<double, kThresholds> recall{};
};

// Appends the outcomes of the best detections of image `number`. Returns the number of truths that
// count.
std::size_t match_image(const CocoImage& image, std::size_t number, CocoAreas areas,
                        std::size_t max_detections, std::vector<Sample>& samples) {
  // The truths that count come first.
  const auto ignore = [&](const CocoTruth& g) { return g.ignored || !areas.holds(g.area); };
  const std::vector<std::size_t> order = stable_order(image.truths, ignore);
  const std::size_t truths = order.size();
  const auto positives =
      truths - static_cast<std::size_t>(std::ranges::count_if(image.truths, ignore));

  const std::size_t detections = std::min(image.detections.size(), max_detections);
  const std::size_t first_sample = samples.size();
  for (std::size_t d = 0; d < detections; ++d) {
    samples.push_back({image.detections[d].score, number, {}});
  }

  std::vector<char> taken(truths);
  for (int t = 0; t < kThresholds; ++t) {
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

// The detections of a category, ranked once over all images.
class RankedDetections {
 public:
  RankedDetections(std::span<const CocoImage> images, CocoAreas areas, std::size_t max_detections) {
    for (std::size_t i = 0; i < images.size(); ++i) {
      positives_.push_back(match_image(images[i], i, areas, max_detections, samples_));
    }
    std::ranges::stable_sort(samples_, std::greater(), &Sample::score);
  }

  // `times`: how often each image counts. Nothing: no truth counts.
  std::optional<Curve> curve(std::span<const std::uint32_t> times) const {
    std::size_t positives = 0;
    for (std::size_t i = 0; i < positives_.size(); ++i) positives += positives_[i] * times[i];
    if (positives == 0) return std::nullopt;
    const std::vector<const Sample*> samples = repeated(times);
    Curve curve;
    std::vector<double> precision(samples.size()), recall(samples.size());
    for (int t = 0; t < kThresholds; ++t) {
      double right = 0, wrong = 0;
      for (std::size_t i = 0; i < samples.size(); ++i) {
        right += samples[i]->outcomes[t] == kRight;
        wrong += samples[i]->outcomes[t] == kWrong;
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

 private:
  // In the order of an input that has each image so often, one after the other.
  std::vector<const Sample*> repeated(std::span<const std::uint32_t> times) const {
    std::vector<const Sample*> all;
    for (auto begin = samples_.begin(); begin != samples_.end();) {
      const auto end = std::find_if(begin, samples_.end(), [&](const Sample& one) {
        return one.score != begin->score || one.image != begin->image;
      });
      for (std::uint32_t k = 0; k < times[begin->image]; ++k) {
        for (auto one = begin; one != end; ++one) all.push_back(&*one);
      }
      begin = end;
    }
    return all;
  }

  std::vector<Sample> samples_;         // by descending score
  std::vector<std::size_t> positives_;  // of each image
};

// The mean over the categories; NaN: no truth counts.
double score_of(const CocoMetric& metric, std::span<const Curve> categories) {
  if (categories.empty()) return std::numeric_limits<double>::quiet_NaN();
  const bool recall = metric.rate == CocoRate::kRecall;
  std::vector<double> values;
  for (int t = 0; t < kThresholds; ++t) {
    if (metric.threshold != kAllThresholds && metric.threshold != t) continue;
    for (int r = 0; r < (recall ? 1 : kRecalls); ++r) {
      for (const Curve& curve : categories) {
        values.push_back(recall ? curve.recall[t] : curve.precision[t][r]);
      }
    }
  }
  return pairwise_sum(values) / static_cast<double>(values.size());
}

class RankedCoco : public Resampled {
 public:
  RankedCoco(std::span<const CocoMetric> metrics,
             std::span<const std::vector<CocoImage>> categories,
             std::span<const std::size_t> unit_of)
      : metrics_(metrics), unit_of_(unit_of.begin(), unit_of.end()) {
    if (unit_of_.empty() && !categories.empty()) {
      unit_of_.resize(categories.front().size());
      std::iota(unit_of_.begin(), unit_of_.end(), std::size_t{0});
    }
    for (const std::size_t unit : unit_of_) units_ = std::max(units_, unit + 1);
    for (const CocoMetric& metric : metrics) {
      const auto [ranked, is_new] = ranked_.try_emplace(key(metric));
      for (std::size_t k = 0; is_new && k < categories.size(); ++k) {
        ranked->second.emplace_back(categories[k], metric.areas, metric.max_detections);
      }
    }
  }

  std::size_t units() const override { return units_; }

  std::vector<FigureName> names() const override {
    std::vector<FigureName> names;
    for (const CocoMetric& metric : metrics_) names.push_back({metric.name, 3});
    return names;
  }

  std::vector<double> figures(std::span<const std::uint32_t> times) const override {
    std::vector<std::uint32_t> of_image;
    for (const std::size_t unit : unit_of_) of_image.push_back(times[unit]);
    std::map<Key, std::vector<Curve>> curves;
    for (const auto& [key, categories] : ranked_) {
      for (const RankedDetections& one : categories) {
        if (const auto curve = one.curve(of_image)) curves[key].push_back(*curve);
      }
    }
    std::vector<double> values;
    for (const CocoMetric& metric : metrics_)
      values.push_back(score_of(metric, curves[key(metric)]));
    return values;
  }

 private:
  using Key = std::pair<std::string_view, std::size_t>;  // areas, most detections
  static Key key(const CocoMetric& metric) { return {metric.areas.name, metric.max_detections}; }

  std::span<const CocoMetric> metrics_;
  std::vector<std::size_t> unit_of_;  // of each image
  std::size_t units_ = 0;
  std::map<Key, std::vector<RankedDetections>> ranked_;  // of each category
};

constexpr std::size_t kMaxBoxes = 100;
constexpr auto kAP = CocoRate::kPrecision, kAR = CocoRate::kRecall;
constexpr CocoMetric kBoxMetrics[] = {{"AP", kAP, kAllThresholds, kAllAreas, kMaxBoxes},
                                      {"AP50", kAP, kThreshold50, kAllAreas, kMaxBoxes},
                                      {"AP75", kAP, kThreshold75, kAllAreas, kMaxBoxes},
                                      {"APsmall", kAP, kAllThresholds, kSmallAreas, kMaxBoxes},
                                      {"APmedium", kAP, kAllThresholds, kMediumAreas, kMaxBoxes},
                                      {"APlarge", kAP, kAllThresholds, kLargeAreas, kMaxBoxes},
                                      {"AR1", kAR, kAllThresholds, kAllAreas, 1},
                                      {"AR10", kAR, kAllThresholds, kAllAreas, 10},
                                      {"AR100", kAR, kAllThresholds, kAllAreas, kMaxBoxes},
                                      {"ARsmall", kAR, kAllThresholds, kSmallAreas, kMaxBoxes},
                                      {"ARmedium", kAR, kAllThresholds, kMediumAreas, kMaxBoxes},
                                      {"ARlarge", kAR, kAllThresholds, kLargeAreas, kMaxBoxes}};

// Intersection over union, or over the detection's area if the truth is a crowd.
double overlap(const Box& detection, const TrueBox& truth) {
  const Box &d = detection, &g = truth.box;
  const double w = std::fmin(d.w + d.x, g.w + g.x) - std::fmax(d.x, g.x);
  if (w <= 0) return 0;
  const double h = std::fmin(d.h + d.y, g.h + g.y) - std::fmax(d.y, g.y);
  if (h <= 0) return 0;
  const double common = w * h;
  return common / (truth.crowd ? d.w * d.h : d.w * d.h + g.w * g.h - common);
}

CocoImage coco_image(const BoxImage& image) {
  CocoImage result;
  for (const TrueBox& truth : image.truths) {
    result.truths.push_back({truth.area, truth.crowd, truth.crowd});
  }
  for (const std::size_t i :
       stable_order(image.detections, [](const DetectedBox& d) { return -d.score; })) {
    if (result.detections.size() == kMaxBoxes) break;
    const auto& [box, score] = image.detections[i];
    result.detections.push_back({score, box.w * box.h});
    for (const TrueBox& truth : image.truths) result.overlaps.push_back(overlap(box, truth));
  }
  return result;
}

std::array<std::vector<CocoImage>, 1> one_category(std::span<const BoxImage> images) {
  std::array<std::vector<CocoImage>, 1> category;
  for (const BoxImage& image : images) category[0].push_back(coco_image(image));
  return category;
}

}  // namespace

CocoScores coco_scores(std::span<const CocoMetric> metrics,
                       std::span<const std::vector<CocoImage>> categories) {
  const RankedCoco ranked(metrics, categories, {});
  CocoScores scores{metrics, ranked.figures(std::vector<std::uint32_t>(ranked.units(), 1))};
  for (double& value : scores.values) {
    if (std::isnan(value)) value = -1;
  }
  return scores;
}

std::unique_ptr<const Resampled> resampled_coco(std::span<const CocoMetric> metrics,
                                                std::span<const std::vector<CocoImage>> categories,
                                                std::span<const std::size_t> unit_of) {
  return std::make_unique<RankedCoco>(metrics, categories, unit_of);
}

std::string CocoScores::text(bool sign) const {
  std::string text;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const CocoMetric& one = metrics[i];
    const bool recall = one.rate == CocoRate::kRecall;
    text += fmt::format(
        " {:<18} {} @[ IoU={:<9} | area={:>6} | maxDets={:>3} ] = {}{:0.3f}\n",
        recall ? "Average Recall" : "Average Precision", recall ? "(AR)" : "(AP)",
        one.threshold == kAllThresholds ? "0.50:0.95"
                                        : fmt::format("{:.2f}", overlap_threshold(one.threshold)),
        one.areas.name, one.max_detections, sign && values[i] >= 0 ? " " : "", values[i]);
  }
  return text;
}

Json CocoScores::json() const {
  Json json;
  for (std::size_t i = 0; i < values.size(); ++i) json[metrics[i].name] = values[i];
  return json;
}

CocoScores box_ap(std::span<const BoxImage> images) {
  return coco_scores(kBoxMetrics, one_category(images));
}

std::unique_ptr<const Resampled> resampled_box_ap(std::span<const BoxImage> images,
                                                  std::span<const std::size_t> unit_of) {
  return resampled_coco(kBoxMetrics, one_category(images), unit_of);
}

}  // namespace vremd::eval
