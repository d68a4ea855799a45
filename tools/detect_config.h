// SPDX-License-Identifier: Apache-2.0
#pragma once

// The detection of vremd-detect and of vremd-pose --detect.

#include "cli/batch.h"
#include "cli/range_options.h"
#include "pipeline/detected_videos.h"

#include <cstdint>
#include <memory>
#include <string>

namespace vremd {

struct DetectConfig {
  std::string weights = "nanodet-g", nms = "auto", cuts = "auto";
  detect::DetectorOptions detector;
  int every = 1;
  bool stills = false, live = false;

  // Options of both tools; those that mean something else in vremd-pose have names of their own
  // there.
  void add_to(cli::Tool& tool, bool of_pose);
  // UsageErrors
  void validate(const std::vector<std::string>& inputs, const std::string& root,
                const cli::BatchOptions& batch);

 private:
  void validate_live(const std::vector<std::string>& inputs, const std::string& root,
                     const cli::BatchOptions& batch) const;
};

// A loaded detector and what its runs share.
struct Detection {
  // `base`: see cli::Common::header().
  Detection(const DetectConfig& config, const io::Header& base, const std::string& root,
            const cli::RangeOptions& range);

  std::string path;  // of the weights
  detect::PersonDetector detector;
  pipeline::DetectInput input;  // without videos
  io::Header header;

  // The detection in a job's videos, for another stage; see DetectInput for the frames after the
  // range.
  std::shared_ptr<pipeline::DetectedVideos> start(const cli::Job& job, std::int64_t frames_after,
                                                  double seconds_after) const;

  // What is known of the output of a job before it starts.
  cli::Expected expected(const cli::Job& job) const;

 private:
  Detection(const io::SafetensorsFile& weights, const DetectConfig& config);
};

}  // namespace vremd
