// SPDX-License-Identifier: Apache-2.0
#include "eval/poseval/poseval_scores.h"

#include "core/error.h"
#include "core/parallel.h"
#include "eval/pose/resampled_ap.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace vremd::eval {
namespace {

void finish(PoseFigures& figures, const EvalConfig& config) {
  if (config.mot) figures.mot = pose_mot(figures.mot_counts);
  if (!config.ap) return;
  figures.ap = pose_ap(figures.samples);
  figures.errors.score();
}

// The tables' figures of sequences that count.
class ResampledPoseval : public Resampled {
 public:
  ResampledPoseval(std::span<const SequenceScores* const> sequences, const EvalConfig& config)
      : mot_(config.mot) {
    std::vector<const PoseSamples*> samples;
    for (const SequenceScores* one : sequences) {
      samples.push_back(&one->samples);
      counts_.push_back(one->mot_counts);
    }
    if (config.ap) ranked_.emplace(samples, MissingTruth::kNaN);
  }

  std::size_t units() const override { return counts_.size(); }

  std::vector<FigureName> names() const override {
    std::vector<FigureName> names;
    const auto add = [&](const std::string& name) { names.push_back({name, 1}); };
    if (ranked_) {
      for (const char* column : kPoseColumns) add(fmt::format("AP {}", column));
      add("AP Mean7");
    }
    if (mot_) {
      for (const char* column : kPoseColumns) add(fmt::format("MOTA {}", column));
      for (const char* name : {"MOTP Total", "Prec Total", "Rec Total"}) add(name);
    }
    return names;
  }

  std::vector<double> figures(std::span<const std::uint32_t> times) const override {
    std::vector<double> figures;
    const auto add = [&](const JointValues& values) {
      const auto columns = pose_columns(values);
      figures.insert(figures.end(), columns.begin(), columns.end());
    };
    if (ranked_) {
      const JointValues ap = ranked_->ap(times);
      add(ap);
      figures.push_back(mean7(ap));
    }
    if (mot_) {
      PoseMotCounts sum{};
      for (std::size_t u = 0; u < counts_.size(); ++u) {
        for (std::uint32_t k = 0; k < times[u]; ++k) {
          for (int i = 0; i < kPoseJoints; ++i) sum[i].add(counts_[u][i]);
        }
      }
      const PoseMot mot = pose_mot(sum);
      add(mot.mota);
      figures.insert(figures.end(), {mot.motp.back(), mot.pre.back(), mot.rec.back()});
    }
    return figures;
  }

 private:
  bool mot_;
  std::vector<PoseMotCounts> counts_;  // of each unit
  std::optional<RankedPoses> ranked_;
};

// Frames are matched by position, which no official program checks.
std::size_t count_other_names(const annotation::PoseFile& truth,
                              const annotation::PoseFile& predicted) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < std::min(truth.frames.size(), predicted.frames.size()); ++i) {
    const annotation::AnnotatedFrame &a = truth.frames[i], &b = predicted.frames[i];
    const auto name = [](const std::string& path) { return path.substr(path.rfind('/') + 1); };
    const bool named = !a.file_name.empty() && !b.file_name.empty();
    count += a.image_id && b.image_id ? a.image_id != b.image_id
                                      : named && name(a.file_name) != name(b.file_name);
  }
  return count;
}

SequenceScores score(const PoseSources& sources, std::size_t i, const EvalConfig& config) {
  const annotation::PoseFile truth = sources.read_truth(i);
  const annotation::PoseFile predicted = sources.read_predictions(i, truth);
  const std::vector<ScoredFrame> frames =
      poseval_frames(truth, predicted, config.frames, config.mot);
  SequenceScores scores;
  scores.other_names = count_other_names(truth, predicted);
  scores.name = sources.name(i);
  scores.truth_path = truth.path;
  scores.truth_format = truth.form;
  scores.predicted = sources.predicted(i);
  scores.frames = frames.size();
  for (const ScoredFrame& frame : frames) {
    scores.people += static_cast<std::int64_t>(frame.truth.size());
    scores.predicted_people += static_cast<std::int64_t>(frame.predicted.size());
    for (int joint = 0; joint < kPoseJoints; ++joint) {
      for (const ScoredPose& one : frame.truth) scores.annotated_joints[joint] += one.has[joint];
      for (const ScoredPose& one : frame.predicted) {
        scores.predicted_joints[joint] += one.has[joint];
      }
    }
    if (!config.ap) continue;
    add_samples(frame, scores.samples);
    scores.errors.add(frame);
  }
  if (config.mot) scores.mot_counts = count_mot(frames, config.mot_compat);
  finish(scores, config);
  return scores;
}

}  // namespace

PosevalScores poseval(const PoseSources& sources, const EvalConfig& config) {
  std::vector<SequenceScores> all(sources.size());
  for_each_index(all.size(), config.threads,
                 [&](std::size_t i) { all[i] = score(sources, i, config); });
  PosevalScores total;
  total.files = all.size();
  if (config.bootstrap > 0) {
    std::vector<const SequenceScores*> counted;
    for (const SequenceScores& one : all) {
      if (one.frames > 0) counted.push_back(&one);
    }
    total.resampled = std::make_shared<ResampledPoseval>(counted, config);
  }
  for (SequenceScores& one : all) {
    if (!one.predicted) total.missing.push_back(one.name);
    if (one.frames == 0) {
      total.skipped.push_back(one.name);
      continue;
    }
    total.frames += one.frames;
    total.people += one.people;
    total.predicted_people += one.predicted_people;
    total.other_names += one.other_names;
    total.errors.add(one.errors);
    move_samples(one.samples, total.samples);
    for (int i = 0; i < kPoseJoints; ++i) {
      total.mot_counts[i].add(one.mot_counts[i]);
      total.annotated_joints[i] += one.annotated_joints[i];
      total.predicted_joints[i] += one.predicted_joints[i];
    }
    total.sequences.push_back(std::move(one));
  }
  if (total.sequences.empty()) {
    fail("{}: no frame with annotated people",
         all.size() == 1 ? all[0].truth_path : "ground truth");
  }
  finish(total, config);
  return total;
}

}  // namespace vremd::eval
