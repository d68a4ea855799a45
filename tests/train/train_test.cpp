// SPDX-License-Identifier: Apache-2.0
#include "catch_torch.h"
#include "make_people.h"
#include "tiny_model.h"

#include "core/error.h"
#include "core/log.h"
#include "io/json_file.h"
#include "model/weights.h"
#include "train/feature_cache.h"
#include "train/learner.h"
#include "train/loader.h"
#include "train/optimizer.h"
#include "train/presets.h"
#include "train/process_group.h"
#include "train/report.h"
#include "train/score_fit.h"
#include "train/start.h"
#include "train/trainer.h"
#include "train/validation.h"
#include "video/writer.h"

#include <catch2/catch_approx.hpp>
#include <catch2/matchers/catch_matchers.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

#include <oneapi/tbb/global_control.h>

#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

using namespace vremd;
using namespace vremd::train;
using Catch::Approx;
using Catch::Matchers::ContainsSubstring;

namespace {

// People whose noses are bright crosses.
void make_data(const std::string& folder, int count) {
  make_people(folder, count);
  for (int n = 0; n < count; ++n) {
    Frame frame;
    frame.width = 96;
    frame.height = 128;
    frame.rgb.assign(3 * 96 * 128, 40);
    const auto [x, y] = NoseOf(n);
    for (int d = -9; d <= 9; ++d) {
      for (int c = 0; c < 3; ++c) {
        frame.rgb[3 * (y * 96 + x + d) + c] = frame.rgb[3 * ((y + d) * 96 + x) + c] = 250;
      }
    }
    video::write_picture(fmt::format("{}/images/{:02}.png", folder, n), frame);
  }
}

struct Folder {
  std::string path =
      std::filesystem::temp_directory_path() / ("vremd_train_" + std::to_string(getpid()));
  explicit Folder(int people = 0) {
    std::filesystem::remove_all(path);
    std::filesystem::create_directories(path + "/images");
    set_log("test", LogLevel::kError);
    if (people > 0) make_data(path, people);
  }
  ~Folder() { std::filesystem::remove_all(path); }
};

TrainConfig toy_config(const std::string& folder, bool three_frames = false) {
  const Json json = Json::parse(R"({
    "model": {"backbone": {"kind": "vit", "size": "tiny", "freeze": false}, "model": {"head": "simple"},
              "input": {"size": [96, 64]}, "hkme": {"enabled": false}, "bmd": {"enabled": false}},
    "data": [{"annotations": ")" +
                                folder + R"(/data.json"}],
    "aug": {"half_body": {"prob": 0}, "flip": 0, "rotation": {"prob": 0}},
    "train": {"epochs": 8, "lr": 1e-3, "batch": 6, "amp": "fp32", "milestones": [], "clip": 1,
              "ema": 0.9}})");
  TrainConfig config = TrainConfig::from_json(json, "toy");
  if (three_frames) {
    config.model.hkme.enabled = config.model.bmd.enabled = true;
    config.model.backbone.freeze = true;
    config.train.epochs = 1;
    config.aug.corrupt.blur = config.aug.corrupt.erase = 0.5;
  }
  return config;
}

std::vector<double> losses_of(const std::string& folder) {
  std::vector<double> losses;
  for (const Json& line : read_metrics(folder + "/metrics.jsonl")) {
    if (line.contains("loss")) losses.push_back(line["loss"].get<double>());
  }
  return losses;
}

TrainerOptions options_for(const std::string& output) {
  TrainerOptions options;
  options.output = output;
  options.report_seconds = 0;
  return options;
}

}  // namespace

TEST_CASE("the learning rate warms up and decays at milestones or along a cosine") {
  TrainConfig::Train train;
  train.milestones = {16};
  const auto factor = [&](double step, double warmup = 0) {
    return learning_rate_factor(train, step, 2000, 100, warmup);
  };
  CHECK(factor(0) == 1);
  CHECK(factor(1599) == 1);  // METHOD 10.2: epochs 1-16 at the full rate
  CHECK(factor(1600) == Approx(0.1));
  CHECK(factor(49, 100) == Approx(0.5));
  train.schedule = Schedule::kCosine;
  CHECK(factor(1000) == Approx(0.5));
  CHECK(factor(2000) == Approx(0).margin(1e-12));
}

TEST_CASE("configurations are validated and round-trip through JSON") {
  const Folder folder;
  const TrainConfig config = toy_config(folder.path);
  CHECK(TrainConfig::from_json(config.to_json(), "again").to_json() == config.to_json());
  const auto bad = [&](const char* path, const Json& value) {
    Json json = config.to_json();
    json[Json::json_pointer(path)] = value;
    TrainConfig::from_json(json, "c.json");
  };
  CHECK_THROWS_WITH(bad("/aug/company", Json::object()),
                    ContainsSubstring("c.json: aug.company: the same as aug.copy_paste"));
  CHECK_THROWS_WITH(bad("/train/lrr", 1), ContainsSubstring("c.json: train.lrr: unknown key"));
  CHECK_THROWS_WITH(bad("/train/amp", "fp8"), ContainsSubstring("train.amp: 'fp8' is not one of"));
  CHECK_THROWS_WITH(bad("/aug/flip", 2), ContainsSubstring("aug"));
  CHECK_THROWS_WITH(bad("/data/0/dataset", "coco"),
                    ContainsSubstring("data[0]: either annotations or dataset"));
  CHECK_THROWS_WITH(bad("/train/cache_features", 1), ContainsSubstring("needs backbone.freeze"));
  CHECK_THROWS_WITH(bad("/model/backbone/kind", "cnn"), ContainsSubstring("model: backbone.kind"));
}

