// SPDX-License-Identifier: Apache-2.0
#include "train/sample_order.h"

#include "core/log.h"
#include "make_people.h"
#include "temporary_folder.h"

#include <catch2/catch_test_macros.hpp>

#include <set>

using namespace vremd;
using namespace vremd::train;

namespace {

data::TrainSet people(const TemporaryFolder& folder, int count, double repeat) {
  set_log("test", LogLevel::kError);
  make_people(folder.path, count);
  data::TrainDataConfig data;
  data.annotations = folder / "data.json";
  data.repeat = repeat;
  return data::TrainSet({data}, joint_set("posetrack15"));
}

TrainConfig config_of(int variants) {
  TrainConfig config;
  config.train.batch = 6;
  config.train.micro_batch = 4;  // 4 and 2
  config.train.cache_features = variants;
  return config;
}

}  // namespace

TEST_CASE("micro-batches follow the order of the epoch, whenever requested") {
  const TemporaryFolder folder;
  const data::TrainSet set = people(folder, 14, 1);
  const TrainConfig config = config_of(0);
  SampleOrder order(set, config, 2, /*rank=*/0, /*processes=*/1, /*first_step=*/0);
  std::vector<std::vector<int>> epochs(2);
  const BatchPlan late = order.plan(4);  // of the second epoch, requested first
  for (int n = 0; n < 4; ++n) {
    const BatchPlan plan = order.plan(n);
    CHECK(plan.samples.size() == (n % 2 == 0 ? 4u : 2u));
    CHECK(plan.uses.empty());
    CHECK(plan.epoch == 0);
    epochs[0].insert(epochs[0].end(), plan.samples.begin(), plan.samples.end());
  }
  const std::vector<int> first = set.order(8888, 0), second = set.order(8888, 1);
  CHECK(std::equal(epochs[0].begin(), epochs[0].end(), first.begin()));
  CHECK(late.samples == std::vector<int>(second.begin(), second.begin() + 4));
  CHECK(late.epoch == 1);
}

TEST_CASE("two processes split each step") {
  const TemporaryFolder folder;
  const data::TrainSet set = people(folder, 14, 1);
  TrainConfig config = config_of(0);
  config.train.batch = 3;
  const std::vector<int> order = set.order(8888, 0);
  for (const int rank : {0, 1}) {
    SampleOrder own(set, config, 2, rank, 2, 0);
    for (const int step : {0, 1}) {
      const auto first = order.begin() + 6 * step + 3 * rank;
      CHECK(own.plan(step).samples == std::vector<int>(first, first + 3));
    }
  }
}

TEST_CASE("features are stored once and read only by later epochs of their variant") {
  const TemporaryFolder folder;
  const data::TrainSet set = people(folder, 5, 3);  // each person three times per epoch
  const TrainConfig config = config_of(2);
  constexpr int kSteps = 2;  // 12 of the 15 persons of an epoch
  SampleOrder order(set, config, kSteps, 0, 1, /*first_step=*/1);
  std::set<std::pair<int, int>> stored, before;  // by this run; by its earlier epochs
  for (int n = 2; n < 2 * 2 * kSteps * 3; ++n) {
    const int epoch = n / (2 * kSteps);
    if (n % (2 * kSteps) == 0) before = stored;
    const BatchPlan plan = order.plan(n);
    REQUIRE(plan.uses.size() == plan.samples.size());
    CHECK(plan.epoch == static_cast<std::uint64_t>(epoch % 2));
    for (std::size_t i = 0; i < plan.samples.size(); ++i) {
      const std::pair entry(plan.samples[i], epoch % 2);
      CAPTURE(n, entry.first, entry.second);
      const FeatureUse want = before.contains(entry)   ? FeatureUse::kRead
                              : stored.contains(entry) ? FeatureUse::kCompute
                                                       : FeatureUse::kStore;
      CHECK(plan.uses[i] == want);
      stored.insert(entry);
    }
  }
  CHECK(stored.size() == 10);
}
