// SPDX-License-Identifier: Apache-2.0
#include "train/validation.h"

#include "annotation/record_translation.h"
#include "core/log.h"
#include "eval/poseval/poseval_frames.h"
#include "ops/crop.h"
#include "ops/tensor_ops.h"
#include "train/loader.h"

#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <map>

namespace vremd::train {
namespace {

constexpr double kThreshold = 0.2;  // of the torso
constexpr int kCpuBatch = 4;        // people

Json number_or_null(double value) {
  return std::isfinite(value) ? Json(std::round(value * 1e5) / 1e5) : Json();
}

}  // namespace

data::TrainDataConfig validation_data(const TrainConfig& config) {
  data::TrainDataConfig data;
  data.annotations = config.validate;
  data.root = config.validate_root;
  data.missing = config.validate_missing;
  data.stride = config.validate_stride;
  data.sanitise_boxes = false;  // as in vremd-pose
  return data;
}

double ValidationScores::body_pck() const {
  const eval::PckCount body = pck.body();
  return body.joints > 0 ? body.rate() : 0;
}

double ValidationScores::best_by(ValidationScore by) const {
  return by == ValidationScore::kAp && ap ? ap->ap.back() : body_pck();
}

Json ValidationScores::to_json() const {
  Json json{{"pck", number_or_null(body_pck())}};
  for (const auto& [name, count] : pck.joints) {
    json["joints"][name] = number_or_null(count.joints > 0 ? count.rate() : std::nan(""));
  }
  if (visibility.hidden.joints > 0) {
    const auto rates = [](const Visibility& of) {
      eval::PckCount all = of.hidden;
      all.joints += of.open.joints;
      all.right += of.open.right;
      return Json{{"all", number_or_null(all.rate())},
                  {"hidden", number_or_null(of.hidden.rate())},
                  {"open", number_or_null(of.open.rate())}};
    };
    json["visibility"] = rates(visibility);
    for (const auto& [part, scores] : without) json["without"][part] = rates(scores);
  }
  if (substituted > 0) json["validation_substituted"] = substituted;
  if (ap) {
    json["ap"] = number_or_null(ap->ap.back());
    for (int j = 0; j < kPoseJoints; ++j) {
      json["joint_ap"][std::string(kPoseJointNames[j])] = number_or_null(ap->ap[j]);
    }
  }
  return json;
}

Validation::Validation(const TrainConfig& config)
    : config_(config),
      set_({validation_data(config)}, config.model.joints(), config.model.frames() > 1,
           config.train.frame_mib) {
  choose(config.validate_most);
  predictions_ = at::zeros({std::ssize(chosen_), set_.joints().size(), 3});
  // Reports unsuitable annotations before the training starts.
  if (config.validate_by == ValidationScore::kAp) static_cast<void>(average_precision());
}

// Evenly spread whole frames (a scored frame needs all its people) with about `most` persons; 0:
// all.
void Validation::choose(int most) {
  const std::vector<data::TrainSample>& samples = set_.samples();
  std::vector<int> begins;  // of each frame's samples
  for (int i = 0; i < static_cast<int>(samples.size()); ++i) {
    const bool same = i > 0 && samples[i].video == samples[i - 1].video &&
                      samples[i].frame == samples[i - 1].frame;
    if (!same) begins.push_back(i);
  }
  begins.push_back(static_cast<int>(samples.size()));
  const std::size_t all = begins.size() - 1;
  const double share = most > 0 ? std::min(1.0, most / static_cast<double>(samples.size())) : 1.0;
  const auto count = std::max<std::size_t>(1, static_cast<std::size_t>(share * all + 0.5));
  for (std::size_t f = 0; f < count; ++f) {
    const std::size_t frame = f * all / count;
    for (int i = begins[frame]; i < begins[frame + 1]; ++i) chosen_.push_back(i);
  }
}

std::optional<ValidationScores> Validation::score(Replicas& replicas, ProcessGroup& processes,
                                                  int loaders, const std::function<bool()>& stopped,
                                                  bool without_parts) {
  const auto count = static_cast<std::int64_t>(chosen_.size());
  predictions_ = at::zeros({count, set_.joints().size(), 3});
  without_.clear();
  for (std::size_t i = 0; without_parts && i < config_.validate_without.size(); ++i) {
    without_.push_back(at::zeros_like(predictions_));
  }
  std::vector<std::int64_t> own;  // of chosen_
  std::vector<int> samples;
  for (std::int64_t i = processes.rank(); i < count; i += processes.size()) {
    own.push_back(i);
    samples.push_back(chosen_[i]);
  }
  // Small batches on the CPU keep all workers busy; independent of their number.
  const int most = replicas.device().is_cpu() ? kCpuBatch : config_.train.micro_batch;
  const std::int64_t size = std::min(most, config_.train.micro_batch);
  const std::int64_t batches = (std::ssize(own) + size - 1) / size;
  const auto part = [&](auto& all, std::int64_t batch) {
    const auto first = static_cast<std::size_t>(batch * size);
    return std::span(all).subspan(first, std::min<std::size_t>(size, all.size() - first));
  };
  BatchLoader loader(
      [&](std::int64_t batch) { return make_plain(set_, part(samples, batch), config_.model); }, 0,
      batches, loaders, std::max<int>(config_.train.prefetch, static_cast<int>(replicas.size())));
  std::atomic<std::int64_t> substituted = 0;
  replicas.evaluate(batches, [&](model::VremdImpl& replica, std::int64_t batch) {
    if (stopped()) return;
    const TrainBatch people = loader.take(batch);
    substituted += people.substituted;
    predict(replica, people, replicas.device(), part(own, batch));
  });
  if (stopped()) return std::nullopt;
  const at::Tensor all_substituted = at::full({1}, static_cast<double>(substituted));
  processes.sum({predictions_, all_substituted});
  if (!without_.empty()) processes.sum(without_);
  ValidationScores scores;
  scores.substituted = static_cast<std::int64_t>(all_substituted.item<double>());
  scores.pck = eval::pck(matching(), eval::PckLength::kTorso, kThreshold);
  scores.visibility = by_visibility(predictions_);
  for (std::size_t i = 0; i < without_.size(); ++i) {
    scores.without.emplace_back(config_.validate_without[i], by_visibility(without_[i]));
  }
  if (config_.validate_by == ValidationScore::kAp) {
    scores.ap = average_precision();
  } else if (scores.pck.scored == 0 && processes.first()) {
    log_warning("{}: nobody has both a shoulder and the opposite hip: no PCK", config_.validate);
  }
  return scores;
}

void Validation::predict(model::VremdImpl& network, const TrainBatch& batch,
                         const at::Device& device, std::span<const std::int64_t> places) {
  const model::ModelConfig& model = config_.model;
  const Autocast autocast(config_.train.amp == Amp::kBf16, device);
  const at::Tensor features = network.triplet_features(batch.crops.to(device));
  const auto points_without = [&](const model::Parts& without) {
    const at::Tensor heatmaps = network.forward(features, false, {}, without).heatmaps_bkhw;
    return ops::heatmap_decode(network.probabilities(heatmaps.to(at::kFloat)),
                               model.default_decode())
        .cpu();
  };
  place(points_without({}), places, predictions_);
  for (std::size_t i = 0; i < without_.size(); ++i) {
    model::Parts parts;
    parts.add(enum_value<model::Part>(config_.validate_without[i], "validate_without"));
    place(points_without(parts), places, without_[i]);
  }
}

// Heatmap pixels [n, J, 3] -> frame pixels in `predictions` at `places`.
void Validation::place(const at::Tensor& points, std::span<const std::int64_t> places,
                       const at::Tensor& predictions) const {
  const model::ModelConfig& model = config_.model;
  for (std::size_t n = 0; n < places.size(); ++n) {
    const data::TrainSample& sample = set_.samples()[chosen_[places[n]]];
    const Affine2x3 to_frame = ops::heatmap_to_frame(sample.box, model.heatmap_height(),
                                                     model.heatmap_width(), model.crop_spec());
    float* out = predictions[places[n]].data_ptr<float>();
    for (int j = 0; j < set_.joints().size(); ++j) {
      const float* p = points[static_cast<std::int64_t>(n)][j].data_ptr<float>();
      const Point at = to_frame({p[0], p[1]});
      out[3 * j] = static_cast<float>(at.x);
      out[3 * j + 1] = static_cast<float>(at.y);
      out[3 * j + 2] = p[2];
    }
  }
}

ValidationScores::Visibility Validation::by_visibility(const at::Tensor& predictions) const {
  eval::Pck hidden, open;
  for (std::size_t i = 0; i < chosen_.size(); ++i) {
    const data::TrainSample& sample = set_.samples()[chosen_[i]];
    const annotation::AnnotatedPerson& person =
        set_.videos()[sample.video].frames[sample.frame].persons[sample.person];
    const auto torso = eval::pck_length(person, set_.file_joints(sample), eval::PckLength::kTorso);
    if (!torso) continue;
    const Json names =
        person.other.is_object() ? person.other.value("occluded", Json::array()) : Json::array();
    for (int j = 0; j < set_.joints().size(); ++j) {
      const data::JointLabel& truth = sample.joints[j];
      if (truth.weight <= 0) continue;
      const std::string& name = set_.joints().joints[j];
      const float* p = predictions[static_cast<std::int64_t>(i)][j].const_data_ptr<float>();
      const bool is_hidden = std::find(names.begin(), names.end(), Json(name)) != names.end();
      eval::PckCount& count = (is_hidden ? hidden : open).joints[name];
      ++count.joints;
      count.right += std::hypot(p[0] - truth.x, p[1] - truth.y) <= kThreshold * *torso;
    }
  }
  return {hidden.body(), open.body()};
}

// The frames with a chosen person, and their predictions.
eval::Matching Validation::matching() const {
  const auto joints = std::make_shared<const JointSet>(set_.joints());
  eval::Matching result;
  std::map<std::pair<int, int>, std::size_t> places;
  for (std::size_t i = 0; i < chosen_.size(); ++i) {
    const data::TrainSample& sample = set_.samples()[chosen_[i]];
    const annotation::AnnotatedVideo& video = set_.videos()[sample.video];
    const auto [place, is_new] =
        places.try_emplace({sample.video, sample.frame}, result.frames.size());
    if (is_new) {
      eval::MatchedFrame& frame = result.frames.emplace_back();
      frame.video = &video;
      frame.truth = &video.frames[sample.frame];
      frame.truth_joints = &set_.file_joints(sample);
      frame.predicted = true;
      frame.joints = joints;
    }
    io::Instance& one = result.frames[place->second].predictions.emplace_back();
    one.id = video.frames[sample.frame].persons[sample.person].id;
    one.box = sample.box;
    for (int j = 0; j < joints->size(); ++j) {
      const float* p = predictions_[static_cast<std::int64_t>(i)][j].data_ptr<float>();
      one.keypoints.push_back({p[0], p[1], p[2]});
    }
  }
  return result;
}

// As poseval: all people of the frames with a chosen person.
eval::PoseAp Validation::average_precision() const {
  eval::PoseSamples samples;
  std::vector<int> numbers = annotation::pose_joints(set_.joints().joints);
  const std::vector<int> trained = config_.model.trained_joints();
  for (int j = 0; j < set_.joints().size(); ++j) {  // untrained joints are not written (METHOD 7)
    if (std::find(trained.begin(), trained.end(), j) == trained.end()) numbers[j] = -1;
  }
  const eval::Matching all = matching();
  for (const eval::MatchedFrame& frame : all.frames) {
    annotation::PoseFile truth, predicted;
    truth.path = predicted.path = config_.validate;
    annotation::AnnotatedFrame& own = truth.frames.emplace_back(*frame.truth);
    std::erase_if(own.persons,
                  [](const annotation::AnnotatedPerson& one) { return !one.has_joints; });
    for (annotation::AnnotatedPerson& person : own.persons) {
      annotation::renumber(person, annotation::pose_joints(frame.truth_joints->joints));
      person.track.reset();  // no tracking here, and poseval rejects large ids
    }
    annotation::AnnotatedFrame& other = predicted.frames.emplace_back();
    other.file_name = own.file_name;
    for (const io::Instance& one : frame.predictions)
      other.persons.push_back(annotation::person_of(one, numbers));
    for (const eval::ScoredFrame& scored :
         eval::poseval_frames(truth, predicted, eval::FrameChoice::kAnnotated, /*tracks=*/false)) {
      eval::add_samples(scored, samples);
    }
  }
  return eval::pose_ap(samples);
}

}  // namespace vremd::train
