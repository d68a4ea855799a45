// SPDX-License-Identifier: Apache-2.0
// Scores of resampled units equal those of an input that holds the units as often.
#include "eval/bootstrap/bootstrap.h"

#include "eval/coco/coco_ap.h"
#include "eval/pck/pck.h"
#include "eval/pose/resampled_ap.h"
#include "eval/pt21/hota.h"

#include <catch2/catch_approx.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include <cmath>
#include <numeric>
#include <random>

using namespace vremd;
using namespace vremd::eval;

namespace {

class Chance {
 public:
  explicit Chance(int seed) : engine_(static_cast<unsigned>(seed)) {}
  double number(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(engine_);
  }
  int integer(int low, int high) { return std::uniform_int_distribution<int>(low, high)(engine_); }
  bool is(double probability) { return number(0, 1) < probability; }

 private:
  std::mt19937 engine_;
};

bool same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

// The items, each as often as `times` says.
template <typename T>
std::vector<T> repeated(const std::vector<T>& items, std::span<const std::uint32_t> times) {
  std::vector<T> all;
  for (std::size_t i = 0; i < items.size(); ++i) all.insert(all.end(), times[i], items[i]);
  return all;
}

PoseSamples make_samples(Chance& chance) {
  PoseSamples samples;
  for (int joint = 0; joint < kPoseJoints - 1; ++joint) {  // the last one is never predicted
    const int count = chance.integer(0, 30);
    for (int i = 0; i < count; ++i) {
      samples[joint].scores.push_back(chance.number(0, 1));
      samples[joint].right.push_back(chance.is(0.6));
    }
    samples[joint].truths = joint == 3 ? 0 : chance.integer(0, 30);
  }
  return samples;
}

CocoImage make_image(Chance& chance) {
  CocoImage image;
  const int truths = chance.integer(0, 4), detections = chance.integer(0, 6);
  for (int i = 0; i < truths; ++i) {
    image.truths.push_back({chance.number(100, 20000), chance.is(0.1), chance.is(0.1), false});
  }
  std::vector<double> scores;
  for (int i = 0; i < detections; ++i) scores.push_back(chance.number(0, 1));
  std::ranges::sort(scores, std::greater());
  for (const double score : scores) {
    image.detections.push_back({score, chance.number(100, 20000)});
    for (int i = 0; i < truths; ++i) image.overlaps.push_back(chance.number(0, 1));
  }
  return image;
}

constexpr CocoMetric kMetrics[] = {
    {"AP", CocoRate::kPrecision, kAllThresholds, kAllAreas, 20},
    {"AP50", CocoRate::kPrecision, kThreshold50, kAllAreas, 20},
    {"AP_medium", CocoRate::kPrecision, kAllThresholds, kMediumAreas, 20},
    {"AR2", CocoRate::kRecall, kAllThresholds, kAllAreas, 2}};

// The share of heads, and a figure that is never defined.
class Coins : public Resampled {
 public:
  explicit Coins(std::vector<int> heads) : heads_(std::move(heads)) {}
  std::size_t units() const override { return heads_.size(); }
  std::vector<FigureName> names() const override { return {{"heads", 3}, {"nothing", 1}}; }
  std::vector<double> figures(std::span<const std::uint32_t> times) const override {
    double sum = 0;
    for (std::size_t i = 0; i < heads_.size(); ++i) sum += heads_[i] * times[i];
    return {sum / static_cast<double>(heads_.size()), NAN};
  }

 private:
  std::vector<int> heads_;
};

}  // namespace

