// SPDX-License-Identifier: Apache-2.0
#pragma once

// The scores of a set of sequences as by PoseTrack21's kit: mAP and keypoint HOTA (SCORING 7).

#include "eval/bootstrap/resampled.h"
#include "eval/evaluate.h"
#include "eval/input/pose_sources.h"
#include "eval/pose/joint_ap.h"
#include "eval/pt21/hota.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace vremd::eval {

// One sequence, or all.
struct Pt21Sequence {
  std::string file;                            // name of the annotation file
  std::size_t frames = 0, integer_frames = 0;  // labelled; see Pt21Frames
  std::int64_t people = 0, predicted_people = 0;
  Hota hota;
  PoseSamples samples;
  PoseAp ap;
};

struct Pt21Scores {
  std::vector<Pt21Sequence> sequences;  // by file name
  Pt21Sequence total;
  std::shared_ptr<const Resampled> resampled;  // with config.bootstrap: `sequences`
};

Pt21Scores pt21_scores(const PoseSources& sources, const EvalConfig& config);

// The output of the kit's two scripts, and all numbers in the form of posetrack21.json.
std::string pt21_text(const Pt21Scores& scores);
Json pt21_json(const Pt21Scores& scores);

}  // namespace vremd::eval
