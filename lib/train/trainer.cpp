// SPDX-License-Identifier: Apache-2.0
#include "train/trainer.h"

#include "core/error.h"
#include "core/log.h"
#include "io/json.h"
#include "io/output_file.h"
#include "model/vremd.h"
#include "model/weights.h"
#include "ops/tensor_ops.h"
#include "train/batch.h"
#include "train/checkpoint.h"
#include "train/loss.h"
#include "train/schedule.h"

#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <torch/nn/utils/clip_grad.h>
#include <torch/optim/adamw.h>

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <mutex>

namespace vremd {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// bfloat16 where it pays, on this thread, for the life of the object.
class Autocast {
 public:
  explicit Autocast(bool on) {
    at::autocast::set_autocast_dtype(at::kCPU, at::kBFloat16);
    at::autocast::set_autocast_enabled(at::kCPU, on);
  }
  ~Autocast() {
    at::autocast::clear_cache();
    at::autocast::set_autocast_enabled(at::kCPU, false);
  }
};

bool is_backbone(const std::string& name) { return name.starts_with("backbone."); }

void copy_tensors(const std::map<std::string, at::Tensor>& from,
                  const std::map<std::string, at::Tensor>& to) {
  at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : to) tensor.detach().copy_(from.at(name));
}

std::map<std::string, at::Tensor> cloned(const std::map<std::string, at::Tensor>& state) {
  std::map<std::string, at::Tensor> copy;
  for (const auto& [name, tensor] : state) copy[name] = tensor.detach().clone();
  return copy;
}

}  // namespace

struct Trainer::Impl {
  TrainConfig config;
  TrainerOptions options;
  TrainSet set;
  std::unique_ptr<TrainSet> validation;
  std::vector<std::shared_ptr<VremdImpl>> replicas;  // [0] is the model
  struct Group {
    std::vector<std::string> names;
    double lr;
    bool backbone;
  };
  std::vector<Group> groups;
  std::unique_ptr<torch::optim::AdamW> optimizer;
  std::map<std::string, at::Tensor> average;  // of train.ema
  std::int64_t step = 0, steps_per_epoch = 0, steps = 0;
  double best = -1;
  std::ofstream metrics;
  oneapi::tbb::task_arena arena;

  Impl(TrainConfig c, TrainerOptions o)
      : config(std::move(c)),
        options(std::move(o)),
        set(config.data, config.model.joints()),
        arena(options.threads) {
    make_folder();
    name_trained_joints();
    make_model();
    steps_per_epoch = static_cast<std::int64_t>(set.order(0, 0).size()) / config.train.batch;
    if (steps_per_epoch == 0) {
      fail("train.batch: {} is more than the {} persons of an epoch", config.train.batch,
           set.order(0, 0).size());
    }
    steps = std::llround(config.train.epochs * static_cast<double>(steps_per_epoch));
    make_optimizer();
    if (config.train.ema > 0) average = cloned(state_of(model()));
    if (options.resume) resume();
    if (!config.validate.empty()) {
      TrainDataConfig data;
      data.annotations = config.validate;
      data.root = config.validate_root;
      validation = std::make_unique<TrainSet>(std::vector{data}, config.model.joints());
    }
    metrics.open(fs::path(options.output) / "metrics.jsonl", std::ios::app);
    if (!metrics) fail("{}/metrics.jsonl: cannot open", options.output);
  }

  VremdImpl& model() { return *replicas.front(); }

  std::string file(const char* name) const { return (fs::path(options.output) / name).string(); }

  void make_folder() {
    std::error_code error;
    fs::create_directories(options.output, error);
    if (error) fail("{}: cannot make the folder: {}", options.output, error.message());
    const bool there = fs::exists(file("checkpoint.safetensors"));
    if (there && !options.resume) {
      fail("{}: holds a training run; --resume goes on with it", options.output);
    }
    if (!there && options.resume) fail("{}: no checkpoint to resume from", options.output);
    if (!options.resume) {
      OutputFile out(file("config.json"), true);
      out.write(config.to_json().dump(2) + "\n");
      out.commit();
    }
  }

