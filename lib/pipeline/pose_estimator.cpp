// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pose_estimator.h"

#include "device/deferred_device.h"
#include "pipeline/pose_crops.h"
#ifdef VREMD_TORCH_CUDA
#include "device/cuda_device.h"
#endif

#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <c10/core/InferenceMode.h>

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>

namespace vremd::pipeline {
namespace {

// People whose encodings are kept at a time on the CPU, about 2 MB each; up to twice as many if the
// last of them have the same box.
constexpr std::size_t kSlicePersons = 16;

// Null: the CPU, without streams.
std::unique_ptr<device::Device> device_of(const EstimatorOptions& options) {
  if (options.host_async) return std::make_unique<device::DeferredDevice>(*options.host_async);
#ifdef VREMD_TORCH_CUDA
  if (options.device.is_cuda()) return device::make_cuda_device(options.device.index());
#endif
  return nullptr;
}

template <typename Body>
void parallel_for(std::size_t count, const Body& body) {
  // Isolated: a thread that waits here must not run the reader, which may block.
  tbb::this_task_arena::isolate([&] {
    tbb::parallel_for(std::size_t{0}, count, [&](std::size_t i) {
      const c10::InferenceMode inference;  // thread-local
      body(i);
    });
  });
}

}  // namespace

// People that are processed together on the CPU.
struct PoseEstimator::Slice {
  std::span<Person* const> persons;
  PoseCrops crops;
  std::vector<at::Tensor> tokens_nc;   // of each distinct crop
  std::vector<at::Tensor> pixels_chw;  // for dump only
};

PoseEstimator::PoseEstimator(const model::LoadedModel& loaded, EstimatorOptions options)
    : network_(loaded, std::move(options)) {
  if (auto device = device_of(network_.options())) {
    device_ = std::make_unique<DeviceEstimator>(network_, std::move(device));
  }
}

PoseEstimator::Pending PoseEstimator::begin(std::span<Person> persons) {
  if (device_) return device_->submit(persons, /*keep=*/dump != nullptr);
  estimate_on_cpu(persons);
  return nullptr;
}

void PoseEstimator::complete(const Pending& pending, std::span<Person> persons) {
  if (device_) device_->complete(*pending, persons, dump);
}

void PoseEstimator::flush() {
  if (device_) device_->flush();
}

void PoseEstimator::estimate(std::span<Person> persons) {
  const Pending pending = begin(persons);
  flush();
  complete(pending, persons);
}

void PoseEstimator::estimate_on_cpu(std::span<Person> persons) {
  const std::vector<Person*> order = ordered_by_box(persons);
  for (std::size_t first = 0, last = 0; first < order.size(); first = last) {
    last = std::min(first + kSlicePersons, order.size());
    while (last < std::min(first + 2 * kSlicePersons, order.size()) &&
           same_box(*order[last], *order[last - 1])) {
      ++last;
    }
    estimate_slice(std::span(order).subspan(first, last - first));
  }
}

void PoseEstimator::estimate_slice(std::span<Person* const> persons) {
  Slice slice{persons, network_.crops_of(persons), {}, {}};
  const std::size_t crops = slice.crops.crops.size();
  slice.tokens_nc.resize(crops);
  if (dump) slice.pixels_chw.resize(crops);
  parallel_for(crops, [&](std::size_t crop) { encode(slice, crop); });
  parallel_for(persons.size(), [&](std::size_t person) { finish(slice, person); });
}

void PoseEstimator::encode(Slice& slice, std::size_t crop) {
  const PoseCrops::Crop& one = slice.crops.crops[crop];
  const at::Tensor pixels_nchw = [&] {
    const StageClock clock(times(), PoseStage::kCrop);
    return ops::warp_affine({&one.request, 1}, crop_spec().height, crop_spec().width,
                            network_.normalisation());
  }();
  std::vector<std::int64_t> keys;
  if (one.is_key) keys.push_back(0);
  slice.tokens_nc[crop] = network_.encode(pixels_nchw, at::tensor(keys, at::kLong))[0];
  if (dump) slice.pixels_chw[crop] = pixels_nchw[0];
}

void PoseEstimator::finish(const Slice& slice, std::size_t person) {
  const PoseCrops& crops = slice.crops;
  std::vector<at::Tensor> features_btnc;
  for (std::size_t pass = 0; pass < crops.passes; ++pass) {
    std::vector<at::Tensor> tokens;
    for (std::size_t frame = 0; frame < crops.frames; ++frame) {
      tokens.push_back(slice.tokens_nc[crops.of(person, pass, frame)]);
    }
    features_btnc.push_back(at::stack(tokens).unsqueeze(0));
  }
  const PoseNetwork::Estimate estimate = network_.estimate(features_btnc, dump != nullptr);
  const at::Tensor joints = estimate.joints_bkf.contiguous();
  network_.place(*slice.persons[person], joints.const_data_ptr<float>());
  if (!dump) return;
  std::vector<at::Tensor> pixels;
  for (std::size_t frame = 0; frame < crops.frames; ++frame) {
    pixels.push_back(slice.pixels_chw[crops.of(person, 0, frame)]);
  }
  dump(*slice.persons[person], PoseNetwork::kept_of(estimate.kept, 0, at::stack(pixels)));
}

}  // namespace vremd::pipeline