TEST_CASE("renamed keys are accepted and written under their new names") {
  const Json json = Json::parse(R"({
    "data": [{"annotations": "a.json", "skip_suspects": true, "second_opinion": "b.json",
              "disagreement": 0.4, "sure": 0.7, "adopt": 0.5}],
    "aug": {"company": {"prob": 0.3}, "corrupt": {"cover": 0.2, "largest_cover": 0.3}}})");
  const TrainConfig config = TrainConfig::from_json(json, "c.json");
  const data::TrainDataConfig& data = config.data[0];
  CHECK(data.skip_suspect_lr);
  CHECK(data.pseudo_labels == "b.json");
  CHECK(data.pseudo_veto_distance == 0.4);
  CHECK(data.pseudo_veto_score == 0.7);
  CHECK(data.pseudo_add_score == 0.5);
  CHECK(config.aug.copy_paste.prob == 0.3);
  CHECK(config.aug.corrupt.erase == 0.2);
  CHECK(config.aug.corrupt.largest_erased == 0.3);
  const Json written = config.to_json();
  CHECK(written["data"][0]["pseudo_add_score"] == 0.5);
  CHECK(written["aug"]["copy_paste"]["prob"] == 0.3);
  CHECK_FALSE(written["data"][0].contains("adopt"));
  CHECK_FALSE(written["aug"]["corrupt"].contains("cover"));
}

TEST_CASE("damaged checkpoints are rejected") {
  const Folder folder;
  const std::string path = folder.path + "/checkpoint.safetensors";
  Checkpoint checkpoint;
  checkpoint.config = "{}";
  checkpoint.tensors["model.x"] = at::ones({2});
  save_checkpoint(path, checkpoint);
  const auto with = [&](const char* key, const char* value) {
    const io::SafetensorsFile file(path);
    std::map<std::string, std::string> metadata = file.metadata();
    metadata[key] = value;
    io::write_safetensors(folder.path + "/bad.safetensors", file.tensors(), metadata);
    return folder.path + "/bad.safetensors";
  };
  CHECK(load_checkpoint(path).best == -1);
  CHECK_THROWS_WITH(load_checkpoint(with("step", "12x")),
                    ContainsSubstring("step: '12x' is not a number"));
  CHECK_THROWS_WITH(load_checkpoint(with("best", "")),
                    ContainsSubstring("best: '' is not a number"));
  const Checkpoint bad = load_checkpoint(with("config", "{\"train\": "));
  CHECK_THROWS_WITH(require_same_run(bad, "c.safetensors", TrainConfig{}, 1, 0),
                    ContainsSubstring("c.safetensors: config:1: not valid JSON"));
}

TEST_CASE("training converges, and a resumed run gives identical weights", "[slow]") {
  const Folder folder(30);
  const TrainConfig config = toy_config(folder.path);

  REQUIRE(run_training(config, options_for(folder.path + "/whole")));
  const auto losses = losses_of(folder.path + "/whole");
  REQUIRE(losses.size() == 40);
  CHECK(losses.back() < 0.7 * losses.front());
  const model::LoadedModel model = model::load_model(folder.path + "/whole/last.safetensors");
  CHECK(model.config.model.trained_joints == std::vector<std::string>{"nose"});

  TrainerOptions first = options_for(folder.path + "/parts");
  int asked = 0;
  first.stopped = [&] { return ++asked > 17; };
  CHECK_FALSE(run_training(config, first));
  CHECK_FALSE(std::filesystem::exists(folder.path + "/parts/best.safetensors"));
  TrainerOptions second = options_for(folder.path + "/parts");
  CHECK_THROWS_WITH(run_training(config, second), ContainsSubstring("contains a training run"));
  second.resume = true;
  TrainConfig other = config;
  other.train.lr = 1;
  CHECK_THROWS_WITH(run_training(other, second), ContainsSubstring("another configuration"));
  REQUIRE(run_training(config, second));
  CHECK(io::read_text_file(folder.path + "/parts/last.safetensors") ==
        io::read_text_file(folder.path + "/whole/last.safetensors"));
}

TEST_CASE("a three-frame model starts from a single-frame model and trains on stills", "[slow]") {
  const Folder folder(12);
  TrainConfig single = toy_config(folder.path);
  single.train.epochs = 1;
  REQUIRE(run_training(single, options_for(folder.path + "/single")));
  TrainConfig config = toy_config(folder.path, true);
  config.start.single_frame = folder.path + "/single/last.safetensors";
  TrainerOptions options = options_for(folder.path + "/three");
  options.threads = 2;
  REQUIRE(run_training(config, options));
  const auto before = model::load_model(folder.path + "/single/last.safetensors");
  const auto after = model::load_model(folder.path + "/three/last.safetensors");
  const auto state = model::state_of(*before.model), trained = model::state_of(*after.model);
  for (const auto& [name, tensor] : state) {
    if (!name.starts_with("backbone.")) continue;
    CAPTURE(name);
    CHECK(at::equal(tensor, trained.at(name)));  // frozen
  }
  CHECK(losses_of(folder.path + "/three").size() == 2);
}

TEST_CASE("LayerNorm eps and heads of the backbone are taken from its file") {
  const Folder folder(6);
  TrainConfig config = toy_config(folder.path);
  config.train.epochs = 1;
  config.start.backbone = folder.path + "/backbone.safetensors";
  model::ModelConfig source = config.model;
  source.backbone.ln_eps = 1e-12;
  source.backbone.heads = 2;  // not the 4 of its size
  model::VremdImpl imported(source);
  imported.init();
  model::save_model(config.start.backbone, imported, io::DType::kF32, {{"kind", "backbone"}});
  REQUIRE(run_training(config, options_for(folder.path + "/a")));
  const model::ModelConfig taken = model::load_model(folder.path + "/a/last.safetensors").config;
  CHECK(taken.backbone.ln_eps == 1e-12);
  CHECK(taken.backbone_heads() == 2);
  config.model.backbone.ln_eps = 1e-5;  // the configuration overrides it
  REQUIRE(run_training(config, options_for(folder.path + "/b")));
  CHECK(model::load_model(folder.path + "/b/last.safetensors").config.backbone.ln_eps == 1e-5);
}

