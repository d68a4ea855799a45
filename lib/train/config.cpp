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
  io("repeat", c.repeat, {0, 1000});
  io("every", c.every, {1, 1e6});
  io("stride", c.stride, {1, 100});
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
    in("prob", c.half_body.prob, {0, 1});
    in("min_joints", c.half_body.min_joints);
    in("enlarge", c.half_body.enlarge);
  });
  io.group("scale", [&](auto& in) {
    in("mode", c.scale.mode);
    in("sigma", c.scale.sigma);
    in("limit", c.scale.limit, {0, 0.95});
  });
  io.group("rotation", [&](auto& in) {
    in("mode", c.rotation.mode);
    in("prob", c.rotation.prob, {0, 1});
    in("sigma", c.rotation.sigma);
    in("limit", c.rotation.limit);
    in("any", c.rotation.any, {0, 1});
  });
  io("flip", c.flip, {0, 1});
  io("shift", c.shift);
  io.group("colour", [&](auto& in) {
    in("brightness", c.colour.brightness, {0, 1});
    in("contrast", c.colour.contrast, {0, 1});
  });
  io.group("motion", [&](auto& in) {
    in("shift", c.motion.shift);
    in("rotation", c.motion.rotation);
    in("scale", c.motion.scale);
    in("jitter", c.motion.jitter);
    in("still", c.motion.still, {0, 1});
    in("apart", c.motion.apart, {0, 100});
  });
  io.group("corrupt", [&](auto& in) {
    in("blur", c.corrupt.blur, {0, 1});
    in.renamed("erase", "cover");
    in("erase", c.corrupt.erase, {0, 1});
    in("largest_blur", c.corrupt.largest_blur);
    in.renamed("largest_erased", "largest_cover");
    in("largest_erased", c.corrupt.largest_erased, {0.1, 0.9});
    in("neighbours", c.corrupt.neighbours, {0, 1});
  });
  io.renamed("copy_paste", "company");
  io.group("copy_paste", [&](auto& in) {
    in("prob", c.copy_paste.prob, {0, 1});
    in("near", c.copy_paste.near, {0, 2});
    in("far", c.copy_paste.far, {c.copy_paste.near, 2});
    in("scale_limit", c.copy_paste.scale_limit, {0, 0.95});
    in("motion", c.copy_paste.motion, {0, 100});
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
    in("projection", c.start.projection);
    in("calibrate", c.start.calibrate);
  });
  io("validate", c.validate);
  io("validate_root", c.validate_root);
  io("validate_missing", c.validate_missing);
  io("validate_stride", c.validate_stride, {1, 100});
  io("validate_most", c.validate_most);
  io("validate_by", c.validate_by);
  io("validate_without", c.validate_without);
  io.group("aug", [&](auto& in) { describe(in, c.aug); });
  io.group("train", [&](auto& in) {
    in("epochs", c.train.epochs, {1e-6, 1e6});
    in("lr", c.train.lr, {0, 10});
    in("backbone_lr", c.train.backbone_lr);
    in("schedule", c.train.schedule);
    in("milestones", c.train.milestones);
    in("gamma", c.train.gamma);
    in("frozen", c.train.frozen);
    in("warmup", c.train.warmup, {0, 1e9});
    in("backbone_warmup", c.train.backbone_warmup, {0, 1e9});
    in("wd", c.train.wd, {0, 10});
    in("wd_on", c.train.wd_on);
    in("clip", c.train.clip, {0, 1e9});
    in("batch", c.train.batch, {1, 65536});
    in("accum", c.train.accum, {1, 65536});
    in("micro_batch", c.train.micro_batch, {1, 65536});
    in("amp", c.train.amp);
    in("seed", c.train.seed);
    in("ema", c.train.ema, {0, 0.999999});
    in("checkpoint_minutes", c.train.checkpoint_minutes);
    in("cache_features", c.train.cache_features, {0, 1000});
    in("feature_folder", c.train.feature_folder);
    in("loaders", c.train.loaders, {0, 1024});
    in("prefetch", c.train.prefetch, {1, 65536});
    in("frame_mib", c.train.frame_mib, {1, 1e9});
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
    fail("train.batch: a step takes {} persons, an epoch has {}", persons_of_step() * processes,
         persons);
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
  TrainConfig copy = *this;
  for (std::size_t i = 0; i < data.size(); ++i) {
    io::FieldChecker checker(fmt::format("data[{}].", i));
    describe(checker, copy.data[i]);
  }
  io::FieldChecker checker;
  describe(checker, copy);
  if (train.cache_features > 0 && !model.backbone.freeze) {
    fail("train.cache_features: needs backbone.freeze");
  }
  if (!train.feature_folder.empty() && train.cache_features == 0) {
    fail("train.feature_folder: needs train.cache_features");
  }
  if (start.projection && start.backbone.empty()) fail("start.projection: needs start.backbone");
  for (const std::string& part : validate_without) {
    if (!model.has_part(enum_value<model::Part>(part, "validate_without"))) {
      fail("validate_without: the model has no {}", part);
    }
  }
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
