// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/records.h"
#include "pipeline/pose_estimator.h"
#include "pipeline/pose_reader.h"
#include "track/tracker.h"

#include <functional>
#include <optional>

namespace vremd::pipeline {

struct PosePipelineOptions {
  int threads = 1;                              // total
  std::optional<track::TrackerConfig> track{};  // also gives track numbers, as
                                                // vremd-track does to what is written
  bool stats = false;  // writes the seconds of each stage to the end records
  std::function<void(std::int64_t frames)> advanced = [](std::int64_t) {};  // after each chunk
};

// read (serial) -> crop and infer (parallel) -> write (serial, in order). On a device, the second
// stage uploads and the third waits for the results.
//
// Memory is bounded by the chunks in flight. Exceptions of a stage are rethrown; nothing is written
// after them. Returns how many people PoseNms removed;
// if it is on, each end record has their number.
std::int64_t run_pose_pipeline(PoseReader& reader, PoseEstimator& estimator,
                               io::RecordWriter& writer, const PosePipelineOptions& options);

// The header's settings: everything that affects the results except the range of frames.
Json settings_of(const EstimatorOptions& options, const PoseInput& input);

void log_counts(const PoseReader& reader);  // warns of skipped or replaced input
void log_times(PoseEstimator& estimator);   // with -v: the seconds of the stages

}  // namespace vremd::pipeline
