// SPDX-License-Identifier: Apache-2.0
#include "train/trainer.h"

#include "core/error.h"
#include "core/log.h"
#include "core/text.h"
#include "io/json_file.h"
#include "model/weights.h"
#include "ops/device.h"
#include "train/feature_cache.h"
#include "train/learner.h"
#include "train/loader.h"
#include "train/loss.h"
#include "train/run_folder.h"
#include "train/sample_order.h"
#include "train/samples.h"
#include "train/start.h"
#include "train/validation.h"

#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>
#include <oneapi/tbb/global_control.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cmath>
#include <optional>
#include <utility>

namespace vremd::train {
namespace {

// A GPU needs crops fast; on the CPU the workers need the cores.
int loaders_of(const TrainConfig& config, const TrainerOptions& options) {
  if (config.train.loaders > 0) return config.train.loaders;
  return options.device.is_cpu() ? 1 : std::max(1, options.threads - 1);
}

class Stopwatch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

struct StepResult {
  double loss = 0, norm = 0;  // over all processes; norm before clipping
};

struct Training {
  TrainConfig config;
  TrainerOptions options;
  ProcessGroup processes;
  // Workers, loaders, this thread and the loaders of the validation.
  oneapi::tbb::global_control parallelism;
  data::TrainSet set;
  RunFolder folder;
  std::int64_t persons;  // per epoch, over all processes
  TrainConfig::Steps steps;
  std::optional<Learner> learner;
  std::optional<Validation> validation;
  std::optional<FeatureCache> cache;
  bool epoch_is_recorded = false;  // metrics.jsonl has the epoch that ends at learner->step
  std::atomic<bool> watch_mask = true;
  std::optional<model::MaskConcentration> mask;  // of one micro-batch since the last report

  Training(TrainConfig c, TrainerOptions o, ProcessGroup p)
      : config(std::move(c)),
        options(std::move(o)),
        processes(std::move(p)),
        parallelism(
            oneapi::tbb::global_control::max_allowed_parallelism,
            static_cast<std::size_t>(2 * options.threads + loaders_of(config, options) + 1)),
        set(config.data, config.model.joints(), config.model.frames() > 1, config.train.frame_mib),
        folder(options.output, options.resume, processes.first()),
        persons(std::ssize(set.order(static_cast<std::uint64_t>(config.train.seed), 0))) {
    settle_precision();
    if (!folder.holds_run()) folder.write("config.json", config.to_json().dump(2) + "\n");
    name_trained_joints(set, config);
    steps = config.some_steps(persons, processes.size());
    learner.emplace(config, make_network(config, set, /*calibrated=*/!folder.holds_run()),
                    options.threads, options.device, processes.size(), persons);
    if (folder.holds_run()) {
      learner->resume(folder.checkpoint(), config);
      log_info("resumed at step {} of {}", learner->step, steps.all);
    }
    std::vector<at::Tensor> all;  // from rank 0, in case the libraries of the machines differ
    for (const auto& [name, tensor] : model::state_of(model())) all.push_back(tensor);
    processes.broadcast(all);
    if (config.train.cache_features > 0) {
      cache.emplace(open_features(config, set, model(), options.output));
    }
    if (!config.validate.empty()) validation.emplace(config);
    const at::Tensor recorded = at::full({1}, folder.open_metrics(learner->step) ? 1.0 : 0.0);
    processes.broadcast({recorded});
    epoch_is_recorded = recorded.item<double>() > 0;
    if (epoch_is_recorded) learner->substituted = 0;  // already in that line
  }

  // Replaces train.amp = auto by what the run began with, or else suits the first process's device.
  void settle_precision() {
    if (config.train.amp != Amp::kAuto) return;
    config.train.amp = ops::has_fast_bf16(options.device) ? Amp::kBf16 : Amp::kFp32;
    if (folder.holds_run()) {
      const std::string path = folder.file("config.json");
      config.train.amp = TrainConfig::from_json(io::read_config_file(path), path).train.amp;
    }
    const at::Tensor amp = at::full({1}, static_cast<double>(config.train.amp));
    processes.broadcast({amp});
    config.train.amp = static_cast<Amp>(std::lround(amp.item<double>()));
  }

