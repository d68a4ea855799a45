// SPDX-License-Identifier: Apache-2.0
#include <ATen/ATen.h>  // before Catch2: both define CHECK
#undef CHECK

#include "core/error.h"
#include "import/convert_weights.h"
#include "import/yolox_weights.h"
#include "make_yolox.h"
#include "temporary_folder.h"

#include <catch2/catch_test_macros.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <cmath>
#include <filesystem>
#include <functional>

using namespace vremd;
using namespace vremd::importer;
using namespace vremd::make_pth;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

std::string saved(const TemporaryFolder& folder, const FloatTensors& tensors) {
  return folder.save("in.pth", checkpoint(tensors, false, "model"));
}

}  // namespace

TEST_CASE("batch norms of YOLOX are folded") {
  const TemporaryFolder folder;
  const FloatTensors tensors = official_yolox({4, 1, true, 3});
  const ImportedYolox yolox = import_yolox(read_source(saved(folder, tensors)), io::DType::kF32);
  CHECK(yolox.shape.depthwise);
  CHECK(yolox.shape.classes == 3);
  const auto& views = yolox.tensors.views();
  const auto theirs = [&](const std::string& part, std::size_t i) {
    return static_cast<double>(tensors.at("backbone.C3_p4.m.0.conv2.dconv." + part).values[i]);
  };
  const auto weight = views.at("neck.C3_p4.m.0.conv2.dconv.weight").to_float();
  const auto bias = views.at("neck.C3_p4.m.0.conv2.dconv.bias").to_float();
  for (std::size_t i = 0; i < bias.size(); ++i) {
    const double factor = theirs("bn.weight", i) / std::sqrt(theirs("bn.running_var", i) + 1e-3);
    CHECK(std::abs(weight[9 * i + 4] - theirs("conv.weight", 9 * i + 4) * factor) < 1e-6);
    CHECK(std::abs(bias[i] - theirs("bn.bias", i) + theirs("bn.running_mean", i) * factor) < 1e-6);
  }
  CHECK(views.at("head.reg_preds.1.bias").to_float() == tensors.at("head.reg_preds.1.bias").values);
  CHECK(views.contains("backbone.stem.weight"));
  CHECK(views.contains("backbone.dark5.1.conv2.bias"));
}

TEST_CASE("import of an official YOLOX") {
  const TemporaryFolder folder;
  FloatTensors tensors = official_yolox({16, 1, true, 80});
  ConvertWeightsConfig config;
  config.input = saved(folder, tensors);
  config.output = folder / "out.safetensors";
  config.task = Task::kDetect;
  convert_weights(config);
  const io::SafetensorsFile file(config.output);
  CHECK(file.metadata().at("kind") == "detect");
  CHECK(file.metadata().at("architecture") == "yolox-nano");
  CHECK(file.metadata().at("input_size") == "416");
  CHECK(file.metadata().at("source") == "in.pth (PyTorch zip, names of YOLOX)");
  CHECK(file.metadata().at("source_sha256") == read_source(config.input).sha256);
  CHECK(file.at("backbone.stem.weight").dtype == io::DType::kF16);
  CHECK(file.at("backbone.stem.bias").dtype == io::DType::kF32);
  CHECK_NOTHROW(detect::Yolox(file.tensors(), file.path(), at::kCPU, at::kFloat));

  config.output = folder / "bad.safetensors";
  const auto fails = [&](const std::string& what, const std::function<void(FloatTensors&)>& edit) {
    FloatTensors changed = tensors;
    edit(changed);
    config.input = saved(folder, changed);
    CHECK_THROWS_WITH(convert_weights(config), ContainsSubstring(what));
    CHECK(!fs::exists(config.output));
  };
  fails("no tensor head.stems.1.bn.bias", [](auto& all) { all.erase("head.stems.1.bn.bias"); });
  fails("backbone.more [1] does not belong to yolox-nano",
        [](auto& all) { all["backbone.more"] = {{1}, {1}}; });
  fails("head.stems.1.bn.bias is [1], not [64]",
        [](auto& all) { all["head.stems.1.bn.bias"] = {{1}, {1}}; });
  fails("not finite", [](auto& all) { all["head.stems.1.bn.running_var"].values[0] = -1; });
  config.task = Task::kPose;
  fails("weights for detect, not --task pose", [](auto&) {});
  config.task.reset();
  config.network = Network::kVitpose;
  fails("--arch vitpose, but it is yolox", [](auto&) {});
  config.network.reset();
  config.to = OutputForm::kHuggingFace;
  fails("only ViTPose goes to Hugging Face", [](auto&) {});
}
