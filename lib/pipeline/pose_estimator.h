// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pipeline/device_estimator.h"
#include "pipeline/pose_network.h"

#include <memory>
#include <span>

namespace vremd::pipeline {

// Persons -> keypoints: crops, network, peaks, back to the frame.
//
// Crops with the same frame and affine map are encoded once (METHOD 11.3). The CPU processes one
// crop or person at a time in parallel tasks; a GPU processes padded batches, which DeviceEstimator
// fills. So keypoints do not depend on the other people. Functions may be called from several
// threads, each after prepare_worker().
class PoseEstimator {
 public:
  PoseEstimator(const model::LoadedModel& loaded, EstimatorOptions options);

  // Begins with these people; the CPU completes them at once. Their frames are not needed after it.
  using Pending = std::shared_ptr<DeviceEstimator::Request>;
  Pending begin(std::span<Person> persons);
  void flush();  // lets a device begin with the last people, too, before more come
  // Waits until all of them have their keypoints.
  void complete(const Pending& pending, std::span<Person> persons);

  void estimate(std::span<Person> persons);  // both

  // If set, called for each person, from several threads.
  Dump dump;

  const EstimatorOptions& options() const { return network_.options(); }
  const model::ModelConfig& config() const { return network_.config(); }
  const ops::CropSpec& crop_spec() const { return network_.crop_spec(); }
  int frames() const { return network_.frames(); }  // T
  bool has_device() const { return device_ != nullptr; }
  StageTimes& times() { return network_.times; }
  std::int64_t crops() const { return network_.crops; }      // T for each person, twice with flip
  std::int64_t encoded() const { return network_.encoded; }  // distinct ones, by the backbone

 private:
  struct Slice;

  void estimate_on_cpu(std::span<Person> persons);
  void estimate_slice(std::span<Person* const> persons);
  void encode(Slice& slice, std::size_t crop);
  void finish(const Slice& slice, std::size_t person);

  PoseNetwork network_;
  std::unique_ptr<DeviceEstimator> device_;  // null: on the CPU
};

}  // namespace vremd::pipeline
