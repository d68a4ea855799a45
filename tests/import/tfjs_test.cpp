// SPDX-License-Identifier: Apache-2.0
#include "import/tfjs.h"

#include "core/error.h"
#include "import/convert_weights.h"
#include "io/json.h"
#include "io/safetensors.h"
#include "temporary_folder.h"

#include <c10/util/Half.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <filesystem>
#include <fstream>

using namespace vremd;
using namespace vremd::importer;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

namespace {

namespace fs = std::filesystem;

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

template <typename T>
void append(std::string& bytes, std::initializer_list<T> values) {
  for (const T value : values) bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

Json node(const std::string& name, const std::string& op, std::vector<std::string> inputs) {
  return {{"name", name}, {"op", op}, {"input", inputs}, {"attr", {{"alpha", {{"f", 0.25}}}}}};
}

Json half(const std::string& name, std::vector<int> shape) {
  return {{"name", name},
          {"shape", shape},
          {"dtype", "float32"},
          {"quantization", {{"dtype", "float16"}, {"original_dtype", "float32"}}}};
}

// A 1 x 2 convolution of 2 -> 3 channels with an added bias, a fused depthwise one, constants.
struct SmallModel {
  Json json;
  std::string bytes;

  SmallModel() {
    json["modelTopology"]["node"] = {
        node("k", "Const", {}), node("x", "Placeholder", {}), node("conv", "Conv2D", {"x", "k"}),
        node("sum", "AddV2", {"conv", "bias"}),
        node("deep", "FusedDepthwiseConv2dNative", {"sum", "dk", "db"})};
    json["weightsManifest"] = {
        {{"paths", {"small.bin"}},
         {"weights",
          {half("k", {1, 2, 2, 3}),
           half("bias", {3}),
           half("dk", {1, 1, 3, 2}),
           {{"name", "db"}, {"shape", {6}}, {"dtype", "float32"}},
           {{"name", "n"}, {"shape", Json::array()}, {"dtype", "int32"}},
           {{"name", "q"},
            {"shape", {2}},
            {"dtype", "float32"},
            {"quantization", {{"dtype", "uint8"}, {"scale", 0.5}, {"min", -1}}}}}}}};
    for (int i = 0; i < 12; ++i) append<c10::Half>(bytes, {static_cast<float>(i)});
    append<c10::Half>(bytes, {0.5F, -1.5F, 2.0F});
    for (int i = 0; i < 6; ++i) append<c10::Half>(bytes, {static_cast<float>(10 + i)});
    append<float>(bytes, {1, 2, 3, 4, 5, 6.125F});
    append<std::int32_t>(bytes, {-70000});
    append<std::uint8_t>(bytes, {0, 255});
  }

  std::string save(const TemporaryFolder& folder) const {
    write_file(folder / "small.bin", bytes);
    write_file(folder / "small.json", json.dump());
    return folder / "small.json";
  }
};

}  // namespace

TEST_CASE("nodes and tensors of a graph model") {
  const TemporaryFolder folder;
  const TfjsModel model = read_tfjs(SmallModel().save(folder));
  REQUIRE(model.nodes.size() == 5);
  const TfjsNode& conv = model.nodes[2];
  CHECK(conv.name == "conv");
  CHECK(conv.inputs == std::vector<std::string>{"x", "k"});

  CHECK(model.tensor("bias").values == std::vector<float>{0.5F, -1.5F, 2.0F});
  CHECK(model.tensor("n").shape.empty());
  CHECK(model.tensor("n").values == std::vector<float>{-70000});
  CHECK(model.tensor("q").values == std::vector<float>{-1, 126.5F});
  CHECK_THROWS_MATCHES(model.tensor("none"), Error,
                       MessageMatches(ContainsSubstring("small.json: no tensor none")));
}

TEST_CASE("convolutions are converted to the axis order of LibTorch") {
  const TemporaryFolder folder;
  const auto layers = convolutions(read_tfjs(SmallModel().save(folder)));
  REQUIRE(layers.size() == 2);
  CHECK(layers[0].weight.shape == std::vector<std::int64_t>{3, 2, 1, 2});
  // the file has [x][in][out] = 6 x + 3 in + out
  CHECK(layers[0].weight.values == std::vector<float>{0, 6, 3, 9, 1, 7, 4, 10, 2, 8, 5, 11});
  CHECK(layers[0].bias.values == std::vector<float>{0.5F, -1.5F, 2.0F});
  CHECK(layers[1].weight.shape == std::vector<std::int64_t>{6, 1, 1, 1});
  CHECK(layers[1].weight.values == std::vector<float>{10, 11, 12, 13, 14, 15});
  CHECK(layers[1].bias.values.back() == 6.125F);
}

TEST_CASE("invalid graph models are reported") {
  const TemporaryFolder folder;
  SmallModel model;
  const auto refused = [&](const std::string& text) {
    const std::string path = model.save(folder);
    CHECK_THROWS_MATCHES(convolutions(read_tfjs(path)), Error,
                         MessageMatches(ContainsSubstring(text)));
  };
  Json& weights = model.json["weightsManifest"][0]["weights"];
  Json& nodes = model.json["modelTopology"]["node"];

  SECTION("short file") {
    model.bytes.pop_back();
    refused("small.bin: ends inside tensor q (71 bytes)");
  }
  SECTION("long file") {
    model.bytes += "more";
    refused("small.bin: 76 bytes, but the manifest of");
  }
  SECTION("no such file") {
    model.json["weightsManifest"][0]["paths"] = {"none.bin"};
    refused("none.bin: cannot open: No such file or directory");
  }
  SECTION("sizes whose product overflows") {
    weights[0]["shape"] = {4294967296, 4294967296, 16, 1};
    refused("small.bin: ends inside tensor k");
  }
  SECTION("negative size") {
    weights[0]["shape"] = {-1, 2};
    refused("tensor k: negative size");
  }
  SECTION("unknown type") {
    weights[3]["dtype"] = "complex64";
    refused("weights[3].dtype: unknown dtype 'complex64'");
  }
  SECTION("duplicate tensor") {
    weights[3]["name"] = "k";
    refused("duplicate tensor k");
  }
  SECTION("not a graph model") {
    model.json = {{"images", Json::array()}};
    refused("small.json: not a TensorFlow.js graph model");
  }
  SECTION("invalid manifest") {
    model.json["weightsManifest"] = 3;
    refused("small.json: weightsManifest: not an array");
  }
  SECTION("node without an operation") {
    nodes[2].erase("op");
    refused("small.json: modelTopology.node[2]: no op");
  }
  SECTION("missing kernel") {
    nodes[2]["input"][1] = "lost";
    refused("no tensor lost");
  }
  SECTION("kernel with wrong axes") {
    weights[0]["shape"] = {2, 2, 3};
    refused("node conv: the kernel has 3 axes");
  }
  SECTION("wrong number of biases") {
    weights[1]["shape"] = {2};
    weights[2]["shape"] = {1, 1, 7, 1};
    refused("node conv: 2 biases for 3 channels");
  }
}

TEST_CASE("files that are not graph models") {
  const TemporaryFolder folder;
  write_file(folder / "text.json", "weights");
  CHECK_THROWS_MATCHES(read_tfjs(folder / "text.json"), Error,
                       MessageMatches(ContainsSubstring("text.json:1: not valid JSON")));
  CHECK_THROWS_MATCHES(read_tfjs(folder.path.string()), Error,
                       MessageMatches(ContainsSubstring("is a directory")));
  CHECK_THROWS_MATCHES(read_tfjs(folder / "none.json"), Error,
                       MessageMatches(ContainsSubstring("none.json: cannot open")));
}

TEST_CASE("layer names") {
  const std::string extractor =
      "StatefulPartitionedCall/center_net_mobile_net_v2fpn_feature_extractor/model_1/";
  CHECK(movenet_name(extractor + "model/Conv1_relu/Relu6") == "backbone.stem");
  CHECK(movenet_name(extractor + "model/block_12_project_BN/FusedBatchNormV3") ==
        "backbone.block_12.project");
  CHECK(movenet_name(extractor + "re_lu_1/Relu") == "backbone.pyramid_8.pointwise");
  CHECK(movenet_name("StatefulPartitionedCall/kpt_offset_0/conv2d_7/BiasAdd") ==
        "head.offset.output");
  CHECK(movenet_name(extractor + "model/block_x/Relu6").empty());
  CHECK(movenet_name("PartitionedCall/convolution").empty());
  CHECK(nanodet_name("PartitionedCall/convolution") == "backbone.stem");
  CHECK(nanodet_name("PartitionedCall/convolution_9") == "backbone.stage_2.block_2.second");
  CHECK(nanodet_name("PartitionedCall/convolution_24") == "backbone.stage_4.leave");
  CHECK(nanodet_name("PartitionedCall/convolution_27") == "neck.lateral_32");
  CHECK(nanodet_name("PartitionedCall/convolution_33") == "head.stride_32.output");
  CHECK(nanodet_name("PartitionedCall/convolution_34").empty());
}

TEST_CASE("conversion of a graph model to a weights file") {
  const TemporaryFolder folder;
  SmallModel model;
  Json& nodes = model.json["modelTopology"]["node"];
  nodes = Json::array();
  for (int i = 0; i < 34; ++i) {
    const std::string name = "PartitionedCall/convolution" + (i ? "_" + std::to_string(i) : "");
    nodes.push_back(node(name, "Conv2D", {"x", "k"}));
    nodes.push_back(node("Add_" + std::to_string(i), "Add", {name, "bias"}));
  }
  ConvertWeightsConfig config;
  config.output = folder / "out.safetensors";

  SECTION("in float16") {
    config.input = model.save(folder);
    convert_weights(config);
    const io::SafetensorsFile file(config.output);
    CHECK(file.tensors().size() == 68);
    CHECK(file.metadata().at("kind") == "detect");
    CHECK(file.metadata().at("architecture") == "nanodet-g");
    const io::TensorView& weight = file.at("head.stride_16.features.weight");
    CHECK(weight.dtype == io::DType::kF16);
    CHECK(weight.shape == std::vector<std::int64_t>{3, 2, 1, 2});
    CHECK(weight.to_float()[5] == 7);
    CHECK(file.at("backbone.stem.bias").to_float() == std::vector<float>{0.5F, -1.5F, 2.0F});
    CHECK_THROWS_AS(convert_weights(config), Error);  // does not overwrite
  }
  SECTION("missing layer") {
    nodes.erase(nodes.size() - 2);
    config.input = model.save(folder);
    CHECK_THROWS_MATCHES(convert_weights(config), Error,
                         MessageMatches(ContainsSubstring("33 convolutions, but nanodet has 34")));
    CHECK(!fs::exists(config.output));
  }
  SECTION("as another network") {
    config.input = SmallModel().save(folder);
    CHECK_THROWS_MATCHES(convert_weights(config), Error,
                         MessageMatches(ContainsSubstring("neither MoveNet nor NanoDet")));
  }
}
