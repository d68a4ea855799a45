// SPDX-License-Identifier: Apache-2.0
#include "eval/poseval/poseval_scores.h"

#include "core/error.h"
#include "core/parallel.h"

namespace vremd::eval {
namespace {

void finish(PoseFigures& figures, const EvalConfig& config) {
  if (config.mot) figures.mot = pose_mot(figures.mot_counts);
  if (!config.ap) return;
  figures.ap = pose_ap(figures.samples);
  figures.errors.score();
}

SequenceScores score(const PoseSources& sources, std::size_t i, const EvalConfig& config) {
  const annotation::PoseFile truth = sources.read_truth(i);
  const std::vector<ScoredFrame> frames =
      poseval_frames(truth, sources.read_predictions(i, truth), config.frames, config.mot);
  SequenceScores scores;
  scores.name = sources.name(i);
  scores.truth_path = truth.path;
  scores.truth_format = truth.form;
  scores.predicted = sources.predicted(i);
  scores.frames = frames.size();
  for (const ScoredFrame& frame : frames) {
    scores.people += static_cast<std::int64_t>(frame.truth.size());
    scores.predicted_people += static_cast<std::int64_t>(frame.predicted.size());
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
    total.errors.add(one.errors);
    move_samples(one.samples, total.samples);
    for (int i = 0; i < kPoseJoints; ++i) total.mot_counts[i].add(one.mot_counts[i]);
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
