// SPDX-License-Identifier: Apache-2.0
#include "measure/network_runner.h"

#include "core/error.h"
#include "measure/peaks.h"

#include <ATen/Functions.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <cmath>

namespace vremd::bench {
namespace {

pipeline::EstimatorOptions options_of(ops::Precision precision, const model::LoadedModel& loaded) {
  pipeline::EstimatorOptions options;
  options.precision = precision;
  options.decode = loaded.config.default_decode();
  options.calibration = loaded.calibration;
  return options;
}

pipeline::PoseNetwork network_of(const std::string& weights, ops::Precision precision) {
  const model::LoadedModel loaded = model::load_model(io::find_weights(weights));
  return {loaded, options_of(precision, loaded)};
}

// Values in the range of crops, the same in every run.
at::Tensor pattern(at::IntArrayRef shape, double scale) {
  const at::Tensor wave = at::arange(c10::multiply_integers(shape), at::kFloat).mul(0.0137).sin();
  return wave.add(at::arange(wave.numel(), at::kFloat).mul(0.00071).cos()).mul(scale).view(shape);
}

}  // namespace

NetworkRunner::NetworkRunner(const std::string& weights, ops::Precision precision)
    : network_(network_of(weights, precision)) {
  const c10::InferenceMode inference;
  const model::ModelConfig& model = network_.config();
  const double scale = network_.normalisation().raw ? 64 : 0.5;
  crops_nchw_ = pattern({network_.frames(), 3, model.input_height(), model.input_width()}, scale);
  if (network_.normalisation().raw) crops_nchw_ = crops_nchw_.add(128);
  key_ = at::zeros({1}, at::kLong);
  no_key_ = at::zeros({0}, at::kLong);
  features_btnc_ = encode();
}

at::Tensor NetworkRunner::encode() {
  std::vector<at::Tensor> tokens;
  const std::int64_t frames = network_.frames();
  for (std::int64_t t = 0; t < frames; ++t) {
    const bool is_key = t == frames / 2;
    tokens.push_back(network_.encode(crops_nchw_.slice(0, t, t + 1), is_key ? key_ : no_key_));
  }
  return at::stack(tokens, 1);
}

void NetworkRunner::estimate() { network_.estimate({&features_btnc_, 1}, false); }

void NetworkRunner::person() {
  const at::Tensor features = encode();
  network_.estimate({&features, 1}, false);
}

at::Tensor NetworkRunner::heatmaps(const at::Tensor& crops_nchw) {
  const at::Tensor features = network_.encode(crops_nchw, {}).unsqueeze(1);
  for (const auto& [name, tensor] : network_.estimate({&features, 1}, true).kept) {
    if (name == "heatmaps") return tensor;
  }
  fail("bench: no heatmaps");
}

Contestant contestant(const std::string& name, const Settings& settings, Per per, double work,
                      std::function<void()> item) {
  return {name, [=, count = 0]() mutable {
            const auto run = [&] {
              return run_team(settings.threads, count, [&](int) { item(); });
            };
            if (count == 0) {
              count = 2 * settings.threads;
              run();
              const double wall = run().wall / count;  // of one item
              count = std::max(count, static_cast<int>(std::lround(settings.seconds / wall)));
            }
            const Seconds seconds = run();
            return work * count / (per == Per::kSecond ? seconds.wall : seconds.cpu);
          }};
}

Contestant fp32_peak(const Settings& settings) {
  return contestant("fp32 peak", settings, Per::kCpuSecond, fp32_flops(), [] { fp32_flops(); });
}

Contestant bf16_peak(const Settings& settings) {
  return contestant("bf16 peak", settings, Per::kCpuSecond, bf16_flops(), [] { bf16_flops(); });
}

}  // namespace vremd::bench