  // The weights say which joints had labels (METHOD 1.6).
  void name_trained_joints() {
    if (config.model.model.trained_joints) return;
    std::vector<std::string> names;
    for (int j = 0; j < set.joints().size(); ++j) {
      if (set.trained(j)) names.push_back(set.joints().joints[j]);
    }
    if (static_cast<int>(names.size()) < set.joints().size()) {
      config.model.model.trained_joints = names;
    }
  }

  void make_model() {
    at::manual_seed(static_cast<std::uint64_t>(config.train.seed));
    auto first = std::make_shared<VremdImpl>(config.model);
    first->init();
    if (!config.start.weights.empty()) {
      const SafetensorsFile weights(find_weights(config.start.weights));
      load_state(*first, weights);
    }
    if (!config.start.backbone.empty()) load_backbone(*first);
    replicas.push_back(first);
    if (!config.start.single_frame.empty()) {
      first->init_from_single_frame(*load_model(find_weights(config.start.single_frame)).model);
    } else if (config.start.weights.empty() && config.start.calibrate && !options.resume) {
      calibrate();
    }
    const auto state = first->named_parameters();
    for (int i = 1; i < options.threads; ++i) {
      auto replica = std::make_shared<VremdImpl>(config.model);
      replica->init();
      for (auto& item : replica->named_parameters()) item.value().set_data(state[item.key()]);
      replicas.push_back(replica);
    }
    for (auto& replica : replicas) {
      for (auto& item : replica->named_parameters()) {
        item.value().requires_grad_(!is_frozen(item.key()));
      }
    }
  }

  bool is_frozen(const std::string& name) const {
    const auto begins = [&](const std::string& beginning) { return name.starts_with(beginning); };
    return (is_backbone(name) && config.model.backbone.freeze) ||
           std::any_of(config.train.frozen.begin(), config.train.frozen.end(), begins);
  }

  void load_backbone(VremdImpl& into) {
    const SafetensorsFile weights(find_weights(config.start.backbone));
    at::NoGradGuard no_grad;
    for (const auto& [name, tensor] : state_of(into)) {
      if (!is_backbone(name)) continue;
      const TensorView& view = weights.at(name);
      if (tensor.sizes() != at::IntArrayRef(view.shape)) {
        fail("{}: tensor {} has another shape than the model's", weights.path(), name);
      }
      const auto values = view.to_float();
      std::memcpy(tensor.data_ptr<float>(), values.data(), values.size() * sizeof(float));
    }
  }

  // proj.norm such that each channel of its output has mean 0 and variance 1 on some samples: the
  // maps that a convolutional backbone brings together differ in scale by orders of magnitude.
  void calibrate() {
    at::NoGradGuard no_grad;
    auto state = state_of(model());
    if (!state.contains("proj.norm.weight")) return;
    model().eval();
    const auto order = set.order(static_cast<std::uint64_t>(config.train.seed), 0);
    const auto count = std::min<std::size_t>(order.size(), 64);
    const TrainBatch batch = make_batch(set, std::span(order).first(count), 0, config.model,
                                        &config.aug, config.train.seed, 0);
    const at::Tensor tokens = model().features(batch.crops).flatten(0, 1);  // [n N, C]
    const at::Tensor centred = tokens - tokens.mean(1, true);
    const at::Tensor y =
        centred / (centred.square().mean(1, true) + config.model.modules.ln_eps).sqrt();
    const at::Tensor scale = 1 / y.std(0).clamp_min(1e-3);
    state["proj.norm.weight"].detach().copy_(scale);
    state["proj.norm.bias"].detach().copy_(-y.mean(0) * scale);
  }

  void make_optimizer() {
    // Four groups: of the backbone or not, decayed or not.
    std::map<std::pair<bool, bool>, std::vector<std::pair<std::string, at::Tensor>>> members;
    for (const auto& item : model().named_parameters()) {
      if (!item.value().requires_grad()) continue;
      const bool decayed = config.train.wd_on == "all" || item.value().dim() >= 2;
      members[{is_backbone(item.key()), decayed}].emplace_back(item.key(), item.value());
    }
    std::vector<torch::optim::OptimizerParamGroup> parameter_groups;
    for (const auto& [kind, tensors] : members) {
      const auto& [backbone, decayed] = kind;
      const double lr = backbone && config.train.backbone_lr > 0 ? config.train.backbone_lr
                                                                 : config.train.lr;
      auto group_options = std::make_unique<torch::optim::AdamWOptions>(lr);
      group_options->weight_decay(decayed ? config.train.wd : 0);
      std::vector<at::Tensor> parameters;
      Group group{{}, lr, backbone};
      for (const auto& [name, tensor] : tensors) {
        parameters.push_back(tensor);
        group.names.push_back(name);
      }
      groups.push_back(std::move(group));
      parameter_groups.emplace_back(std::move(parameters), std::move(group_options));
    }
    optimizer = std::make_unique<torch::optim::AdamW>(parameter_groups,
                                                      torch::optim::AdamWOptions(config.train.lr));
  }

