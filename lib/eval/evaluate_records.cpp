// SPDX-License-Identifier: Apache-2.0
#include "core/error.h"
#include "core/log.h"
#include "eval/coco/box_ap.h"
#include "eval/input/record_matching.h"
#include "eval/pck/pck.h"
#include "eval/report.h"

#include <algorithm>

namespace vremd::eval {
namespace {

Json json_of(const Matching& matching) {
  Json sequences = json_of(matching.sequences);
  sequences["missing_names"] = matching.missing;
  sequences["superfluous_names"] = matching.extra;
  return {{"sequences", sequences},
          {"frames", json_of(matching.frame_counts)},
          {"other_sizes", matching.other_sizes},
          {"cut", matching.cut}};
}

std::string text_of(const Matching& matching) {
  return fmt::format("sequences: {}\nframes: {}\n", text_of(matching.sequences),
                     text_of(matching.frame_counts));
}

void warn_of(const Matching& matching) {
  warn_of_names(matching.missing, "sequences without predictions");
  warn_of_names(matching.extra, "videos that are not in the ground truth");
  warn_of_names(matching.other_sizes, "videos with a different size than in the ground truth");
}

BoxAp score_boxes(const Matching& matching) {
  std::vector<const MatchedFrame*> frames;
  for (const MatchedFrame& frame : matching.frames) frames.push_back(&frame);
  std::stable_sort(frames.begin(), frames.end(), [](const auto* a, const auto* b) {
    return a->truth->image_id < b->truth->image_id;
  });
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

bool evaluate_records(const EvalConfig& config) {
  const std::vector<annotation::Annotations> truth =
      annotation::read_annotations(config.ground_truth);
  require_records(config.predictions.front());
  io::RecordReader records(config.predictions.front());
  Matching matching = match(truth, records);
  warn_of(matching);
  if (config.predicted_only) {
    std::erase_if(matching.frames, [](const MatchedFrame& frame) { return !frame.predicted; });
  }
  std::string text = text_of(matching);
  Json json = report_head(config);
  json["predictions"] = config.predictions.front();
  json["matching"] = json_of(matching);
  if (!config.pck.empty()) {
    const Pck scores = pck(matching, pck_length_of(config.pck), config.threshold);
    warn_of(scores);
    text += pck_text(scores, config);
    json["pck"] = pck_json(scores, config);
  }
  if (config.bbox) {
    const BoxAp scores = score_boxes(matching);
    text += scores.text();
    for (std::size_t i = 0; i < kBoxApNames.size(); ++i) {
      json["bbox"][kBoxApNames[i]] = scores.values[i];
    }
  }
  write_report(config, json.dump(1) + "\n", text);
  if (matching.cut) log_warning("{}: no end record: the records are truncated", records.name());
  return !matching.cut;
}

}  // namespace vremd::eval