TEST_CASE("a resample has as many units as there are, and depends on seed and number only") {
  const auto times = draw_units(50, 7, 3);
  CHECK(std::accumulate(times.begin(), times.end(), 0U) == 50);
  CHECK(times == draw_units(50, 7, 3));
  CHECK(times != draw_units(50, 7, 4));
  CHECK(times != draw_units(50, 8, 3));
  std::vector<std::uint32_t> all(20);
  for (std::size_t r = 0; r < 5000; ++r) {
    const auto one = draw_units(all.size(), 1, r);
    for (std::size_t i = 0; i < all.size(); ++i) all[i] += one[i];
  }
  for (const std::uint32_t count : all) CHECK(std::abs(count - 5000.0) < 5 * std::sqrt(5000.0));
}

TEST_CASE("AP of joints of resampled sequences") {
  Chance chance(GENERATE(range(0, 20)));
  const MissingTruth missing = GENERATE(MissingTruth::kNaN, MissingTruth::kZero);
  std::vector<PoseSamples> sequences;
  for (int i = 0; i < 6; ++i) sequences.push_back(make_samples(chance));
  std::vector<const PoseSamples*> pointers;
  for (const PoseSamples& one : sequences) pointers.push_back(&one);
  const RankedPoses ranked(pointers, missing);
  for (std::size_t r = 0; r < 5; ++r) {
    const auto times = r == 0 ? std::vector<std::uint32_t>(6, 1) : draw_units(6, 1, r);
    PoseSamples joined;
    for (PoseSamples one : repeated(sequences, times)) move_samples(one, joined);
    const JointValues expected = pose_ap(joined, missing).ap, found = ranked.ap(times);
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(same(found[i], expected[i]));
  }
}

TEST_CASE("scores that tie keep the official order while each sequence counts once") {
  Chance chance(GENERATE(range(0, 10)));
  std::vector<PoseSamples> sequences(4);
  for (PoseSamples& one : sequences) {
    for (int i = 0; i < 40; ++i) {
      one[0].scores.push_back(chance.integer(0, 3));
      one[0].right.push_back(chance.is(0.5));
    }
    one[0].truths = 30;
  }
  std::vector<const PoseSamples*> pointers;
  PoseSamples joined;
  for (const PoseSamples& one : sequences) pointers.push_back(&one);
  for (PoseSamples one : sequences) move_samples(one, joined);
  const std::vector<std::uint32_t> once(4, 1);
  CHECK(RankedPoses(pointers, MissingTruth::kNaN).ap(once)[0] == pose_ap(joined).ap[0]);
}

TEST_CASE("COCO's scores of resampled images and sequences") {
  Chance chance(GENERATE(range(0, 20)));
  std::vector<CocoImage> images;
  for (int i = 0; i < 12; ++i) images.push_back(make_image(chance));
  const std::vector<std::vector<CocoImage>> categories{images};
  const std::vector<std::size_t> sequence_of{0, 0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 3};
  const bool by_image = GENERATE(true, false);
  const auto ranked =
      resampled_coco(kMetrics, categories, by_image ? std::span<const std::size_t>() : sequence_of);
  REQUIRE(ranked->units() == (by_image ? 12 : 4));
  for (std::size_t r = 0; r < 5; ++r) {
    const auto times = draw_units(ranked->units(), 1, r);
    std::vector<std::uint32_t> of_image;
    for (std::size_t i = 0; i < 12; ++i) of_image.push_back(times[by_image ? i : sequence_of[i]]);
    const std::vector<std::vector<CocoImage>> many{repeated(images, of_image)};
    const CocoScores expected = coco_scores(kMetrics, many);
    const std::vector<double> found = ranked->figures(times);
    for (std::size_t i = 0; i < found.size(); ++i) {
      CHECK(same(found[i], expected.values[i] < 0 ? NAN : expected.values[i]));
    }
  }
}

TEST_CASE("HOTA of resampled sequences") {
  Chance chance(GENERATE(range(0, 5)));
  std::vector<Hota> sequences(4);
  for (Hota& one : sequences) {
    for (HotaRow& row : one) {
      for (HotaScores& scores : row) {
        scores.tp = chance.integer(0, 50);
        scores.fn = chance.integer(0, 50);
        scores.fp = chance.integer(0, 50);
        scores.ass_a = chance.number(0, 1);
        scores.loc_a = chance.number(0, 1);
      }
    }
  }
  const auto times = draw_units(4, 1, 0);
  const auto found = hota_rates(combined_hota(sequences, times));
  const auto expected = hota_rates(combined_hota(repeated(sequences, times)));
  CHECK(found == expected);
}