TEST_CASE("the network of start.weights is continued with the changes of the configuration") {
  const Folder folder;
  const auto source = tiny_model(5, tiny_config("paper"));
  const std::string path = folder.path + "/tiny.safetensors";
  model::save_model(path, *source, io::DType::kF32);
  const Json json{{"start", {{"weights", path}}}, {"model", {{"backbone", {{"freeze", false}}}}}};
  const TrainConfig config = load_train_config(json, "c.json");
  model::ModelConfig want = source->config;
  want.backbone.freeze = false;
  CHECK(config.model.to_json() == want.to_json());
  CHECK(load_train_config(config.to_json(), "again").to_json() == config.to_json());
  CHECK_THROWS_AS(load_train_config({{"start", {{"weights", path + "x"}}}}, "c"), Error);
  CHECK_NOTHROW(load_train_config(json, "c.json", "recommended"));
  CHECK_THROWS_WITH(
      load_train_config(json, "c.json", "table6_b"),
      ContainsSubstring("preset table6_b has a different network") && ContainsSubstring("/bmd/"));
  CHECK_THROWS_WITH(load_train_config(json, "c.json", "vitpose_coco"),
                    ContainsSubstring("different network"));
  // Single-frame and three-frame networks differ; training settings are ignored.
  model::ModelConfig single = tiny_config("vitpose_coco");
  single.backbone.freeze = true;
  const std::string alone = folder.path + "/alone.safetensors";
  model::save_model(alone, *tiny_model(5, single), io::DType::kF32);
  const Json of_alone{{"start", {{"weights", alone}}}};
  CHECK_FALSE(load_train_config(of_alone, "c", "vitpose_coco").model.backbone.freeze);
  for (const char* preset : {"paper", "recommended", "table4_a", "table6_d"}) {
    CHECK_THROWS_WITH(load_train_config(of_alone, "c", preset),
                      ContainsSubstring("a different network than start.weights (/hkme/enabled)"));
  }
  const Json off{{"enabled", false}};  // with a matching network only the recipe is applied
  const Json said{{"start", {{"weights", alone}}}, {"model", {{"hkme", off}, {"bmd", off}}}};
  CHECK(load_train_config(said, "c", "recommended").train.warmup == 500);
  CHECK(load_train_config(Json::object(), "c", "vitpose_coco").model.backbone.freeze == false);

  // Labelled joints are added to the trained joints of the file.
  make_data(folder.path, 6);
  model::ModelConfig some = tiny_config("paper");
  some.model.joints = "posetrack17";
  some.model.trained_joints = {"left_ear", "left_knee"};
  model::save_model(path, *tiny_model(5, some), io::DType::kF32);
  Json run{{"start", {{"weights", path}}},
           {"data", {{{"annotations", folder.path + "/data.json"}}}},
           {"train", {{"epochs", 1}, {"batch", 6}, {"amp", "fp32"}}}};
  REQUIRE(run_training(load_train_config(run, "c"), options_for(folder.path + "/run")));
  CHECK(model::load_model(folder.path + "/run/last.safetensors").config.model.trained_joints ==
        std::vector<std::string>{"nose", "left_ear", "left_knee"});
}

TEST_CASE("a prior is loaded from its file into a model without one") {
  const Folder folder(6);
  TrainConfig config = toy_config(folder.path);
  config.start.calibrate = false;
  config.model.backbone.kind = model::BackboneKind::kMovenet;
  config.model.input.size = {{64, 64}};
  config.model.loss.kind = model::LossKind::kCe;
  model::ModelConfig thunder = config.model;
  thunder.model.head = model::HeadKind::kMovenet;
  thunder.model.joints = "coco17";
  thunder.geometry = ops::Geometry::kClassic;
  thunder.loss.kind = model::LossKind::kMse;
  at::manual_seed(7);
  model::VremdImpl source(thunder), before(config.model);
  source.init();
  before.init();
  config.start.prior = folder.path + "/thunder.safetensors";
  config.start.weights = folder.path + "/before.safetensors";
  model::save_model(config.start.prior, source, io::DType::kF32);
  model::save_model(config.start.weights, before, io::DType::kF32);
  CHECK_THROWS_AS(config.validate_values(), Error);  // no model.prior

  config.model.model.prior = model::PriorKind::kMovenet;
  CHECK_NOTHROW(config.validate_values());
  data::TrainSet set(config.data, config.model.joints());
  const auto model = make_network(config, set, true);
  const auto ours = model::state_of(*model);
  int heads = 0;
  for (const auto& [name, tensor] : model::state_of(source)) {
    CAPTURE(name);
    const bool is_head = name.starts_with("head.");
    CHECK(at::equal(ours.at("prior." + (is_head ? name.substr(5) : name)), tensor));
    heads += is_head;
  }
  CHECK(heads == 4 * 5);  // depthwise, pointwise and output, biases of the last two
  for (const auto& [name, tensor] : model::state_of(before))
    CHECK(at::equal(ours.at(name), tensor));
  config.start.prior.clear();
  CHECK_THROWS_WITH(make_network(config, set, true), ContainsSubstring("no tensor prior."));
}

TEST_CASE("a pasted person changes the crops but not the targets") {
  const Folder folder(6);
  TrainConfig config = toy_config(folder.path, /*three_frames=*/true);
  config.aug.corrupt = {};
  data::TrainSet set(config.data, config.model.joints());
  const TrainBatch alone = first_batch(set, config, 6);
  config.aug.copy_paste.prob = 1;
  const TrainBatch beside = first_batch(set, config, 6), again = first_batch(set, config, 6);
  REQUIRE(beside.crops.sizes() == alone.crops.sizes());
  CHECK(at::equal(beside.targets, alone.targets));
  CHECK(at::equal(beside.weights, alone.weights));
  CHECK(at::equal(beside.crops, again.crops));
  const at::Tensor changed = beside.crops.ne(alone.crops).to(at::kFloat).mean({1, 2, 3});
  CHECK(changed.min().item<float>() > 0);     // in every frame of every sample
  CHECK(changed.mean().item<float>() < 0.9);  // but not everywhere
}

TEST_CASE("missing and damaged files are reported") {
  const Folder folder(6);
  TrainConfig config = toy_config(folder.path);
  std::filesystem::remove(folder.path + "/images/03.png");
  CHECK_THROWS_WITH(run_training(config, options_for(folder.path + "/a")),
                    ContainsSubstring("images/03.png"));
  config.train.batch = 7;
  CHECK_THROWS_WITH(run_training(config, options_for(folder.path + "/c")),
                    ContainsSubstring("train.batch: a step takes 7 persons, an epoch has 6"));
  config.data[0].annotations = folder.path + "/nothing.json";
  CHECK_THROWS_WITH(run_training(config, options_for(folder.path + "/d")),
                    ContainsSubstring("nothing.json"));
}

