// SPDX-License-Identifier: Apache-2.0
#include "eval/evaluate.h"

#include "core/enum_names.h"
#include "core/error.h"
#include "core/log.h"
#include "eval/bootstrap/bootstrap.h"
#include "eval/coco/oks_input.h"
#include "eval/input/record_matching.h"
#include "eval/jitter/jitter.h"
#include "eval/pck/pck.h"
#include "io/output_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

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
          {"boxes", matching.boxes},
          {"cut", matching.cut}};
}

// The sequence of each frame, from 0.
std::vector<std::size_t> sequences_of(const Matching& matching) {
  std::map<const annotation::AnnotatedVideo*, std::size_t> known;
  std::vector<std::size_t> sequences;
  for (const MatchedFrame& frame : matching.frames) {
    sequences.push_back(known.try_emplace(frame.video, known.size()).first->second);
  }
  return sequences;
}

struct BoxInput {
  std::vector<BoxImage> images;
  std::vector<std::size_t> sequences;  // of the images
};

BoxInput box_input(const Matching& matching) {
  const std::vector<std::size_t> sequences = sequences_of(matching);
  BoxInput input;
  for (const std::size_t i : stable_order(
           matching.frames, [](const MatchedFrame& frame) { return frame.truth->image_id; })) {
    const MatchedFrame* frame = &matching.frames[i];
    input.sequences.push_back(sequences[i]);
    BoxImage& image = input.images.emplace_back();
    for (const annotation::AnnotatedPerson& person : frame->truth->persons) {
      if (!person.box) fail("{}: no bbox", person.place);
      const double area = person.area.value_or(person.box->w * person.box->h);
      image.truths.push_back({*person.box, area, person.crowd});
    }
    for (const io::Instance& one : frame->predictions) {
      image.detections.push_back({one.box, one.box_score});
    }
  }
  return input;
}

std::unique_ptr<const Resampled> resampled(const Matching& matching, const EvalConfig& config) {
  auto all = std::make_unique<ResampledList>();
  if (config.pck) {
    all->add(resampled_pck(pck(matching, *config.pck, config.threshold), sequences_of(matching)));
  }
  if (config.bbox) {
    const BoxInput input = box_input(matching);
    all->add(resampled_box_ap(input.images, input.sequences));
  }
  if (config.jitter) {
    all->add(resampled_jitter(jitter(matching, *config.jitter), sequences_of(matching)));
  }
  return all;
}

}  // namespace

bool evaluate(const EvalConfig& config) {
  if (config.ap || config.mot) return evaluate_poseval(config);
  if (config.kit) return evaluate_pt21(config);
  if (config.oks) return evaluate_oks(config);
  if (config.ground_truth.empty()) return evaluate_jitter(config);
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
          {"ground_truth", config.ground_truth.empty() ? Json() : Json(config.ground_truth)},
          {"predictions", one ? Json(config.predictions.front()) : Json(config.predictions)}};
}

void add_bootstrap(const EvalConfig& config, const Resampled& scores, const Resampled* other,
                   const std::string& unit, std::string& text, Json& json) {
  if (other && other->units() != scores.units()) {
    fail("{}: has {} {}, {} has {}: only submissions for the same ones can be compared",
         config.compare, other->units(), unit, config.predictions.front(), scores.units());
  }
  const Bootstrap result =
      bootstrap(scores, other, unit,
                {config.bootstrap, static_cast<std::uint64_t>(config.seed), config.threads});
  text += result.text();
  json["bootstrap"] = result.json();
  if (other) json["bootstrap"]["other"] = config.compare;
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
  std::string text =
      fmt::format("sequences: {}\nframes: {}\nboxes: {}\n", text_of(matching.sequences),
                  text_of(matching.frame_counts), box_text(matching.boxes));
  Json json = report_head(config);
  json["matching"] = json_of(matching);
  if (config.pck) {
    const Pck scores = pck(matching, *config.pck, config.threshold);
    warn_of(scores);
    text += pck_text(scores, config);
    json["pck"] = pck_json(scores, config);
  }
  if (config.bbox) {
    const CocoScores scores = box_ap(box_input(matching).images);
    text += scores.text();
    json["bbox"] = scores.json();
  }
  if (config.jitter) {
    const Jitter scores = jitter(matching, *config.jitter);
    text += jitter_text(scores, *config.jitter);
    json["jitter"] = jitter_json(scores, *config.jitter);
  }
  bool cut = matching.cut;
  if (config.bootstrap > 0) {
    std::unique_ptr<const Resampled> other;
    if (!config.compare.empty()) {
      require_records(config.compare);
      io::RecordStream others({config.compare});
      const Matching second = match(truth, others);
      warn_of_names(second.missing, "sequences without predictions of the other submission");
      other = resampled(second, config);
      cut = cut || second.cut;
    }
    const auto scores = resampled(matching, config);
    const bool stills = scores->units() == matching.frames.size();
    add_bootstrap(config, *scores, other.get(), stills ? "images" : "sequences", text, json);
  }
  write_report(config, json.dump(1) + "\n", text);
  return !cut;
}

bool evaluate_jitter(const EvalConfig& config) {
  require_records(config.predictions.front());
  io::RecordStream records(config.predictions);
  const Jitter scores = jitter(records, *config.jitter);
  Json json = report_head(config);
  json["jitter"] = jitter_json(scores, *config.jitter);
  write_report(config, json.dump(1) + "\n", jitter_text(scores, *config.jitter));
  return !records.truncated();
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
  log_info("{} images, {} annotated, {} predicted people; boxes: {}", input.images, input.truths,
           input.detections, box_text(input.boxes));

  Json json = report_head(config);
  json["kit"] = name_of(oks.kit);
  json["sigmas"] = oks.sigmas;
  json["use_area"] = oks.use_area;
  json["boxes"] = input.boxes;
  json["images"] = input.images;
  json["annotated"] = input.truths;
  json["predicted"] = input.detections;
  json["images_with_people"] = input.with_people;
  json["unpredicted_images"] = input.unpredicted;
  json["never_predicted"] = input.never_predicted;
  json["cut"] = input.cut;
  json["stats"] = scores.json();
  std::string text = scores.text(oks.kit == OksKit::kXtcoco);
  bool cut = input.cut;
  if (config.bootstrap > 0) {
    std::unique_ptr<const Resampled> other;
    if (!config.compare.empty()) {
      const OksInput second = read_oks_input(config.ground_truth, config.compare, !config.no_area,
                                             config.predicted_only);
      other = resampled_oks(second.categories, oks);
      cut = cut || second.cut;
    }
    add_bootstrap(config, *resampled_oks(input.categories, oks), other.get(), "images", text, json);
  }
  const std::string report = json.dump(1) + "\n";
  if (!config.output_dir.empty()) {
    io::make_folder(config.output_dir);
    io::write_file(std::filesystem::path(config.output_dir) / "oks.json", report, true);
  }
  write_report(config, report, text);
  return !cut;
}

}  // namespace vremd::eval