TEST_CASE("PCK of resampled sequences") {
  Chance chance(GENERATE(range(0, 10)));
  Pck scores;
  const std::vector<std::size_t> unit_of{0, 0, 1, 2, 2, 2};
  for (std::size_t f = 0; f < unit_of.size(); ++f) {
    auto& frame = scores.frames.emplace_back();
    for (const char* name : {"left_knee", "right_knee", "nose"}) {
      if (chance.is(0.3)) continue;
      const int joints = chance.integer(1, 5);
      frame[name] = {chance.integer(0, joints), joints};
      scores.joints[name].add(frame[name], 1);
    }
  }
  const auto resampled = resampled_pck(scores, unit_of);
  REQUIRE(resampled->units() == 3);
  const auto names = resampled->names();
  for (std::size_t r = 0; r < 5; ++r) {
    const auto times = draw_units(3, 1, r);
    Pck many;
    for (std::size_t f = 0; f < unit_of.size(); ++f) {
      for (const auto& [name, count] : scores.frames[f]) {
        many.joints[name].add(count, times[unit_of[f]]);
      }
    }
    const auto found = resampled->figures(times);
    REQUIRE(found.size() == names.size());
    for (const auto& [name, count] : many.rows()) {
      const auto at = std::ranges::find(names, "PCK " + name, &FigureName::name) - names.begin();
      CHECK(same(found[static_cast<std::size_t>(at)], count.rate()));
    }
  }
}

TEST_CASE("intervals and standard errors are those of the binomial distribution") {
  std::vector<int> heads(400);
  for (std::size_t i = 0; i < 100; ++i) heads[i] = 1;
  const Bootstrap result = bootstrap(Coins(heads), nullptr, "coins", {4000, 5, 2});
  const Interval& one = result.figures[0].own;
  const double error = std::sqrt(0.25 * 0.75 / 400);
  CHECK(one.value == 0.25);
  CHECK(std::abs(one.error - error) < 0.05 * error);
  CHECK(std::abs(one.low - (0.25 - 1.96 * error)) < 0.006);
  CHECK(std::abs(one.high - (0.25 + 1.96 * error)) < 0.006);
  CHECK(std::isnan(result.figures[1].own.low));
  CHECK(result.json()["figures"]["nothing"]["value"].is_null());
  CHECK(result.text() == bootstrap(Coins(heads), nullptr, "coins", {4000, 5, 1}).text());
  CHECK(result.text() != bootstrap(Coins(heads), nullptr, "coins", {4000, 6, 1}).text());
}

TEST_CASE("a paired comparison is surer than two intervals") {
  std::vector<int> worse(200), better(200), other(200);
  for (std::size_t i = 0; i < 100; ++i) worse[i] = better[i] = other[i] = 1;
  for (std::size_t i = 100; i < 110; ++i) better[i] = 1;  // right wherever the worse one is
  const auto compare = [&](const std::vector<int>& a, const std::vector<int>& b) {
    const Coins second(b);
    return bootstrap(Coins(a), &second, "coins", {2000, 1, 2}).figures[0];
  };
  const BootstrapFigure figure = compare(better, worse);
  CHECK(figure.difference->value == Catch::Approx(0.05));
  CHECK(figure.difference->low > 0);
  CHECK(figure.sign_changes < 0.01);
  CHECK(figure.own.low < figure.other->high);  // the intervals overlap
  CHECK(compare(worse, better).difference->high < 0);
  CHECK(compare(worse, other).sign_changes == 1);  // no difference at all
}