TEST_CASE("a run resumes without loss after an error", "[slow]") {
  const Folder folder(12);
  TrainConfig config = toy_config(folder.path);
  config.train.epochs = 2;
  config.validate = folder.path + "/data.json";
  const std::string whole = folder.path + "/whole", parts = folder.path + "/parts";
  REQUIRE(run_training(config, options_for(whole)));
  TrainerOptions options = options_for(parts);
  options.resume = true;  // nothing to resume: starts a new run
  const auto gone = [&](int sample, const auto& body) {
    const std::string name = fmt::format("{}/images/{:02}.png", folder.path, sample);
    std::filesystem::rename(name, name + ".gone");
    body();
    std::filesystem::rename(name + ".gone", name);
  };
  // In the second step of the first epoch ...
  const data::TrainSet set(config.data, config.model.joints());
  gone(set.order(8888, 0).back(),
       [&] { CHECK_THROWS_WITH(run_training(config, options), ContainsSubstring(".png")); });
  CHECK(load_checkpoint(parts + "/checkpoint.safetensors").step == 1);
  // ... and while it is scored.
  Json other = Json::parse(io::read_text_file(folder.path + "/data.json"));
  other["images"][3]["file_name"] = "images/x.png";
  std::ofstream(folder.path + "/score.json") << other.dump();
  TrainConfig scored = config;
  scored.validate = folder.path + "/score.json";
  TrainerOptions scored_options = options_for(folder.path + "/scored");
  CHECK_THROWS_WITH(run_training(scored, scored_options), ContainsSubstring("images/x.png"));
  CHECK(load_checkpoint(folder.path + "/scored/checkpoint.safetensors").step == 2);
  CHECK_NOTHROW(model::load_model(folder.path + "/scored/last.safetensors"));
  std::filesystem::copy(folder.path + "/images/03.png", folder.path + "/images/x.png");
  scored_options.resume = true;
  REQUIRE(run_training(scored, scored_options));
  CHECK(read_metrics(folder.path + "/scored/metrics.jsonl").size() == 6);

  // Lines that a killed run wrote after its last checkpoint are not duplicated.
  std::ofstream(parts + "/metrics.jsonl", std::ios::app) << R"({"step": 2, "loss": 1})" << "\n";
  REQUIRE(run_training(config, options));
  CHECK(losses_of(parts) == losses_of(whole));
  for (const char* file : {"/last.safetensors", "/best.safetensors"}) {
    CHECK(io::read_text_file(parts + file) == io::read_text_file(whole + file));
  }
  // Different data: a different run.
  make_data(folder.path, 13);
  CHECK_THROWS_WITH(run_training(config, options), ContainsSubstring("12 persons an epoch"));
}

TEST_CASE("gradients are accumulated over batches, and the weight average follows the weights",
          "[slow]") {
  const Folder folder(12);
  TrainConfig config = toy_config(folder.path);
  config.train.epochs = 1;
  config.train.batch = 12;
  config.train.micro_batch = 3;
  config.train.ema = 0.9;
  data::TrainSet set(config.data, config.model.joints());
  const auto start = model::state_of(*make_network(config, set, true));
  const auto trained = [&](const std::string& name) {
    REQUIRE(run_training(config, options_for(folder.path + "/" + name)));
    return load_checkpoint(folder.path + "/" + name + "/checkpoint.safetensors").tensors;
  };
  const auto one = trained("one");
  config.train.batch = 6;
  config.train.accum = 2;
  const auto two = trained("two");
  config.train.amp = Amp::kBf16;
  const auto half = trained("half");
  double moved = 0, apart = 0;
  for (const auto& [name, tensor] : start) {
    CAPTURE(name);
    const at::Tensor& after = one.at("model." + name);
    CHECK(at::equal(after, two.at("model." + name)));
    // One step: decay (1 + 1) / (10 + 1).
    const at::Tensor average = at::lerp(tensor, after, 1 - 2.0 / 11);
    CHECK(at::allclose(one.at("ema." + name), average, 1e-5, 1e-7));
    moved += (after - tensor).norm().item<double>();
    apart += (half.at("model." + name) - after).norm().item<double>();
  }
  CHECK(moved > 0.01);
  CHECK(apart > 0);            // bfloat16 differs ...
  CHECK(apart < 0.7 * moved);  // ... but moves in the same direction
}

TEST_CASE("amp auto suits the device, and a resumed run keeps its precision") {
  const Folder folder(6);
  TrainConfig config = toy_config(folder.path);
  config.train.epochs = 1;
  TrainerOptions options = options_for(folder.path + "/run");
  const auto of_run = [&] {
    REQUIRE(run_training(config, options));
    return io::read_config_file(options.output + "/config.json")["train"]["amp"].get<std::string>();
  };
  config.train.amp = Amp::kAuto;
  CHECK(of_run() == (ops::has_fast_bf16(at::kCPU) ? "bf16" : "fp32"));
  options.output = folder.path + "/other";
  const Amp other = ops::has_fast_bf16(at::kCPU) ? Amp::kFp32 : Amp::kBf16;
  config.train.amp = other;
  CHECK(of_run() == name_of(other));
  config.train.amp = Amp::kAuto;
  options.resume = true;
  CHECK(of_run() == name_of(other));
}

TEST_CASE("clipping bounds the gradient, and decay skips tokens and vectors") {
  TrainConfig::Train train;
  train.wd = 0.1;
  train.lr = 1;
  train.clip = 1;
  train.wd_on = WeightDecayOn::kMatrices;
  const auto ones = [](at::IntArrayRef shape) {
    at::Tensor tensor = at::ones(shape);
    tensor.mutable_grad() = at::zeros(shape);
    return tensor;
  };
  const std::vector<std::pair<std::string, at::Tensor>> parameters = {
      {"hkme.human.token", ones({3, 1, 4})},
      {"hkme.temporal_embed", ones({1, 3, 4})},
      {"backbone.pos_embed", ones({1, 2, 4})},
      {"hk.fc1.bias", ones({4})},
      {"hk.fc1.weight", ones({4, 4})}};
  Optimizer optimizer(train, parameters);
  CHECK(optimizer.step(0, 1, 1) == 0);
  for (const auto& [name, tensor] : parameters) {
    CAPTURE(name);
    CHECK(tensor.flatten()[0].item<double>() == Approx(name == "hk.fc1.weight" ? 0.9 : 1));
  }
  at::Tensor gradient = parameters[3].second.mutable_grad();
  gradient[0] = 3;
  gradient[1] = 4;
  CHECK(optimizer.step(0, 1, 1) == Approx(5));
  CHECK(gradient.norm().item<double>() == Approx(1).epsilon(1e-4));
}

