// SPDX-License-Identifier: Apache-2.0
#pragma once

// What poseval finds out about a set of sequences.

#include "eval/input/pose_sources.h"
#include "eval/pose/joint_ap.h"
#include "eval/poseval/clear_mot.h"
#include "eval/poseval/crowd_errors.h"
#include "eval/poseval/joint_errors.h"
#include "eval/poseval/poseval_frames.h"

#include <cstdint>
#include <string>
#include <vector>

namespace vremd::eval {

struct SequenceScores {
  std::string name;
  std::string truth_path;
  annotation::AnnotationForm truth_format = annotation::AnnotationForm::kPoseTrack17;
  std::size_t frames = 0;                         // that count
  std::int64_t people = 0, predicted_people = 0;  // in them, with points
  bool predicted = false;
  PoseSamples samples;
  PoseAnalysis analysis;
  PoseDiagnostics diagnostics;
  PoseMotCounts mot_counts{};
  PoseAp ap;
  PoseMot mot;
};

struct PosevalScores {
  std::vector<SequenceScores> sequences;  // those with frames that count
  std::size_t files = 0;                  // all annotated sequences
  std::vector<std::string> skipped;       // annotated sequences without a frame that counts
  std::vector<std::string> missing;       // annotated, but not predicted
  std::size_t frames = 0;
  std::int64_t people = 0, predicted_people = 0;
  PoseSamples samples;
  PoseAnalysis analysis;
  PoseDiagnostics diagnostics;
  PoseMotCounts mot_counts{};
  PoseAp ap;
  PoseMot mot;
};

struct PosevalOptions {
  bool ap = false, mot = false;
  MotCompat compat = MotCompat::k102;
  FrameChoice frames = FrameChoice::kAnnotated;
};

// An Error where no frame counts at all.
PosevalScores poseval(const PoseSources& sources, const PosevalOptions& options, int threads);

}  // namespace vremd::eval
