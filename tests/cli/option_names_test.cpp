// SPDX-License-Identifier: Apache-2.0
#include "cli/option_names.h"

#include <catch2/catch_test_macros.hpp>

using vremd::cli::nearest_option;

TEST_CASE("a misspelt option is answered with the nearest one") {
  const std::vector<std::string> known = {"weights", "min-score", "output", "output-dir",
                                          "device",  "every",     "frames", "nms"};
  CHECK(nearest_option("wieghts", known) == "weights");
  CHECK(nearest_option("minscore", known) == "min-score");
  CHECK(nearest_option("frame", known) == "frames");
  CHECK(nearest_option("score", known) == "min-score");
  CHECK(nearest_option("conf", known) == "min-score");
  CHECK(nearest_option("checkpoint", known) == "weights");
  CHECK(nearest_option("nmx", known) == "nms");
  CHECK(nearest_option("imgsz", known).empty());  // input-size is not an option here
  CHECK(nearest_option("zzz", known).empty());
  CHECK(nearest_option("", known).empty());
}
