// SPDX-License-Identifier: Apache-2.0
#include "pipeline/pose_estimator.h"

#include "core/error.h"
#include "ops/tensor_ops.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <c10/core/InferenceMode.h>

#include <tbb/parallel_for.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <tuple>

namespace vremd::pipeline {
namespace {

// People whose encodings are kept at a time on the CPU, about 2 MB each; up to twice as many if the
// last of them have the same box.
constexpr std::size_t kSlicePersons = 16;

auto box_key(const Box& box) { return std::tuple(box.x, box.y, box.w, box.h); }

}  // namespace

// A distinct crop, encoded once.
struct PoseEstimator::Crop {
  ops::CropRequest request;
  bool is_key = false;  // of a person
  at::Tensor tokens_nc;
  at::Tensor pixels_chw;  // for dump only
};

// People that are processed together, and their distinct crops.
struct PoseEstimator::Slice {
  Slice(std::span<Person* const> people, const PoseEstimator& estimator);

  const Crop& crop(std::size_t person, int pass, int frame) const {
    return crops[index[(person * passes + pass) * frames + frame]];
  }

  std::span<Person* const> persons;
  std::size_t passes, frames;  // 2 with flip; T
  std::vector<Crop> crops;
  std::vector<std::size_t> index;  // of the crop, [person][pass][frame]
};

PoseEstimator::Slice::Slice(std::span<Person* const> people, const PoseEstimator& estimator)
    : persons(people),
      passes(estimator.options_.flip ? 2 : 1),
      frames(static_cast<std::size_t>(estimator.config_.frames())) {
  std::map<std::pair<const Frame*, std::array<double, 6>>, std::size_t> known;
  for (const Person* person : persons) {
    ops::CropRegion region = ops::crop_region(person->box, estimator.spec_);
    for (std::size_t pass = 0; pass < passes; ++pass) {
      region.flip = pass == 1;
      const Affine2x3 crop_to_frame = ops::frame_to_crop(region, estimator.spec_).inverse();
      for (std::size_t i = 0; i < frames; ++i) {
        const Frame* frame = person->triplet.frames[frames == 1 ? 1 : i].get();
        const auto [found, is_new] = known.try_emplace({frame, crop_to_frame.m}, crops.size());
        const bool shared = !is_new && estimator.options_.share_crops;
        const std::size_t crop = shared ? found->second : crops.size();
        if (!shared) crops.push_back({{frame, crop_to_frame}, false, {}, {}});
        if (i == frames / 2) crops[crop].is_key = true;
        index.push_back(crop);
      }
    }
  }
}

PoseEstimator::PoseEstimator(const model::LoadedModel& loaded, EstimatorOptions options)
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
  model_->to(options_.device);
  if (options_.precision == ops::Precision::kBf16) model_->to_bf16();
}

void PoseEstimator::estimate(std::span<Person> persons) {
  // People with the same box (held over some frames) become adjacent and share their crops.
  std::vector<Person*> order;
  for (Person& person : persons) order.push_back(&person);
  std::stable_sort(order.begin(), order.end(), [](const Person* a, const Person* b) {
    return box_key(a->box) < box_key(b->box);
  });
  const std::size_t slice =
      options_.device.is_cpu() ? kSlicePersons : static_cast<std::size_t>(options_.batch_size);
  for (std::size_t first = 0, last = 0; first < order.size(); first = last) {
    last = std::min(first + slice, order.size());
    while (last < std::min(first + 2 * slice, order.size()) &&
           box_key(order[last]->box) == box_key(order[last - 1]->box)) {
      ++last;
    }
    estimate_slice(std::span(order).subspan(first, last - first));
  }
}

void PoseEstimator::estimate_slice(std::span<Person* const> persons) {
  Slice slice(persons, *this);
  crops_ += static_cast<std::int64_t>(slice.index.size());
  encoded_ += static_cast<std::int64_t>(slice.crops.size());
  for_each_batch(slice.crops.size(), [&](std::size_t first, std::size_t last) {
    encode(std::span(slice.crops).subspan(first, last - first));
  });
  for_each_batch(persons.size(),
                 [&](std::size_t first, std::size_t last) { finish(slice, first, last); });
}

template <typename Body>
void PoseEstimator::for_each_batch(std::size_t count, const Body& body) const {
  const auto guarded = [&](std::size_t first, std::size_t last) {
    const c10::InferenceMode inference;  // thread-local
    body(first, last);
  };
  if (options_.device.is_cpu()) {
    // Isolated: a thread that waits here must not run the reader, which may block.
    tbb::this_task_arena::isolate([&] {
      tbb::parallel_for(std::size_t{0}, count, [&](std::size_t i) { guarded(i, i + 1); });
    });
    return;
  }
  const auto step = static_cast<std::size_t>(options_.batch_size);
  for (std::size_t first = 0; first < count; first += step) {
    guarded(first, std::min(first + step, count));
  }
}