  model::VremdImpl& model() { return learner->replicas.model(); }
  std::int64_t workers() const { return std::ssize(learner->replicas); }
  std::int64_t busy_workers() const {
    return std::min<std::int64_t>(workers(), config.micro_batches());
  }
  std::int64_t step_size() const {  // persons, over all processes
    return config.persons_of_step() * processes.size();
  }
  bool at_epoch_end() const {
    return learner->step % steps.per_epoch == 0 || learner->step == steps.all;
  }

  void save() {
    if (folder.writes()) learner->save(folder.checkpoint());
  }

  bool run() {
    if (processes.first()) {
      log_info("{} persons, {} steps of {} an epoch, {} steps, {} workers, {} processes, {}",
               set.samples().size(), steps.per_epoch, step_size(), steps.all, workers(),
               processes.size(), name_of(config.train.amp));
      log_info("{}", trained_parameters(learner->replicas.model()));
      if (busy_workers() < workers()) {
        log_info(
            "a step has {} micro-batches: a smaller train.micro_batch would keep all workers "
            "busy",
            config.micro_batches());
      }
    }
    try {
      return train();
    } catch (...) {
      save_progress();
      throw;
    }
  }

  // After an error: the model is in the state after the last step.
  void save_progress() {
    if (learner->step == std::max<std::int64_t>(learner->saved_step, 0)) return;
    try {
      save();
      log_info("{}: step {}", folder.checkpoint(), learner->step);
    } catch (const std::exception& error) {
      log_error("{}", first_line(error.what()));
    }
  }

  bool train() {
    std::int64_t& step = learner->step;
    if (step == 0 && !epoch_is_recorded && !score_start()) return false;
    if (step > 0 && at_epoch_end() && !epoch_is_recorded && !end_epoch()) return false;
    SampleOrder order(set, config, steps.per_epoch, processes.rank(), processes.size(), step,
                      cache ? cache->stored() : std::vector<bool>());
    const auto load = [&](std::int64_t micro_batch) {
      const BatchPlan plan = order.plan(micro_batch);
      return cache ? make_cached_batch(set, plan, config, *cache)
                   : make_batch(set, plan, config.model, &config.aug);
    };
    const std::int64_t count = config.micro_batches();
    BatchLoader loader(load, step * count, steps.all * count, loaders_of(config, options),
                       std::max(config.train.prefetch, static_cast<int>(workers())));
    std::vector<StepResult> unreported;
    double waited = 0;  // at the last report
    Stopwatch since_report, since_save;
    const auto report = [&] {
      const double before = std::exchange(waited, loader.seconds_waited());
      folder.add_metrics(metrics(unreported, since_report.seconds(), waited - before));
      unreported.clear();
      since_report = {};
    };
    while (step < steps.all) {
      const auto result = take_step(loader);
      if (!result) {
        save();
        return false;
      }
      unreported.push_back(*result);
      if (since_report.seconds() > options.report_seconds) report();
      if (at_epoch_end()) {
        if (!unreported.empty()) report();
        if (!end_epoch()) return false;
        since_report = since_save = {};
      } else if (since_save.seconds() > 60 * config.train.checkpoint_minutes) {
        save();
        since_save = {};
      }
    }
    return true;
  }

  // An optimizer step: forward and backward passes of the micro-batches, all-reduce over the
  // processes, parameter update (METHOD 10.2), weight average. Nullopt if some process was asked to
  // stop before it. On an exception the learner is unchanged.
  std::optional<StepResult> take_step(BatchLoader& loader) {
    try {
      return try_step(loader);
    } catch (...) {
      learner->replicas.discard();
      throw;
    }
  }

