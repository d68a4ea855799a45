// SPDX-License-Identifier: Apache-2.0
#include "eval/evaluate.h"

#include "core/enum_names.h"
#include "core/error.h"
#include "core/log.h"
#include "eval/coco/oks_input.h"
#include "eval/input/record_matching.h"
#include "eval/pck/pck.h"
#include "io/output_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>

namespace vremd::eval {
namespace {

std::string text_of(const MatchCounts& counts) {
  return fmt::format("{} matched, {} missing, {} superfluous", counts.matched, counts.missing,
                     counts.extra);
}

Json json_of(const Matching& matching) {
  Json sequences = json_of(matching.sequences);
  sequences["missing_names"] = matching.missing;
  sequences["superfluous_names"] = matching.extra;
  return {{"sequences", sequences},
          {"frames", json_of(matching.frame_counts)},
          {"other_sizes", matching.other_sizes},
          {"cut", matching.cut}};
}

CocoScores score_boxes(const Matching& matching) {
  std::vector<const MatchedFrame*> frames;
  for (const MatchedFrame& frame : matching.frames) frames.push_back(&frame);
  std::ranges::stable_sort(frames, {}, [](const auto* frame) { return frame->truth->image_id; });
  std::vector<BoxImage> images;
  for (const MatchedFrame* frame : frames) {
    BoxImage& image = images.emplace_back();
    for (const annotation::AnnotatedPerson& person : frame->truth->persons) {
      if (!person.box) fail("{}: no bbox", person.place);
      const double area = person.area.value_or(person.box->w * person.box->h);
      image.truths.push_back({*person.box, area, person.crowd});
    }
    for (const io::Instance& one : frame->predictions) {
      image.detections.push_back({one.box, one.box_score});
    }
  }
  return box_ap(images);
}

}  // namespace

bool evaluate(const EvalConfig& config) {
  if (config.ap || config.mot) return evaluate_poseval(config);
  if (config.kit) return evaluate_pt21(config);
  if (config.oks) return evaluate_oks(config);
  return evaluate_records(config);
}

void warn_of_names(const std::vector<std::string>& names, const char* what) {
  constexpr std::size_t kShown = 3;
  if (names.empty()) return;
  std::string shown;
  for (std::size_t i = 0; i < std::min(kShown, names.size()); ++i) {
    shown += (i ? ", " : "") + excerpt(names[i], kPathExcerptBytes);
  }
  log_warning("{} {}: {}{}", names.size(), what, shown, names.size() > kShown ? " ..." : "");
}

void warn_never_predicted(const std::vector<std::string>& joints) {
  if (joints.empty()) return;
  constexpr std::size_t kMostBytes = 1000;
  const auto derived = [](const std::string& joint) {
    return joint == "head_bottom" || joint == "head_top";
  };
  log_warning("annotated, but never predicted (all missed): {}{}",
              excerpt(fmt::format("{}", fmt::join(joints, " ")), kMostBytes),
              std::ranges::any_of(joints, derived)
                  ? "; vremd-convert --joints posetrack15 derives them from others"
                  : "");
}

Json json_of(const MatchCounts& counts) {
  return {{"matched", counts.matched}, {"missing", counts.missing}, {"superfluous", counts.extra}};
}

void report_frames(const MatchCounts& counts) {
  if (counts.missing || counts.extra) {
    log_warning("frames: {}", text_of(counts));
  } else {
    log_info("frames: {}", text_of(counts));
  }
}

Json report_head(const EvalConfig& config) {
  const bool one = !config.ap && !config.mot;
  return {{"tool", "vremd-eval"},
          {"version", config.version},
          {"command", config.command},
          {"ground_truth", config.ground_truth},
          {"predictions", one ? Json(config.predictions.front()) : Json(config.predictions)}};
}

void write_report(const EvalConfig& config, const std::string& json, const std::string& text) {
  if (!config.json.empty()) io::write_file(config.json, json, config.force);
  if (config.json != "-") io::write_file("-", text, false);
}

bool evaluate_records(const EvalConfig& config) {
  const std::vector<annotation::Annotations> truth =
      annotation::read_annotations(config.ground_truth);
  require_records(config.predictions.front());
  io::RecordStream records(config.predictions);
  Matching matching = match(truth, records);
  warn_of_names(matching.missing, "sequences without predictions");
  warn_of_names(matching.extra, "videos that are not in the ground truth");
  warn_of_names(matching.other_sizes, "videos with a different size than in the ground truth");
  if (config.predicted_only) {
    std::erase_if(matching.frames, [](const MatchedFrame& frame) { return !frame.predicted; });
  }
  std::string text = fmt::format("sequences: {}\nframes: {}\n", text_of(matching.sequences),
                                 text_of(matching.frame_counts));
  Json json = report_head(config);
  json["matching"] = json_of(matching);
  if (config.pck) {
    const Pck scores = pck(matching, *config.pck, config.threshold);
    warn_of(scores);
    text += pck_text(scores, config);
    json["pck"] = pck_json(scores, config);
  }
  if (config.bbox) {
    const CocoScores scores = score_boxes(matching);
    text += scores.text();
    json["bbox"] = scores.json();
  }
  write_report(config, json.dump(1) + "\n", text);
  return !matching.cut;
}

bool evaluate_oks(const EvalConfig& config) {
  const OksInput input = read_oks_input(config.ground_truth, config.predictions.front(),
                                        !config.no_area, config.predicted_only);
  if (input.other_truths) {
    log_warning("{} annotations with an unknown image or category", input.other_truths);
  }
  if (input.other_detections) {
    log_warning("{} results with an unknown category", input.other_detections);
  }
  if (input.unpredicted) {
    log_warning("{} of {} images with annotated people have no predictions{}", input.unpredicted,
                input.with_people,
                config.predicted_only ? ", and are not scored" : " (--predicted-only)");
  }
  warn_never_predicted(input.never_predicted);
  const OksConfig oks{*config.oks, oks_sigmas(config.sigmas, input.keypoints), !config.no_area};
  const CocoScores scores = oks_ap(input.categories, oks);
  log_info("{} images, {} annotated, {} predicted people", input.images, input.truths,
           input.detections);

  Json json = report_head(config);
  json["kit"] = name_of(oks.kit);
  json["sigmas"] = oks.sigmas;
  json["use_area"] = oks.use_area;
  json["images"] = input.images;
  json["annotated"] = input.truths;
  json["predicted"] = input.detections;
  json["images_with_people"] = input.with_people;
  json["unpredicted_images"] = input.unpredicted;
  json["never_predicted"] = input.never_predicted;
  json["cut"] = input.cut;
  json["stats"] = scores.json();
  const std::string text = json.dump(1) + "\n";
  if (!config.output_dir.empty()) {
    io::make_folder(config.output_dir);
    io::write_file(std::filesystem::path(config.output_dir) / "oks.json", text, true);
  }
  write_report(config, text, scores.text(oks.kit == OksKit::kXtcoco));
  return !input.cut;
}

}  // namespace vremd::eval
