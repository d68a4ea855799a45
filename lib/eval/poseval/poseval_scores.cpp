// SPDX-License-Identifier: Apache-2.0
#include "eval/poseval/poseval_scores.h"

#include "core/error.h"
#include "core/parallel.h"

namespace vremd::eval {
namespace {

SequenceScores score(const PoseSources& sources, std::size_t i, const PosevalOptions& options) {
  const annotation::PoseFile truth = sources.read_truth(i);
  const std::vector<ScoredFrame> frames =
      poseval_frames(truth, sources.read_predictions(i, truth), options.frames, options.mot);
  SequenceScores scores;
  scores.name = sources.name(i);
  scores.truth_path = truth.path;
  scores.truth_format = truth.form;
  scores.predicted = sources.predicted(i);
  scores.frames = frames.size();
  for (const ScoredFrame& frame : frames) {
    scores.people += static_cast<std::int64_t>(frame.truth.size());
    scores.predicted_people += static_cast<std::int64_t>(frame.predicted.size());
    if (!options.ap) continue;
    add_samples(frame, scores.samples);
    scores.joint_errors.add(frame);
    scores.crowd_errors.add(frame);
  }
  if (options.ap) {
    scores.ap = pose_ap(scores.samples);
    scores.crowd_errors.score();
  }
  if (options.mot) {
    scores.mot_counts = count_mot(frames, options.compat);
    scores.mot = pose_mot(scores.mot_counts);
  }
  return scores;
}

}  // namespace

PosevalScores poseval(const PoseSources& sources, const PosevalOptions& options, int threads) {
  std::vector<SequenceScores> all(sources.size());
  for_each_index(all.size(), threads, [&](std::size_t i) { all[i] = score(sources, i, options); });
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
    total.joint_errors.add(one.joint_errors);
    total.crowd_errors.add(one.crowd_errors);
    for (int i = 0; i < kPoseJoints; ++i) {
      total.samples[i].append(one.samples[i]);
      one.samples[i] = {};
      total.mot_counts[i].add(one.mot_counts[i]);
    }
    total.sequences.push_back(std::move(one));
  }
  if (total.sequences.empty()) {
    fail("{}: no frame with annotated people",
         all.size() == 1 ? all[0].truth_path : "ground truth");
  }
  if (options.ap) {
    total.ap = pose_ap(total.samples);
    total.crowd_errors.score();
  }
  if (options.mot) total.mot = pose_mot(total.mot_counts);
  return total;
}

}  // namespace vremd::eval
