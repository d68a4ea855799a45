// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pose_network.h"

#include "core/error.h"
#include "model/vremd.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/tensor.h>

#include <numeric>

namespace vremd::pipeline {

PoseNetwork::PoseNetwork(const model::LoadedModel& loaded, EstimatorOptions options)
    : model_(loaded.model),
      config_(loaded.config),
      options_(std::move(options)),
      spec_(config_.crop_spec()),
      normalisation_(config_.normalisation()) {
  const JointSet joints = config_.joints();
  if (options_.joints.empty()) options_.joints = config_.trained_joints();
  for (const int joint : options_.joints) {
    if (joint < 0 || joint >= joints.size()) fail("estimator: the model has no joint {}", joint);
  }
  spec_.enlarge = options_.enlarge;
  std::vector<std::int64_t> mirrored(static_cast<std::size_t>(joints.size()));
  std::iota(mirrored.begin(), mirrored.end(), 0);
  for (const auto& [left, right] : joints.flip_pairs) std::swap(mirrored[left], mirrored[right]);
  mirrored_joints_ = at::tensor(mirrored, at::kLong).to(options_.device);
  model_->eval();
  model_->share_equal_layers();
  model_->to(options_.device);
  if (options_.precision == ops::Precision::kBf16) model_->to_bf16();
}

PoseCrops PoseNetwork::crops_of(std::span<Person* const> persons) {
  PoseCrops all(persons, spec_, frames(), options_.flip, options_.share_crops);
  crops += static_cast<std::int64_t>(all.index.size());
  encoded += static_cast<std::int64_t>(all.crops.size());
  return all;
}

at::Tensor PoseNetwork::encode(const at::Tensor& pixels_nchw, const at::Tensor& keys) {
  const StageClock clock(times, PoseStage::kBackbone);
  return model_->features(pixels_nchw, keys);
}

PoseNetwork::Estimate PoseNetwork::estimate(std::span<const at::Tensor> features_btnc, bool keep) {
  StageClock clock(times, PoseStage::kModules);
  const auto forward = [&](const at::Tensor& features, bool intermediates) {
    return model_->forward(features, intermediates, {}, options_.without);
  };
  const model::VremdImpl::Output output = forward(features_btnc[0], keep);
  at::Tensor heatmaps = model_->probabilities(output.heatmaps_bkhw);
  if (options_.flip) {
    const at::Tensor mirrored = forward(features_btnc[1], false).heatmaps_bkhw;
    heatmaps = (heatmaps + mirrored_back(model_->probabilities(mirrored))) * 0.5;
  }
  clock.next(PoseStage::kDecode);
  Estimate estimate;
  estimate.joints_bkf = ops::heatmap_decode(heatmaps, options_.decode, options_.blur);
  if (options_.calibration) {
    // By the heatmaps of the plain crop, also with flip: the calibration was fitted to those.
    const at::Tensor evidence =
        model::score_evidence(output.heatmaps_bkhw, output.hk, output.hm, estimate.joints_bkf,
                              config_.loss.kind == model::LossKind::kCe);
    estimate.joints_bkf = at::cat({estimate.joints_bkf, evidence}, 2);
  }
  if (!keep) return estimate;
  const NamedTensors kept = {{"heatmaps", heatmaps},
                             {"hk", output.hk},
                             {"hm", output.hm},
                             {"human_mask", output.human_mask},
                             {"keypoint_mask", output.keypoint_mask},
                             {"f_human", output.f_human},
                             {"f_joint", output.f_joint},
                             {"f", output.f},
                             {"m", output.m},
                             {"offsets", output.offsets}};
  for (const auto& [name, tensor] : kept) {
    if (tensor.defined()) estimate.kept.emplace_back(name, tensor);
  }
  return estimate;
}

NamedTensors PoseNetwork::kept_of(const NamedTensors& kept, std::int64_t b,
                                  const at::Tensor& crops) {
  NamedTensors tensors{{"crops", crops}};
  for (const auto& [name, tensor] : kept) tensors.emplace_back(name, tensor[b]);
  return tensors;
}

// Heatmaps of the mirrored crop -> of the original crop.
at::Tensor PoseNetwork::mirrored_back(const at::Tensor& heatmaps_bkhw) const {
  at::Tensor heatmaps = heatmaps_bkhw.flip(3).index_select(1, mirrored_joints_);
  if (spec_.geometry == ops::Geometry::kUdp) return heatmaps;
  // classic: pixels are cells, so the mirrored ones are off by one (METHOD 2.1)
  const std::int64_t width = heatmaps.size(3);
  return at::cat({heatmaps.narrow(3, 0, 1), heatmaps.narrow(3, 0, width - 1)}, 3);
}

void PoseNetwork::place(Person& person, const float* joints_kf) const {
  const Affine2x3 to_frame =
      ops::heatmap_to_frame(person.box, config_.heatmap_height(), config_.heatmap_width(), spec_);
  person.keypoints.clear();
  for (const int joint : options_.joints) {
    const auto k = static_cast<std::size_t>(joint);
    const float* values = joints_kf + k * joint_floats();
    const Point at = to_frame({values[0], values[1]});
    float score = values[2];
    if (options_.calibration) {
      using Evidence = std::span<const float, model::kEvidenceCount>;
      score = static_cast<float>(
          options_.calibration->score(k, Evidence(values + 3, model::kEvidenceCount)));
    }
    person.keypoints.push_back({at.x, at.y, score});
  }
}

}  // namespace vremd::pipeline
