// SPDX-License-Identifier: Apache-2.0
#include "model/config.h"
#include "core/error.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>

using Catch::Matchers::Message;
using namespace vremd;
using namespace vremd::model;

namespace {

void check_refused(const char* text, const std::string& message) {
  CAPTURE(text);
  CHECK_THROWS_MATCHES(ModelConfig::from_json(Json::parse(text), "file.json"), Error,
                       Message("file.json: " + message));
}

}  // namespace

TEST_CASE("the default config is the paper's") {
  const ModelConfig config = ModelConfig::from_json(Json::object(), "file.json");
  CHECK(config.dim() == 1024);
  CHECK(config.heads() == 16);
  CHECK(config.frames() == 3);
  CHECK(config.joints().name == "posetrack15");
  CHECK(config.trained_joints().size() == 15);
  CHECK(config.input_height() == 256);
  CHECK(config.input_width() == 192);
  CHECK(config.tokens_h() == 16);
  CHECK(config.tokens_w() == 12);
  CHECK(config.heatmap_height() == 64);
  CHECK(config.heatmap_width() == 48);
  CHECK_FALSE(config.normalisation().raw);
  CHECK(config.to_json()["loss"]["joint_weights"].is_null());
  CHECK(ModelConfig::from_json(config.to_json(), "file.json").to_json() == config.to_json());
}

TEST_CASE("a config round-trips through JSON") {
  ModelConfig config;
  config.backbone.kind = BackboneKind::kMovenet;
  config.input.size = {128, 96};
  config.model.joints = "nose,left_wrist,right_wrist";
  config.model.trained_joints = {{"left_wrist", "right_wrist"}};
  config.model.dim = 48;
  config.hkme.human.activation = HumanActivation::kSigmoid;
  config.bmd.dca.points = 4;
  config.hk.hidden = 0;
  config.heatmap.weights = {0.25, 0.75};
  config.loss.joint_weights = {{1, 1.5, 0.5}};
  config.bmd.dc.dilations = {2};
  const ModelConfig read = ModelConfig::from_json(config.to_json(), "file.json");
  CHECK(read.to_json() == config.to_json());
  CHECK(read.joints().size() == 3);
  CHECK(read.joints().flip_pairs == std::vector<std::pair<int, int>>{{1, 2}});
  CHECK(read.trained_joints() == std::vector<int>{1, 2});
  CHECK(read.normalisation().raw);
}

TEST_CASE("the default decoder is that of the geometry, but dark_udp for MoveNet's head") {
  ModelConfig config;
  CHECK(config.default_decode() == ops::Decode::kDarkUdp);
  config.geometry = ops::Geometry::kClassic;
  CHECK(config.default_decode() == ops::Decode::kQuarter);
  config.model.head = HeadKind::kMovenet;
  CHECK(config.default_decode() == ops::Decode::kDarkUdp);
}

TEST_CASE("the heads of a ViT do not affect the modules") {
  for (const bool three : {false, true}) {
    const Json json{{"backbone", {{"size", "s"}, {"heads", 6}}},
                    {"bmd", {{"enabled", three}}},
                    {"hkme", {{"enabled", three}}}};
    const ModelConfig config = ModelConfig::from_json(json, "file.json");
    CHECK(config.backbone_heads() == 6);
    CHECK(config.heads() == 12);
  }
}

TEST_CASE("config errors name the path") {
  check_refused("[]", "not an object");
  check_refused(R"({"hkme": {"depth": 2}})", "hkme.depth: unknown key");
  check_refused(R"({"hkme": {"depth_h": "2"}})", "hkme.depth_h: not an integer");
  check_refused(R"({"hkme": {"depth_h": 2.5}})", "hkme.depth_h: not an integer");
  check_refused(R"({"hkme": {"depth_h": 9223372036854775807}})", "hkme.depth_h: too large");
  check_refused(R"({"hkme": {"depth_h": 0}})", "hkme.depth_h: 0 is not within 1 to 256");
  check_refused(R"({"hkme": {"human": {"enabled": 1}}})", "hkme.human.enabled: not true or false");
  check_refused(R"({"model": {"dim": "wide"}})", "model.dim: not an integer");
  check_refused(R"({"input": {"size": [256]}})", "input.size: not an array of 2 numbers");
  check_refused(R"({"input": {"size": [256, 100]}})", "input.size: 100 is not a multiple of 32");
  check_refused(R"({"backbone": {"size": "xl"}})",
                "backbone.size: 'xl' is not one of: s b l h tiny");
  check_refused(R"({"model": {"joints": "coco18"}})",
                "model.joints: coco18: unknown joint set (known: posetrack15, posetrack17, "
                "coco17, body25, openpose18, halpe26, halpe136, coco_wholebody133, mpii16, aic14, "
                "h36m17, ap10k)");
  check_refused(R"({"model": {"joints": "nose,nose"}})", "model.joints: duplicate joint nose");
  check_refused(R"({"model": {"trained_joints": ["left_ear"]}})",
                "model.trained_joints: left_ear is not among model.joints");
  check_refused(R"({"model": {"heads": 7}})", "model.heads: 7 heads do not divide the width 1024");
  check_refused(R"({"bmd": {"dca": {"groups": 3}}})",
                "bmd.dca.groups: 3 groups and 16 heads: one must divide the other");
  check_refused(R"({"bmd": {"op": "dc"}})", "bmd.ca.enabled: must be false with bmd.op dc");
  check_refused(R"({"bmd": {"op": "dc", "adc": "directions", "ca": {"enabled": false}}})",
                "bmd.adc: must be parallel with bmd.op dc");
  check_refused(R"({"bmd": {"dc": {"dilations": []}}})", "bmd.dc.dilations: empty");
  check_refused(R"({"bmd": {"op": "dc", "ca": {"enabled": false}, "dc": {"groups": 17}}})",
                "bmd.dc.groups: 17 groups do not divide the width 1024");
  check_refused(R"({"bmd": {"op": "da", "da": {"heads": 7}}})",
                "bmd.da.heads: 7 heads do not divide the width 1024");
  check_refused(R"({"bmd": {"dca": {"rpe": true}}})",
                "bmd.dca.rpe: must be false, the paper has no relative position bias");
  check_refused(R"({"bmd": {"adc": "directions", "separate": false}})",
                "bmd.adc: directions requires bmd.separate");
  check_refused(R"({"hkme": {"keypoint": {"tokens": false}}})",
                "hkme.keypoint.mask: requires hkme.keypoint.tokens");
  check_refused(R"({"loss": {"reduction": "max"}})",
                "loss.reduction: 'max' is not one of: mean sum");
  check_refused(R"({"loss": {"joint_weights": [1, 1.5]}})",
                "loss.joint_weights: 2 weights for the 15 joints of the model");
  check_refused(R"({"loss": {"joint_weights": "none"}})", "loss.joint_weights: not an array");
  check_refused(R"({"loss": {"aux_hk": 1}, "hkme": {"enabled": false}})",
                "loss.aux_hk: the model has no H_k");
  check_refused(R"({"model": {"dim": 66, "heads": 6}, "bmd": {"enabled": false},
                    "hkme": {"pos_embed": "sine"}})",
                "hkme.pos_embed: sine requires a width that is a multiple of 4, not 66");
  check_refused(R"({"heatmap": {"size": [96, 72]}})",
                "heatmap.size: 96 x 72 is not a quarter of the input, 64 x 48");
}
