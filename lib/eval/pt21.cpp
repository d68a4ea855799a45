// SPDX-License-Identifier: Apache-2.0
#include "eval/pt21.h"

#include "core/log.h"
#include "eval/pt21_scores.h"
#include "eval/report.h"
#include "io/output_file.h"

#include <filesystem>

namespace vremd {
namespace {

void warn_of(const PoseSources& sources, const Pt21Sequence& total, bool truncate) {
  if (!sources.superfluous().empty()) {
    log_warning("{} predicted sequences are not in the ground truth, such as {}",
                sources.superfluous().size(), sources.superfluous().front());
  }
  if (total.integer_frames > 0 && !truncate) {
    log_warning("{} frames: keypoints of integers alone, so that the kit would cut off the scores "
                "(--compat-int-trunc does)", total.integer_frames);
  }
}

}  // namespace

bool evaluate_pt21(const EvalConfig& config) {
  const PoseSources sources(config.ground_truth, config.predictions, config.threads);
  const Pt21Scores scores =
      pt21_scores(sources, {config.hota_fix, config.compat_int_trunc}, config.threads);
  const Pt21Sequence& total = scores.total;
  warn_of(sources, total, config.compat_int_trunc);
  log_info("{} sequences, {} labelled frames, {} annotated, {} predicted people",
           scores.sequences.size(), total.frames, total.people, total.predicted_people);
  const std::string json = pt21_json(scores).dump() + "\n";
  if (!config.output_dir.empty()) {
    make_folder(config.output_dir);
    write_file(std::filesystem::path(config.output_dir) / "posetrack21.json", json, true);
  }
  write_report(config, json, pt21_text(scores));
  if (sources.cut()) log_warning("no end record: some records were cut");
  return !sources.cut();
}

}  // namespace vremd
