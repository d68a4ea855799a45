// SPDX-License-Identifier: Apache-2.0
// vremd-eval: scores of records against annotations.

#include "cli/tool.h"
#include "eval/evaluate.h"

using namespace vremd;

namespace {

void check(const EvalConfig& config) {
  const auto need = [](bool ok, const char* what) {
    if (!ok) throw cli::UsageError(what);
  };
  need(!config.pck.empty() || config.bbox, "nothing to score: --pck or --bbox");
  need(config.pck.empty() || config.pck == "torso" || config.pck == "head" || config.pck == "bbox",
       "--pck takes torso, head or bbox");
  need(config.threshold > 0, "--threshold must be above 0");
  need(!config.ground_truth.empty(), "no ground truth: -g");
  need(!config.predictions.empty(), "no predictions: -p");
  need(config.ground_truth != "-" || config.predictions != "-",
       "-g and -p cannot both be standard input");
}

}  // namespace

int main(int argc, char** argv) {
  EvalConfig config;
  cli::Tool tool("vremd-eval", "scores of records against annotations");
  tool.option("g,ground-truth", config.ground_truth, "FILE",
              "annotations in PoseTrack18's JSON, or a folder of them");
  tool.option("p,predictions", config.predictions, "FILE", "records; '-' is standard input");
  tool.option("pck", config.pck, "LENGTH",
              "joints within a fraction of the person's torso, head or bbox");
  tool.option("threshold", config.threshold, "NUM", "that fraction");
  tool.option("bbox", config.bbox, "COCO's average precision of the boxes");
  tool.option("json", config.json, "FILE", "everything as one JSON object; '-' instead of text");
  tool.option("f,force", config.force, "replace an existing FILE");
  return tool.run(argc, argv, [&](const cli::Common& common) {
    check(config);
    config.version = common.version;
    config.command = common.command;
    return evaluate(config) ? cli::kSuccess : cli::kFailure;
  });
}
