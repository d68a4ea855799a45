// SPDX-License-Identifier: Apache-2.0
#include "core/error.h"
#include "core/log.h"
#include "eval/coco/oks.h"
#include "eval/coco/oks_input.h"
#include "eval/report.h"
#include "io/json_file.h"
#include "io/json_node.h"
#include "io/output_file.h"

#include <filesystem>

namespace vremd::eval {
namespace {

namespace fs = std::filesystem;

std::vector<double> read_sigmas(const std::string& path, std::size_t keypoints) {
  const Json json = io::read_json_file(path);
  const io::JsonNode root(&json, {path});
  if (!root.is_array() || json.size() != keypoints) {
    root.wrong(fmt::format("not an array of {} numbers", keypoints));
  }
  std::vector<double> sigmas;
  for (const io::JsonNode one : root.array()) {
    sigmas.push_back(one.number());
    if (!(sigmas.back() > 0)) one.wrong("not above 0");
  }
  return sigmas;
}

std::vector<double> sigmas_of(const std::string& name, std::size_t keypoints) {
  if (keypoints == 0) return {};  // nobody
  const bool known = name == "coco17" || name == "posetrack" || name == "posetrack-pifpaf";
  return known ? oks_sigmas(name, keypoints) : read_sigmas(name, keypoints);
}

void warn_of(const OksInput& input, bool predicted_only) {
  if (input.other_truths) {
    log_warning("{} annotations with an unknown image or category", input.other_truths);
  }
  if (input.other_detections) {
    log_warning("{} results with an unknown category", input.other_detections);
  }
  if (input.unpredicted) {
    log_warning("{} of {} images with annotated people have no predictions{}", input.unpredicted,
                input.with_people, predicted_only ? ", and are not scored" : " (--predicted-only)");
  }
  warn_never_predicted(input.never_predicted);
}

}  // namespace

bool evaluate_oks(const EvalConfig& config) {
  const std::string& predictions = config.predictions.front();
  const OksInput input =
      read_oks_input(config.ground_truth, predictions, !config.no_area, config.predicted_only);
  warn_of(input, config.predicted_only);
  const OksKit kit = config.oks == "xtcoco" ? OksKit::kXtcoco : OksKit::kCocoapi;
  const OksConfig oks{kit, sigmas_of(config.sigmas, input.keypoints), !config.no_area};
  const OksAp scores = oks_ap(input.categories, oks);
  log_info("{} images, {} annotated, {} predicted people", input.images, input.truths,
           input.detections);

  Json json = report_head(config);
  json["predictions"] = predictions;
  json["kit"] = config.oks;
  json["sigmas"] = oks.sigmas;
  json["use_area"] = oks.use_area;
  json["images"] = input.images;
  json["annotated"] = input.truths;
  json["predicted"] = input.detections;
  json["images_with_people"] = input.with_people;
  json["unpredicted_images"] = input.unpredicted;
  json["never_predicted"] = input.never_predicted;
  json["cut"] = input.cut;
  for (std::size_t i = 0; i < kOksApNames.size(); ++i) {
    json["stats"][kOksApNames[i]] = scores.values[i];
  }
  const std::string text = json.dump(1) + "\n";
  if (!config.output_dir.empty()) {
    io::make_folder(config.output_dir);
    io::write_file(fs::path(config.output_dir) / "oks.json", text, true);
  }
  write_report(config, text, scores.text(kit));
  if (input.cut) log_warning("{}: no end record: the records are truncated", predictions);
  return !input.cut;
}

}  // namespace vremd::eval
