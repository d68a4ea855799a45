// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/records.h"
#include "pipeline/pose_estimator.h"
#include "pipeline/pose_reader.h"

#include <functional>

namespace vremd::pipeline {

struct PosePipelineOptions {
  int threads = 1;     // in all
  bool stats = false;  // end records tell the seconds of each stage
  std::function<void(std::int64_t frames)> advanced = [](std::int64_t) {};  // after each chunk
};

// read (serial) -> crop and infer (parallel; serial on a GPU) -> write (serial, in order).
//
// Memory is that of the chunks in flight, whatever the length of the videos. What a stage throws
// comes out of here as itself; nothing is written after it.
void run_pose_pipeline(PoseReader& reader, PoseEstimator& estimator, io::RecordWriter& writer,
                       const PosePipelineOptions& options);

// The header's settings: all that can change a result, but for the range of frames.
Json settings_of(const EstimatorOptions& options, const PoseInput& input);

void log_counts(const PoseReader& reader);  // warns of what was not as it should be
void log_times(PoseEstimator& estimator);   // with -v: the seconds of the stages

}  // namespace vremd::pipeline