  std::optional<StepResult> try_step(BatchLoader& loader) {
    Replicas& replicas = learner->replicas;
    const std::int64_t step = learner->step, count = config.micro_batches();
    const bool single = processes.size() == 1, stop = options.stopped();
    if (single && stop) return std::nullopt;
    std::atomic<std::int64_t> replaced = 0;  // neighbours, by the key frame
    const auto take = [&](std::int64_t index) {
      TrainBatch batch = loader.take(index);
      replaced += batch.substituted;
      return batch;
    };
    StepResult result;
    result.loss = replicas.accumulate(
        step * count, (step + 1) * count, take,
        [&](model::VremdImpl& network, TrainBatch& batch) { return loss_of(network, batch); });
    std::int64_t substituted = replaced;
    if (!single) {
      at::Tensor shared = at::zeros({3}, at::TensorOptions(replicas.device()));
      shared[0] = result.loss;
      shared[1] = stop ? 1 : 0;
      shared[2] = static_cast<double>(substituted);
      std::vector<at::Tensor> all = replicas.gradients();
      all.insert(all.end(), replicas.statistics().begin(), replicas.statistics().end());
      all.push_back(shared);
      processes.sum(all);
      if (shared[1].item<double>() > 0) {
        replicas.discard();
        return std::nullopt;
      }
      result.loss = shared[0].item<double>();
      substituted = std::llround(shared[2].item<double>());
    }
    const auto require_finite = [&](const char* what, double value) {
      if (!std::isfinite(value)) fail("step {}: the {} is not finite ({})", step, what, value);
    };
    require_finite("loss", result.loss);
    replicas.apply(count * processes.size());
    result.norm = learner->optimizer.step(step, steps.all, static_cast<double>(steps.per_epoch));
    require_finite("gradient", result.norm);
    learner->average.update(++learner->step);
    learner->substituted += substituted;
    return result;
  }

  // Of a micro-batch, weighted by its share of the step.
  at::Tensor loss_of(model::VremdImpl& network, TrainBatch& batch) {
    const at::Device& device = options.device;
    at::Tensor fresh;  // [m, T, N, C]
    if (batch.crops.defined()) {
      const Autocast autocast(config.train.amp != Amp::kFp32, device);
      fresh = network.triplet_features(batch.crops.to(device));
    }
    if (cache) complete_features(batch, fresh, *cache);
    const at::Tensor features = cache ? batch.features.to(device) : fresh;
    const Autocast autocast(config.train.amp == Amp::kBf16, device);
    const bool watched = watch_mask.exchange(false);
    const at::Tensor annotated =
        batch.annotated.defined() ? batch.annotated.to(device) : at::Tensor();
    const auto output = network.forward(features, /*keep_intermediates=*/watched, annotated);
    if (watched && output.keypoint_mask.defined()) {
      mask = model::concentration_of(output.keypoint_mask);
    }
    const double share =
        static_cast<double>(batch.weights.size(0)) / static_cast<double>(step_size());
    return training_loss(config.model.loss,
                         {output.heatmaps_bkhw, output.hk, output.hm, output.keypoint_rows},
                         batch.targets.to(device), batch.weights.to(device)) *
           share;
  }

  // A line of metrics, which is also logged: the steps of `elapsed` seconds, in which workers
  // waited for data for `waited` seconds in all.
  Json metrics(const std::vector<StepResult>& results, double elapsed, double waited) {
    const auto count = static_cast<double>(results.size());
    double loss = 0, norm = 0;
    for (const StepResult& one : results) {
      loss += one.loss;
      norm += one.norm;
    }
    const double rate = count * static_cast<double>(step_size()) / elapsed;
    const double wait = waited / (elapsed * static_cast<double>(busy_workers()));
    const double lr = learner->optimizer.learning_rate();
    if (processes.first()) {
      log_info("epoch {:.2f}, step {}: loss {:.5f}, lr {:.2e}, {:.1f} persons/s, waiting {:.1f} %",
               static_cast<double>(learner->step) / static_cast<double>(steps.per_epoch),
               learner->step, loss / count, lr, rate, 100 * wait);
    }
    Json line{{"step", learner->step}, {"loss", loss / count}, {"norm", norm / count}, {"lr", lr},
              {"rate", rate},          {"wait", wait}};
    if (mask)
      line["mask"] = {{"log_largest", std::log(mask->largest)}, {"effective", mask->effective}};
    watch_mask = true;
    return line;
  }

