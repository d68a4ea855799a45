// SPDX-License-Identifier: Apache-2.0
#include "import/vitpose.h"

#include "catch_torch.h"
#include "core/error.h"
#include "import/convert_weights.h"
#include "import/pth.h"
#include "import/self_test.h"
#include "io/json_file.h"
#include "io/output_file.h"
#include "make_vitpose.h"
#include "temporary_folder.h"

#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <filesystem>

using namespace vremd;
using namespace vremd::importer;
using namespace vremd::make_pth;
using Catch::Matchers::ContainsSubstring;

namespace {

namespace fs = std::filesystem;

SourceFile source_of(const TemporaryFolder& folder, const FloatTensors& tensors) {
  return read_source(folder.save("in.pth", checkpoint(tensors)));
}

ImportedVit imported(const SourceFile& source, int expert = 0, int heads = 0) {
  const auto names = vit_names(source);
  REQUIRE(names);
  return import_vit(source, *names, expert, heads);
}

// Folds in the first row, as in MMPose 1.x.
void fold_positions(FloatTensor& rows) {
  const auto width = static_cast<std::size_t>(rows.shape[2]);
  for (std::size_t i = width; i < rows.values.size(); ++i) rows.values[i] += rows.values[i % width];
  rows.values.erase(rows.values.begin(), rows.values.begin() + rows.shape[2]);
  --rows.shape[1];
}

// A directory as written by transformers.
void save_huggingface(const TemporaryFolder& folder, const FloatTensors& tensors,
                      const Json& config) {
  std::map<std::string, io::TensorView> views;
  for (const auto& [name, tensor] : tensors) {
    views[name] = {io::DType::kF32, tensor.shape, std::as_bytes(std::span(tensor.values))};
  }
  io::write_safetensors(folder / "model.safetensors", views, {{"format", "pt"}});
  folder.save("config.json", config.dump());
}

}  // namespace

TEST_CASE("wrappers put prefixes in front of names, in any mixture") {
  const TemporaryFolder folder;
  const auto reference = small_vitpose(model::HeadKind::kSimple);
  const at::Tensor expected = heatmaps_of(*reference);
  const FloatTensors plain = with_names(*reference, VitNames::kVitpose);
  const auto wrapped = [&](const auto& name_of) {
    FloatTensors tensors;
    int i = 0;
    for (const auto& [name, tensor] : plain) tensors[name_of(name, i++)] = tensor;
    return tensors;
  };
  const auto check = [&](const FloatTensors& tensors) {
    CHECK(difference(heatmaps_of(*imported(source_of(folder, tensors)).model), expected) < 1e-5);
  };
  for (const std::string prefix :
       {"module.", "_orig_mod.", "model.", "module._orig_mod.", "_orig_mod.module.",
        "model._orig_mod.", "_orig_mod.model.module.", "module.module."}) {
    CAPTURE(prefix);
    check(wrapped([&](const std::string& name, int) { return prefix + name; }));
    check(wrapped([&](const std::string& name, int i) { return (i % 2 ? prefix : "") + name; }));
    // only the backbone
    check(wrapped([&](const std::string& name, int) {
      if (!name.starts_with("backbone.") || prefix.starts_with("model.") ||
          prefix.find(".model.") != prefix.npos) {
        return name;
      }
      return "backbone." + prefix + name.substr(9);
    }));
  }
  FloatTensors both = plain;
  both["module." + plain.begin()->first] = plain.begin()->second;
  CHECK_THROWS_WITH(source_of(folder, both), ContainsSubstring("several tensors"));
}