void PoseEstimator::encode(std::span<Crop> crops) {
  StageClock clock(times_, PoseStage::kCrop);
  std::vector<ops::CropRequest> requests;
  for (const Crop& crop : crops) requests.push_back(crop.request);
  if (!options_.device.is_cpu()) requests.resize(options_.batch_size, requests.back());
  const at::Tensor pixels_nchw =
      ops::warp_affine(requests, spec_.height, spec_.width, normalisation_, options_.device);
  clock.next(PoseStage::kBackbone);
  std::vector<std::int64_t> keys;
  for (std::size_t i = 0; i < crops.size(); ++i) {
    if (crops[i].is_key) keys.push_back(static_cast<std::int64_t>(i));
  }
  const at::Tensor tokens_nnc =
      model_->features(pixels_nchw, at::tensor(keys, at::kLong).to(options_.device));
  for (std::size_t i = 0; i < crops.size(); ++i) {
    crops[i].tokens_nc = tokens_nnc[static_cast<std::int64_t>(i)];
    if (dump) crops[i].pixels_chw = pixels_nchw[static_cast<std::int64_t>(i)];
  }
}

model::VremdImpl::Output PoseEstimator::forward(const Slice& slice, std::size_t first,
                                                std::size_t last, int pass) {
  std::vector<at::Tensor> tokens;
  for (std::size_t person = first; person < last; ++person) {
    for (int frame = 0; frame < frames(); ++frame) {
      tokens.push_back(slice.crop(person, pass, frame).tokens_nc);
    }
  }
  if (!options_.device.is_cpu()) {
    tokens.resize(static_cast<std::size_t>(options_.batch_size) * slice.frames, tokens.back());
  }
  const at::Tensor features_btnc = at::stack(tokens).unflatten(0, {-1, frames()});
  return model_->forward(features_btnc, dump && pass == 0, {}, options_.without);
}

void PoseEstimator::finish(const Slice& slice, std::size_t first, std::size_t last) {
  StageClock clock(times_, PoseStage::kModules);
  const model::VremdImpl::Output output = forward(slice, first, last, 0);
  at::Tensor heatmaps = model_->probabilities(output.heatmaps_bkhw);
  if (options_.flip) {
    const at::Tensor mirrored = forward(slice, first, last, 1).heatmaps_bkhw;
    heatmaps = (heatmaps + mirrored_back(model_->probabilities(mirrored))) * 0.5;
  }
  clock.next(PoseStage::kDecode);
  at::Tensor points_bk3 =
      ops::heatmap_decode(heatmaps, options_.decode, options_.blur).to(at::kCPU).contiguous();
  if (options_.calibration) calibrate(output, points_bk3);
  for (std::size_t person = first; person < last; ++person) {
    const auto row = static_cast<std::int64_t>(person - first);
    place(*slice.persons[person], points_bk3[row].const_data_ptr<float>());
    if (!dump) continue;
    NamedTensors tensors;
    std::vector<at::Tensor> crops;
    for (int i = 0; i < frames(); ++i) crops.push_back(slice.crop(person, 0, i).pixels_chw);
    tensors.emplace_back("crops", at::stack(crops));
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
      if (tensor.defined()) tensors.emplace_back(name, tensor[row]);
    }
    dump(*slice.persons[person], tensors);
  }
}

// By the heatmaps of the plain crop, also with flip: those are what the calibration was fitted to.
void PoseEstimator::calibrate(const model::VremdImpl::Output& output,
                              at::Tensor& points_bk3) const {
  const at::Tensor evidence =
      model::score_evidence(output.heatmaps_bkhw, output.hk, output.hm, points_bk3,
                            config_.loss.kind == model::LossKind::kCe);
  float* point = points_bk3.data_ptr<float>();
  const float* of_point = evidence.const_data_ptr<float>();
  const auto joints = static_cast<std::size_t>(points_bk3.size(1));
  for (std::size_t i = 0; i < static_cast<std::size_t>(points_bk3.size(0)) * joints; ++i) {
    point[3 * i + 2] = static_cast<float>(options_.calibration->score(
        i % joints, std::span<const float, model::kEvidenceCount>(
                        of_point + model::kEvidenceCount * i, model::kEvidenceCount)));
  }
}

// Heatmaps of the mirrored crop -> of the original crop.
at::Tensor PoseEstimator::mirrored_back(const at::Tensor& heatmaps_bkhw) const {
  at::Tensor heatmaps = heatmaps_bkhw.flip(3).index_select(1, mirrored_joints_);
  if (spec_.geometry == ops::Geometry::kUdp) return heatmaps;
  // classic: pixels are cells, so the mirrored ones are off by one (METHOD 2.1)
  const std::int64_t width = heatmaps.size(3);
  return at::cat({heatmaps.narrow(3, 0, 1), heatmaps.narrow(3, 0, width - 1)}, 3);
}

void PoseEstimator::place(Person& person, const float* points) const {
  const Affine2x3 to_frame =
      ops::heatmap_to_frame(person.box, config_.heatmap_height(), config_.heatmap_width(), spec_);
  person.keypoints.clear();
  for (const int joint : options_.joints) {
    const float* point = points + 3 * joint;
    const Point at = to_frame({point[0], point[1]});
    person.keypoints.push_back({at.x, at.y, point[2]});
  }
}

}  // namespace vremd::pipeline