  // What is to be improved: the score of the weights that a training starts from.
  bool score_start() {
    if (!validation || (config.start.weights.empty() && config.start.single_frame.empty())) {
      return true;
    }
    Json line{{"epoch", 0}, {"step", 0}};
    if (!validate(0, line)) return false;
    folder.add_metrics(line);
    return true;
  }

  // Saves the weights first. The line in metrics.jsonl is written last: a resumed run scores an
  // epoch without one again. False if stopped.
  bool end_epoch() {
    const std::int64_t epoch = (learner->step + steps.per_epoch - 1) / steps.per_epoch;
    if (folder.writes()) {
      const WeightAverage::InModel averaged(learner->average);
      model::save_model(folder.file("last.safetensors"), model(), io::DType::kF32);
    }
    save();
    Json line{{"epoch", epoch}, {"step", learner->step}};
    if (learner->substituted > 0) line["substituted"] = learner->substituted;
    if (validation) {
      const double before = learner->best;
      if (!validate(epoch, line)) return false;
      if (learner->best > before) save();
    }
    folder.add_metrics(line);
    if (folder.writes()) {
      if (learner->substituted > 0) {
        log_warning("{} neighbours replaced by the frame itself", learner->substituted);
      }
      write_report(folder, validation ? &*validation : nullptr, set, config, facts());
    }
    learner->substituted = 0;
    return true;
  }

  Facts facts() {
    return {{"people", fmt::format("{} in {} {}", set.samples().size(), config.data.size(),
                                   config.data.size() == 1 ? "file" : "files")},
            {"steps", fmt::format("{} of {}, of {} people", learner->step, steps.all, step_size())},
            {"network", trained_parameters(model())}};
  }

  bool validate(std::int64_t epoch, Json& line) {
    const WeightAverage::InModel averaged(learner->average);
    const auto stopped = [this] { return processes.size() == 1 && options.stopped(); };
    // Without a backward pass a single thread cannot crop for all CPU workers.
    const bool own = config.train.loaders == 0 && options.device.is_cpu();
    const auto scores = validation->score(
        learner->replicas, processes, own ? options.threads : loaders_of(config, options), stopped,
        /*without_parts=*/learner->step == steps.all);
    if (!scores) return false;
    line.update(scores->to_json());
    const double score = scores->best_by(config.validate_by);
    if (processes.first()) {
      log_info("epoch {}: PCK@0.2 {:.4f}{}", epoch, scores->body_pck(),
               scores->ap ? fmt::format(", AP {:.2f}", scores->ap->ap.back()) : "");
    }
    if (score <= learner->best) return true;
    learner->best = score;
    if (folder.writes()) {
      model::save_model(folder.file("best.safetensors"), model(), io::DType::kF32,
                        {{std::string(name_of(config.validate_by)), fmt::format("{:.5f}", score)}});
    }
    return true;
  }
};

// LibTorch throws OutOfMemoryError only on GPUs.
bool is_out_of_memory(const c10::Error& error) {
  const std::string text = error.what_without_backtrace();
  return dynamic_cast<const c10::OutOfMemoryError*>(&error) ||
         text.find("can't allocate memory") != std::string::npos;
}

}  // namespace

bool run_training(TrainConfig config, TrainerOptions options, ProcessGroup processes) {
  const std::string device = options.device.str(), folder = options.output;
  const int micro_batch = config.train.micro_batch;
  try {
    return Training(std::move(config), std::move(options), std::move(processes)).run();
  } catch (const c10::Error& error) {
    if (!is_out_of_memory(error)) throw;
    fail(
        "out of memory on {}: reduce train.micro_batch ({}) or --threads; the last checkpoint is "
        "in {}",
        device, micro_batch, folder);
  }
}

}  // namespace vremd::train