TEST_CASE("all naming schemes of ViTPose give the same network") {
  const TemporaryFolder folder;
  const model::HeadKind head = GENERATE(model::HeadKind::kClassic, model::HeadKind::kSimple);
  CAPTURE(name_of(head));
  const auto reference = small_vitpose(head);
  const at::Tensor expected = heatmaps_of(*reference);
  REQUIRE(expected.abs().max().item<double>() > 0.1);

  SECTION("official, with unused tensors") {
    FloatTensors tensors = with_names(*reference, VitNames::kVitpose);
    tensors["backbone.cls_token"] = {{1, 1, 64}, std::vector<float>(64, 9)};
    tensors["associate_keypoint_heads.0.final_layer.bias"] = {{14}, std::vector<float>(14, 9)};
    tensors["keypoint_head.deconv_layers.1.num_batches_tracked"] = {{}, {9}};
    for (const bool as_legacy : {false, true}) {
      const SourceFile source = read_source(folder.save("in.pth", checkpoint(tensors, as_legacy)));
      const ImportedVit vit = imported(source);
      CHECK(vit.names == "ViTPose");
      CHECK(vit.architecture == "vitpose-tiny");
      CHECK(vit.has_head);
      CHECK(vit.expert == -1);
      CHECK(vit.warnings.empty());
      CHECK(vit.model->config.model.head == head);
      CHECK(vit.model->config.model.joints == "coco17");
      CHECK(vit.model->config.geometry == ops::Geometry::kUdp);
      CHECK(vit.model->config.single_frame());
      CHECK(vit.model->config.backbone.ln_eps == 1e-6);
      CHECK(difference(heatmaps_of(*vit.model), expected) < 1e-5);
      // position rows are folded: the first is zero
      const auto state = model::state_of(*vit.model);
      CHECK(state.at("backbone.pos_embed").select(1, 0).abs().max().item<double>() == 0);
    }
  }
  SECTION("MMPose 1.x") {
    FloatTensors tensors = with_names(*reference, VitNames::kMmpose);
    tensors["data_preprocessor.mean"] = {{3}, {1, 2, 3}};
    fold_positions(tensors.at("backbone.pos_embed"));
    const ImportedVit vit = imported(source_of(folder, tensors));
    CHECK(vit.names == "MMPose 1.x");
    REQUIRE(vit.warnings.size() == 1);
    CHECK_THAT(vit.warnings[0], ContainsSubstring("no first row"));
    CHECK(difference(heatmaps_of(*vit.model), expected) < 1e-5);
  }
  SECTION("Hugging Face") {
    const FloatTensors tensors = with_names(*reference, VitNames::kHuggingFace);
    Json config = {{"model_type", "vitpose"},
                   {"backbone_config", {{"num_attention_heads", 4}, {"layer_norm_eps", 1e-6}}}};
    save_huggingface(folder, tensors, config);
    const ImportedVit vit = imported(read_source(folder.path.string()));
    CHECK(vit.names == "Hugging Face");
    CHECK(difference(heatmaps_of(*vit.model), expected) < 1e-5);
    CHECK(imported(read_source(folder / "model.safetensors")).model->config.backbone.ln_eps ==
          1e-6);

    config["backbone_config"].erase("layer_norm_eps");
    save_huggingface(folder, tensors, config);
    CHECK(imported(read_source(folder.path.string())).model->config.backbone.ln_eps == 1e-12);

    const auto fails = [&](const char* key, const Json& value, const char* what) {
      Json bad = config;
      bad["backbone_config"][key] = value;
      save_huggingface(folder, tensors, bad);
      CHECK_THROWS_WITH(imported(read_source(folder.path.string())), ContainsSubstring(what));
    };
    fails("num_attention_heads", 12, "12 attention heads, but ViTPose-tiny has 4");
    fails("hidden_act", "relu", "hidden_act");
    fails("qkv_bias", false, "qkv_bias");
    fails("layer_norm_eps", "small", "layer_norm_eps: not a number");
    fs::remove(folder / "config.json");
    CHECK_THROWS_WITH(read_source(folder.path.string()), ContainsSubstring("no config.json"));
    CHECK_THROWS_WITH(imported(read_source(folder / "model.safetensors")),
                      ContainsSubstring("no config.json in its directory"));
  }
}

