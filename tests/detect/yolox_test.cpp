// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>  // before Catch2: both define CHECK
#undef CHECK

#include "core/error.h"
#include "detect/person_detector.h"
#include "detect/yolox.h"
#include "io/safetensors.h"
#include "temporary_folder.h"

#include <c10/core/InferenceMode.h>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_floating_point.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cmath>
#include <deque>

using namespace vremd;
using namespace vremd::detect;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::WithinAbs;

namespace {

// Zero weights, biases of `value`.
struct FlatWeights {
  std::map<std::string, io::TensorView> views;
  std::deque<std::vector<float>> values;

  explicit FlatWeights(const YoloxShape& shape, float value = 0) {
    for (const ConvShape& layer : yolox_layers(shape)) {
      const auto sizes = layer.weight_shape();
      add(layer.name + ".weight", sizes, sizes[0] * sizes[1] * sizes[2] * sizes[3], 0);
      add(layer.name + ".bias", {layer.out}, layer.out, value);
    }
  }

  void add(const std::string& name, const std::vector<std::int64_t>& shape, std::int64_t count,
           float value) {
    auto& own = values.emplace_back(static_cast<std::size_t>(count), value);
    views[name] = {io::DType::kF32, shape, std::as_bytes(std::span(own))};
  }
};

Frame frame_of(int width, int height) {
  Frame frame;
  frame.width = width;
  frame.height = height;
  for (int i = 0; i < width * height; ++i) frame.rgb.insert(frame.rgb.end(), {200, 100, 50});
  return frame;
}

constexpr YoloxShape kSmall{4, 1, false, 3};

}  // namespace

TEST_CASE("YOLOX is identified by its shapes") {
  CHECK(YoloxShape{16, 1, true, 80}.name() == "yolox-nano");
  CHECK(YoloxShape{24, 1, false, 80}.name() == "yolox-tiny");
  CHECK(YoloxShape{80, 4, false, 80}.name() == "yolox-x");
  CHECK(YoloxShape{16, 1, false, 80}.name() == "yolox-custom");
  for (const YoloxShape& shape : {YoloxShape{16, 1, true, 80}, YoloxShape{48, 2, false, 1}}) {
    std::map<std::string, std::vector<std::int64_t>> sizes;
    for (const ConvShape& layer : yolox_layers(shape)) sizes[layer.name] = layer.weight_shape();
    const YoloxShape again = yolox_shape(sizes, "x");
    CHECK(again.name() == shape.name());
    CHECK(again.classes == shape.classes);
  }
  // Published: 0.91 M, 5.06 M, 9.0 M, 25.3 M, 54.2 M, 99.1 M parameters for nano, tiny, s, m, l, x.
  const auto millions = [](const YoloxShape& shape) {
    std::int64_t count = 0;
    for (const ConvShape& layer : yolox_layers(shape)) {
      const auto w = layer.weight_shape();
      count += w[0] * w[1] * w[2] * w[3] + layer.out;
    }
    return static_cast<double>(count) / 1e6;
  };
  CHECK_THAT(millions({16, 1, true, 80}), WithinAbs(0.91, 0.01));
  CHECK_THAT(millions({24, 1, false, 80}), WithinAbs(5.06, 0.03));
  CHECK_THAT(millions({32, 1, false, 80}), WithinAbs(9.0, 0.05));
  CHECK_THAT(millions({48, 2, false, 80}), WithinAbs(25.3, 0.05));
  CHECK_THAT(millions({64, 3, false, 80}), WithinAbs(54.2, 0.05));
  CHECK_THAT(millions({80, 4, false, 80}), WithinAbs(99.1, 0.1));
}

TEST_CASE("YOLOX's maps have the sizes of its strides, and one class") {
  const bool depthwise = GENERATE(false, true);
  YoloxShape shape = kSmall;
  shape.depthwise = depthwise;
  FlatWeights weights(shape, 0.25F);
  const Yolox network(weights.views, "x", at::kCPU, at::kFloat);
  CHECK(network.shape().classes == 3);
  const auto maps = network.forward(at::zeros({2, 3, 64, 96}));
  CHECK(maps[0].sizes() == at::IntArrayRef({2, 6, 8, 12}));
  CHECK(maps[1].sizes() == at::IntArrayRef({2, 6, 4, 6}));
  CHECK(maps[2].sizes() == at::IntArrayRef({2, 6, 2, 3}));
  CHECK(maps[2].eq(0.25).all().item().toBool());  // only the biases of the predictions
  CHECK_THROWS_WITH(network.forward(at::zeros({1, 3, 60, 96})), ContainsSubstring("1 x 3 x 60"));

  const auto fails = [&](const std::string& what) {
    CHECK_THROWS_WITH(Yolox(weights.views, "x", at::kCPU, at::kFloat), ContainsSubstring(what));
  };
  weights.add("neck.more.weight", {1}, 1, 0);
  fails("x: neck.more.weight is not a tensor of yolox-custom");
  weights.views.erase("neck.more.weight");
  weights.add("neck.reduce_conv1.bias", {5}, 5, 0);
  fails("x: tensor neck.reduce_conv1.bias is [5], not [16]");
  weights.views.erase("neck.reduce_conv1.bias");
  fails("x: no tensor neck.reduce_conv1.bias");
  weights.views.erase("backbone.stem.weight");
  fails("x: no layer backbone.stem");
}

