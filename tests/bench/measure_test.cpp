// SPDX-License-Identifier: Apache-2.0
#include "catch_torch.h"

#include "core/error.h"
#include "measure/flop_counter.h"
#include "measure/report.h"
#include "measure/timing.h"
#include "ops/conv2d.h"

#include <catch2/catch_approx.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <atomic>
#include <sstream>

using namespace vremd;
using namespace vremd::bench;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

TEST_CASE("a spread is the median and the quartiles") {
  const Spread five = spread_of({5, 1, 4, 2, 3});
  CHECK(five.median == 3);
  CHECK(five.low == 2);
  CHECK(five.high == 4);
  CHECK(spread_of({1, 2}).median == 1.5);
  CHECK(spread_of({7}).low == 7);
}

TEST_CASE("contestants run in turn, after a round to warm up") {
  std::string order;
  int turn = 0;
  const Rounds rounds({{"a",
                        [&] {
                          order += 'a';
                          return turn == 0 ? 1000.0 : 2.0 * turn;  // the machine becomes faster
                        }},
                       {"b",
                        [&] {
                          order += 'b';
                          return 1.0 * turn++;
                        }}},
                      3);
  CHECK(order == "abababab");
  CHECK(rounds.rate("a").median == 4);
  CHECK(rounds.ratio("a", "b").median == 2);
  CHECK(rounds.ratio("a", "b").high == 2);
  CHECK_THROWS_WITH(rounds.rate("c"), ContainsSubstring("\"c\" was not measured"));
}

TEST_CASE("a team shares its work and passes on exceptions") {
  std::atomic<int> sum = 0;
  const Seconds seconds = run_team(2, 10, [&](int i) { sum += i; });
  CHECK(sum == 45);
  CHECK(seconds.wall > 0);
  CHECK_THROWS_WITH(run_team(2, 3, [](int) { fail("no"); }), "no");
}

TEST_CASE("a command's failure is an error") {
  CHECK(run_child({"true"}).seconds.wall > 0);
  CHECK_THROWS_WITH(run_child({"false"}), ContainsSubstring("false: failed"));
  CHECK_THROWS_AS(run_child({"/no/such/program"}), Error);
}

TEST_CASE("the operations of products and convolutions are counted") {
  const at::NoGradGuard guard;
  const at::Tensor a = at::rand({6, 4}), b = at::rand({4, 5});
  CHECK(count_flops([&] { at::matmul(a, b); }) == 2 * 6 * 4 * 5);
  CHECK(count_flops([&] { at::linear(a, b.t(), at::rand({5})); }) == 2 * 6 * 4 * 5);
  CHECK(count_flops([&] { at::relu(a); }) == 0);
  ops::conv2d_implementation();  // tests itself once
  const at::Tensor x = at::rand({2, 8, 9, 7});
  for (const bool packed : {false, true}) {
    for (const std::int64_t groups : {1, 8}) {
      const at::Tensor w = at::rand({16, 8 / groups, 3, 3});
      const ops::ConvShape shape{.stride = 2, .padding = 1, .dilation = 1, .groups = groups};
      const double flops = count_flops([&] {
        ops::PackedWeight own;
        if (packed) {
          ops::conv2d(x, w, at::Tensor(), shape, ops::Activation::kRelu, own);
        } else {
          ops::conv2d(x, w, at::Tensor(), shape, ops::Activation::kRelu);
        }
      });
      CAPTURE(packed, groups);
      CHECK(flops == 2.0 * 2 * 16 * (5 * 4) * (8 / groups * 9));
    }
  }
}

TEST_CASE("a report says what was measured, missed and left out") {
  Report report;
  report.machine = {{"cpu", "a <fast> one"}};
  Section& section = report.sections.emplace_back();
  section.title = "Networks";
  section.about = "Work.";
  section.figures = {{"first", Spread{2, 1, 3}, "ms", Spread{0.5, 0.4, 0.6}, "the peak", 0.55},
                     {"second", {}, "", Spread{3, 3, 3}, "it", 2.0}};
  section.missing = {"a peer: not installed"};
  const std::string text = report.markdown();
  CHECK_THAT(text,
             ContainsSubstring(
                 "| first | 2 (1 to 3) ms | 0.5 (0.4 to 0.6) × the peak | ≥ 0.55 **missed** |"));
  CHECK_THAT(text, ContainsSubstring("| second |  | 3 × it | ≥ 2 |"));
  CHECK_THAT(text, ContainsSubstring("Not measured: a peer: not installed"));
  std::istringstream lines(report.json_lines());
  std::vector<Json> all;
  for (std::string line; std::getline(lines, line);) all.push_back(Json::parse(line));
  REQUIRE(all.size() == 4);
  CHECK(all[1]["ratio"]["median"] == 0.5);
  CHECK(all[3]["type"] == "missing");
  CHECK_THAT(report.html(), ContainsSubstring("a &lt;fast&gt; one"));
}