TEST_CASE("an expert of ViTPose+ is merged into the blocks") {
  const TemporaryFolder folder;
  const auto reference = small_vitpose(model::HeadKind::kSimple);
  const at::Tensor expected = heatmaps_of(*reference);
  {
    const ImportedVit vit = imported(source_of(folder, with_experts(*reference, 0)));
    CHECK(vit.expert == 0);
    CHECK(difference(heatmaps_of(*vit.model), expected) < 1e-5);
  }
  FloatTensors tensors = with_experts(*reference, 1);
  const SourceFile without = source_of(folder, tensors);
  CHECK(difference(heatmaps_of(*imported(without).model), expected) > 1e-2);  // the other expert
  CHECK_THROWS_WITH(imported(without, 1), ContainsSubstring("associate_keypoint_heads.0"));
  CHECK_THROWS_WITH(imported(without, 2), ContainsSubstring("no tensor"));

  // its own head, padded to the widest; its joints come first
  tensors["associate_keypoint_heads.0.final_layer.weight"] =
      tensors.at("keypoint_head.final_layer.weight");
  tensors["associate_keypoint_heads.0.final_layer.bias"] =
      tensors.at("keypoint_head.final_layer.bias");
  const ImportedVit vit = imported(source_of(folder, tensors), 1);
  CHECK(vit.model->config.joints().size() == 14);
  CHECK(vit.model->config.joints().joints[12] == "head_top");
  CHECK(difference(heatmaps_of(*vit.model), expected.slice(1, 0, 14)) < 1e-5);

  CHECK_THROWS_WITH(imported(source_of(folder, with_names(*reference, VitNames::kVitpose)), 1),
                    ContainsSubstring("no experts"));
}

TEST_CASE("joints of other data sets are inferred from the width of the head") {
  const TemporaryFolder folder;
  const auto reference = small_vitpose(model::HeadKind::kSimple);
  FloatTensors tensors = with_names(*reference, VitNames::kVitpose);
  const auto joints_of = [&](std::int64_t joints) {
    tensors["keypoint_head.final_layer.weight"] = {
        {joints, 64, 3, 3}, std::vector<float>(static_cast<std::size_t>(joints * 64 * 9))};
    tensors["keypoint_head.final_layer.bias"] = {
        {joints}, std::vector<float>(static_cast<std::size_t>(joints))};
    return imported(source_of(folder, tensors)).model->config.joints();
  };
  CHECK(joints_of(133).joints[132] == "right_pinky_finger_4");
  CHECK(joints_of(133).joints[91] == "left_hand_root");
  CHECK(joints_of(16).joints[9] == "head_top");
  CHECK_THROWS_WITH(joints_of(14), ContainsSubstring("14 joints with unknown names"));
}

