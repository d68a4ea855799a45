// SPDX-License-Identifier: Apache-2.0
#include "eval/poseval/poseval_scores.h"

#include "core/error.h"
#include "core/parallel.h"

#include <algorithm>

namespace vremd::eval {
namespace {

void finish(PoseFigures& figures, const EvalConfig& config) {
  if (config.mot) figures.mot = pose_mot(figures.mot_counts);
  if (!config.ap) return;
  figures.ap = pose_ap(figures.samples);
  figures.errors.score();
}

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
