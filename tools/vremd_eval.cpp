// SPDX-License-Identifier: Apache-2.0
// vremd-eval: scores of poses and boxes against annotations.

#include "cli/tool.h"
#include "eval/evaluate.h"

#include <algorithm>

using namespace vremd;

namespace {

void check(const EvalConfig& config) {
  const auto need = [](bool ok, const char* what) {
    if (!ok) throw cli::UsageError(what);
  };
  const auto one_of = [](const std::string& value, std::initializer_list<const char*> choices) {
    return std::find(choices.begin(), choices.end(), value) != choices.end();
  };
  const bool official = config.ap || config.mot, records = !config.pck.empty() || config.bbox;
  const bool oks = !config.oks.empty(), kit = !config.kit.empty();
  need(official || records || oks || kit,
       "nothing to score: -e, -t, --kit, --oks, --pck or --bbox");
  need(official + records + oks + kit == 1, "only --pck and --bbox, or -e and -t, go together");
  need(one_of(config.kit, {"", "pt21"}), "--kit takes pt21");
  need(one_of(config.oks, {"", "cocoapi", "xtcoco"}), "--oks takes cocoapi or xtcoco");
  need(oks || !(config.no_area || config.sigmas != "coco17"),
       "--sigmas and --no-area belong to --oks");
  need(kit || !(config.hota_fix || config.compat_int_trunc),
       "--hota-fix and --compat-int-trunc belong to --kit");
  need(one_of(config.mot_compat, {"1.0.2", "1.2.0", "1.4.0"}),
       "--mot-compat takes 1.0.2, 1.2.0 or 1.4.0");
  need(one_of(config.frames, {"annotated", "labeled"}), "--frames takes annotated or labeled");
  need(one_of(config.json_nan, {"NaN", "null"}), "--json-nan takes NaN or null");
  need(one_of(config.pck, {"", "torso", "head", "bbox"}), "--pck takes torso, head or bbox");
  need(config.plots.empty() || config.ap, "--plots needs -e");
  need(config.threshold > 0, "--threshold must be above 0");
  need(!config.ground_truth.empty(), "no ground truth: -g");
  need(!config.predictions.empty(), "no predictions: -p");
  need(official || kit || config.predictions.size() == 1,
       "--oks, --pck and --bbox take one file of predictions");
  const auto inputs = std::count(config.predictions.begin(), config.predictions.end(), "-") +
                      (config.ground_truth == "-");
  need(inputs <= 1, "standard input can be read only once");
}

}  // namespace

int main(int argc, char** argv) {
  EvalConfig config;
  std::string predictions;
  std::vector<std::string> more_predictions;
  cli::Tool tool("vremd-eval", "scores of poses and boxes against annotations");
  tool.option("g,ground-truth", config.ground_truth, "PATH",
              "annotations: a file, or a folder of them");
  tool.option("gt", config.ground_truth, "PATH", "the same");
  tool.option("p,predictions", predictions, "PATH",
              "a folder, a file or records; '-' is standard input; more may follow the options");
  tool.option("e,ap", config.ap, "PoseTrack's average precision of joints");
  tool.option("t,mot", config.mot, "PoseTrack's CLEAR MOT per joint");
  tool.option("s,per-sequence", config.per_sequence, "of each sequence, too");
  tool.option("o,output-dir", config.output_dir, "DIR", "the official JSON files");
  tool.option("mot-compat", config.mot_compat, "VERSION",
              "of py-motmetrics: 1.0.2, 1.2.0 or 1.4.0");
  tool.option("frames", config.frames, "WHICH", "frames that count: annotated or labeled");
  tool.option("json-nan", config.json_nan, "WORD", "NaN in the official files: NaN or null");
  tool.option("plots", config.plots, "DIR", "pictures of the average precision, as SVG");
  tool.option("kit", config.kit, "KIT", "pt21: mAP and HOTA as PoseTrack21's kit has them");
  tool.option("hota-fix", config.hota_fix, "of --kit: frames without predictions miss their own");
  tool.option("compat-int-trunc", config.compat_int_trunc,
              "of --kit: cut off scores where all keypoints are integers");
  tool.option("oks", config.oks, "KIT",
              "COCO's average precision of keypoints, as cocoapi or xtcoco has it");
  tool.option("sigmas", config.sigmas, "SET",
              "of --oks: coco17, posetrack, posetrack-pifpaf or a JSON file");
  tool.option("no-area", config.no_area, "--oks with 0.53 of the box instead of the area");
  tool.option("pck", config.pck, "LENGTH",
              "joints within a fraction of the person's torso, head or bbox");
  tool.option("threshold", config.threshold, "NUM", "that fraction");
  tool.option("bbox", config.bbox, "COCO's average precision of the boxes");
  tool.option("json", config.json, "FILE", "everything as one JSON object; '-' instead of text");
  tool.option("f,force", config.force, "replace an existing FILE");
  tool.inputs(more_predictions, "[PREDICTIONS...]");
  return tool.run(argc, argv, [&](const cli::Common& common) {
    if (!predictions.empty()) config.predictions.push_back(predictions);
    config.predictions.insert(config.predictions.end(), more_predictions.begin(),
                              more_predictions.end());
    check(config);
    config.threads = common.threads;
    config.version = common.version;
    config.command = common.command;
    return evaluate(config) ? cli::kSuccess : cli::kFailure;
  });
}