TEST_CASE("a plain ViT is a backbone") {
  const TemporaryFolder folder;
  const auto reference = small_vitpose(model::HeadKind::kSimple);
  FloatTensors tensors = with_names(*reference, VitNames::kPlain);
  // Positions on 14 x 14, a ramp along x in channel 0, along y in channel 1; a class token's.
  FloatTensor rows{{1, 197, 64}, std::vector<float>(197 * 64, 0.5F)};
  for (std::size_t i = 0; i < 196; ++i) {
    rows.values[(1 + i) * 64] = static_cast<float>(i % 14);
    rows.values[(1 + i) * 64 + 1] = static_cast<float>(i / 14);
  }
  rows.values[0] = rows.values[1] = 100;
  tensors["pos_embed"] = rows;
  tensors["cls_token"] = {{1, 1, 64}, std::vector<float>(64, 9)};
  tensors["head.weight"] = {{1000}, std::vector<float>(1000, 9)};
  tensors["decoder_pred.bias"] = {{1}, {9}};
  tensors["mask_token"] = {{1}, {9}};
  const ImportedVit vit = imported(source_of(folder, tensors));
  CHECK(!vit.has_head);
  CHECK(vit.architecture == "vit-tiny");
  const auto state = model::state_of(*vit.model);
  const at::Tensor grid = state.at("backbone.pos_embed")[0].slice(0, 1).view({16, 12, 64});
  for (const auto& [x, y] : {std::pair(5, 7), std::pair(6, 3), std::pair(2, 12)}) {
    CHECK(std::abs(grid[y][x][0].item<double>() - 100 - ((x + 0.5) * 14 / 12 - 0.5)) < 0.05);
    CHECK(std::abs(grid[y][x][1].item<double>() - 100 - ((y + 0.5) * 14 / 16 - 0.5)) < 0.05);
    CHECK(std::abs(grid[y][x][2].item<double>() - 1) < 1e-6);
  }
  const auto theirs = model::state_of(*reference);
  CHECK(at::equal(state.at("backbone.blocks.1.attn.qkv.weight"),
                  theirs.at("backbone.blocks.1.attn.qkv.weight")));

  SECTION("the number of attention heads must be given") {
    CHECK(imported(source_of(folder, tensors), 0, 2).model->config.backbone_heads() == 2);
    CHECK_THROWS_WITH(imported(source_of(folder, tensors), 0, 5), ContainsSubstring("heads"));
    tensors.at("patch_embed.proj.weight") = {{384, 3, 16, 16},
                                             std::vector<float>(384 * 3 * 16 * 16)};
    CHECK_THROWS_WITH(imported(source_of(folder, tensors)), ContainsSubstring("use --heads"));
  }
  SECTION("patches of 14 are padded, a missing last norm is reported") {
    FloatTensor& patches = tensors.at("patch_embed.proj.weight");
    patches = {{64, 3, 14, 14}, std::vector<float>(64 * 3 * 14 * 14, 2)};
    tensors.erase("norm.weight");
    tensors.erase("norm.bias");
    const ImportedVit padded = imported(source_of(folder, tensors));
    const at::Tensor weight = model::state_of(*padded.model).at("backbone.patch_embed.proj.weight");
    CHECK(weight[5][1][0].abs().max().item<double>() == 0);
    CHECK(weight[5][1][1][0].item<double>() == 0);
    CHECK(weight[5][1][1][1].item<double>() == 2);
    CHECK(weight[5][1][14][15].item<double>() == 0);
    REQUIRE(padded.warnings.size() == 1);
  }
  SECTION("without a class token") {
    rows.values.erase(rows.values.begin(), rows.values.begin() + 64);
    rows.shape[1] = 196;
    tensors["pos_embed"] = rows;
    const at::Tensor again =
        model::state_of(*imported(source_of(folder, tensors)).model).at("backbone.pos_embed");
    CHECK(std::abs(again[0][1 + 7 * 12 + 5][0].item<double>() - (5.5 * 14 / 12 - 0.5)) < 0.05);
  }
  SECTION("not a square") {
    tensors["pos_embed"] = {{1, 199, 64}, std::vector<float>(199 * 64)};
    CHECK_THROWS_WITH(imported(source_of(folder, tensors)), ContainsSubstring("are not a square"));
  }
  SECTION("unsupported ViT") {
    tensors["blocks.0.ls1.gamma"] = {{64}, std::vector<float>(64)};
    CHECK_THROWS_WITH(imported(source_of(folder, tensors)),
                      ContainsSubstring("blocks.0.ls1.gamma [64] does not belong to this network"));
  }
}

TEST_CASE("errors of invalid ViTPose files name the tensor") {
  const TemporaryFolder folder;
  const auto reference = small_vitpose(model::HeadKind::kClassic);
  const FloatTensors good = with_names(*reference, VitNames::kVitpose);
  const auto fails = [&](const std::string& what, const std::function<void(FloatTensors&)>& edit) {
    FloatTensors tensors = good;
    edit(tensors);
    const SourceFile source = source_of(folder, tensors);
    CHECK_THROWS_WITH(imported(source), ContainsSubstring(what));
  };
  const auto zeros = [](std::vector<std::int64_t> shape) {
    std::int64_t count = 1;
    for (const std::int64_t size : shape) count *= size;
    return FloatTensor{shape, std::vector<float>(static_cast<std::size_t>(count))};
  };
  fails("no tensor backbone.blocks.1.norm2.bias",
        [](auto& tensors) { tensors.erase("backbone.blocks.1.norm2.bias"); });
  fails("backbone.blocks.2.norm2.bias [64] does not belong",
        [&](auto& tensors) { tensors["backbone.blocks.2.norm2.bias"] = zeros({64}); });
  fails("backbone.blocks.0.attn.qkv.weight is [192, 32], not [192, 64]",
        [&](auto& tensors) { tensors["backbone.blocks.0.attn.qkv.weight"] = zeros({192, 32}); });
  fails("width 96", [&](auto& tensors) {
    tensors["backbone.patch_embed.proj.weight"] = zeros({96, 3, 16, 16});
  });
  fails("patches of shape", [&](auto& tensors) {
    tensors["backbone.patch_embed.proj.weight"] = zeros({64, 1, 16, 16});
  });
  fails("patches of 8 x 8",
        [&](auto& tensors) { tensors["backbone.patch_embed.proj.weight"] = zeros({64, 3, 8, 8}); });
  fails("100 positions",
        [&](auto& tensors) { tensors["backbone.pos_embed"] = zeros({1, 101, 64}); });
  fails("no tensor keypoint_head.final_layer.weight",
        [](auto& tensors) { tensors.erase("keypoint_head.final_layer.weight"); });
  fails("have different shapes", [&](auto& tensors) {
    tensors["backbone.blocks.0.mlp.fc2.weight"] = zeros({48, 256});
    tensors["backbone.blocks.0.mlp.experts.0.weight"] = zeros({16, 128});
    tensors["backbone.blocks.0.mlp.fc2.bias"] = zeros({48});
    tensors["backbone.blocks.0.mlp.experts.0.bias"] = zeros({16});
  });
}

