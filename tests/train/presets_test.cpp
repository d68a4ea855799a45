// SPDX-License-Identifier: Apache-2.0
#include "train/presets.h"

#include "core/error.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

using Catch::Matchers::Message;
using namespace vremd;
using namespace vremd::train;

namespace {

model::ModelConfig with(const std::string& name) {
  TrainConfig config;
  apply_preset(config, name);
  config.validate_values();
  return config.model;
}

}  // namespace

TEST_CASE("all presets exist") {
  CHECK(preset_names() ==
        std::vector<std::string>{
            "paper_strict", "paper",           "recommended",  "accuracy",        "dcpose_protocol",
            "jm_protocol",  "mmpose_protocol", "vitpose_coco", "table4_baseline", "table4_a",
            "table4_b",     "table4_c",        "table5_a",     "table5_b",        "table5_c",
            "table5_d",     "table6_a",        "table6_b",     "table6_c",        "table6_d",
            "fine_tune",    "narrow",          "deep"});
  for (const std::string& name : preset_names()) {
    CAPTURE(name);
    const model::ModelConfig config = with(name);
    CHECK(model::ModelConfig::from_json(config.to_json(), "file.json").to_json() ==
          config.to_json());
  }
  for (const char* name : {"paper", "recommended", "accuracy", "mmpose_protocol", "table4_c",
                           "table5_d", "table6_d"}) {
    CHECK(with(name).to_json() == model::ModelConfig{}.to_json());
  }
  CHECK(with("dcpose_protocol").geometry == ops::Geometry::kClassic);
  CHECK(with("paper_strict").hkme.human.activation == model::HumanActivation::kLiteral);
  CHECK(with("table6_a").bmd.op == model::MotionOp::kDc);
  CHECK_FALSE(with("table6_a").bmd.ca.enabled);
  CHECK(with("table6_b").bmd.op == model::MotionOp::kDa);
  CHECK(with("table6_b").bmd.ca.enabled);
  for (const char* name : {"table6_a", "table6_b", "table6_c"}) {
    CHECK_FALSE(with(name).bmd.separate);
  }
}

TEST_CASE("single-frame presets have one input frame") {
  for (const char* preset : {"table4_baseline", "vitpose_coco"}) {
    CHECK(with(preset).frames() == 1);
  }
  TrainConfig config;
  CHECK_THROWS_MATCHES(apply_preset(config, "table7"), Error,
                       Message("preset 'table7': not one of: paper_strict paper recommended "
                               "accuracy dcpose_protocol jm_protocol mmpose_protocol "
                               "vitpose_coco table4_baseline table4_a table4_b table4_c table5_a "
                               "table5_b table5_c table5_d table6_a table6_b table6_c table6_d "
                               "fine_tune narrow deep"));
}
