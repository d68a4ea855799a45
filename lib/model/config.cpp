// SPDX-License-Identifier: Apache-2.0
#include "model/config.h"

#include "core/error.h"
#include "io/json_fields.h"

#include <algorithm>
#include <set>

namespace vremd::model {
namespace {

// The schema, for reading, writing and checking.
template <typename Io, typename Config>
void describe(Io& io, Config& c) {
  io.group("input", [&](auto& in) {
    in("size", c.input.size, "auto", {32, 4096});
    in("enlarge", c.input.enlarge, {0.1, 10});
    in("delta_ms", c.input.delta_ms, {0, 10000});
    in("mean", c.input.mean, "auto", {-1000, 1000});
    in("std", c.input.std, "auto", {1e-6, 1000});
  });
  io("geometry", c.geometry);
  io.group("backbone", [&](auto& in) {
    in("kind", c.backbone.kind);
    in("size", c.backbone.size);
    in("heads", c.backbone.heads, "auto");
    in("ln_eps", c.backbone.ln_eps, "source", {0, 1});
    in("freeze", c.backbone.freeze);
  });
  io.group("model", [&](auto& in) {
    in("dim", c.model.dim, "auto", {1, 65536});
    in("joints", c.model.joints);
    in("trained_joints", c.model.trained_joints, "auto");
    in("heads", c.model.heads, "auto");
    in("mlp_ratio", c.model.mlp_ratio, {0.01, 64});
    in("head", c.model.head);
    in("prior", c.model.prior);
  });
  io.group("modules", [&](auto& in) { in("ln_eps", c.modules.ln_eps, {0, 1}); });
  io.group("hkme", [&](auto& in) {
    auto& h = c.hkme;
    in("enabled", h.enabled);
    in("depth_h", h.depth_h, {1, 256});
    in("depth_k", h.depth_k, {1, 256});
    in("depth_s", h.depth_s, {1, 256});
    in("depth_t", h.depth_t, {1, 256});
    in("norm", h.norm);
    in("first_norm", h.first_norm);
    in("mask_mode", h.mask_mode);
    in("tokens_shared", h.tokens_shared);
    in("temporal_embed", h.temporal_embed);
    in("pos_embed", h.pos_embed);
    in("reduce", h.reduce);
    in("out_residual", h.out_residual);
    in.group("human", [&](auto& human) {
      human("enabled", h.human.enabled);
      human("activation", h.human.activation);
    });
    in.group("keypoint", [&](auto& keypoint) {
      keypoint("mask", h.keypoint.mask);
      keypoint("tokens", h.keypoint.tokens);
      keypoint("temporal_embed", h.keypoint.temporal_embed);
      keypoint("scale", h.keypoint.scale);
      keypoint("norm", h.keypoint.norm);
      keypoint("sum", h.keypoint.sum);
    });
  });
  io.group("bmd", [&](auto& in) {
    auto& b = c.bmd;
    in("enabled", b.enabled);
    in("adc", b.adc);
    in("op", b.op);
    in("separate", b.separate);
    in("blocks", b.blocks, {1, 256});
    in("share_directions", b.share_directions);
    in("residual", b.residual);
    in("norm_x", b.norm_x);
    in("norm_f", b.norm_f);
    in("fusion", b.fusion);
    in("mlp_ratio", b.mlp_ratio, {0.01, 64});
    in.group("ca", [&](auto& ca) {
      ca("enabled", b.ca.enabled);
      ca("query", b.ca.query);
    });
    in.group("dca", [&](auto& dca) {
      dca("mode", b.dca.mode);
      dca("points", b.dca.points, {1, 1024});
      dca("stride", b.dca.stride, {1, 128});
      dca("groups", b.dca.groups, {1, 1024});
      dca("psi", b.dca.psi);
      dca("range", b.dca.range, {0, 1e6});
      dca("border", b.dca.border);
      dca("init", b.dca.init);
      dca("rpe", b.dca.rpe);
    });
    in.group("dc", [&](auto& dc) {
      dc("dilations", b.dc.dilations, {1, 1024});
      dc("modulated", b.dc.modulated);
      dc("groups", b.dc.groups, {1, 1024});
      dc("condition", b.dc.condition);
    });
    in.group("da", [&](auto& da) {
      da("heads", b.da.heads, {1, 1024});
      da("points", b.da.points, {1, 1024});
    });
  });
  io.group("hk", [&](auto& in) { in("hidden", c.hk.hidden, "D", {0, 65536}); });
  io.group("hm", [&](auto& in) {
    in("aggregate", c.hm.aggregate);
    in("channels", c.hm.channels, {1, 65536});
  });
  io.group("heatmap", [&](auto& in) {
    in("size", c.heatmap.size, "auto");
    in("sigma", c.heatmap.sigma, {0.1, 100});
    in("weights", c.heatmap.weights, {1e-3, 1e3});
  });
  io.group("loss", [&](auto& in) {
    in("kind", c.loss.kind);
    in("reduction", c.loss.reduction);
    in("joint_weights", c.loss.joint_weights, nullptr, {0, 1000});
    in("aux_hk", c.loss.aux_hk, {0, 1000});
    in("aux_hm", c.loss.aux_hm, {0, 1000});
    in("aux_mask", c.loss.aux_mask, {0, 1000});
  });
  io.group("init",
           [&](auto& in) { in("head_from_backbone_ckpt", c.init.head_from_backbone_ckpt); });
}

void check_divides(const char* key, int count, const char* what, int width) {
  if (width % count != 0) fail("{}: {} {} do not divide the width {}", key, count, what, width);
}

void check_heads(const char* key, int heads, int width) {
  if (heads < 1 || heads > width) fail("{}: {} is not within 1 to {}", key, heads, width);
  check_divides(key, heads, "heads", width);
}

// What ranges do not express.

void validate_model(const ModelConfig& c) {
  for (const int side : c.input.size.value_or(std::array{256, 192})) {
    if (side % 32 != 0) fail("input.size: {} is not a multiple of 32", side);
  }
  if (c.backbone.kind == BackboneKind::kMovenet && (c.input.mean || c.input.std)) {
    fail("input.{}: movenet takes 0...255 and scales inside", c.input.mean ? "mean" : "std");
  }
  if (c.backbone.kind == BackboneKind::kVit) {
    check_heads("backbone.heads", c.backbone_heads(), vit_shape(c.backbone.size).dim);
  } else if (c.backbone.heads) {
    fail("backbone.heads: only for a ViT");
  }
  check_heads("model.heads", c.heads(), c.dim());
  const bool movenet = c.backbone.kind == BackboneKind::kMovenet;
  const bool own_head = c.model.head == HeadKind::kMovenet;
  if (own_head && (!movenet || !c.single_frame() || c.model.joints != "coco17" ||
                   c.loss.kind != LossKind::kMse || c.geometry != ops::Geometry::kClassic)) {
    fail(
        "model.head: movenet requires that backbone, a single frame, coco17, classic geometry, "
        "mse");
  }
  if (c.model.prior == PriorKind::kMovenet &&
      (!movenet || own_head || c.loss.kind != LossKind::kCe)) {
    fail("model.prior: movenet requires that backbone, another head, loss.kind ce");
  }
  const JointSet joints = c.joints();
  std::set<std::string> seen;
  for (const std::string& joint : joints.joints) {
    if (joint.empty()) fail("model.joints: empty name");
    if (!seen.insert(joint).second) fail("model.joints: duplicate joint {}", joint);
  }
  seen.clear();
  for (const std::string& joint : c.model.trained_joints.value_or(joints.joints)) {
    if (joints.index(joint) < 0) fail("model.trained_joints: {} is not among model.joints", joint);
    if (!seen.insert(joint).second) fail("model.trained_joints: duplicate joint {}", joint);
  }
  if (seen.empty()) fail("model.trained_joints: empty");
}

void validate_hkme(const ModelConfig& c) {
  const auto& h = c.hkme;
  if (h.norm == NormPlace::kPost && h.first_norm == FirstNorm::kSkip) {
    fail("hkme.first_norm: skip requires hkme.norm pre");
  }
  if (h.enabled && h.pos_embed != PositionEmbedding::kNone && c.dim() % 4 != 0) {
    fail("hkme.pos_embed: {} requires a width that is a multiple of 4, not {}",
         name_of(h.pos_embed), c.dim());
  }
  if (h.keypoint.mask && !h.keypoint.tokens) {
    fail("hkme.keypoint.mask: requires hkme.keypoint.tokens");
  }
}

void validate_bmd(const ModelConfig& c) {
  const auto& b = c.bmd;
  if (b.adc == AdcKind::kDirections && !b.separate) {
    fail("bmd.adc: directions requires bmd.separate");
  }
  if (b.ca.enabled && b.ca.query == CaQuery::kOtherDirection && !b.separate) {
    fail("bmd.ca.query: other_direction requires bmd.separate");
  }
  if (b.dca.rpe) fail("bmd.dca.rpe: must be false, the paper has no relative position bias");
  if (b.dc.dilations.empty()) fail("bmd.dc.dilations: empty");
  switch (b.op) {
    case MotionOp::kDca:
      if (c.heads() % b.dca.groups != 0 && b.dca.groups % c.heads() != 0) {
        fail("bmd.dca.groups: {} groups and {} heads: one must divide the other", b.dca.groups,
             c.heads());
      }
      return check_divides("bmd.dca.groups", b.dca.groups, "groups", c.dim());
    case MotionOp::kDa: return check_divides("bmd.da.heads", b.da.heads, "heads", c.dim());
    case MotionOp::kDc:
      if (b.ca.enabled) fail("bmd.ca.enabled: must be false with bmd.op dc");
      if (b.adc != AdcKind::kParallel) fail("bmd.adc: must be parallel with bmd.op dc");
      check_divides("bmd.dc.groups", b.dc.groups, "groups", c.dim());
  }
}

void validate_heads(const ModelConfig& c) {
  if (c.heatmap.size && *c.heatmap.size != std::array{c.heatmap_height(), c.heatmap_width()}) {
    fail("heatmap.size: {} x {} is not a quarter of the input, {} x {}", (*c.heatmap.size)[0],
         (*c.heatmap.size)[1], c.heatmap_height(), c.heatmap_width());
  }
  if (c.init.head_from_backbone_ckpt && c.hm.aggregate != HmAggregate::kConcat) {
    fail("init.head_from_backbone_ckpt: requires hm.aggregate concat");
  }
  const auto& loss = c.loss;
  if (loss.joint_weights && std::ssize(*loss.joint_weights) != c.joints().size()) {
    fail("loss.joint_weights: {} weights for the {} joints of the model",
         loss.joint_weights->size(), c.joints().size());
  }
  if (loss.aux_hk > 0 && !c.has_hk()) fail("loss.aux_hk: the model has no H_k");
  if (loss.aux_hm > 0 && c.model.head == HeadKind::kMovenet) {
    fail("loss.aux_hm: the model has no H_m");
  }
  if (loss.aux_mask > 0 && !c.has_part(Part::kKeypointMask)) {
    fail("loss.aux_mask: the model has no keypoint mask");
  }
}

}  // namespace

ModelConfig ModelConfig::from_json(const Json& json, const std::string& place, ModelConfig base) {
  io::FieldReader reader(io::JsonNode(&json, {place}));
  describe(reader, base);
  reader.finish();
  try {
    base.validate();
  } catch (const Error& error) {
    fail("{}: {}", place, error.what());
  }
  return base;
}

Json ModelConfig::to_json() const {
  io::FieldWriter writer;
  describe(writer, *this);
  return writer.take();
}

void ModelConfig::validate() const {
  io::FieldChecker checker;
  describe(checker, *this);
  validate_model(*this);
  validate_hkme(*this);
  validate_bmd(*this);
  validate_heads(*this);
}

int ModelConfig::input_height() const { return input.size ? (*input.size)[0] : 256; }

int ModelConfig::input_width() const {
  return input.size ? (*input.size)[1] : backbone.kind == BackboneKind::kMovenet ? 256 : 192;
}

int ModelConfig::dim() const {
  if (model.dim) return *model.dim;
  return backbone.kind == BackboneKind::kMovenet ? 192 : vit_shape(backbone.size).dim;
}

int ModelConfig::heads() const {
  if (model.heads) return *model.heads;
  return backbone.kind == BackboneKind::kMovenet ? 8 : vit_shape(backbone.size).heads;
}

int ModelConfig::backbone_heads() const {
  return backbone.heads.value_or(vit_shape(backbone.size).heads);
}

JointSet ModelConfig::joints() const {
  if (model.joints.find(',') == std::string::npos) {
    try {
      return joint_set(model.joints);
    } catch (const Error& error) {
      fail("model.joints: {}", error.what());
    }
  }
  return joint_set_of(split_names(model.joints));
}

bool ModelConfig::has_hk() const {
  return hkme.enabled && hkme.keypoint.tokens && model.head != HeadKind::kMovenet;
}

bool ModelConfig::has_part(Part part) const {
  if (model.head == HeadKind::kMovenet) return false;
  switch (part) {
    case Part::kHkme: return hkme.enabled;
    case Part::kHumanMask: return hkme.enabled && hkme.human.enabled;
    case Part::kKeypointMask: return hkme.enabled && hkme.keypoint.mask;
    case Part::kHk: return has_hk();
    case Part::kCa: return bmd.enabled && bmd.ca.enabled;
    case Part::kPrior: return model.prior != PriorKind::kNone;
    default: return bmd.enabled;
  }
}

std::vector<int> ModelConfig::trained_joints() const {
  const JointSet set = joints();
  std::vector<int> indices;
  for (int i = 0; i < set.size(); ++i) {
    const auto& named = model.trained_joints;
    if (!named || std::ranges::count(*named, set.joints[i])) indices.push_back(i);
  }
  return indices;
}

ops::Normalisation ModelConfig::normalisation() const {
  ops::Normalisation result;
  result.raw = backbone.kind == BackboneKind::kMovenet;
  result.mean = input.mean.value_or(result.mean);
  result.std = input.std.value_or(result.std);
  return result;
}

ops::Decode ModelConfig::default_decode() const {
  const bool udp = geometry == ops::Geometry::kUdp || model.head == HeadKind::kMovenet;
  return udp ? ops::Decode::kDarkUdp : ops::Decode::kQuarter;
}

ops::CropSpec ModelConfig::crop_spec() const {
  return {input_height(), input_width(), input.enlarge, geometry};
}

VitShape vit_shape(VitSize size) {
  switch (size) {
    case VitSize::kS: return {384, 12, 12};  // 12 heads in the official config, not DeiT-S's 6
    case VitSize::kB: return {768, 12, 12};
    case VitSize::kL: return {1024, 24, 16};
    case VitSize::kH: return {1280, 32, 16};
    case VitSize::kTiny: break;
  }
  return {64, 2, 4};
}

}  // namespace vremd::model