TEST_CASE("neighbours replaced by the key frame are counted", "[slow]") {
  const Folder folder(12);
  Json data = Json::parse(io::read_text_file(folder.path + "/data.json"));
  for (int n = 0; n < 12; ++n) {  // one video
    data["images"][n]["vid_id"] = "v";
    data["images"][n]["frame_id"] = n;
    data["images"][n]["nframes"] = 12;
  }
  data["annotations"].erase(5);
  std::ofstream(folder.path + "/data.json") << data.dump();
  std::filesystem::remove(folder.path + "/images/05.png");
  TrainConfig config = toy_config(folder.path, /*three_frames=*/true);
  config.data[0].missing = data::MissingNeighbour::kKeyFrame;
  config.train.batch = 11;
  config.train.epochs = 2;
  const std::string output = folder.path + "/out";
  REQUIRE(run_training(config, options_for(output)));
  const std::vector<Json> lines = read_metrics(output + "/metrics.jsonl");
  REQUIRE_FALSE(lines.empty());
  std::vector<int> counts;
  for (const Json& line : lines) {
    if (line.contains("epoch")) counts.push_back(line.value("substituted", 0));
  }
  CHECK(counts ==
        std::vector{2, 2});  // after 4 and before 6; samples of the report are not counted

  // The counts do not change if the run is stopped anywhere and resumed.
  config.train.batch = 5;
  config.validate = folder.path + "/data.json";
  config.validate_missing = data::MissingNeighbour::kKeyFrame;
  const auto counts_of = [](const std::string& run) {
    std::vector<std::string> epochs;
    for (const Json& line : read_metrics(run + "/metrics.jsonl")) {
      if (!line.contains("epoch")) continue;
      epochs.push_back(fmt::format("{} {}", line.value("substituted", 0),
                                   line.value("validation_substituted", 0)));
    }
    return epochs;
  };
  REQUIRE(run_training(config, options_for(folder.path + "/whole")));
  const auto whole = counts_of(folder.path + "/whole");
  REQUIRE(whole.size() == 2);
  CHECK(whole[0].ends_with(" 2"));
  for (int last = 1; last < 14; ++last) {  // number of calls of stopped()
    TrainerOptions options = options_for(fmt::format("{}/parts{}", folder.path, last));
    int asked = 0;
    options.stopped = [&] { return ++asked > last; };
    options.threads = 1;
    if (run_training(config, options)) continue;
    options.stopped = [] { return false; };
    options.resume = true;
    REQUIRE(run_training(config, options));
    CHECK(counts_of(options.output) == whole);
  }
}

TEST_CASE("validation selects whole frames") {
  const Folder folder(8);
  Json data = Json::parse(io::read_text_file(folder.path + "/data.json"));
  for (int n = 0; n < 8; ++n) {  // duplicates each person
    Json other = data["annotations"][n];
    other["id"] = 100 + n;
    data["annotations"].push_back(other);
  }
  std::ofstream(folder.path + "/data.json") << data.dump();
  TrainConfig config = toy_config(folder.path);
  config.validate = folder.path + "/data.json";
  CHECK(Validation(config).chosen().size() == 16);
  config.validate_most = 5;
  Validation some(config);
  REQUIRE(some.chosen().size() == 6);  // three of the eight frames
  std::map<int, int> people;
  for (const int i : some.chosen()) ++people[some.set().samples()[i].video];
  CHECK(people.size() == 3);
  for (const auto& [video, count] : people) CHECK(count == 2);
}

TEST_CASE("weights do not depend on the number of threads or prefetched batches", "[slow]") {
  const Folder folder(24);
  TrainConfig config = toy_config(folder.path);
  config.train.epochs = 2;
  config.train.batch = 7;
  config.train.accum = 2;
  config.train.micro_batch = 3;
  config.aug.flip = 0.5;
  config.validate = folder.path + "/data.json";
  std::vector<std::string> weights;
  for (const int threads : {1, 3}) {
    TrainerOptions options = options_for(fmt::format("{}/{}", folder.path, threads));
    options.threads = threads;
    config.train.loaders = threads;
    config.train.prefetch = 5 * threads;
    REQUIRE(run_training(config, options));
    weights.push_back(io::read_text_file(options.output + "/checkpoint.safetensors"));
  }
  // The configuration in the header differs; the tensors must not.
  const auto tensors = [&](const std::string& bytes) {
    std::uint64_t length = 0;
    std::memcpy(&length, bytes.data(), 8);
    return bytes.substr(8 + length);
  };
  CHECK(tensors(weights[0]) == tensors(weights[1]));
}

TEST_CASE("a run writes a self-contained report", "[slow]") {
  const Folder folder(12);
  TrainConfig config = toy_config(folder.path, true);
  config.train.epochs = 2;
  config.validate = folder.path + "/data.json";
  REQUIRE(run_training(config, options_for(folder.path + "/run")));
  const auto metrics = read_metrics(folder.path + "/run/metrics.jsonl");
  REQUIRE(metrics.size() == 6);  // two steps and one score per epoch
  CHECK(metrics[0].contains("wait"));
  CHECK(metrics[2]["epoch"] == 1);
  CHECK(metrics[2].contains("pck"));
  const std::string html = io::read_text_file(folder.path + "/run/report.html");
  CHECK(html.starts_with("<!doctype html>"));
  CHECK_THAT(html, ContainsSubstring("<title>loss</title>") && ContainsSubstring("data:image/png"));
  CHECK(html.find("http://") ==
        html.find("http://www.w3.org/2000/svg"));  // a namespace, not a link
  CHECK(html.find("src=\"http") == std::string::npos);
}

TEST_CASE("cached features give the same training after a resume", "[slow]") {
  const Folder folder(24);
  TrainConfig config = toy_config(folder.path, true);
  config.train.epochs = 5;
  config.train.cache_features = 2;
  const std::string whole = folder.path + "/whole", parts = folder.path + "/parts";
  REQUIRE(run_training(config, options_for(whole)));
  // Stopped in epoch 4, where all features come from the cache; resumed with an empty one.
  TrainerOptions options = options_for(parts);
  int asked = 0;
  options.stopped = [&] { return ++asked > 13; };
  CHECK_FALSE(run_training(config, options));
  TrainerOptions again = options_for(parts);
  again.resume = true;
  REQUIRE(run_training(config, again));
  CHECK(io::read_text_file(whole + "/last.safetensors") ==
        io::read_text_file(parts + "/last.safetensors"));
  for (const auto& entry : std::filesystem::directory_iterator(whole)) {
    CHECK_THAT(entry.path().filename(), !ContainsSubstring("cache"));
  }
}

