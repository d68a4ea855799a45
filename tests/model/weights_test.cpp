// SPDX-License-Identifier: Apache-2.0
#include "model/weights.h"

#include "catch_torch.h"
#include "core/error.h"
#include "temporary_folder.h"
#include "tiny_model.h"

#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <filesystem>
#include <fstream>

namespace vremd {
namespace {

namespace fs = std::filesystem;
using Catch::Matchers::ContainsSubstring;
using Catch::Matchers::MessageMatches;

std::string saved_tiny_model(const TemporaryFolder& folder) {
  const std::string path = folder / "tiny.safetensors";
  model::save_model(path, *tiny_model(), io::DType::kF32);
  return path;
}

// Rewrites `path` with tensors and metadata edited by `change`.
template <typename Change>
std::string edited(const std::string& path, Change change) {
  const io::SafetensorsFile file(path);
  auto tensors = file.tensors();
  auto metadata = file.metadata();
  change(tensors, metadata);
  const std::string other = path + ".edited";
  io::write_safetensors(other, tensors, metadata);
  return other;
}

void check_error(const std::string& path, const std::string& what) {
  CHECK_THROWS_MATCHES(model::load_model(path), Error,
                       MessageMatches(ContainsSubstring(path) && ContainsSubstring(what)));
}

TEST_CASE("a loaded model gives the same heatmaps") {
  const TemporaryFolder folder;
  const std::string path = folder / "model.safetensors";
  const auto model = tiny_model();
  model::save_model(path, *model, io::DType::kF32, {{"note", "kept"}});
  const model::LoadedModel loaded = model::load_model(path);
  CHECK(loaded.config.to_json() == model->config.to_json());
  CHECK(loaded.metadata.at("note") == "kept");
  CHECK(loaded.sha256 == io::SafetensorsFile(path).sha256().get());
  CHECK_FALSE(loaded.model->is_training());

  at::NoGradGuard no_grad;
  const at::Tensor features = model->features(at::randn({3, 3, 96, 64})).unsqueeze(0);
  CHECK(at::equal(model->forward(features).heatmaps_bkhw,
                  loaded.model->forward(features).heatmaps_bkhw));
}

TEST_CASE("half precision rounds the matrices and keeps vectors and statistics") {
  const TemporaryFolder folder;
  const auto model = tiny_model();
  const io::DType dtype = GENERATE(io::DType::kF16, io::DType::kBF16);
  const std::string path = folder / "half.safetensors";
  model::save_model(path, *model, dtype);
  const auto before = model::state_of(*model),
             after = model::state_of(*model::load_model(path).model);
  REQUIRE(before.size() == after.size());
  for (const auto& [name, tensor] : before) {
    CAPTURE(name);
    CHECK(after.at(name).scalar_type() == at::kFloat);
    const auto stored = dtype == io::DType::kF16 ? at::kHalf : at::kBFloat16;
    CHECK(at::equal(after.at(name), tensor.dim() >= 2 ? tensor.to(stored).to(at::kFloat) : tensor));
  }
}

TEST_CASE("errors of other weights name the file and tensor") {
  const TemporaryFolder folder;
  const std::string path = saved_tiny_model(folder);
  const std::string name = "backbone.blocks.1.attn.proj.bias";
  REQUIRE(io::SafetensorsFile(path).tensors().contains(name));

  check_error(edited(path, [&](auto& tensors, auto&) { tensors.erase(name); }),
              "no tensor " + name);
  check_error(edited(path, [&](auto& tensors, auto&) { tensors["zzz"] = tensors[name]; }),
              "tensor zzz is not part of this model");
  check_error(edited(path, [&](auto& tensors, auto&) { tensors[name].shape = {8, 8}; }),
              "tensor " + name + " is [8, 8], not [64]");
  check_error(edited(path, [&](auto&, auto& metadata) { metadata.erase("kind"); }),
              "weights of another project");
  check_error(edited(path, [&](auto&, auto& metadata) { metadata["kind"] = "detect"; }),
              "weights of kind 'detect'");
  check_error(edited(path, [&](auto&, auto& metadata) { metadata.erase("vremd_config"); }),
              "no \"vremd_config\"");
  check_error(edited(path, [&](auto&, auto& metadata) { metadata["vremd_config"] = "{"; }),
              "vremd_config:1: not valid JSON");
  check_error(edited(path, [&](auto&, auto& metadata) { metadata["vremd_config"] = "{\"x\":1}"; }),
              "vremd_config: x: unknown key");
}

TEST_CASE("a truncated file is an error, at any length") {
  const TemporaryFolder folder;
  const std::string path = saved_tiny_model(folder);
  const auto size = fs::file_size(path);
  for (const auto length :
       {std::uintmax_t{0}, std::uintmax_t{5}, std::uintmax_t{100}, size / 2, size - 1}) {
    fs::resize_file(path, length);
    CHECK_THROWS_MATCHES(model::load_model(path), Error, MessageMatches(ContainsSubstring(path)));
    if (length == 0) saved_tiny_model(folder);  // restores the file
    saved_tiny_model(folder);
  }
}

TEST_CASE("non-finite weights are not saved") {
  const TemporaryFolder folder;
  const auto model = tiny_model();
  at::NoGradGuard no_grad;
  model::state_of(*model).at("hm.final_layer.weight").fill_(1e6);  // beyond float16
  const std::string path = folder / "large.safetensors";
  CHECK_THROWS_MATCHES(model::save_model(path, *model, io::DType::kF16), Error,
                       MessageMatches(ContainsSubstring("hm.final_layer.weight")));
  CHECK_FALSE(fs::exists(path));
  model::save_model(path, *model, io::DType::kF32);
  CHECK(fs::exists(path));
}

TEST_CASE("weights are found by path and by name") {
  const TemporaryFolder folder;
  const std::string path = folder / "some-model.safetensors";
  std::ofstream(path) << "x";
  CHECK(io::find_weights(path) == path);
  setenv("VREMD_MODELS", folder.path.c_str(), 1);
  CHECK(io::find_weights("some-model") == path);
  CHECK_THROWS_MATCHES(
      io::find_weights("other-model"), Error,
      MessageMatches(ContainsSubstring("other-model: no such weights in " + folder.path.string())));
  unsetenv("VREMD_MODELS");
  CHECK_THROWS_AS(io::find_weights("some-model"), Error);
  CHECK_THROWS_MATCHES(io::find_weights(folder / "none.safetensors"), Error,
                       MessageMatches(ContainsSubstring("no such weights file")));
}

}  // namespace
}  // namespace vremd
