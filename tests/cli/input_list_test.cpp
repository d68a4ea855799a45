// SPDX-License-Identifier: Apache-2.0
#include "cli/input_list.h"

#include "cli/tool.h"
#include "core/random.h"

#include <catch2/catch_test_macros.hpp>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <numeric>
#include <ranges>

using namespace vremd;
using cli::Shard;

namespace {

// Sets environment variables for its lifetime.
class Environment {
 public:
  explicit Environment(std::map<std::string, std::string> values) : values_(std::move(values)) {
    for (const auto& [name, value] : values_) setenv(name.c_str(), value.c_str(), 1);
  }
  ~Environment() {
    for (const auto& [name, value] : values_) unsetenv(name.c_str());
  }

 private:
  std::map<std::string, std::string> values_;
};

}  // namespace

TEST_CASE("threads of a Slurm task") {
  const int all = cli::available_threads();
  const auto of = [](const char* text) {
    const std::map<std::string, std::string> values{{"SLURM_CPUS_PER_TASK", text}};
    const Environment slurm(values);
    return cli::available_threads();
  };
  CHECK(of("1") == 1);
  for (const char* text : {"100000", "0", "-1", "", "1x", "99999999999"}) CHECK(of(text) == all);
}

TEST_CASE("the shares of a list are the list, each name once") {
  Random random(1);
  for (int round = 0; round < 200; ++round) {
    std::map<std::string, std::uintmax_t> sizes;
    std::vector<std::string> names;
    const auto count = below(random, 60);
    const bool known = chance(random, 0.7);
    for (std::uint64_t i = 0; i < count; ++i) {
      names.push_back("day" + std::to_string(below(random, 3)) + "/" + std::to_string(i) + ".mp4");
      sizes[names.back()] = known && chance(random, 0.9) ? below(random, 1 << 30) : 0;
    }
    shuffle(names, random);
    const auto size_of = [&](const std::string& name) { return sizes.at(name); };
    const auto shards = static_cast<std::int64_t>(1 + below(random, 9));
    std::vector<std::string> all;
    std::vector<std::uintmax_t> loads;
    for (std::int64_t i = 1; i <= shards; ++i) {
      const auto share = cli::share_of(names, {i, shards}, size_of);
      // In the order of the list, which has no influence on the share.
      const auto place = [&](const std::string& name) {
        return std::ranges::find(names, name) - names.begin();
      };
      CHECK(std::ranges::is_sorted(share, {}, place));
      auto other_order = names;
      shuffle(other_order, random);
      auto again = cli::share_of(other_order, {i, shards}, size_of);
      auto sorted = share;
      std::ranges::sort(sorted);
      std::ranges::sort(again);
      CHECK(sorted == again);
      loads.push_back(std::accumulate(
          share.begin(), share.end(), std::uintmax_t{0},
          [&](std::uintmax_t sum, const std::string& name) { return sum + sizes.at(name); }));
      all.insert(all.end(), share.begin(), share.end());
    }
    auto wanted = names;
    std::ranges::sort(wanted);
    std::ranges::sort(all);
    CHECK(all == wanted);
    // Largest first: no share has more than the least one and one input.
    if (names.empty()) continue;
    const auto largest = std::ranges::max(sizes | std::views::values);
    CHECK(std::ranges::max(loads) <= std::ranges::min(loads) + largest + (64ull << 20));
  }
}

TEST_CASE("records are shared like their videos") {
  const std::vector<std::string> videos = {"a", "a-b", "a1", "b", "c.mp4"};
  std::vector<std::string> records;
  for (const std::string& name : videos) records.push_back(name + ".jsonl");
  const auto no_size = [](const std::string&) { return std::uintmax_t{0}; };
  for (std::int64_t i = 1; i <= 3; ++i) {
    const auto of_videos = cli::share_of(videos, {i, 3}, no_size);
    const auto of_records = cli::share_of(records, {i, 3}, no_size);
    REQUIRE(of_videos.size() == of_records.size());
    for (std::size_t k = 0; k < of_videos.size(); ++k)
      CHECK(of_records[k] == of_videos[k] + ".jsonl");
  }
  CHECK(cli::without_record_extension("a.mp4.jsonl") == "a.mp4");
  CHECK(cli::without_record_extension(".jsonl") == ".jsonl");
}

TEST_CASE("shards are given as I/N or by Slurm") {
  CHECK(cli::parse_shard("") == Shard{1, 1});
  CHECK(cli::parse_shard("3/4") == Shard{3, 4});
  for (const char* text :
       {"0/4", "5/4", "3", "/", "3/", "/4", "-1/4", "1/4x", "x", "1/0", "1.5/2"}) {
    INFO(text);
    CHECK_THROWS_AS(cli::parse_shard(text), cli::UsageError);
  }
  CHECK(cli::parse_shard("auto") == Shard{1, 1});
  using Values = std::map<std::string, std::string>;
  const Values array = {{"SLURM_ARRAY_TASK_ID", "14"},
                        {"SLURM_ARRAY_TASK_COUNT", "4"},
                        {"SLURM_ARRAY_TASK_MIN", "10"},
                        {"SLURM_ARRAY_TASK_MAX", "16"},
                        {"SLURM_ARRAY_TASK_STEP", "2"}};
  {
    const Environment slurm(array);
    CHECK(cli::parse_shard("auto") == Shard{3, 4});
    const Environment steps({{"SLURM_NTASKS", "2"}, {"SLURM_PROCID", "1"}});
    CHECK(cli::parse_shard("auto") == Shard{6, 8});
  }
  {
    const Environment steps({{"SLURM_NTASKS", "3"}, {"SLURM_PROCID", "0"}});
    CHECK(cli::parse_shard("auto") == Shard{1, 3});
  }
  {
    Values gap = array;  // --array=10,14,16: some inputs would be in no share
    gap["SLURM_ARRAY_TASK_COUNT"] = "3";
    const Environment slurm(gap);
    CHECK_THROWS_AS(cli::parse_shard("auto"), cli::UsageError);
  }
}
