// SPDX-License-Identifier: Apache-2.0
#include "catch_torch.h"  // before all else

#include "ops/device.h"

using namespace vremd;
using namespace vremd::ops;

TEST_CASE("the texts of --device", "[ops]") {
  for (const char* text : {"auto", "cpu", "cuda", "cuda:0", "cuda:127"}) {
    CAPTURE(text);
    REQUIRE(DeviceChoice::parse(text));
    CHECK(DeviceChoice::parse(text)->text() == text);
  }
  CHECK(DeviceChoice().text() == "auto");
  CHECK_FALSE(DeviceChoice::parse("cuda")->index);
  CHECK(DeviceChoice::parse("cuda:3")->index == 3);
  for (const char* text :
       {"", "tpu", "cudax", "cuda:", "cuda:-1", "cuda:128", "cuda:1x", "cpu:0"}) {
    CAPTURE(text);
    CHECK_FALSE(DeviceChoice::parse(text));
  }
}

TEST_CASE("only auto falls back to the CPU", "[ops]") {
  CHECK(choose_device({DeviceKind::kCpu}).is_cpu());
  CHECK(choose_device({}).is_cpu() == (cuda_devices() == 0));
  CHECK_THROWS(choose_device({DeviceKind::kCuda, 127}));
}