TEST_CASE("the feature cache does not depend on threads or loaders", "[slow]") {
  const Folder folder(10);
  TrainConfig config = toy_config(folder.path, true);
  config.data[0].repeat = 3;  // people recur before their features are stored
  config.train.epochs = 3;
  config.train.batch = 7;
  config.train.micro_batch = 2;
  config.train.cache_features = 1;
  std::vector<std::map<std::string, at::Tensor>> weights;
  for (const int threads : {1, 3}) {
    TrainerOptions options = options_for(fmt::format("{}/{}", folder.path, threads));
    options.threads = threads;
    config.train.loaders = threads;
    config.train.prefetch = 1 + 12 * (threads - 1);
    REQUIRE(run_training(config, options));
    weights.push_back(load_checkpoint(options.output + "/checkpoint.safetensors").tensors);
  }
  for (const auto& [name, tensor] : weights[0]) CHECK(at::equal(tensor, weights[1].at(name)));
}

TEST_CASE("features in a folder serve further runs", "[slow]") {
  const Folder folder(10);
  TrainConfig config = toy_config(folder.path, true);
  config.train.epochs = 2;
  config.train.cache_features = 1;
  config.train.feature_folder = folder.path + "/features";
  const auto weights_of = [&](const std::string& name) {
    REQUIRE(run_training(config, options_for(folder.path + "/" + name)));
    return io::read_text_file(folder.path + "/" + name + "/last.safetensors");
  };
  const auto files = [&] {
    return std::distance(std::filesystem::directory_iterator(config.train.feature_folder), {});
  };
  const std::string first = weights_of("first");
  CHECK(files() == 1);
  Frame grey;  // pictures that would give other features
  grey.width = 96;
  grey.height = 128;
  grey.rgb.assign(3 * 96 * 128, 128);
  for (int n = 0; n < 10; ++n) {
    video::write_picture(fmt::format("{}/images/{:02}.png", folder.path, n), grey, /*force=*/true);
  }
  CHECK(weights_of("second") == first);
  CHECK(files() == 1);
  config.data[0].sanitise_boxes = false;  // other boxes, other features
  CHECK(weights_of("third") != first);
  CHECK(files() == 2);
}

TEST_CASE("a single-frame training reads the key frames of triplets", "[slow]") {
  const Folder folder(12);  // whole steps of 6
  TrainConfig config = toy_config(folder.path);
  config.train.epochs = 1;
  REQUIRE(run_training(config, options_for(folder.path + "/start")));
  config = toy_config(folder.path, true);
  config.start.backbone = folder.path + "/start/last.safetensors";
  config.train.epochs = 2;
  config.train.cache_features = 1;
  config.train.feature_folder = folder.path + "/features";
  const auto files = [&] {
    return std::distance(std::filesystem::directory_iterator(config.train.feature_folder), {});
  };
  REQUIRE(run_training(config, options_for(folder.path + "/three")));
  config.model.hkme.enabled = config.model.bmd.enabled = false;
  REQUIRE(run_training(config, options_for(folder.path + "/single")));
  CHECK(files() == 1);
  config.train.feature_folder = folder.path + "/other";
  REQUIRE(run_training(config, options_for(folder.path + "/apart")));
  CHECK(files() == 1);
  const auto weights = [&](const std::string& run) {
    return load_checkpoint(folder.path + run + "/checkpoint.safetensors").tensors;
  };
  for (const auto& [name, tensor] : weights("/single")) {
    CAPTURE(name);
    CHECK(at::allclose(tensor, weights("/apart").at(name), 1e-3, 1e-4));
  }
}

TEST_CASE("a frozen projection belongs to the features", "[slow]") {
  const Folder folder(10);
  TrainConfig config = toy_config(folder.path, true);
  config.model.model.dim = 32;
  config.model.model.heads = 4;
  config.aug = {};
  config.aug.half_body.prob = config.aug.flip = config.aug.rotation.prob = config.aug.scale.limit =
      0;
  config.aug.motion = {.shift = 0, .rotation = 0, .scale = 0};
  config.train.epochs = 2;
  config.train.cache_features = 1;
  config.train.feature_folder = folder.path + "/features";
  const auto bytes = [&] {
    std::uintmax_t most = 0;
    for (const auto& entry : std::filesystem::directory_iterator(config.train.feature_folder)) {
      most = std::max(most, entry.file_size());
    }
    return most;
  };
  config.train.frozen = {"proj."};
  REQUIRE(run_training(config, options_for(folder.path + "/frozen")));
  CHECK(bytes() == 10 * (3 * 24 * 32 * 4 + 1));
  const auto weights = [&](const std::string& run) {
    return load_checkpoint(folder.path + run + "/checkpoint.safetensors").tensors;
  };
  // The same network, with the features as the backbone gives them.
  config.train.cache_features = 0;
  config.train.feature_folder = "";
  REQUIRE(run_training(config, options_for(folder.path + "/usual")));
  for (const auto& [name, tensor] : weights("/frozen")) {
    CAPTURE(name);
    CHECK(at::allclose(tensor, weights("/usual").at(name), 1e-3, 1e-4));
  }
}

TEST_CASE("start.projection takes the projection with the backbone", "[slow]") {
  const Folder folder(10);
  TrainConfig config = toy_config(folder.path);
  config.model.model.dim = 32;
  config.model.model.heads = 4;
  config.train.epochs = 1;
  REQUIRE(run_training(config, options_for(folder.path + "/single")));
  config.model.hkme.enabled = config.model.bmd.enabled = true;
  config.model.backbone.freeze = true;
  config.train.frozen = {"proj."};
  config.start.backbone = folder.path + "/single/last.safetensors";
  config.start.projection = true;
  config.start.calibrate = false;  // the weights as they are
  REQUIRE(run_training(config, options_for(folder.path + "/three")));
  const io::SafetensorsFile from(config.start.backbone),
      to(folder.path + "/three/last.safetensors");
  for (const char* name : {"proj.fc.weight", "proj.norm.weight", "backbone.pos_embed"}) {
    CAPTURE(name);
    CHECK(from.tensors().at(name).to_float() == to.tensors().at(name).to_float());
  }
  config.start.backbone = "";
  CHECK_THROWS_WITH(config.validate_values(), ContainsSubstring("start.projection"));
}

