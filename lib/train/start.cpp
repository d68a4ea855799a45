// SPDX-License-Identifier: Apache-2.0
#include "train/start.h"

#include "core/error.h"
#include "core/log.h"
#include "model/weights.h"
#include "ops/stored_tensors.h"
#include "train/optimizer.h"

#include <ATen/Functions.h>
#include <ATen/ops/linalg_eigh.h>
#include <ATen/ops/linalg_qr.h>

#include <algorithm>

namespace vremd::train {
namespace {

// Loads the parameters of `into` that start with `prefix` from the file `name`, in which the
// parameters of MoveNet's prior are those of Thunder with its own head.
void load_part(const std::string& name, model::VremdImpl& into, const std::string& prefix) {
  static const std::string kPrior = "prior.";
  const io::SafetensorsFile weights(io::find_weights(name));
  at::NoGradGuard no_grad;
  for (const auto& [key, tensor] : model::state_of(into)) {
    if (!key.starts_with(prefix) || key == "prior.sharpness") continue;  // not part of Thunder
    std::string stored = key;
    if (prefix == kPrior) stored.erase(0, kPrior.size());
    if (prefix == kPrior && !stored.starts_with("backbone.")) stored.insert(0, "head.");
    tensor.detach().copy_(ops::read_tensor(weights, stored, tensor.sizes()));
  }
}

// Takes the backbone's LayerNorm eps and number of heads, which its tensors do not determine, from
// the metadata of its file unless the configuration sets them.
void take_from_source(const TrainConfig::Start& start, model::ModelConfig& model) {
  auto& own = model.backbone;
  for (const std::string& name : {start.weights, start.backbone, start.single_frame}) {
    if (name.empty()) continue;
    const auto stored = model::stored_config(name);
    if (!stored || stored->backbone.kind != own.kind) continue;
    if (!own.ln_eps) own.ln_eps = stored->backbone.ln_eps;
    if (!own.heads) own.heads = stored->backbone.heads;
  }
}

// The first `channels` of the tokens of some samples, [n, channels], crop by crop: the maps of
// all of them at once would take gigabytes.
at::Tensor some_tokens(const TrainConfig& config, data::TrainSet& set, model::VremdImpl& model,
                       std::int64_t channels) {
  std::vector<at::Tensor> tokens;
  for (const at::Tensor& crop : first_batch(set, config, 64).crops.split(1)) {
    tokens.push_back(model.features(crop).slice(2, 0, channels).flatten(0, 1));
  }
  return at::cat(tokens);
}

// Fits proj.norm so that each output channel has mean 0 and variance 1 on some samples: the maps of
// a convolutional backbone differ in scale by orders of magnitude.
void calibrate(const TrainConfig& config, data::TrainSet& set, model::VremdImpl& model) {
  at::NoGradGuard no_grad;
  auto state = model::state_of(model);
  if (!state.contains("proj.norm.weight")) return;
  model.eval();
  const at::Tensor tokens = some_tokens(config, set, model, state["proj.norm.weight"].size(0));
  const at::Tensor centred = tokens - tokens.mean(1, true);
  const at::Tensor y =
      centred / (centred.square().mean(1, true) + config.model.modules.ln_eps).sqrt();
  const at::Tensor scale = 1 / y.std(0).clamp_min(1e-3);
  state["proj.norm.weight"].detach().copy_(scale);
  state["proj.norm.bias"].detach().copy_(-y.mean(0) * scale);
}

// The tokens that a trained projection gives have whatever scale suited its head (vremd-light's: a
// deviation of 12). Beside such tokens, whatever the blocks of HKME add to them is nothing, and so
// are its own tokens and sinusoids: gives each channel mean 0 and variance 1 (METHOD 10.5).
void standardise(const TrainConfig& config, data::TrainSet& set, model::VremdImpl& model,
                 bool keep_hm) {
  at::NoGradGuard no_grad;
  model.eval();
  model.project_features = true;
  const at::Tensor tokens = some_tokens(config, set, model, config.model.dim());
  model.project_features = false;
  model.standardise_tokens(tokens.mean(0), tokens.std(0).clamp_min(1e-6), keep_hm);
}

// Takes the projection of start.backbone. A wider one is narrowed to D: to the principal components
// of its tokens on some samples, each divided by the root of its deviation, in random directions
// (METHOD 10.5).
void take_projection(const TrainConfig& config, data::TrainSet& set, model::VremdImpl& model) {
  const std::string& name = config.start.backbone;
  const io::SafetensorsFile weights(io::find_weights(name));
  const auto stored = weights.tensors().find("proj.fc.weight");
  const std::int64_t dim = config.model.dim();
  if (stored == weights.tensors().end() || stored->second.shape.at(0) <= dim) {
    return load_part(name, model, "proj.");
  }
  at::NoGradGuard no_grad;
  const auto wide = stored->second.shape.at(0), channels = stored->second.shape.at(1);
  auto state = model::state_of(model);
  for (const char* part : {"proj.norm.weight", "proj.norm.bias"}) {
    state.at(part).detach().copy_(ops::read_tensor(weights, part, {channels}));
  }
  const at::Tensor fc = ops::read_tensor(weights, "proj.fc.weight", {wide, channels}),
                   bias = ops::read_tensor(weights, "proj.fc.bias", {wide});
  model.eval();
  const at::Tensor maps = some_tokens(config, set, model, channels);
  const at::Tensor normed = at::layer_norm(maps, {channels}, state.at("proj.norm.weight"),
                                           state.at("proj.norm.bias"), config.model.modules.ln_eps);
  const at::Tensor tokens = at::matmul(normed, fc.t());
  const at::Tensor centred = (tokens - tokens.mean(0)).to(at::kDouble);
  const auto [variance, direction] =  // ascending
      at::linalg_eigh(at::matmul(centred.t(), centred) / static_cast<double>(centred.size(0)));
  const at::Tensor kept = variance.slice(0, wide - dim).clamp_min(1e-12);
  const at::Tensor rotation = std::get<0>(at::linalg_qr(at::randn({dim, dim}, at::kDouble)));
  const at::Tensor narrow =
      at::matmul(rotation * kept.pow(-0.25), direction.slice(1, wide - dim).t()).to(at::kFloat);
  state.at("proj.fc.weight").detach().copy_(at::matmul(narrow, fc));
  state.at("proj.fc.bias").detach().copy_(at::mv(narrow, bias));
  log_info("{}: projection narrowed from {} to {} channels, {:.2f} % of the variance", name, wide,
           dim, 100 * (kept.sum() / variance.sum()).item<double>());
}

}  // namespace

TrainBatch first_batch(data::TrainSet& set, const TrainConfig& config, int most) {
  BatchPlan plan;
  plan.seed = static_cast<std::uint64_t>(config.train.seed);
  const std::vector<int> order = set.order(plan.seed, 0);
  plan.samples.assign(order.begin(),
                      order.begin() + std::min<std::ptrdiff_t>(std::ssize(order), most));
  for (std::size_t i = 0; i < plan.samples.size(); ++i) plan.draws.push_back(i);
  return make_batch(set, plan, config.model, &config.aug);
}

void name_trained_joints(const data::TrainSet& set, TrainConfig& config) {
  auto& trained = config.model.model.trained_joints;
  if (trained) return;
  const JointSet& joints = set.joints();
  std::vector<bool> known(static_cast<std::size_t>(joints.size()));
  for (int j = 0; j < joints.size(); ++j) known[j] = set.trained(j);
  if (!config.start.weights.empty()) {
    const auto before = model::stored_config(config.start.weights);
    if (before && before->joints().joints == joints.joints) {
      for (const int j : before->trained_joints()) known[j] = true;
    }
  }
  std::vector<std::string> names;
  for (int j = 0; j < joints.size(); ++j) {
    if (known[j]) names.push_back(joints.joints[j]);
  }
  if (static_cast<int>(names.size()) < joints.size()) trained = names;
}

std::shared_ptr<model::VremdImpl> make_network(const TrainConfig& config, data::TrainSet& set,
                                               bool calibrated) {
  at::manual_seed(static_cast<std::uint64_t>(config.train.seed));
  const auto& start = config.start;
  if (config.model.backbone.freeze && start.backbone.empty() && start.weights.empty() &&
      start.single_frame.empty()) {
    log_warning(
        "the backbone is random and frozen (model.backbone.freeze): initialise it by "
        "start.backbone, start.weights or start.single_frame");
  }
  model::ModelConfig network = config.model;
  take_from_source(start, network);
  network.validate();
  auto model = std::make_shared<model::VremdImpl>(network);
  model->init();
  if (!start.weights.empty()) {
    model::load_state(*model, io::SafetensorsFile(io::find_weights(start.weights)),
                      start.prior.empty() ? "" : "prior.");
  }
  if (!start.prior.empty()) load_part(start.prior, *model, "prior.");
  const bool with_head = network.init.head_from_backbone_ckpt && !start.backbone.empty();
  const std::string& single_frame = with_head ? start.backbone : start.single_frame;
  if (!start.backbone.empty() && !with_head) {
    load_part(start.backbone, *model, "backbone.");
    if (start.projection && calibrated) take_projection(config, set, *model);
  }
  if (!single_frame.empty()) {
    model->init_from_single_frame(*model::load_model(io::find_weights(single_frame)).model);
  } else if (start.weights.empty() && start.calibrate && !start.projection && calibrated) {
    calibrate(config, set, *model);
  }
  const bool trained_projection = start.projection || !single_frame.empty();
  if (trained_projection && start.calibrate && calibrated && model->has_projection() &&
      !network.single_frame()) {
    standardise(config, set, *model, /*keep_hm=*/!single_frame.empty());
  }
  for (auto& item : model->named_parameters()) {
    const auto begins = [&](const std::string& text) { return item.key().starts_with(text); };
    const bool frozen = (is_backbone(item.key()) && config.model.backbone.freeze) ||
                        std::any_of(config.train.frozen.begin(), config.train.frozen.end(), begins);
    if (frozen) item.value().requires_grad_(false);
  }
  // Tokens of D channels instead of the backbone's, if nothing that makes them is trained.
  const auto trained = [](const auto& item) {
    return (is_backbone(item.key()) || item.key().starts_with("proj.")) &&
           item.value().requires_grad();
  };
  const auto parameters = model->named_parameters();
  model->project_features = config.train.cache_features > 0 &&
                            std::none_of(parameters.begin(), parameters.end(), trained);
  return model;
}

std::string trained_parameters(const model::VremdImpl& model) {
  std::int64_t all = 0, trained = 0, backbone = 0, trained_backbone = 0;
  for (const auto& item : model.named_parameters()) {
    const std::int64_t count = item.value().numel();
    const bool is_trained = item.value().requires_grad();
    all += count;
    trained += is_trained * count;
    if (!is_backbone(item.key())) continue;
    backbone += count;
    trained_backbone += is_trained * count;
  }
  return fmt::format("trains {} of {} parameters{}", trained, all,
                     backbone > 0 && trained_backbone == 0 ? ", the backbone is frozen" : "");
}

}  // namespace vremd::train
