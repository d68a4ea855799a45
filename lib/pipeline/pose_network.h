// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "device/deferred_device.h"
#include "model/weights.h"
#include "ops/device.h"
#include "ops/heatmap_decode.h"
#include "ops/tensor_ops.h"
#include "pipeline/chunk.h"
#include "pipeline/pose_crops.h"

#include <ATen/core/Tensor.h>
#include <c10/core/Device.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace vremd::pipeline {

enum class PoseStage { kRead, kCrop, kBackbone, kModules, kDecode, kWrite };
constexpr std::array<const char*, 6> kPoseStageNames = {"read",    "crop",   "backbone",
                                                        "modules", "decode", "write"};

// CPU seconds of each stage, summed over the threads, without waiting for input. GPU time counts in
// the stage that waits for it.
class StageTimes {
 public:
  void add(PoseStage stage, double seconds) {
    nanoseconds_[static_cast<std::size_t>(stage)] += static_cast<std::int64_t>(seconds * 1e9);
  }
  double seconds(PoseStage stage) const {
    return static_cast<double>(nanoseconds_[static_cast<std::size_t>(stage)]) / 1e9;
  }

 private:
  std::array<std::atomic<std::int64_t>, kPoseStageNames.size()> nanoseconds_{};
};

// Adds the time until the end of the scope, or until next().
class StageClock {
 public:
  StageClock(StageTimes& times, PoseStage stage) : times_(times), stage_(stage), start_(now()) {}
  ~StageClock() { next(stage_); }
  StageClock(const StageClock&) = delete;
  StageClock& operator=(const StageClock&) = delete;

  void next(PoseStage stage) {
    const double time = now();
    times_.add(stage_, time - start_);
    stage_ = stage;
    start_ = time;
  }

 private:
  static double now() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  }

  StageTimes& times_;
  PoseStage stage_;
  double start_;
};

struct EstimatorOptions {
  c10::Device device = c10::Device(c10::kCPU);
  ops::Precision precision = ops::Precision::kFp32;
  bool flip = false;  // average with the mirrored crop (METHOD 2.1)
  ops::Decode decode = ops::Decode::kDarkUdp;
  int blur = 11;            // of kDark and kDarkUdp
  double enlarge = 1.25;    // factor on each side of the box
  int batch_size = 1;       // of the network on a GPU
  bool share_crops = true;  // encode equal crops once
  std::vector<int> joints;  // of the model, in output order
  model::Parts without;     // knocked out (METHOD 9.1)
  // Scores are probabilities (METHOD 2.4); without, the heatmaps' maxima.
  std::optional<model::ScoreCalibration> calibration;
  // For tests: the CPU as a device with streams.
  std::optional<device::DeferredOptions> host_async;
};

// Intermediate tensors of a person, by name: crops [T, 3, H, W], heatmaps [K, h, w] (decoder input,
// all joints of the model) and intermediates of the network.
using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

using Dump = std::function<void(const Person&, const NamedTensors&)>;

// The network on its device and what surrounds it, for any number of crops and people at a time:
// from crops to joints in heatmap pixels, from there to keypoints. Its functions of tensors compute
// on LibTorch's current stream of a GPU and do not wait for it; they require c10::InferenceMode.
class PoseNetwork {
 public:
  PoseNetwork(const model::LoadedModel& loaded, EstimatorOptions options);

  PoseCrops crops_of(std::span<Person* const> persons);  // and counts them

  // Crops [n, 3, H, W] -> tokens [n, N, C]. `keys`: as of VremdImpl::features().
  at::Tensor encode(const at::Tensor& pixels_nchw, const at::Tensor& keys = {});

  struct Estimate {
    // x, y (heatmap pixels) and the maximum, then with calibrated scores the evidence.
    at::Tensor joints_bkf;  // [B, K, joint_floats()], float32
    NamedTensors kept;      // intermediates [B, ...], if they were asked for
  };
  // From tokens [B, T, N, C] of the crops and, with flip, of the mirrored ones.
  Estimate estimate(std::span<const at::Tensor> features_btnc, bool keep);

  // Row b of `kept`, and the person's crops [T, 3, H, W].
  static NamedTensors kept_of(const NamedTensors& kept, std::int64_t b, const at::Tensor& crops);

  // Fills in the keypoints from a row of `joints_bkf`.
  void place(Person& person, const float* joints_kf) const;

  const EstimatorOptions& options() const { return options_; }
  const model::ModelConfig& config() const { return config_; }
  const ops::CropSpec& crop_spec() const { return spec_; }
  const ops::Normalisation& normalisation() const { return normalisation_; }
  int frames() const { return config_.frames(); }  // T
  std::size_t passes() const { return options_.flip ? 2 : 1; }
  std::size_t joints() const { return static_cast<std::size_t>(config_.joints().size()); }  // K
  std::size_t joint_floats() const { return options_.calibration ? 3 + model::kEvidenceCount : 3; }

  StageTimes times;
  std::atomic<std::int64_t> crops = 0, encoded = 0;  // of all people, distinct ones

 private:
  at::Tensor mirrored_back(const at::Tensor& heatmaps_bkhw) const;

  std::shared_ptr<model::VremdImpl> model_;
  model::ModelConfig config_;
  EstimatorOptions options_;
  ops::CropSpec spec_;
  ops::Normalisation normalisation_;
  at::Tensor mirrored_joints_;  // index of the mirrored joint
};

}  // namespace vremd::pipeline
