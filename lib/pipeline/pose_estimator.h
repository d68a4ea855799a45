// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/weights.h"
#include "ops/device.h"
#include "ops/heatmap_decode.h"
#include "pipeline/chunk.h"

#include <c10/core/Device.h>

#include <array>
#include <atomic>
#include <ctime>
#include <functional>
#include <memory>
#include <optional>
#include <span>
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
  ~StageClock() { times_.add(stage_, now() - start_); }
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
};

// Intermediate tensors of a person, by name: crops [T, 3, H, W], heatmaps [K, h, w] (decoder input,
// all joints of the model) and intermediates of the network.
using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

// Persons -> keypoints: crops, network, peaks, back to the frame.
//
// Crops with the same frame and affine map are encoded once (METHOD 11.3). The network processes
// one crop or person at a time in parallel tasks on the CPU, and padded batches of batch_size on a
// GPU, so that keypoints do not depend on the other people. estimate() may be called from several
// threads on the CPU, from one on a GPU, each after prepare_worker().
class PoseEstimator {
 public:
  PoseEstimator(const model::LoadedModel& loaded, EstimatorOptions options);

  void estimate(std::span<Person> persons);

  // If set, called for each person, from several threads.
  std::function<void(const Person&, const NamedTensors&)> dump;

  const EstimatorOptions& options() const { return options_; }
  const model::ModelConfig& config() const { return config_; }
  const ops::CropSpec& crop_spec() const { return spec_; }
  int frames() const { return config_.frames(); }  // T
  StageTimes& times() { return times_; }
  std::int64_t crops() const { return crops_; }      // T for each person, twice that with flip
  std::int64_t encoded() const { return encoded_; }  // distinct ones, by the backbone

 private:
  struct Crop;
  struct Slice;

  void estimate_slice(std::span<Person* const> persons);
  template <typename Body>
  void for_each_batch(std::size_t count, const Body& body) const;
  void encode(std::span<Crop> crops);
  void finish(const Slice& slice, std::size_t first, std::size_t last);
  model::VremdImpl::Output forward(const Slice& slice, std::size_t first, std::size_t last,
                                   int pass);
  // Replaces the scores of `points` [B, K, 3] by probabilities.
  void calibrate(const model::VremdImpl::Output& output, at::Tensor& points_bk3) const;
  at::Tensor mirrored_back(const at::Tensor& heatmaps_bkhw) const;
  void place(Person& person, const float* points) const;

  std::shared_ptr<model::VremdImpl> model_;
  model::ModelConfig config_;
  EstimatorOptions options_;
  ops::CropSpec spec_;
  ops::Normalisation normalisation_;
  at::Tensor mirrored_joints_;  // index of the mirrored joint
  StageTimes times_;
  std::atomic<std::int64_t> crops_ = 0, encoded_ = 0;
};

}  // namespace vremd::pipeline
