// SPDX-License-Identifier: Apache-2.0
#pragma once

// What PoseTrack21's kit finds out about a set of sequences: mAP and keypoint HOTA (EVAL 7).

#include "eval/input/pose_sources.h"
#include "eval/pose/joint_ap.h"
#include "eval/pt21/hota.h"
#include "io/json.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace vremd::eval {

struct Pt21Options {
  bool hota_fix = false;  // see hota()
  bool truncate = false;  // see pt21_frames()
};

// One, or all together.
struct Pt21Sequence {
  std::string file;                            // the name of the annotations'
  std::size_t frames = 0, integer_frames = 0;  // labelled; see Pt21Frames
  std::int64_t people = 0, predicted_people = 0;
  Hota hota;
  PoseSamples samples;
  PoseAp ap;
};

struct Pt21Scores {
  std::vector<Pt21Sequence> sequences;  // by file name
  Pt21Sequence total;
};

Pt21Scores pt21_scores(const PoseSources& sources, const Pt21Options& options, int threads);

// What the kit's two scripts print, and all numbers in the form of posetrack21.json.
std::string pt21_text(const Pt21Scores& scores);
Json pt21_json(const Pt21Scores& scores);

}  // namespace vremd::eval
