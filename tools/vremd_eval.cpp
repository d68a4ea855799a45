// SPDX-License-Identifier: Apache-2.0
// vremd-eval: scores of poses and boxes against annotations.

#include "cli/tool.h"
#include "eval/evaluate.h"

#include <algorithm>

using namespace vremd;

namespace {

constexpr int kMostResamples = 1'000'000;

void check(const eval::EvalConfig& config) {
  const auto need = cli::require;
  const bool official = config.ap || config.mot;
  const bool records = config.pck || config.bbox || config.jitter;
  const bool jitter_alone = config.jitter && !config.pck && !config.bbox;
  const bool oks = config.oks.has_value(), kit = config.kit.has_value();
  need(official || records || oks || kit,
       "no metric selected: use -e, -t, --kit, --oks, --pck, --bbox or --jitter");
  need(official + records + oks + kit == 1,
       "only -e with -t, or --pck, --bbox and --jitter, can be combined");
  need(oks || !(config.no_area || config.sigmas != "coco17"),
       "--sigmas and --no-area require --oks");
  need(kit || !(config.hota_fix || config.compat_int_trunc),
       "--hota-fix and --compat-int-trunc require --kit");
  need(oks || records || !config.predicted_only,
       "--predicted-only requires --oks, --pck, --bbox or --jitter");
  need(config.plots.empty() || config.ap, "--plots requires -e");
  need(config.bootstrap == 0 || (config.bootstrap >= 2 && config.bootstrap <= kMostResamples),
       fmt::format("--bootstrap must be 0, or from 2 to {}", kMostResamples));
  need(config.seed >= 0, "--seed must not be negative");
  need(config.compare.empty() || config.bootstrap > 0, "--compare requires --bootstrap");
  need(config.compare != "-", "--compare cannot be read from standard input");
  need(config.compare.empty() || !config.predicted_only,
       "--compare and --predicted-only are mutually exclusive");
  need(config.threshold > 0, "--threshold must be positive");
  need(!config.ground_truth.empty() || jitter_alone, "no ground truth: use -g");
  need(!config.ground_truth.empty() || config.bootstrap == 0, "--bootstrap requires -g");
  need(!config.predictions.empty(), "no predictions: use -p");
  need(official || kit || config.predictions.size() == 1,
       "--oks, --pck, --bbox and --jitter accept only one predictions file");
  const auto inputs = std::count(config.predictions.begin(), config.predictions.end(), "-") +
                      (config.ground_truth == "-");
  need(inputs <= 1, "standard input can be read only once");
}

}  // namespace

int main(int argc, char** argv) {
  eval::EvalConfig config;
  std::vector<std::string> more_predictions;
  cli::Tool tool("vremd-eval", "score poses and boxes against ground truth");
  tool.option("g,ground-truth,gt", config.ground_truth, "PATH",
              "annotations: a file, a directory of files, or '-' (alias: --gt)");
  tool.option("p,predictions", config.predictions, "PATH",
              "predictions: records, a JSON file, a directory or '-' (repeatable)");
  tool.option("e,ap", config.ap, "PoseTrack average precision (AP) per joint");
  tool.option("t,mot", config.mot, "PoseTrack CLEAR MOT metrics per joint");
  tool.option("oks", config.oks, "KIT", "COCO keypoint AP, computed like cocoapi or xtcoco");
  tool.option("pck", config.pck, "LENGTH",
              "percentage of correct keypoints, relative to torso, head or bbox");
  tool.option("bbox", config.bbox, "COCO box AP");
  tool.option("jitter", config.jitter, "LENGTH",
              "acceleration of joints, also relative to torso, head or bbox; -g is optional");
  tool.option("json", config.json, "FILE",
              "write all results as JSON to FILE; '-': print JSON, not text");
  tool.option("f,force", config.force, "overwrite existing files");
  tool.group("PoseTrack");
  tool.option("s,per-sequence", config.per_sequence, "also report per sequence");
  tool.option("o,output-dir", config.output_dir, "DIR", "write the official JSON files to DIR");
  tool.option("frames", config.frames, "WHICH", "frames to score: annotated or labeled");
  tool.option("kit", config.kit, "KIT",
              "score like an evaluation kit: pt21 (PoseTrack21: mAP and HOTA)");
  tool.option("hota-fix", config.hota_fix, "for --kit: correct HOTA in frames without predictions");
  tool.option("compat-int-trunc", config.compat_int_trunc,
              "for --kit: truncate scores if all keypoints are integers");
  tool.option("mot-compat", config.mot_compat, "VERSION",
              "match py-motmetrics 1.0.2, 1.2.0 or 1.4.0");
  tool.option("json-nan", config.json_nan, "WORD",
              "how to write NaN in the official files: NaN or null");
  tool.option("plots", config.plots, "DIR", "for -e: write AP plots (SVG) to DIR");
  tool.group("OKS, PCK and box");
  tool.option("sigmas", config.sigmas, "SET",
              "for --oks: coco17, posetrack, posetrack-pifpaf, FILE");
  tool.option("no-area", config.no_area, "for --oks: use 0.53 x box area as the area of a person");
  tool.option("threshold", config.threshold, "NUM",
              "for --pck: largest distance as a fraction of that length");
  tool.option("predicted-only", config.predicted_only,
              "for --oks, --pck, --bbox, --jitter: score only images with predictions");
  tool.group("Interval");
  tool.option("bootstrap", config.bootstrap, "N",
              "also report 95 % intervals of N resamples of the sequences or images");
  tool.option("seed", config.seed, "NUM", "for --bootstrap: seed of the resampling");
  tool.option("compare", config.compare, "PATH",
              "for --bootstrap: also report the difference from the predictions in PATH");
  tool.inputs(more_predictions, "-g TRUTH -p PREDICTIONS [PREDICTIONS...]");
  return tool.run(argc, argv, [&](const cli::Common& common) {
    config.predictions.insert(config.predictions.end(), more_predictions.begin(),
                              more_predictions.end());
    check(config);
    config.threads = common.threads;
    config.version = common.version;
    config.command = common.command;
    return eval::evaluate(config) ? cli::kSuccess : cli::kFailure;
  });
}
