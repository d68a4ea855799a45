// SPDX-License-Identifier: Apache-2.0
#include "model/config.h"

#include "core/error.h"
#include "io/json_fields.h"

#include <algorithm>
#include <set>

namespace vremd::model {
namespace {

// The schema, for reading and writing.
template <typename Io>
void describe(Io& io, ModelConfig& c) {
  io.group("input", [&](auto& in) {
    in("size", c.input.size, "auto");
    in("enlarge", c.input.enlarge);
    in("mean", c.input.mean, "auto");
    in("std", c.input.std, "auto");
  });
  io("geometry", c.geometry);
  io.group("backbone", [&](auto& in) {
    in("kind", c.backbone.kind);
    in("size", c.backbone.size);
    in("heads", c.backbone.heads, "auto");
    in("ln_eps", c.backbone.ln_eps, "source");
    in("freeze", c.backbone.freeze);
  });
  io.group("model", [&](auto& in) {
    in("dim", c.model.dim, "auto");
    in("joints", c.model.joints);
    in("trained_joints", c.model.trained_joints, "auto");
    in("heads", c.model.heads, "auto");
    in("mlp_ratio", c.model.mlp_ratio);
    in("head", c.model.head);
    in("prior", c.model.prior);
  });
  io.group("modules", [&](auto& in) { in("ln_eps", c.modules.ln_eps); });
  io.group("hkme", [&](auto& in) {
    auto& h = c.hkme;
    in("enabled", h.enabled);
    in("depth_h", h.depth_h);
    in("depth_k", h.depth_k);
    in("depth_s", h.depth_s);
    in("depth_t", h.depth_t);
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
    in("blocks", b.blocks);
    in("share_directions", b.share_directions);
    in("residual", b.residual);
    in("norm_x", b.norm_x);
    in("fusion", b.fusion);
    in("mlp_ratio", b.mlp_ratio);
    in.group("ca", [&](auto& ca) {
      ca("enabled", b.ca.enabled);
      ca("query", b.ca.query);
    });
    in.group("dca", [&](auto& dca) {
      dca("mode", b.dca.mode);
      dca("points", b.dca.points);
      dca("stride", b.dca.stride);
      dca("groups", b.dca.groups);
      dca("psi", b.dca.psi);
      dca("range", b.dca.range);
      dca("border", b.dca.border);
      dca("init", b.dca.init);
      dca("rpe", b.dca.rpe);
    });
    in.group("dc", [&](auto& dc) {
      dc("dilations", b.dc.dilations);
      dc("modulated", b.dc.modulated);
      dc("groups", b.dc.groups);
      dc("condition", b.dc.condition);
    });
    in.group("da", [&](auto& da) {
      da("heads", b.da.heads);
      da("points", b.da.points);
    });
  });
  io.group("hk", [&](auto& in) { in("hidden", c.hk.hidden, "D"); });
  io.group("hm", [&](auto& in) {
    in("aggregate", c.hm.aggregate);
    in("channels", c.hm.channels);
  });
  io.group("heatmap", [&](auto& in) {
    in("size", c.heatmap.size, "auto");
    in("sigma", c.heatmap.sigma);
    in("weights", c.heatmap.weights);
  });
  io.group("loss", [&](auto& in) {
    in("kind", c.loss.kind);
    in("reduction", c.loss.reduction);
    in("joint_weights", c.loss.joint_weights);
    in("aux_hk", c.loss.aux_hk);
    in("aux_hm", c.loss.aux_hm);
  });
  io.group("init",
           [&](auto& in) { in("head_from_backbone_ckpt", c.init.head_from_backbone_ckpt); });
}

void check_divides(const char* key, int count, const char* what, int width) {
  if (width % count != 0) fail("{}: {} {} do not divide the width {}", key, count, what, width);
}

void validate_input(const ModelConfig& c) {
  if (c.input.size) {
    for (const int side : *c.input.size) {
      io::within("input.size", side, 32, 4096);
      if (side % 32 != 0) fail("input.size: {} is not a multiple of 32", side);
    }
  }
  io::within("input.enlarge", c.input.enlarge, 0.1, 10);
  for (const double mean : c.input.mean.value_or(std::array<double, 3>{})) {
    io::within("input.mean", mean, -1000, 1000);
  }
  for (const double std : c.input.std.value_or(std::array<double, 3>{1, 1, 1})) {
    io::within("input.std", std, 1e-6, 1000);
  }
  if (c.backbone.kind == BackboneKind::kMovenet && (c.input.mean || c.input.std)) {
    fail("input.{}: movenet takes 0...255 and scales inside", c.input.mean ? "mean" : "std");
  }
}

void validate_model(const ModelConfig& c) {
  if (c.backbone.kind == BackboneKind::kVit) {
    const int width = vit_shape(c.backbone.size).dim;
    io::within("backbone.heads", c.backbone_heads(), 1, width);
    check_divides("backbone.heads", c.backbone_heads(), "heads", width);
  } else if (c.backbone.heads) {
    fail("backbone.heads: only for a ViT");
  }
  io::within("backbone.ln_eps", c.backbone.ln_eps.value_or(1e-6), 0, 1);
  io::within("modules.ln_eps", c.modules.ln_eps, 0, 1);
  io::within("model.dim", c.dim(), 1, 65536);
  io::within("model.heads", c.heads(), 1, c.dim());
  check_divides("model.heads", c.heads(), "heads", c.dim());
  io::within("model.mlp_ratio", c.model.mlp_ratio, 0.01, 64);
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
  io::within("hkme.depth_h", h.depth_h, 1, 256);
  io::within("hkme.depth_k", h.depth_k, 1, 256);
  io::within("hkme.depth_s", h.depth_s, 1, 256);
  io::within("hkme.depth_t", h.depth_t, 1, 256);
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

void validate_dca(const ModelConfig& c) {
  const auto& dca = c.bmd.dca;
  io::within("bmd.dca.points", dca.points, 1, 1024);
  io::within("bmd.dca.stride", dca.stride, 1, 128);
  io::within("bmd.dca.groups", dca.groups, 1, 1024);
  io::within("bmd.dca.range", dca.range, 0, 1e6);
  if (dca.rpe) fail("bmd.dca.rpe: must be false, the paper has no relative position bias");
  if (c.bmd.op != MotionOp::kDca) return;
  if (c.heads() % dca.groups != 0 && dca.groups % c.heads() != 0) {
    fail("bmd.dca.groups: {} groups and {} heads: one must divide the other", dca.groups,
         c.heads());
  }
  check_divides("bmd.dca.groups", dca.groups, "groups", c.dim());
}

void validate_dc(const ModelConfig& c) {
  const auto& dc = c.bmd.dc;
  if (dc.dilations.empty()) fail("bmd.dc.dilations: empty");
  for (const int dilation : dc.dilations) io::within("bmd.dc.dilations", dilation, 1, 1024);
  io::within("bmd.dc.groups", dc.groups, 1, 1024);
  if (c.bmd.op != MotionOp::kDc) return;
  if (c.bmd.ca.enabled) fail("bmd.ca.enabled: must be false with bmd.op dc");
  if (c.bmd.adc != AdcKind::kParallel) fail("bmd.adc: must be parallel with bmd.op dc");
  check_divides("bmd.dc.groups", dc.groups, "groups", c.dim());
}

void validate_da(const ModelConfig& c) {
  io::within("bmd.da.heads", c.bmd.da.heads, 1, 1024);
  io::within("bmd.da.points", c.bmd.da.points, 1, 1024);
  if (c.bmd.op == MotionOp::kDa) {
    check_divides("bmd.da.heads", c.bmd.da.heads, "heads", c.dim());
  }
}

void validate_bmd(const ModelConfig& c) {
  const auto& b = c.bmd;
  io::within("bmd.blocks", b.blocks, 1, 256);
  io::within("bmd.mlp_ratio", b.mlp_ratio, 0.01, 64);
  if (b.adc == AdcKind::kDirections && !b.separate) {
    fail("bmd.adc: directions requires bmd.separate");
  }
  if (b.ca.enabled && b.ca.query == CaQuery::kOtherDirection && !b.separate) {
    fail("bmd.ca.query: other_direction requires bmd.separate");
  }
}

void validate_heads(const ModelConfig& c) {
  io::within("hk.hidden", c.hk.hidden.value_or(0), 0, 65536);
  io::within("hm.channels", c.hm.channels, 1, 65536);
  if (c.heatmap.size && *c.heatmap.size != std::array{c.heatmap_height(), c.heatmap_width()}) {
    fail("heatmap.size: {} x {} is not a quarter of the input, {} x {}", (*c.heatmap.size)[0],
         (*c.heatmap.size)[1], c.heatmap_height(), c.heatmap_width());
  }
  io::within("heatmap.sigma", c.heatmap.sigma, 0.1, 100);
  for (const double weight : c.heatmap.weights) io::within("heatmap.weights", weight, 1e-3, 1e3);
  if (c.init.head_from_backbone_ckpt && c.hm.aggregate != HmAggregate::kConcat) {
    fail("init.head_from_backbone_ckpt: requires hm.aggregate concat");
  }
}

void validate_loss(const ModelConfig& c) {
  const auto& loss = c.loss;
  if (loss.joint_weights) {
    if (static_cast<int>(loss.joint_weights->size()) != c.joints().size()) {
      fail("loss.joint_weights: {} weights for the {} joints of the model",
           loss.joint_weights->size(), c.joints().size());
    }
    for (const double weight : *loss.joint_weights) {
      io::within("loss.joint_weights", weight, 0, 1000);
    }
  }
  io::within("loss.aux_hk", loss.aux_hk, 0, 1000);
  io::within("loss.aux_hm", loss.aux_hm, 0, 1000);
  if (loss.aux_hk > 0 && !c.has_hk()) fail("loss.aux_hk: the model has no H_k");
  if (loss.aux_hm > 0 && c.model.head == HeadKind::kMovenet) {
    fail("loss.aux_hm: the model has no H_m");
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
  ModelConfig copy = *this;
  io::FieldWriter writer;
  describe(writer, copy);
  return writer.take();
}

void ModelConfig::validate() const {
  validate_input(*this);
  validate_model(*this);
  validate_hkme(*this);
  validate_bmd(*this);
  validate_dca(*this);
  validate_dc(*this);
  validate_da(*this);
  validate_heads(*this);
  validate_loss(*this);
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
