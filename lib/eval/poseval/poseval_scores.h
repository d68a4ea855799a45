// SPDX-License-Identifier: Apache-2.0
#pragma once

// The scores of a set of sequences as by poseval.

#include "eval/bootstrap/resampled.h"
#include "eval/input/pose_sources.h"
#include "eval/pose/joint_ap.h"
#include "eval/poseval/clear_mot.h"
#include "eval/poseval/pose_errors.h"
#include "eval/poseval/poseval_frames.h"

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace vremd::eval {

// Of one sequence, or of all.
struct PoseFigures {
  std::size_t frames = 0;                         // that count
  std::int64_t people = 0, predicted_people = 0;  // with points, in these frames
  std::array<std::int64_t, kPoseJoints> annotated_joints{}, predicted_joints{};
  std::size_t other_names = 0;  // frames of files whose prediction names another picture
  PoseSamples samples;
  PoseErrors errors;
  PoseMotCounts mot_counts{};
  PoseAp ap;
  PoseMot mot;
};

struct SequenceScores : PoseFigures {
  std::string name;
  std::string truth_path;
  annotation::AnnotationForm truth_format = annotation::AnnotationForm::kPoseTrack17;
  bool predicted = false;
};

struct PosevalScores : PoseFigures {
  std::vector<SequenceScores> sequences;       // those with frames that count
  std::size_t files = 0;                       // annotated sequences
  std::vector<std::string> skipped;            // annotated sequences without frames that count
  std::vector<std::string> missing;            // annotated sequences without predictions
  std::shared_ptr<const Resampled> resampled;  // with config.bootstrap: `sequences`
};

// Error: no frame counts.
PosevalScores poseval(const PoseSources& sources, const EvalConfig& config);

}  // namespace vremd::eval