TEST_CASE("start.projection narrows a wider projection to what it distinguishes", "[slow]") {
  const Folder folder(10);
  TrainConfig config = toy_config(folder.path);
  config.model.model.dim = 32;
  config.model.model.heads = 4;
  config.train.epochs = 1;
  REQUIRE(run_training(config, options_for(folder.path + "/wide")));
  config.model.model.dim = 16;
  config.model.hkme.enabled = config.model.bmd.enabled = true;
  config.model.backbone.freeze = true;
  config.start.backbone = folder.path + "/wide/last.safetensors";
  config.start.projection = true;
  data::TrainSet set(config.data, config.model.joints());
  const auto network = make_network(config, set, /*calibrated=*/true);
  at::NoGradGuard no_grad;
  const TrainBatch batch = first_batch(set, config, 10);
  network->project_features = true;
  const at::Tensor narrow = network->features(batch.crops).flatten(0, 1);
  CHECK(narrow.size(1) == 16);
  CHECK(at::allclose(narrow.mean(0), at::zeros({16}), 0, 1e-3));
  CHECK(at::allclose(narrow.std(0), at::ones({16}), 1e-3));
  // Linear in the wide tokens: they predict the narrow ones exactly.
  const auto wide = model::load_model(config.start.backbone).model;
  wide->project_features = true;
  const at::Tensor all = wide->features(batch.crops).flatten(0, 1);
  const at::Tensor inputs = at::cat({all, at::ones({all.size(0), 1})}, 1).to(at::kDouble);
  const at::Tensor fit = std::get<0>(at::linalg_lstsq(inputs, narrow.to(at::kDouble)));
  CHECK(at::allclose(at::matmul(inputs, fit), narrow.to(at::kDouble), 1e-2, 1e-2));
}

TEST_CASE("the score by visibility, and without parts of the network", "[slow]") {
  const Folder folder(8);
  Json people = io::read_json_file(folder.path + "/data.json");
  const auto write = [&] { std::ofstream(folder.path + "/data.json") << people.dump(); };
  for (Json& one : people["annotations"]) {
    for (const int slot : {5, 6, 10, 11, 12, 13}) {  // torso, right wrist and left knee
      one["keypoints"][3 * slot] = 20 + 4 * slot;
      one["keypoints"][3 * slot + 1] = 30 + 5 * slot;
      one["keypoints"][3 * slot + 2] = 1;
    }
    one["occluded"] = {"left_knee", "right_wrist"};
  }
  write();
  TrainConfig config = toy_config(folder.path, true);
  config.validate = folder.path + "/data.json";
  config.validate_without = {"hkme", "motion"};
  config.train.epochs = 2;
  REQUIRE(run_training(config, options_for(folder.path + "/run")));
  std::vector<Json> epochs;
  for (const Json& line : read_metrics(folder.path + "/run/metrics.jsonl")) {
    if (line.contains("epoch")) epochs.push_back(line);
  }
  REQUIRE(epochs.size() == 2);
  CHECK_FALSE(epochs[0].contains("without"));
  const Json& last = epochs[1];
  CHECK(last["visibility"]["all"] == last["pck"]);
  CHECK(last["without"].size() == 2);
  CHECK(last["without"]["motion"].contains("hidden"));
  config.validate_without = {"prior"};
  CHECK_THROWS_WITH(config.validate_values(), ContainsSubstring("validate_without"));
}

TEST_CASE("scores are fitted to people with head boxes, and kept with the weights", "[slow]") {
  const Folder folder(24);
  const TrainConfig config = toy_config(folder.path);
  REQUIRE(run_training(config, options_for(folder.path + "/run")));
  const ScoreFit fit{.weights = folder.path + "/run/last.safetensors",
                     .output = folder.path + "/fitted.safetensors"};
  CHECK_THROWS_WITH(fit_scores(config, fit), ContainsSubstring("nobody in the data"));
  CHECK_FALSE(std::filesystem::exists(fit.output));
  Json people = io::read_json_file(folder.path + "/data.json");
  for (Json& one : people["annotations"]) one["bbox_head"] = {20, 20, 8, 8};
  std::ofstream(folder.path + "/data.json") << people.dump();
  const auto report = fit_scores(config, fit);
  REQUIRE(report.has_value());
  CHECK_THAT(*report, ContainsSubstring("fitted: ") && ContainsSubstring("| score | right |"));
  const model::LoadedModel fitted = model::load_model(fit.output);
  REQUIRE(fitted.calibration.has_value());
  CHECK(std::ssize(fitted.calibration->bias) == fitted.config.joints().size());
  CHECK_FALSE(model::load_model(fit.weights).calibration.has_value());
  const io::SafetensorsFile before(fit.weights), after(fit.output);
  for (const auto& [name, view] : before.tensors()) {
    CHECK(view.to_float() == after.tensors().at(name).to_float());
  }
  CHECK_THROWS_WITH(fit_scores(config, fit), ContainsSubstring("already exists"));
}

TEST_CASE("a feature cache larger than the disk is rejected") {
  const Folder folder;
  CHECK_THROWS_WITH(FeatureCache(folder.path, "", 1 << 20, 20, {3, 256, 1464}, at::kBFloat16),
                    ContainsSubstring("train.cache_features"));
}