  void set_learning_rates() {
    for (std::size_t g = 0; g < groups.size(); ++g) {
      const double warmup = groups[g].backbone && config.train.backbone_warmup > 0
                                ? config.train.backbone_warmup
                                : config.train.warmup;
      const double factor = learning_rate_factor(config.train, static_cast<double>(step),
                                                 static_cast<double>(steps),
                                                 static_cast<double>(steps_per_epoch), warmup);
      optimizer->param_groups()[g].options().set_lr(groups[g].lr * factor);
    }
  }

  // ---- checkpoints ------------------------------------------------------------------------

  void save() {
    Checkpoint checkpoint;
    checkpoint.step = step;
    checkpoint.best = best;
    checkpoint.config = config.to_json().dump();
    for (const auto& [name, tensor] : state_of(model())) checkpoint.tensors["model." + name] = tensor;
    for (const auto& [name, tensor] : average) checkpoint.tensors["ema." + name] = tensor;
    const auto parameters = model().named_parameters();
    for (const Group& group : groups) {
      for (const std::string& name : group.names) {
        const auto found = optimizer->state().find(parameters[name].unsafeGetTensorImpl());
        if (found == optimizer->state().end()) continue;
        auto& moments = static_cast<torch::optim::AdamWParamState&>(*found->second);
        checkpoint.tensors["exp_avg." + name] = moments.exp_avg();
        checkpoint.tensors["exp_avg_sq." + name] = moments.exp_avg_sq();
      }
    }
    save_checkpoint(file("checkpoint.safetensors"), checkpoint);
  }

  void resume() {
    const std::string path = file("checkpoint.safetensors");
    const Checkpoint checkpoint = load_checkpoint(path);
    if (checkpoint.config != config.to_json().dump()) {
      fail("{}: was trained with another configuration", path);
    }
    const auto tensor = [&](const std::string& name) -> const at::Tensor& {
      const auto found = checkpoint.tensors.find(name);
      if (found == checkpoint.tensors.end()) fail("{}: no tensor {}", path, name);
      return found->second;
    };
    at::NoGradGuard no_grad;
    for (const auto& [name, own] : state_of(model())) own.detach().copy_(tensor("model." + name));
    for (auto& [name, own] : average) own.copy_(tensor("ema." + name));
    step = checkpoint.step;
    best = checkpoint.best;
    const auto parameters = model().named_parameters();
    for (const Group& group : groups) {
      for (const std::string& name : group.names) {
        if (!checkpoint.tensors.contains("exp_avg." + name)) continue;
        auto moments = std::make_unique<torch::optim::AdamWParamState>();
        moments->step(step);
        moments->exp_avg(tensor("exp_avg." + name).clone());
        moments->exp_avg_sq(tensor("exp_avg_sq." + name).clone());
        optimizer->state()[parameters[name].unsafeGetTensorImpl()] = std::move(moments);
      }
    }
    log_info("resumed at step {} of {}", step, steps);
  }

  // ---- one step ---------------------------------------------------------------------------

  // Runs body(worker) on each worker, with one ATen thread each.
  template <typename Body>
  void on_workers(const Body& body) {
    arena.execute([&] {
      oneapi::tbb::parallel_for(std::size_t{0}, replicas.size(), body,
                                oneapi::tbb::simple_partitioner{});
    });
  }