TEST_CASE("imported weights can be exported again") {
  const TemporaryFolder folder;
  const auto reference = small_vitpose(model::HeadKind::kSimple);
  const at::Tensor expected = heatmaps_of(*reference);
  ConvertWeightsConfig config;
  config.input = folder.save("in.pth", checkpoint(with_names(*reference, VitNames::kVitpose)));
  config.output = folder / "out.safetensors";
  convert_weights(config);
  const model::LoadedModel loaded = model::load_model(config.output);
  CHECK(loaded.metadata.at("kind") == "pose");
  CHECK(loaded.metadata.at("architecture") == "vitpose-tiny");
  CHECK(loaded.metadata.at("source") == "in.pth (PyTorch zip, names of ViTPose)");
  CHECK(loaded.metadata.at("source_sha256") == read_pth(config.input).sha256);
  const double largest = expected.abs().max().item<double>();
  const double error = difference(heatmaps_of(*loaded.model), expected);
  CHECK(error > 0);  // stored as fp16
  CHECK(error < kMaxRoundingFp16 * largest);
  CHECK_THROWS_WITH(convert_weights(config),
                    ContainsSubstring("already exists; --force overwrites it"));

  config.force = true;
  config.format = NumberFormat::kFp32;
  convert_weights(config);
  CHECK(difference(heatmaps_of(*model::load_model(config.output).model), expected) < 1e-5);

  config.task = Task::kDetect;
  CHECK_THROWS_WITH(convert_weights(config), ContainsSubstring("weights for pose"));
  config.task = Task::kPose;
  config.network = Network::kVit;
  CHECK_THROWS_WITH(convert_weights(config), ContainsSubstring("--arch vit, but it is vitpose"));
  config.network.reset();

  // ours -> Hugging Face's -> ours
  config.input = config.output;
  config.output = folder / "hub";
  config.to = OutputForm::kHuggingFace;
  config.format.reset();
  config.force = false;
  convert_weights(config);
  CHECK_THROWS_WITH(convert_weights(config),
                    ContainsSubstring("already exists; --force overwrites it"));
  const Json written = io::read_json_file(folder / "hub/config.json");
  CHECK(written["backbone_config"]["layer_norm_eps"] == 1e-6);
  CHECK(written["id2label"]["16"] == "right_ankle");
  CHECK(written["use_simple_decoder"] == true);
  CHECK(difference(heatmaps_of(*imported(read_source(folder / "hub")).model), expected) < 1e-5);
}

TEST_CASE("networks that fail the self-test are rejected before anything is written") {
  const TemporaryFolder folder;
  const auto reference = small_vitpose(model::HeadKind::kSimple);
  FloatTensors tensors = with_names(*reference, VitNames::kVitpose);
  ConvertWeightsConfig config;
  config.output = folder / "out.safetensors";
  const auto fails = [&](const std::string& what) {
    config.input = folder.save("in.pth", checkpoint(tensors));
    CHECK_THROWS_WITH(convert_weights(config), ContainsSubstring(what));
    CHECK(!fs::exists(config.output));
  };
  tensors["backbone.last_norm.bias"].values[7] = std::numeric_limits<float>::quiet_NaN();
  fails("not finite");
  tensors["backbone.last_norm.bias"].values[7] = 0;
  tensors["keypoint_head.final_layer.weight"].values[0] = 1e6F;  // beyond fp16
  fails("the network differs by");
  tensors.erase("backbone.patch_embed.proj.weight");
  fails("unknown network");
}
