// SPDX-License-Identifier: Apache-2.0
#include "train/config.h"

#include "core/error.h"
#include "io/json_fields.h"

#include <cmath>

namespace vremd::train {
namespace {

template <typename Io>
void describe(Io& io, data::TrainDataConfig& c) {
  io("dataset", c.dataset);
  io("annotations", c.annotations);
  io("root", c.root);
  io("repeat", c.repeat);
  io("min_score", c.min_score);
  io("max_flip_distance", c.max_flip_distance);
  io("weigh_by_score", c.weigh_by_score);
  io("sanitise_boxes", c.sanitise_boxes);
  io.renamed("skip_suspect_lr", "skip_suspects");
  io("skip_suspect_lr", c.skip_suspect_lr);
  io("missing", c.missing);
  io.renamed("pseudo_labels", "second_opinion");
  io("pseudo_labels", c.pseudo_labels);
  io.renamed("pseudo_veto_distance", "disagreement");
  io("pseudo_veto_distance", c.pseudo_veto_distance);
  io.renamed("pseudo_veto_score", "sure");
  io("pseudo_veto_score", c.pseudo_veto_score);
  io.renamed("pseudo_add_score", "adopt");
  io("pseudo_add_score", c.pseudo_add_score);
}

template <typename Io>
void describe(Io& io, data::AugmentConfig& c) {
  io.group("half_body", [&](auto& in) {
    in("prob", c.half_body.prob);
    in("min_joints", c.half_body.min_joints);
    in("enlarge", c.half_body.enlarge);
  });
  io.group("scale", [&](auto& in) {
    in("mode", c.scale.mode);
    in("sigma", c.scale.sigma);
    in("limit", c.scale.limit);
  });
  io.group("rotation", [&](auto& in) {
    in("mode", c.rotation.mode);
    in("prob", c.rotation.prob);
    in("sigma", c.rotation.sigma);
    in("limit", c.rotation.limit);
    in("any", c.rotation.any);
  });
  io("flip", c.flip);
  io("shift", c.shift);
  io.group("colour", [&](auto& in) {
    in("brightness", c.colour.brightness);
    in("contrast", c.colour.contrast);
  });
  io.group("motion", [&](auto& in) {
    in("shift", c.motion.shift);
    in("rotation", c.motion.rotation);
    in("scale", c.motion.scale);
    in("jitter", c.motion.jitter);
  });
  io.group("corrupt", [&](auto& in) {
    in("blur", c.corrupt.blur);
    in.renamed("erase", "cover");
    in("erase", c.corrupt.erase);
    in("largest_blur", c.corrupt.largest_blur);
    in.renamed("largest_erased", "largest_cover");
    in("largest_erased", c.corrupt.largest_erased);
    in("neighbours", c.corrupt.neighbours);
  });
  io.renamed("copy_paste", "company");
  io.group("copy_paste", [&](auto& in) {
    in("prob", c.copy_paste.prob);
    in("near", c.copy_paste.near);
    in("far", c.copy_paste.far);
    in("scale_limit", c.copy_paste.scale_limit);
  });
}

// All but `model` and `data`, which are read separately.
template <typename Io>
void describe(Io& io, TrainConfig& c) {
  io.group("start", [&](auto& in) {
    in("backbone", c.start.backbone);
    in("weights", c.start.weights);
    in("single_frame", c.start.single_frame);
    in("prior", c.start.prior);
    in("calibrate", c.start.calibrate);
  });
  io("validate", c.validate);
  io("validate_root", c.validate_root);
  io("validate_missing", c.validate_missing);
  io("validate_most", c.validate_most);
  io("validate_by", c.validate_by);
  io.group("aug", [&](auto& in) { describe(in, c.aug); });
  io.group("train", [&](auto& in) {
    in("epochs", c.train.epochs);
    in("lr", c.train.lr);
    in("backbone_lr", c.train.backbone_lr);
    in("schedule", c.train.schedule);
    in("milestones", c.train.milestones);
    in("gamma", c.train.gamma);
    in("frozen", c.train.frozen);
    in("warmup", c.train.warmup);
    in("backbone_warmup", c.train.backbone_warmup);
    in("wd", c.train.wd);
    in("wd_on", c.train.wd_on);
    in("clip", c.train.clip);
    in("batch", c.train.batch);
    in("accum", c.train.accum);
    in("micro_batch", c.train.micro_batch);
    in("amp", c.train.amp);
    in("seed", c.train.seed);
    in("ema", c.train.ema);
    in("checkpoint_minutes", c.train.checkpoint_minutes);
    in("cache_features", c.train.cache_features);
    in("loaders", c.train.loaders);
    in("prefetch", c.train.prefetch);
    in("frame_mib", c.train.frame_mib);
  });
}

}  // namespace

TrainConfig TrainConfig::from_json(const Json& json, const std::string& place) {
  return from_json(json, place, {});
}

TrainConfig TrainConfig::from_json(const Json& json, const std::string& place, TrainConfig base) {
  if (!json.is_object()) fail("{}: not a JSON object", place);
  Json rest = json;
  if (const auto model = json.find("model"); model != json.end()) {
    base.model = model::ModelConfig::from_json(*model, place + ": model", std::move(base.model));
    rest.erase("model");
  }
  if (const auto data = json.find("data"); data != json.end()) {
    if (!data->is_array()) fail("{}: data: expected an array", place);
    base.data.clear();
    for (std::size_t i = 0; i < data->size(); ++i) {
      data::TrainDataConfig& one = base.data.emplace_back();
      const io::JsonPlace file{place};
      io::FieldReader reader(io::JsonNode(&(*data)[i], {"data", &file, i}));
      describe(reader, one);
      reader.finish();
      if (one.annotations.empty() == one.dataset.empty()) {
        fail("{}: data[{}]: either annotations or dataset", place, i);
      }
    }
    rest.erase("data");
  }
  io::FieldReader reader(io::JsonNode(&rest, {place}));
  describe(reader, base);
  reader.finish();
  try {
    base.validate_values();
  } catch (const Error& error) {
    fail("{}: {}", place, error.what());
  }
  return base;
}

TrainConfig::Steps TrainConfig::steps(std::int64_t persons, int processes) const {
  const std::int64_t per_epoch = persons / (persons_of_step() * processes);
  return {per_epoch, std::llround(train.epochs * static_cast<double>(per_epoch))};
}

TrainConfig::Steps TrainConfig::some_steps(std::int64_t persons, int processes) const {
  const Steps result = steps(persons, processes);
  if (result.per_epoch == 0) {
    fail("train.batch: {} persons of a step are more than the {} of an epoch",
         persons_of_step() * processes, persons);
  }
  if (result.all == 0) fail("train.epochs = {} gives no optimizer steps", train.epochs);
  return result;
}

Json TrainConfig::to_json() const {
  TrainConfig copy = *this;
  io::FieldWriter writer;
  describe(writer, copy);
  Json json = writer.take();
  json["model"] = model.to_json();
  json["data"] = Json::array();
  for (data::TrainDataConfig& one : copy.data) {
    io::FieldWriter inner;
    describe(inner, one);
    json["data"].push_back(inner.take());
  }
  return json;
}

void TrainConfig::validate_values() const {
  model.validate();
  for (const auto& one : data) io::within("data.repeat", one.repeat, 0, 1000);
  io::within("aug.scale.limit", aug.scale.limit, 0, 0.95);
  for (const double p : {aug.half_body.prob, aug.rotation.prob, aug.rotation.any, aug.flip,
                         aug.corrupt.blur, aug.corrupt.erase, aug.corrupt.neighbours,
                         aug.colour.brightness, aug.colour.contrast, aug.copy_paste.prob}) {
    io::within("aug: a probability or share", p, 0, 1);
  }
  io::within("aug.copy_paste.near", aug.copy_paste.near, 0, 2);
  io::within("aug.copy_paste.far", aug.copy_paste.far, aug.copy_paste.near, 2);
  io::within("aug.copy_paste.scale_limit", aug.copy_paste.scale_limit, 0, 0.95);
  io::within("aug.corrupt.largest_erased", aug.corrupt.largest_erased, 0.1, 0.9);
  io::within("train.epochs", train.epochs, 1e-6, 1e6);
  io::within("train.warmup", train.warmup, 0, 1e9);
  io::within("train.backbone_warmup", train.backbone_warmup, 0, 1e9);
  io::within("train.wd", train.wd, 0, 10);
  io::within("train.clip", train.clip, 0, 1e9);
  io::within("train.lr", train.lr, 0, 10);
  io::within("train.batch", train.batch, 1, 65536);
  io::within("train.accum", train.accum, 1, 65536);
  io::within("train.micro_batch", train.micro_batch, 1, 65536);
  io::within("train.cache_features", train.cache_features, 0, 1000);
  if (train.cache_features > 0 && !model.backbone.freeze) {
    fail("train.cache_features: needs backbone.freeze");
  }
  io::within("train.loaders", train.loaders, 0, 1024);
  io::within("train.prefetch", train.prefetch, 1, 65536);
  io::within("train.frame_mib", train.frame_mib, 1, 1e9);
  io::within("train.ema", train.ema, 0, 0.999999);
  if (!start.prior.empty() && model.model.prior == model::PriorKind::kNone) {
    fail("start.prior: model.prior is none");
  }
  if (!start.backbone.empty() && !start.single_frame.empty()) {
    fail("start.single_frame includes a backbone: mutually exclusive with start.backbone");
  }
  if (!start.weights.empty() && (!start.backbone.empty() || !start.single_frame.empty())) {
    fail("start.weights is a complete model: mutually exclusive with backbone and single_frame");
  }
}

}  // namespace vremd::train