  double train_step(std::span<const int> samples, std::uint64_t first_index, std::uint64_t epoch) {
    std::vector<double> losses(replicas.size());
    on_workers([&](std::size_t worker) {
      const std::size_t begin = samples.size() * worker / replicas.size();
      const std::size_t end = samples.size() * (worker + 1) / replicas.size();
      if (begin == end) return;
      VremdImpl& replica = *replicas[worker];
      replica.train();
      const TrainBatch batch =
          make_batch(set, samples.subspan(begin, end - begin), first_index + begin, config.model,
                     &config.aug, config.train.seed, epoch);
      const double share = static_cast<double>(end - begin) / static_cast<double>(samples.size());
      at::Tensor loss;
      {
        const Autocast autocast(config.train.amp == "bf16");
        const at::Tensor features = replica.features(batch.crops);
        const at::Tensor heatmaps =
            replica
                .forward(features.view({static_cast<std::int64_t>(end - begin),
                                        config.model.frames(), features.size(1),
                                        features.size(2)}))
                .heatmaps_bkhw;
        loss = heatmap_loss(config.model.loss.kind, heatmaps, batch.targets, batch.weights) * share;
      }
      for (auto& parameter : replica.parameters()) {
        if (parameter.mutable_grad().defined()) parameter.mutable_grad().zero_();
      }
      loss.backward();
      losses[worker] = loss.item<double>();
    });
    double loss = 0;
    for (const double one : losses) loss += one;
    if (!std::isfinite(loss)) {
      fail("step {}: the loss is not finite ({}); the last checkpoint is in {}", step, loss,
           options.output);
    }

    at::NoGradGuard no_grad;
    std::vector<at::Tensor> parameters;
    for (auto& item : model().named_parameters()) {
      if (!item.value().requires_grad()) continue;
      parameters.push_back(item.value());
    }
    for (std::size_t i = 1; i < replicas.size(); ++i) {
      std::size_t p = 0;
      for (auto& item : replicas[i]->named_parameters()) {
        if (!item.value().requires_grad()) continue;
        at::Tensor& own = parameters[p++].mutable_grad();
        const at::Tensor& other = item.value().grad();
        if (!other.defined()) continue;
        if (own.defined()) {
          own.add_(other);
        } else {
          own = other.clone();
        }
      }
    }
    if (config.train.clip > 0) torch::nn::utils::clip_grad_norm_(parameters, config.train.clip);
    set_learning_rates();
    optimizer->step();
    ++step;
    if (!average.empty()) {
      // Young averages follow faster.
      const double decay = std::min(config.train.ema, (1.0 + static_cast<double>(step)) /
                                                          (10.0 + static_cast<double>(step)));
      for (const auto& [name, tensor] : state_of(model())) {
        average[name].lerp_(tensor.detach(), 1 - decay);
      }
    }
    return loss;
  }

  // ---- validation -------------------------------------------------------------------------

  // PCK@0.2 of the torso over the 12 body joints (EVAL 8b), with the boxes of the annotations.
  double validate() {
    at::NoGradGuard no_grad;
    for (std::size_t i = 1; i < replicas.size(); ++i) {
      std::map<std::string, at::Tensor> own, other;
      for (const auto& item : model().named_buffers()) own[item.key()] = item.value();
      for (const auto& item : replicas[i]->named_buffers()) other[item.key()] = item.value();
      copy_tensors(own, other);
    }
    const std::size_t all = validation->samples().size();
    const std::size_t count =
        config.validate_most > 0 ? std::min<std::size_t>(all, config.validate_most) : all;
    std::mutex mutex;
    std::int64_t right = 0, labelled = 0;
    on_workers([&](std::size_t worker) {
      VremdImpl& replica = *replicas[worker];
      replica.eval();
      for (std::size_t i = worker; i < count; i += replicas.size()) {
        const auto [r, n] = score(replica, static_cast<int>(i));
        const std::lock_guard lock(mutex);
        right += r;
        labelled += n;
      }
    });
    return labelled ? static_cast<double>(right) / static_cast<double>(labelled) : 0;
  }