TEST_CASE("a cell of YOLOX's map becomes a box") {
  at::Tensor map = at::full({6, 2, 3}, -20.0);
  map.slice(0, 0, 4).zero_();
  map[4][1][2] = std::log(4.0);  // objectness 0.8
  map[5][1][2] = 0;              // person 0.5
  map[0][1][2] = 0.25;
  map[1][1][2] = -0.5;
  map[2][1][2] = std::log(2.0);
  map[3][1][2] = std::log(3.0);
  std::vector<ops::ScoredBox> boxes;
  decode_yolox(map, 16, 0.39, boxes);
  REQUIRE(boxes.size() == 1);
  CHECK_THAT(boxes[0].score, WithinAbs(0.4, 1e-6));
  CHECK_THAT(boxes[0].box.x, WithinAbs(2.25 * 16 - 16, 1e-5));
  CHECK_THAT(boxes[0].box.y, WithinAbs(0.5 * 16 - 24, 1e-5));
  CHECK_THAT(boxes[0].box.w, WithinAbs(32, 1e-5));
  CHECK_THAT(boxes[0].box.h, WithinAbs(48, 1e-5));
  boxes.clear();
  decode_yolox(map, 16, 0.41, boxes);
  CHECK(boxes.empty());
  map[4].fill_(std::nan(""));
  decode_yolox(map, 16, 0, boxes);
  CHECK(boxes.empty());
}

TEST_CASE("YOLOX sees BGR from 0 to 255 on grey") {
  const DetectorInput input = letterbox(frame_of(100, 61), 64, at::kCPU, at::kFloat);
  REQUIRE(input.picture_nchw.sizes() == at::IntArrayRef({1, 3, 64, 64}));
  CHECK_THAT(input.scale_x, WithinAbs(0.64, 1e-12));
  const auto value = [&](int c, int y, int x) {
    return input.picture_nchw[0][c][y][x].item().toDouble();
  };
  for (const auto& [y, x] :
       {std::pair{0, 0}, {38, 63}, {20, 31}}) {  // 39.04 rows are truncated to 39
    CHECK(value(0, y, x) == 50);
    CHECK(value(1, y, x) == 100);
    CHECK(value(2, y, x) == 200);
  }
  for (int c = 0; c < 3; ++c) CHECK(value(c, 39, 5) == 114);
}

TEST_CASE("YOLOX's pictures are shrunk bilinearly, without antialiasing") {
  Frame frame = frame_of(192, 96);
  const auto red = [&](int x, int y) {
    return &frame.rgb[static_cast<std::size_t>(y * 192 + x) * 3];
  };
  for (int y = 0; y < 96; ++y) {
    for (int x = 0; x < 192; ++x) *red(x, y) = static_cast<std::uint8_t>(x % 3 == 1 ? 90 : 0);
  }
  // to a third: only the middle one of three counts
  const at::Tensor third = letterbox(frame, 64, at::kCPU, at::kFloat).picture_nchw[0][2];
  CHECK(third.slice(0, 0, 32).eq(90).all().item().toBool());
  // to a half: two neighbours
  const at::Tensor half = letterbox(frame, 96, at::kCPU, at::kFloat).picture_nchw[0][2];
  for (const auto& [x, value] : {std::pair(0, 45), {1, 0}, {2, 45}, {3, 45}}) {
    CHECK(half[10][x].item().toDouble() == value);
  }
}

TEST_CASE("the weights determine the detector") {
  const TemporaryFolder folder;
  const std::string path = folder / "yolox.safetensors";
  FlatWeights weights(kSmall);
  const auto save = [&](const std::map<std::string, std::string>& metadata) {
    io::write_safetensors(path, weights.views, metadata);
  };
  save({{"kind", "detect"}, {"architecture", "yolox-custom"}, {"input_size", "64"}});
  DetectorOptions options;
  options.device = {ops::DeviceKind::kCpu};
  options.min_score = 0.2;
  const PersonDetector detector(io::SafetensorsFile(path), options);
  CHECK(detector.settings()["input_size"] == Json::array({64}));
  CHECK(detector.settings()["nms"] == 0.65);
  const c10::InferenceMode guard;
  // all logits 0: every cell is a person of 0.25, one stride wide, hardly overlapping
  const auto people = detector.detect(frame_of(64, 64));
  REQUIRE(!people.empty());
  for (const ops::ScoredBox& person : people) CHECK_THAT(person.score, WithinAbs(0.25, 1e-6));

  for (const char* size : {"", "64x", "100", "0", "99999999999"}) {
    save({{"architecture", "yolox-s"}, {"input_size", size}});
    CHECK_THROWS_WITH(PersonDetector(io::SafetensorsFile(path), options),
                      ContainsSubstring("invalid input_size in its metadata"));
  }
  save({{"architecture", "vitpose-b"}});
  CHECK_THROWS_WITH(PersonDetector(io::SafetensorsFile(path), options),
                    ContainsSubstring("not the weights of a person detector"));
}
