// SPDX-License-Identifier: Apache-2.0
// A libFuzzer target for vremd-eval's reader of PoseTrack files, with what scores them behind it.
// The input is an annotation file and, behind a zero byte, a prediction file; without one it is
// both.
#include "core/log.h"
#include "eval/poseval/clear_mot.h"
#include "eval/poseval/official_files.h"
#include "eval/poseval/pose_errors.h"
#include "eval/poseval/poseval_frames.h"
#include "eval/pt21/hota.h"
#include "eval/pt21/pt21_frames.h"
#include "fuzz_input.h"

#include <algorithm>
#include <cstdint>

using namespace vremd;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t end = std::min(text.find('\0'), size);
  const std::string_view first = text.substr(0, end);
  const std::string_view second = end == size ? first : text.substr(end + 1);
  set_log("fuzz", LogLevel::kError);
  annotation::PoseFile truth, predicted;
  bool read = false;
  run_reader([&] {
    truth = annotation::parse_pose_file(std::string(first), "truth.json");
    predicted = annotation::parse_pose_file(std::string(second), "predicted.json");
    read = true;
  });
  if (!read) return 0;
  run_reader([&] {
    const bool tracks = size % 2 == 0;
    const auto choice = size % 3 ? eval::FrameChoice::kAnnotated : eval::FrameChoice::kLabelled;
    const auto compat = static_cast<eval::MotCompat>(size % 3);
    const std::vector<eval::ScoredFrame> frames =
        eval::poseval_frames(truth, predicted, choice, tracks);
    eval::PoseSamples samples;
    eval::PoseErrors analysis;
    for (const eval::ScoredFrame& frame : frames) {
      eval::add_samples(frame, samples);
      analysis.add(frame);
    }
    eval::official_json(eval::pose_ap(samples).rows(), "NaN");
    if (tracks) eval::official_table(eval::pose_mot(eval::count_mot(frames, compat)));
  });
  run_reader([&] {
    eval::hota(eval::pt21_frames(truth, predicted, size % 2 == 0).frames, size % 3 == 0);
  });
  return 0;
}