  std::pair<int, int> score(VremdImpl& replica, int index) {
    at::NoGradGuard no_grad;
    const TrainSample& sample = validation->samples()[index];
    const JointSet& joints = validation->joints();
    double torso = 0;
    for (const auto& [a, b] : {std::pair{"left_shoulder", "right_hip"},
                               std::pair{"right_shoulder", "left_hip"}}) {
      const JointLabel &p = sample.joints[joints.index(a)], &q = sample.joints[joints.index(b)];
      if (p.weight > 0 && q.weight > 0) torso = std::max(torso, std::hypot(p.x - q.x, p.y - q.y));
    }
    if (torso <= 0) return {0, 0};
    const TrainBatch batch = make_batch(*validation, std::span(&index, 1), 0, config.model, nullptr,
                                        0, 0);
    at::Tensor points;
    {
      const Autocast autocast(config.train.amp == "bf16");
      const at::Tensor features = replica.features(batch.crops);
      const at::Tensor heatmaps = replica.forward(features.unsqueeze(0)).heatmaps_bkhw;
      points = heatmap_decode(replica.probabilities(heatmaps.to(at::kFloat)), Decode::kDarkUdp);
    }
    const CropSpec spec = config.model.crop_spec();
    const Affine2x3 to_frame =
        frame_to_crop(crop_region(sample.box, spec), spec)
            .inverse()
            .after(heatmap_to_crop(config.model.heatmap_height(), config.model.heatmap_width(),
                                   spec));
    int right = 0, labelled = 0;
    for (int j = 0; j < joints.size(); ++j) {
      const std::string& name = joints.joints[j];
      const bool body = name.find('_') != std::string::npos && !name.ends_with("_ear") &&
                        !name.ends_with("_eye") && !name.starts_with("head_");
      if (!body || sample.joints[j].weight <= 0) continue;
      const float* p = points[0][j].data_ptr<float>();
      const Point at = to_frame({p[0], p[1]});
      ++labelled;
      right += std::hypot(at.x - sample.joints[j].x, at.y - sample.joints[j].y) <= 0.2 * torso;
    }
    return {right, labelled};
  }

  // Calls body with the averaged weights in the model, where there are some.
  template <typename Body>
  void with_average(const Body& body) {
    if (average.empty()) return body();
    const auto state = state_of(model());
    const auto kept = cloned(state);
    copy_tensors(average, state);
    body();
    copy_tensors(kept, state);
  }

  void end_epoch(int epoch) {
    with_average([&] {
      Json line{{"epoch", epoch}, {"step", step}};
      if (validation) {
        const double pck = validate();
        line["pck"] = std::round(pck * 1e5) / 1e5;
        log_info("epoch {}: PCK@0.2 {:.4f}", epoch, pck);
        if (pck > best) {
          best = pck;
          save_model(file("best.safetensors"), model(), DType::kF32, {{"pck", fmt::format("{:.5f}", pck)}});
        }
      }
      metrics << line.dump() << std::endl;
      save_model(file("last.safetensors"), model(), DType::kF32);
    });
    save();
  }

  bool run() {
    log_info("{} persons, {} steps of {} an epoch, {} steps, {} workers", set.samples().size(),
             steps_per_epoch, config.train.batch, steps, options.threads);
    auto last_save = Clock::now(), last_report = Clock::now();
    double sum = 0;
    int count = 0;
    while (step < steps) {
      const auto epoch = static_cast<std::uint64_t>(step / steps_per_epoch);
      const auto order = set.order(static_cast<std::uint64_t>(config.train.seed), epoch);
      while (step < steps && static_cast<std::uint64_t>(step / steps_per_epoch) == epoch) {
        if (options.stopped()) {
          save();
          return false;
        }
        const auto first = static_cast<std::size_t>(step % steps_per_epoch) * config.train.batch;
        sum += train_step(std::span(order).subspan(first, config.train.batch), first, epoch);
        ++count;
        if (seconds_since(last_report) > options.report_seconds) {
          const double rate = count * config.train.batch / seconds_since(last_report);
          const double lr = optimizer->param_groups().back().options().get_lr();
          log_info("epoch {:.2f}, step {}: loss {:.5f}, lr {:.2e}, {:.1f} persons/s",
                   static_cast<double>(step) / static_cast<double>(steps_per_epoch), step,
                   sum / count, lr, rate);
          metrics << Json{{"step", step}, {"loss", sum / count}, {"lr", lr}, {"rate", rate}}.dump()
                  << std::endl;
          last_report = Clock::now();
          sum = count = 0;
        }
        if (seconds_since(last_save) > 60 * config.train.checkpoint_minutes) {
          save();
          last_save = Clock::now();
        }
      }
      end_epoch(static_cast<int>(epoch) + 1);
    }
    return true;
  }
};

Trainer::Trainer(TrainConfig config, TrainerOptions options)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(options))) {}

Trainer::~Trainer() = default;

bool Trainer::run() { return impl_->run(); }

}  // namespace vremd
