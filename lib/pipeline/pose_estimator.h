// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "model/weights.h"
#include "ops/heatmap_decode.h"
#include "pipeline/chunk.h"
#include "pipeline/stage_times.h"

#include <c10/core/Device.h>

#include <atomic>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace vremd::pipeline {

struct EstimatorOptions {
  c10::Device device = c10::Device(c10::kCPU);
  bool bf16 = false;
  bool flip = false;  // average with the mirrored crop (METHOD 2.1)
  ops::Decode decode = ops::Decode::kDarkUdp;
  int blur = 11;            // of kDark and kDarkUdp
  double enlarge = 1.25;    // factor on each side of the box
  int batch_size = 1;       // of the network on a GPU
  std::vector<int> joints;  // of the model, in the order in which they are written
};

// What a person's keypoints were made of, by name: crops [T, 3, H, W], heatmaps [K, h, w] (as
// decoded, all joints of the model) and what the network kept.
using NamedTensors = std::vector<std::pair<std::string, at::Tensor>>;

// Persons -> keypoints: crops, network, peaks, back to the frame.
//
// A crop is a frame and an affine map; equal ones are encoded once (METHOD 11.3). On the CPU the
// network sees one crop and one person at a time, in parallel tasks; on a GPU always batch_size
// of them, padded. So a person's keypoints do not depend on who else is there, and sharing is
// exact. estimate() may be called from several threads at once on the CPU, from one on a GPU;
// prepare_worker() has been called in each.
class PoseEstimator {
 public:
  PoseEstimator(const model::LoadedModel& loaded, EstimatorOptions options);

  void estimate(std::span<Person> persons);

  // Where it is set: called for each person, from several threads.
  std::function<void(const Person&, const NamedTensors&)> dump;

  const EstimatorOptions& options() const { return options_; }
  const ops::CropSpec& crop_spec() const { return spec_; }
  int frames() const { return config_.frames(); }  // T
  StageTimes& times() { return times_; }
  std::int64_t crops() const { return crops_; }      // T for each person, twice that with flip
  std::int64_t encoded() const { return encoded_; }  // of them, by the backbone

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
  at::Tensor mirrored_back(const at::Tensor& heatmaps_bkhw) const;
  void place(Person& person, const float* points) const;

  std::shared_ptr<model::VremdImpl> model_;
  model::ModelConfig config_;
  EstimatorOptions options_;
  ops::CropSpec spec_;
  ops::Normalisation normalisation_;
  at::Tensor mirrored_joints_;  // index of the joint that a mirrored picture shows instead
  StageTimes times_;
  std::atomic<std::int64_t> crops_ = 0, encoded_ = 0;
};

}  // namespace vremd::pipeline