TEST_CASE("report: summary, best epoch, curves, picture") {
  Report report;
  report.title = "a<b";
  report.facts = {{"people", "7"}};
  report.metrics = {{{"epoch", 0}, {"step", 0}, {"pck", 0.25}},
                    {{"step", 0}, {"loss", 4.0}},
                    {{"step", 10}, {"loss", 2.0}},
                    {{"step", 5}, {"mask", {{"effective", 7.5}}}},
                    {{"epoch", 1}, {"step", 5}, {"pck", 0.503}},
                    {{"epoch", 2}, {"step", 10}, {"pck", 0.5}}};
  report.score = "pck";
  report.png = "any carnal pleas";
  report.caption = "people > 3";
  report.config = "{\"lr\": \"<1\"}";
  const std::string html = html_report(report);
  CHECK_THAT(html, ContainsSubstring("<h1>a&lt;b</h1>"));
  CHECK_THAT(html, ContainsSubstring("base64,YW55IGNhcm5hbCBwbGVhcw=="));
  CHECK_THAT(html, ContainsSubstring("<h2>people &gt; 3</h2>"));
  CHECK_THAT(html,
             ContainsSubstring("Mask_k: effective number") && !ContainsSubstring("Mask_k: log"));
  CHECK_THAT(html, ContainsSubstring("<th>best</th><td>PCK@0.2 0.503, epoch 1</td>") &&
                       ContainsSubstring("<th>before training</th><td>PCK@0.2 0.25</td>") &&
                       ContainsSubstring("<th>last</th><td>PCK@0.2 0.5, epoch 2</td>") &&
                       ContainsSubstring("<th>loss</th><td>2 after 10 steps</td>") &&
                       ContainsSubstring("<th>people</th><td>7</td>"));
  CHECK_THAT(html, ContainsSubstring("<pre>{&quot;lr&quot;: &quot;&lt;1&quot;}</pre>") ||
                       ContainsSubstring("<pre>{\"lr\": \"&lt;1\"}</pre>"));
  CHECK(html.find("<h2>Validation") < html.find("<h2>people"));
  CHECK(html.find("<h2>people") < html.find("<h2>Training"));
  // 760 x 300 with margins: the first point upper left, the last lower right.
  CHECK_THAT(html, ContainsSubstring("points=\"70.0,36.0 736.0,256.0\""));
  CHECK_THAT(html, ContainsSubstring(">best</text>"));

  // Scores that are nearly the same look so: 0.3 points are 15 % of an axis of two points.
  report.metrics = {{{"epoch", 1}, {"pck", 0.503}}, {{"epoch", 2}, {"pck", 0.5}}};
  CHECK_THAT(html_report(report), ContainsSubstring("points=\"70.0,129.5 736.0,162.5\""));
  CHECK_THAT(html_report({}), !ContainsSubstring("<h2>"));
}

TEST_CASE("every preset is a valid configuration, and keys override it") {
  for (const std::string& name : preset_names()) {
    CAPTURE(name);
    const Json file{{"preset", name}, {"model", {{"backbone", {{"size", "tiny"}}}}}};
    const TrainConfig config = load_train_config(file, "c.json");
    CHECK(load_train_config(config.to_json(), "again").to_json() == config.to_json());
  }
  const TrainConfig strict = load_train_config(Json::object(), "c", "paper_strict");
  CHECK(strict.model.geometry == ops::Geometry::kClassic);
  CHECK(strict.train.amp == Amp::kBackbone);
  const TrainConfig mine =
      load_train_config(Json::parse(R"({"preset": "recommended", "train": {"warmup": 7}})"), "c");
  CHECK(mine.train.warmup == 7);
  CHECK(mine.train.clip == 1e-3);
  CHECK_THROWS_WITH(load_train_config(Json::object(), "c", "table7"),
                    ContainsSubstring("preset 'table7': not one of: paper_strict"));
}

TEST_CASE("batches are loaded once, in any order, with bounded prefetch") {
  const oneapi::tbb::global_control threads(oneapi::tbb::global_control::max_allowed_parallelism,
                                            3);
  std::atomic<int> made = 0;
  const auto make = [&](std::int64_t index) {
    ++made;
    if (index == 7) throw Error("picture 7");
    TrainBatch batch;
    batch.weights = at::full({1}, static_cast<double>(index));
    return batch;
  };
  BatchLoader loader(make, 3, 9, 2, 3);
  CHECK(loader.take(4).weights.item<double>() == 4);
  CHECK(loader.take(3).weights.item<double>() == 3);
  CHECK(loader.take(6).weights.item<double>() == 6);
  CHECK(made <= 6);
  CHECK_THROWS_WITH(loader.take(7), ContainsSubstring("picture 7"));
  CHECK_THROWS_AS(loader.take(3), std::logic_error);
  CHECK(loader.take(5).weights.item<double>() == 5);
}

TEST_CASE("the process rank is read from variables of torchrun and Slurm") {
  struct Variable {
    std::string name;
    Variable(const char* n, const char* value) : name(n) { setenv(n, value, 1); }
    ~Variable() { unsetenv(name.c_str()); }
  };
  CHECK_FALSE(process_place());
  {
    const Variable size("WORLD_SIZE", "4"), rank("RANK", "3"), port("MASTER_PORT", "29500");
    CHECK_THROWS_WITH(process_place(), ContainsSubstring("MASTER_ADDR"));
    const Variable host("MASTER_ADDR", "node1"), local("LOCAL_RANK", "1");
    const ProcessPlace place = process_place().value();
    CHECK(place.rank == 3);
    CHECK(place.size == 4);
    CHECK(place.local_rank == 1);
    CHECK(place.host == "node1");
    CHECK(place.port == 29500);
    const Variable wrong("RANK", "4");
    CHECK_THROWS_WITH(process_place(), ContainsSubstring("rank 4 of 4"));
    const Variable text("RANK", "x");
    CHECK_THROWS_WITH(process_place(), ContainsSubstring("RANK: 'x' is not a number"));
  }
  {
    const Variable id("SLURM_PROCID", "1"), all_tasks("SLURM_NTASKS", "2");
    CHECK_FALSE(process_place());  // a batch script without srun
    const Variable tasks("SLURM_STEP_NUM_TASKS", "2"), job("SLURM_JOB_ID", "123456");
    const Variable list("SLURM_STEP_NODELIST", "gpu[03-05,9],login1");
    const ProcessPlace place = process_place().value();
    CHECK(place.rank == 1);
    CHECK(place.host == "gpu03");
    CHECK(place.port == 23456);
  }
  ProcessPlace place;
  place.local_rank = 1;
  CHECK(gpu_of(place, 8) == 1);
  CHECK(gpu_of(place, 1) == 0);  // each process sees only its own
  CHECK(first_host("a,b") == "a");
  CHECK(first_host("n[7]") == "n7");
  CHECK(first_host("solo") == "solo");
}
