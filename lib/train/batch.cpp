// SPDX-License-Identifier: Apache-2.0
#include "train/batch.h"

#include "ops/heatmap_encode.h"
#include "ops/tensor_ops.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

namespace vremd::train {
namespace {

void encode_targets(std::span<const data::JointLabel> joints, const model::ModelConfig& model,
                    float* targets, float* weights) {
  const int height = model.heatmap_height(), width = model.heatmap_width();
  const ops::CropSpec spec = model.crop_spec();
  const Affine2x3 crop_to_heatmap = ops::heatmap_to_crop(height, width, spec).inverse();
  const std::size_t size = static_cast<std::size_t>(height) * width;
  for (std::size_t j = 0; j < joints.size(); ++j) {
    if (joints[j].weight <= 0) continue;
    const Point p = crop_to_heatmap({joints[j].x, joints[j].y});
    if (ops::heatmap_encode({targets + j * size, size}, height, width, p.x, p.y,
                            model.heatmap.sigma, spec.geometry == ops::Geometry::kUdp)) {
      weights[j] = static_cast<float>(joints[j].weight);
    }
  }
}

// A person pasted onto a crop.
struct PastedPerson {
  std::size_t crop;  // pasted onto this one
  Affine2x3 to_frame;
  Box box;
};

void paste(const at::Tensor& crops, std::int64_t first, std::span<const PastedPerson> persons) {
  const int height = static_cast<int>(crops.size(2)), width = static_cast<int>(crops.size(3));
  const std::size_t size = std::size_t{3} * height * width;
  float* values = crops.data_ptr<float>();
  for (std::size_t i = 0; i < persons.size(); ++i) {
    const PastedPerson& one = persons[i];
    data::paste_person({values + one.crop * size, size}, {values + (first + i) * size, size},
                       height, width, one.to_frame, one.box);
  }
}

}  // namespace

TrainBatch make_batch(data::TrainSet& set, const BatchPlan& plan, const model::ModelConfig& model,
                      const data::AugmentConfig* augment) {
  const std::vector<int>& samples = plan.samples;
  const int frames = model.frames(), height = model.input_height(), width = model.input_width();
  const auto count = static_cast<std::int64_t>(samples.size());
  const std::int64_t joints = set.joints().size();
  const ops::CropSpec spec = model.crop_spec();
  const ops::Normalisation normalisation = model.normalisation();
  std::array<float, 3> lowest{0, 0, 0}, highest{255, 255, 255};
  if (!normalisation.raw) {
    for (std::size_t c = 0; c < 3; ++c) {
      lowest[c] = static_cast<float>(-normalisation.mean[c] / normalisation.std[c]);
      highest[c] = static_cast<float>((1 - normalisation.mean[c]) / normalisation.std[c]);
    }
  }

  TrainBatch batch;
  batch.targets = at::zeros({count, joints, model.heatmap_height(), model.heatmap_width()});
  batch.weights = at::zeros({count, joints});
  if (set.sets_differ()) batch.annotated = at::zeros({count, joints});
  std::vector<ops::CropRequest> requests;
  std::vector<FramePtr> held;
  std::vector<data::Augmentation> augmentations;
  std::vector<ops::CropRequest> pasted_requests;
  std::vector<PastedPerson> pasted;
  for (std::int64_t i = 0; i < count; ++i) {
    const data::TrainSample& sample = set.samples()[samples[i]];
    data::Augmentation one = data::no_augmentation(sample.box, spec);
    if (augment) {
      Random random = data::random_for(plan.seed, plan.epoch, plan.draws[i]);
      one = data::draw_augmentation(random, *augment, sample.box, sample.joints, set.joints(), spec,
                                    set.is_still(sample));
    }
    encode_targets(data::joints_in_crop(sample.joints, set.joints(), one.region, spec), model,
                   batch.targets[i].data_ptr<float>(), batch.weights[i].data_ptr<float>());
    if (batch.annotated.defined()) {
      float* row = batch.annotated[i].data_ptr<float>();
      for (int j = 0; j < joints; ++j) row[j] = set.annotated(samples[i], j) ? 1 : 0;
    }
    if (!plan.uses.empty() && plan.uses[i] == FeatureUse::kRead) continue;
    batch.with_crops.push_back(i);
    const Affine2x3 crop_to_frame = ops::frame_to_crop(one.region, spec).inverse();
    const auto [pictures, substituted] = set.frames(sample);
    batch.substituted += substituted;
    const data::TrainSample* other = nullptr;
    FramePtr picture;
    if (one.pasted.size > 0) {
      other = &set.samples()[one.pasted.pick % set.samples().size()];
      picture = set.key_frame(*other);
      held.push_back(picture);
    }
    for (int t = 0; t < frames; ++t) {
      const int slot = frames > 1 ? t : 1;
      const Affine2x3& moved = one.frames[slot].moved;
      if (one.apart && slot != 1) {
        const Affine2x3 to_frame = crop_to_frame.after(one.person_moved[slot]);
        pasted.push_back({requests.size(), to_frame, sample.box});
        pasted_requests.push_back({pictures[slot].get(), to_frame});
      }
      if (other) {
        const Affine2x3 to_frame =
            data::pasted_to_frame(one.pasted, other->box).after(one.pasted.moved[slot]);
        pasted.push_back({requests.size(), to_frame, other->box});
        pasted_requests.push_back({picture.get(), to_frame});
      }
      requests.push_back({pictures[slot].get(), crop_to_frame.after(moved)});
      held.push_back(pictures[slot]);
    }
    augmentations.push_back(one);
  }
  batch.samples = samples;
  if (requests.empty()) return batch;
  const auto own = static_cast<std::int64_t>(requests.size());
  requests.insert(requests.end(), pasted_requests.begin(), pasted_requests.end());
  const at::Tensor crops = ops::warp_affine(requests, height, width, normalisation);
  paste(crops, own, pasted);
  batch.crops = crops.slice(0, 0, own);
  if (augment) {
    const std::size_t size = std::size_t{3} * height * width;
    for (std::int64_t n = 0; n < own; ++n) {
      const data::Augmentation& one = augmentations[n / frames];
      data::change_crop({batch.crops.data_ptr<float>() + n * size, size}, height, width, one,
                        one.frames[frames > 1 ? n % frames : 1], lowest, highest);
    }
  }
  return batch;
}

TrainBatch make_plain(data::TrainSet& set, std::span<const int> samples,
                      const model::ModelConfig& model) {
  BatchPlan plan;
  plan.samples.assign(samples.begin(), samples.end());
  return make_batch(set, plan, model, nullptr);
}

}  // namespace vremd::train
