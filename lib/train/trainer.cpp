// SPDX-License-Identifier: Apache-2.0
#include "train/trainer.h"

#include "core/error.h"
#include "core/log.h"
#include "core/text.h"
#include "draw/sheet_drawing.h"
#include "io/json.h"
#include "io/json_file.h"
#include "io/output_file.h"
#include "model/weights.h"
#include "ops/device.h"
#include "train/checkpoint.h"
#include "train/feature_cache.h"
#include "train/loader.h"
#include "train/loss.h"
#include "train/optimizer.h"
#include "train/replicas.h"
#include "train/report.h"
#include "train/samples.h"
#include "train/start.h"
#include "train/validation.h"

#include <ATen/ops/full.h>
#include <oneapi/tbb/global_control.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>

namespace vremd {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int kSamples = 24;  // in the report

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

using State = std::map<std::string, at::Tensor>;

void copy_state(const State& from, const State& to) {
  at::NoGradGuard no_grad;
  for (const auto& [name, tensor] : to) tensor.detach().copy_(from.at(name));
}

State cloned(const State& state) {
  State copy;
  for (const auto& [name, tensor] : state) copy[name] = tensor.detach().clone();
  return copy;
}

// The weights say which joints had labels (METHOD 1.6), here or in the weights that this goes on
// from.
void name_trained_joints(const TrainSet& set, TrainConfig& config) {
  auto& trained = config.model.model.trained_joints;
  if (trained) return;
  const JointSet& joints = set.joints();
  std::vector<bool> known(static_cast<std::size_t>(joints.size()));
  for (int j = 0; j < joints.size(); ++j) known[j] = set.trained(j);
  if (!config.start.weights.empty()) {
    const auto before = stored_config(SafetensorsFile(find_weights(config.start.weights)));
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

// What may change between a run and its continuation: it makes no difference to the weights.
Json decisive(const TrainConfig& config) {
  Json json = config.to_json();
  for (const char* key : {"checkpoint_minutes", "loaders", "prefetch", "frame_mib"}) {
    json["train"].erase(key);
  }
  json.erase("validate_missing");  // with "error" there is nothing that "key" would have replaced
  for (Json& one : json["data"]) one.erase("missing");
  return json;
}

}  // namespace

struct Trainer::Impl {
  TrainConfig config;
  TrainerOptions options;
  ProcessGroup processes;
  // Workers, loaders, this thread, and the readers of validation.
  oneapi::tbb::global_control parallelism;
  TrainSet set;
  std::unique_ptr<Replicas> replicas;
  std::unique_ptr<Optimizer> optimizer;
  std::unique_ptr<Validation> validation;
  std::unique_ptr<FeatureCache> cache;  // of train.cache_features
  State average;  // of train.ema
  std::int64_t step = 0, steps_per_epoch = 0, steps = 0;
  std::int64_t saved_step = 0;  // of the checkpoint
  std::int64_t persons = 0;     // of an epoch, of all processes
  bool epoch_told = false;      // the epoch that ends with `step` has its line in metrics.jsonl
  std::int64_t substituted = 0;  // neighbours of this epoch that could not be used
  double best = -1;
  std::ofstream metrics;

  // An epoch's order, for the loaders.
  std::mutex order_mutex;
  std::map<std::uint64_t, std::shared_ptr<const std::vector<int>>> orders;

  // Since the last line of metrics.
  struct Window {
    Clock::time_point start = Clock::now();
    double loss = 0, norm = 0, waited = 0;
    int steps = 0;
  } window;
  // Mask_k of one micro-batch between two lines (METHOD 5.2).
  std::atomic<bool> watch_masks = true;
  std::optional<MaskConcentration> masks;

  Impl(TrainConfig c, TrainerOptions o, ProcessGroup p)
      : config(std::move(c)),
        options(std::move(o)),
        processes(std::move(p)),
        parallelism(oneapi::tbb::global_control::max_allowed_parallelism,
                    static_cast<std::size_t>(2 * options.threads + loaders() + 1)),
        set(config.data, config.model.joints(), config.model.frames() > 1,
            config.train.frame_mib) {
    make_folder();
    name_trained_joints(set, config);
    persons = static_cast<std::int64_t>(order_of(0)->size());
    const TrainConfig::Steps counts = config.some_steps(persons, processes.size());
    steps_per_epoch = counts.per_epoch;
    steps = counts.all;
    replicas = std::make_unique<Replicas>(make_network(config, set, !options.resume),
                                          options.threads, options.device);
    optimizer = std::make_unique<Optimizer>(config.train, replicas->trained_parameters());
    if (config.train.ema > 0) average = cloned(state_of(model()));
    if (options.resume) resume();
    std::vector<at::Tensor> all;  // of rank 0, should libraries differ between machines
    for (const auto& [name, tensor] : state_of(model())) all.push_back(tensor);
    processes.broadcast(all);
    if (config.train.cache_features > 0) {
      cache = std::make_unique<FeatureCache>(
          options.output, static_cast<std::int64_t>(set.samples().size()),
          config.train.cache_features, feature_shape(),
          config.train.amp == "fp32" ? at::kFloat : at::kBFloat16);
    }
    if (!config.validate.empty()) validation = std::make_unique<Validation>(config);
    if (processes.first()) begin_metrics();
    const at::Tensor told = at::full({1}, epoch_told ? 1.0 : 0.0);
    processes.broadcast({told});
    epoch_told = told.item<double>() > 0;
    if (epoch_told) substituted = 0;  // they are in that line
  }

  // On a GPU the one worker waits for the crops of all; on the CPU the workers need the cores.
  int loaders() const {
    if (config.train.loaders > 0) return config.train.loaders;
    return options.device.is_cpu() ? 1 : std::max(1, options.threads - 1);
  }

  // Goes on behind the checkpoint: what a run that was killed did after it is done again.
  void begin_metrics() {
    const std::string path = file("metrics.jsonl");
    std::string kept;
    if (options.resume && fs::exists(path)) {
      for (const Json& line : read_metrics(path)) {
        if (line.value("step", std::int64_t{0}) <= step) kept += line.dump() + "\n";
        const bool here = line.value("step", std::int64_t{-1}) == step;
        epoch_told = epoch_told || (here && line.contains("epoch"));
      }
    }
    write_file(path, kept, /*force=*/true);
    metrics.open(path, std::ios::app);
    if (!metrics) fail("{}: cannot open", path);
  }

  VremdImpl& model() { return replicas->model(); }

  std::string file(const char* name) const { return (fs::path(options.output) / name).string(); }

  void make_folder() {
    std::error_code error;
    fs::create_directories(options.output, error);
    if (error) fail("{}: cannot make the folder: {}", options.output, error.message());
    const bool there = fs::exists(file("checkpoint.safetensors"));
    if (there && !options.resume) {
      fail("{}: holds a training run; --resume goes on with it", options.output);
    }
    options.resume = there;
    if (!there && processes.first()) {
      write_file(file("config.json"), config.to_json().dump(2) + "\n", true);
    }
  }

  // ---- which persons ----------------------------------------------------------------------

  // Of all processes together.
  std::int64_t step_size() const {
    return config.persons_of_step() * processes.size();
  }

  std::shared_ptr<const std::vector<int>> order_of(std::uint64_t epoch) {
    const std::lock_guard lock(order_mutex);
    auto& order = orders[epoch];
    if (!order) {
      order = std::make_shared<const std::vector<int>>(
          set.order(static_cast<std::uint64_t>(config.train.seed), epoch));
    }
    std::erase_if(orders, [&](const auto& entry) { return entry.first + 1 < epoch; });
    return order;
  }

  // Micro-batch `index` of this process: those of each step one after another.
  TrainBatch load(std::int64_t index) {
    const std::int64_t per_step = config.micro_batches(), per_batch = per_step / config.train.accum;
    const std::int64_t of_step = index / per_step, number = index % per_step;
    const auto epoch = static_cast<std::uint64_t>(of_step / steps_per_epoch);
    const std::int64_t batch = config.train.batch, size = config.train.micro_batch;
    const std::int64_t in_batch = (number % per_batch) * size;
    const std::int64_t first = (of_step % steps_per_epoch) * step_size() +
                               processes.rank() * config.persons_of_step() +
                               (number / per_batch) * batch + in_batch;
    const auto order = order_of(epoch);
    BatchPlan plan;
    const auto count = static_cast<std::size_t>(std::min(size, batch - in_batch));
    plan.samples = std::span(*order).subspan(static_cast<std::size_t>(first), count);
    plan.seed = static_cast<std::uint64_t>(config.train.seed);
    plan.epoch = epoch;
    if (cache) return load_cached(plan);
    for (std::size_t i = 0; i < plan.samples.size(); ++i) {
      plan.draws.push_back(static_cast<std::uint64_t>(first) + i);
    }
    return make_batch(set, plan, config.model, &config.aug);
  }

  // METHOD 10.4: K frozen augmentations of each sample; with one, the sample as it is.
  TrainBatch load_cached(BatchPlan plan) {
    const int variant = static_cast<int>(plan.epoch % cache->variants());
    plan.epoch = static_cast<std::uint64_t>(variant);
    std::vector<at::Tensor> kept;
    for (const int sample : plan.samples) {
      plan.draws.push_back(static_cast<std::uint64_t>(sample));
      plan.without_crops.push_back(cache->has(sample, variant));
      kept.push_back(plan.without_crops.back() ? cache->get(sample, variant) : at::Tensor());
    }
    TrainBatch batch =
        make_batch(set, plan, config.model, cache->variants() > 1 ? &config.aug : nullptr);
    batch.variant = variant;
    for (at::Tensor& one : kept) {
      if (!one.defined()) one = at::zeros(feature_shape());
    }
    batch.features = at::stack(kept);
    return batch;
  }

  std::array<std::int64_t, 3> feature_shape() {
    const std::int64_t tokens = std::int64_t{1} * config.model.tokens_h() * config.model.tokens_w();
    return {config.model.frames(), tokens, model().feature_channels()};
  }

  // ---- checkpoints ------------------------------------------------------------------------

  void save() {
    if (!processes.first()) return;
    Checkpoint checkpoint;
    checkpoint.step = step;
    checkpoint.best = best;
    checkpoint.config = config.to_json().dump();
    checkpoint.processes = processes.size();
    checkpoint.persons = persons;
    checkpoint.substituted = substituted;
    for (const auto& [name, tensor] : state_of(model())) {
      checkpoint.tensors["model." + name] = tensor;
    }
    for (const auto& [name, tensor] : average) checkpoint.tensors["ema." + name] = tensor;
    optimizer->store(checkpoint);
    save_checkpoint(file("checkpoint.safetensors"), checkpoint);
    saved_step = step;
  }

  void resume() {
    const std::string path = file("checkpoint.safetensors");
    const Checkpoint checkpoint = load_checkpoint(path);
    const TrainConfig before = TrainConfig::from_json(Json::parse(checkpoint.config), path);
    const Json changes = Json::diff(decisive(before), decisive(config));
    if (!changes.empty()) {
      fail("{}: was trained with another configuration ({})", path,
           changes[0]["path"].get<std::string>());
    }
    if (checkpoint.processes != processes.size() || checkpoint.persons != persons) {
      fail("{}: was trained by {} processes on {} persons an epoch, not by {} on {}", path,
           checkpoint.processes, checkpoint.persons, processes.size(), persons);
    }
    const auto restore = [&](const State& state, const std::string& prefix) {
      at::NoGradGuard no_grad;
      for (const auto& [name, own] : state) {
        const auto found = checkpoint.tensors.find(prefix + name);
        if (found == checkpoint.tensors.end()) fail("{}: no tensor {}{}", path, prefix, name);
        own.detach().copy_(found->second);
      }
    };
    restore(state_of(model()), "model.");
    restore(average, "ema.");
    optimizer->restore(checkpoint);
    step = saved_step = checkpoint.step;
    best = checkpoint.best;
    substituted = checkpoint.substituted;
    log_info("resumed at step {} of {}", step, steps);
  }

  // ---- one step ---------------------------------------------------------------------------

  at::Tensor loss_of(VremdImpl& network, const TrainBatch& batch) {
    const at::Device& device = replicas->device();
    const std::string& amp = config.train.amp;
    const auto count = batch.weights.size(0);
    at::Tensor features = batch.features;  // [n, T, N, C]
    if (batch.crops.defined()) {
      const Autocast autocast(amp != "fp32", device);
      const at::Tensor tokens = network.features(
          batch.crops.to(device), network.key_rows(batch.crops.size(0)).to(device));
      const at::Tensor fresh =
          tokens.view({-1, config.model.frames(), tokens.size(1), tokens.size(2)});
      if (cache) {
        keep(fresh, batch);
      } else {
        features = fresh;
      }
    }
    const Autocast autocast(amp == "bf16", device);
    const bool watched = watch_masks.exchange(false);
    const at::Tensor annotated = batch.annotated.defined() ? batch.annotated.to(device)
                                                           : at::Tensor();
    const auto output =
        network.forward(features.to(device), /*keep_intermediates=*/watched, annotated);
    if (watched && output.keypoint_mask.defined()) masks = concentration_of(output.keypoint_mask);
    const double share = static_cast<double>(count) / static_cast<double>(step_size());
    return training_loss(config.model.loss, {output.heatmaps_bkhw, output.hk, output.hm},
                         batch.targets.to(device), batch.weights.to(device)) *
           share;
  }

  // Puts features into the cache and, as it gives them back, into the batch.
  void keep(const at::Tensor& fresh, const TrainBatch& batch) const {
    at::NoGradGuard no_grad;
    for (std::size_t m = 0; m < batch.with_crops.size(); ++m) {
      const std::int64_t n = batch.with_crops[m];
      batch.features[n].copy_(cache->put(batch.samples[n], batch.variant,
                                         fresh[static_cast<std::int64_t>(m)].to(at::kFloat)));
    }
  }

  // False: some process was told to stop; the step is not taken. What is thrown leaves the model
  // as it was before the step.
  bool train_step(BatchLoader& loader) {
    try {
      return try_step(loader);
    } catch (...) {
      replicas->discard();
      throw;
    }
  }

  bool try_step(BatchLoader& loader) {
    if (processes.size() == 1 && options.stopped()) return false;
    const std::int64_t count = config.micro_batches();
    // Loss, stop, neighbours that could not be used.
    at::Tensor told = at::zeros({3}, at::TensorOptions(replicas->device()));
    told[1] = options.stopped() ? 1 : 0;
    std::atomic<std::int64_t> of_step = 0;
    const auto take = [&](std::int64_t index) {
      TrainBatch batch = loader.take(index);
      of_step += batch.substituted;
      return batch;
    };
    const double loss = replicas->accumulate(
        step * count, (step + 1) * count, take,
        [&](VremdImpl& network, const TrainBatch& batch) { return loss_of(network, batch); });
    told[0] = loss;
    told[2] = static_cast<double>(of_step);
    if (processes.size() > 1) {
      std::vector<at::Tensor> all = replicas->gradients();
      for (const at::Tensor& tensor : replicas->statistics()) all.push_back(tensor);
      all.push_back(told);
      processes.sum(all);
    }
    if (told[1].item<double>() > 0) {
      replicas->discard();
      return false;
    }
    const double sum = processes.size() > 1 ? told[0].item<double>() : loss;
    if (!std::isfinite(sum)) {
      fail("step {}: the loss is not finite ({})", step, sum);
    }
    replicas->apply(count * processes.size());
    const double norm = optimizer->step(step, steps, static_cast<double>(steps_per_epoch));
    if (!std::isfinite(norm)) {
      fail("step {}: the gradient is not finite ({})", step, norm);
    }
    ++step;
    substituted += std::llround(told[2].item<double>());
    follow();
    window.loss += sum;
    window.norm += norm;
    ++window.steps;
    return true;
  }

  // The averaged weights; young averages follow faster.
  void follow() {
    if (average.empty()) return;
    at::NoGradGuard no_grad;
    const double age = static_cast<double>(step);
    const double decay = std::min(config.train.ema, (1 + age) / (10 + age));
    for (const auto& [name, tensor] : state_of(model())) {
      average[name].lerp_(tensor.detach(), 1 - decay);
    }
  }

  // Calls body with the averaged weights in the model, where there are some.
  template <typename Body>
  void with_average(const Body& body) {
    if (average.empty()) return body();
    const State state = state_of(model());
    const State kept = cloned(state);
    copy_state(average, state);
    try {
      body();
    } catch (...) {
      copy_state(kept, state);
      throw;
    }
    copy_state(kept, state);
  }

  // ---- reports ----------------------------------------------------------------------------

  void write_metrics(const Json& line) {
    if (!processes.first()) return;
    metrics << line.dump() << std::endl;
    if (!metrics) fail("{}: cannot write", file("metrics.jsonl"));
  }

  void report(const BatchLoader& loader) {
    const double seconds = seconds_since(window.start);
    const double rate = static_cast<double>(window.steps * step_size()) / seconds;
    const double waited = (loader.seconds_waited() - window.waited) /
                          (seconds * static_cast<double>(busy_workers()));
    const double lr = optimizer->learning_rate(), loss = window.loss / window.steps;
    if (processes.first()) {
      log_info("epoch {:.2f}, step {}: loss {:.5f}, lr {:.2e}, {:.1f} persons/s, waiting {:.1f} %",
               static_cast<double>(step) / static_cast<double>(steps_per_epoch), step, loss, lr,
               rate, 100 * waited);
    }
    Json line{{"step", step}, {"loss", loss}, {"norm", window.norm / window.steps},
              {"lr", lr},     {"rate", rate}, {"wait", waited}};
    if (masks) line["mask"] = {{"log_largest", std::log(masks->largest)},
                               {"effective", masks->effective}};
    write_metrics(line);
    watch_masks = true;
    window = {Clock::now(), 0, 0, loader.seconds_waited(), 0};
  }

  std::int64_t busy_workers() const {
    return std::min<std::int64_t>(static_cast<std::int64_t>(replicas->size()),
                                  config.micro_batches());
  }

  // The weights are safe before anything else is done. The line in metrics.jsonl comes last: an
  // epoch without one is scored again by the run that goes on. False: stopped meanwhile.
  bool end_epoch() {
    const std::int64_t epoch = (step + steps_per_epoch - 1) / steps_per_epoch;
    bool finished = true;
    with_average([&] {
      if (processes.first()) save_model(file("last.safetensors"), model(), DType::kF32);
    });
    save();
    Json line{{"epoch", epoch}, {"step", step}};
    if (substituted > 0) line["substituted"] = substituted;
    if (validation) {
      const double before = best;
      with_average([&] { finished = validate(epoch, line); });
      if (!finished) return false;
      if (best > before) save();
    }
    write_metrics(line);
    if (processes.first()) {
      if (substituted > 0) {
        log_warning("{} neighbours could not be used: the frame itself stood in for them",
                    substituted);
      }
      write_report();
    }
    substituted = 0;
    return true;
  }

  bool validate(std::int64_t epoch, Json& line) {
    const auto stopped = [this] { return processes.size() == 1 && options.stopped(); };
    // Without a backward pass one thread could not crop for all workers of a CPU.
    const bool own = config.train.loaders == 0 && options.device.is_cpu();
    const int readers = own ? options.threads : loaders();
    const auto scores = validation->score(*replicas, processes, readers, stopped);
    if (!scores) return false;
    line.update(scores->to_json());
    const double score = scores->best_by(config.validate_by);
    if (processes.first()) {
      log_info("epoch {}: PCK@0.2 {:.4f}{}", epoch, scores->body_pck(),
               scores->ap ? fmt::format(", AP {:.2f}", scores->ap->ap.back()) : "");
    }
    if (score > best) {
      best = score;
      if (processes.first()) {
        save_model(file("best.safetensors"), model(), DType::kF32,
                   {{config.validate_by, fmt::format("{:.5f}", score)}});
      }
    }
    return true;
  }

  void write_report() {
    // People as they are predicted, or without a validation set as they are learnt.
    const std::string path = file("samples.png");
    write_canvas(draw_samples(validation ? validation_samples(*validation, config, kSamples)
                                         : training_samples(set, config, kSamples),
                              config),
                 path, /*force=*/true);
    const char* caption = validation ? "People of the validation set, as they are predicted"
                                     : "People of the training data, with their targets";
    const std::string html =
        html_report(fmt::format("vremd-train: {}", options.output),
                    read_metrics(file("metrics.jsonl")), read_text_file(path), caption);
    write_file(file("report.html"), html, /*force=*/true);
  }

  bool run() {
    if (processes.first()) {
      log_info("{} persons, {} steps of {} an epoch, {} steps, {} workers, {} processes",
               set.samples().size(), steps_per_epoch, step_size(), steps, replicas->size(),
               processes.size());
      if (busy_workers() < static_cast<std::int64_t>(replicas->size())) {
        log_info("a step has {} micro-batches: a smaller train.micro_batch would keep all workers "
                 "busy", config.micro_batches());
      }
    }
    try {
      return train();
    } catch (...) {
      save_what_was_learnt();
      throw;
    }
  }

  // After an error, where the model is as the last step has left it.
  void save_what_was_learnt() {
    if (step == saved_step) return;
    try {
      save();
      log_info("{}: step {}", file("checkpoint.safetensors"), step);
    } catch (const std::exception& error) {
      log_error("{}", first_line(error.what()));
    }
  }

  bool train() {
    if (step > 0 && at_epoch_end() && !epoch_told && !end_epoch()) return false;
    const std::int64_t count = config.micro_batches();
    BatchLoader loader([this](std::int64_t index) { return load(index); }, step * count,
                       steps * count, loaders(),
                       std::max<int>(config.train.prefetch, static_cast<int>(replicas->size())));
    auto last_save = Clock::now();
    window.start = last_save;
    while (step < steps) {
      if (!train_step(loader)) {
        save();
        return false;
      }
      if (seconds_since(window.start) > options.report_seconds) report(loader);
      if (at_epoch_end()) {
        if (window.steps > 0) report(loader);
        if (!end_epoch()) return false;
        last_save = window.start = Clock::now();
      } else if (seconds_since(last_save) > 60 * config.train.checkpoint_minutes) {
        save();
        last_save = Clock::now();
      }
    }
    return true;
  }

  bool at_epoch_end() const { return step % steps_per_epoch == 0 || step == steps; }
};

Trainer::Trainer(TrainConfig config, TrainerOptions options, ProcessGroup processes)
    : impl_(std::make_unique<Impl>(std::move(config), std::move(options), std::move(processes))) {}

Trainer::~Trainer() = default;

bool Trainer::run() { return impl_->run(); }

}  // namespace vremd
