// SPDX-License-Identifier: Apache-2.0
#include "model/config.h"

#include "core/error.h"
#include "io/json_fields.h"

#include <algorithm>
#include <set>

namespace vremd {
namespace {

// The schema, once, for reading and writing.
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
  io.group("init", [&](auto& in) {
    in("head_from_backbone_ckpt", c.init.head_from_backbone_ckpt);
  });
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (;;) {
    const std::size_t end = text.find(separator, begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string::npos) return parts;
    begin = end + 1;
  }
}

void validate_input(const ModelConfig& c) {
  if (c.input.size) {
    for (const int side : *c.input.size) {
      within("input.size", side, 32, 4096);
      if (side % 32 != 0) fail("input.size: {} is not a multiple of 32", side);
    }
  }
  within("input.enlarge", c.input.enlarge, 0.1, 10);
  for (const double mean : c.input.mean.value_or(std::array<double, 3>{})) {
    within("input.mean", mean, -1000, 1000);
  }
  for (const double std : c.input.std.value_or(std::array<double, 3>{1, 1, 1})) {
    within("input.std", std, 1e-6, 1000);
  }
  if (c.backbone.kind == "movenet" && (c.input.mean || c.input.std)) {
    fail("input.{}: movenet takes 0...255 and scales inside", c.input.mean ? "mean" : "std");
  }
  one_of("geometry", c.geometry, {"udp", "classic"});
}

void validate_model(const ModelConfig& c) {
  one_of("backbone.kind", c.backbone.kind, {"vit", "movenet"});
  if (c.backbone.kind == "vit") {
    one_of("backbone.size", c.backbone.size, {"s", "b", "l", "h", "tiny"});
    const int width = vit_size(c.backbone.size).dim;
    within("backbone.heads", c.backbone_heads(), 1, width);
    if (width % c.backbone_heads() != 0) {
      fail("backbone.heads: {} heads do not divide the width {}", c.backbone_heads(), width);
    }
  } else if (c.backbone.heads) {
    fail("backbone.heads: of a ViT alone");
  }
  within("backbone.ln_eps", c.backbone.ln_eps.value_or(1e-6), 0, 1);
  within("modules.ln_eps", c.modules.ln_eps, 0, 1);
  within("model.dim", c.dim(), 1, 65536);
  within("model.heads", c.heads(), 1, c.dim());
  if (c.dim() % c.heads() != 0) {
    fail("model.heads: {} heads do not divide the width {}", c.heads(), c.dim());
  }
  within("model.mlp_ratio", c.model.mlp_ratio, 0.01, 64);
  one_of("model.head", c.model.head, {"classic", "simple", "movenet"});
  if (c.model.head == "movenet" &&
      (c.backbone.kind != "movenet" || !c.single_frame() || c.model.joints != "coco17" ||
       c.loss.kind != "mse" || c.geometry != "classic")) {
    fail("model.head: movenet needs that backbone, a single frame, coco17, classic geometry, mse");
  }
  one_of("model.prior", c.model.prior, {"none", "movenet"});
  if (c.model.prior == "movenet" && (c.backbone.kind != "movenet" || c.loss.kind != "ce" ||
                                     c.model.head == "movenet")) {
    fail("model.prior: movenet needs that backbone, another head, loss.kind ce");
  }
  const JointSet joints = c.joints();
  std::set<std::string> seen;
  for (const std::string& joint : joints.joints) {
    if (joint.empty()) fail("model.joints: an empty name");
    if (!seen.insert(joint).second) fail("model.joints: {} is there twice", joint);
  }
  seen.clear();
  for (const std::string& joint : c.model.trained_joints.value_or(joints.joints)) {
    if (joints.index(joint) < 0) {
      fail("model.trained_joints: {} is not among model.joints", joint);
    }
    if (!seen.insert(joint).second) fail("model.trained_joints: {} is there twice", joint);
  }
  if (seen.empty()) fail("model.trained_joints: empty");
}

void validate_hkme(const ModelConfig& c) {
  const auto& h = c.hkme;
  within("hkme.depth_h", h.depth_h, 1, 256);
  within("hkme.depth_k", h.depth_k, 1, 256);
  within("hkme.depth_s", h.depth_s, 1, 256);
  within("hkme.depth_t", h.depth_t, 1, 256);
  one_of("hkme.norm", h.norm, {"pre", "post"});
  one_of("hkme.first_norm", h.first_norm, {"pre", "skip"});
  if (h.norm == "post" && h.first_norm == "skip") {
    fail("hkme.first_norm: skip needs hkme.norm pre");
  }
  one_of("hkme.mask_mode", h.mask_mode, {"scale", "scale+bias"});
  one_of("hkme.pos_embed", h.pos_embed, {"none", "sine", "sine-full"});
  if (h.enabled && h.pos_embed != "none" && c.dim() % 4 != 0) {
    fail("hkme.pos_embed: {} needs a width that is a multiple of 4, not {}", h.pos_embed, c.dim());
  }
  one_of("hkme.reduce", h.reduce, {"token", "concat", "temporal"});
  one_of("hkme.human.activation", h.human.activation, {"scaled", "sigmoid", "cosine", "literal"});
  one_of("hkme.keypoint.scale", h.keypoint.scale, {"rsqrt_d", "none"});
  one_of("hkme.keypoint.norm", h.keypoint.norm, {"mean1", "literal", "max1"});
  one_of("hkme.keypoint.sum", h.keypoint.sum, {"all", "per_frame", "key_frame"});
  if (h.keypoint.mask && !h.keypoint.tokens) {
    fail("hkme.keypoint.mask: needs hkme.keypoint.tokens");
  }
}

void validate_dca(const ModelConfig& c) {
  const auto& dca = c.bmd.dca;
  one_of("bmd.dca.mode", dca.mode, {"per_query", "shared_grid"});
  within("bmd.dca.points", dca.points, 1, 1024);
  within("bmd.dca.stride", dca.stride, 1, 128);
  within("bmd.dca.groups", dca.groups, 1, 1024);
  one_of("bmd.dca.psi", dca.psi, {"dw3", "dw5", "dw7", "dw9", "dense3", "1x1"});
  within("bmd.dca.range", dca.range, 0, 1e6);
  one_of("bmd.dca.border", dca.border, {"border", "zeros"});
  one_of("bmd.dca.init", dca.init, {"grid", "directional", "random"});
  if (dca.rpe) fail("bmd.dca.rpe: the paper's attention has no relative position bias: only false");
  if (c.bmd.op != "dca") return;
  if (c.heads() % dca.groups != 0 && dca.groups % c.heads() != 0) {
    fail("bmd.dca.groups: {} groups and {} heads: one must divide the other", dca.groups,
         c.heads());
  }
  if (c.dim() % dca.groups != 0) {
    fail("bmd.dca.groups: {} groups do not divide the width {}", dca.groups, c.dim());
  }
}

void validate_dc(const ModelConfig& c) {
  const auto& dc = c.bmd.dc;
  if (dc.dilations.empty()) fail("bmd.dc.dilations: empty");
  for (const int dilation : dc.dilations) within("bmd.dc.dilations", dilation, 1, 1024);
  within("bmd.dc.groups", dc.groups, 1, 1024);
  one_of("bmd.dc.condition", dc.condition, {"concat", "motion_only"});
  if (c.bmd.op != "dc") return;
  if (c.bmd.ca.enabled) fail("bmd.ca.enabled: bmd.op dc goes without the cross attention");
  if (c.bmd.adc != "parallel") fail("bmd.adc: bmd.op dc has no blocks to arrange");
  if (c.dim() % dc.groups != 0) {
    fail("bmd.dc.groups: {} groups do not divide the width {}", dc.groups, c.dim());
  }
}

void validate_da(const ModelConfig& c) {
  within("bmd.da.heads", c.bmd.da.heads, 1, 1024);
  within("bmd.da.points", c.bmd.da.points, 1, 1024);
  if (c.bmd.op == "da" && c.dim() % c.bmd.da.heads != 0) {
    fail("bmd.da.heads: {} heads do not divide the width {}", c.bmd.da.heads, c.dim());
  }
}

void validate_bmd(const ModelConfig& c) {
  const auto& b = c.bmd;
  one_of("bmd.adc", b.adc, {"parallel", "directions"});
  one_of("bmd.op", b.op, {"dca", "da", "dc"});
  within("bmd.blocks", b.blocks, 1, 256);
  one_of("bmd.norm_x", b.norm_x, {"ln", "none"});
  one_of("bmd.fusion", b.fusion, {"linear", "conv3x3", "mlp"});
  within("bmd.mlp_ratio", b.mlp_ratio, 0.01, 64);
  one_of("bmd.ca.query", b.ca.query, {"feature", "motion", "other_direction"});
  if (b.adc == "directions" && !b.separate) fail("bmd.adc: directions needs bmd.separate");
  if (b.ca.enabled && b.ca.query == "other_direction" && !b.separate) {
    fail("bmd.ca.query: other_direction needs bmd.separate");
  }
  validate_dca(c);
  validate_dc(c);
  validate_da(c);
}

void validate_heads(const ModelConfig& c) {
  within("hk.hidden", c.hk.hidden.value_or(0), 0, 65536);
  one_of("hm.aggregate", c.hm.aggregate, {"concat", "add"});
  within("hm.channels", c.hm.channels, 1, 65536);
  if (c.heatmap.size && *c.heatmap.size != std::array{c.heatmap_height(), c.heatmap_width()}) {
    fail("heatmap.size: {} x {} is not a quarter of the input, {} x {}", (*c.heatmap.size)[0],
         (*c.heatmap.size)[1], c.heatmap_height(), c.heatmap_width());
  }
  within("heatmap.sigma", c.heatmap.sigma, 0.1, 100);
  for (const double weight : c.heatmap.weights) within("heatmap.weights", weight, 1e-3, 1e3);
  if (c.init.head_from_backbone_ckpt && c.hm.aggregate != "concat") {
    fail("init.head_from_backbone_ckpt: needs hm.aggregate concat");
  }
}

void validate_loss(const ModelConfig& c) {
  const auto& loss = c.loss;
  one_of("loss.kind", loss.kind, {"mse", "ce"});
  one_of("loss.reduction", loss.reduction, {"mean", "sum"});
  if (loss.joint_weights) {
    if (static_cast<int>(loss.joint_weights->size()) != c.joints().size()) {
      fail("loss.joint_weights: {} weights for the {} joints of the model",
           loss.joint_weights->size(), c.joints().size());
    }
    for (const double weight : *loss.joint_weights) within("loss.joint_weights", weight, 0, 1000);
  }
  within("loss.aux_hk", loss.aux_hk, 0, 1000);
  within("loss.aux_hm", loss.aux_hm, 0, 1000);
  if (loss.aux_hk > 0 && !c.has_hk()) fail("loss.aux_hk: the model has no H_k");
  if (loss.aux_hm > 0 && c.model.head == "movenet") fail("loss.aux_hm: the model has no H_m");
}

}  // namespace

ModelConfig ModelConfig::from_json(const Json& json, const std::string& place) {
  ModelConfig config;
  FieldReader reader(json, place, "");
  describe(reader, config);
  reader.finish();
  try {
    config.validate();
  } catch (const Error& error) {
    fail("{}: {}", place, error.what());
  }
  return config;
}

Json ModelConfig::to_json() const {
  ModelConfig copy = *this;
  FieldWriter writer;
  describe(writer, copy);
  return writer.take();
}

void ModelConfig::validate() const {
  validate_input(*this);
  validate_model(*this);
  validate_hkme(*this);
  validate_bmd(*this);
  validate_heads(*this);
  validate_loss(*this);
}

int ModelConfig::input_height() const { return input.size ? (*input.size)[0] : 256; }

int ModelConfig::input_width() const {
  return input.size ? (*input.size)[1] : backbone.kind == "movenet" ? 256 : 192;
}

int ModelConfig::dim() const {
  if (model.dim) return *model.dim;
  return backbone.kind == "movenet" ? 192 : vit_size(backbone.size).dim;
}

int ModelConfig::heads() const {
  if (model.heads) return *model.heads;
  return backbone.kind == "movenet" ? 8 : vit_size(backbone.size).heads;
}

int ModelConfig::backbone_heads() const {
  return backbone.heads.value_or(vit_size(backbone.size).heads);
}

JointSet ModelConfig::joints() const {
  if (model.joints.find(',') == std::string::npos) {
    try {
      return joint_set(model.joints);
    } catch (const Error& error) {
      fail("model.joints: {}", error.what());
    }
  }
  return joint_set_of(split(model.joints, ','));
}

bool ModelConfig::has_hk() const {
  return hkme.enabled && hkme.keypoint.tokens && model.head != "movenet";
}

std::vector<int> ModelConfig::trained_joints() const {
  const JointSet set = joints();
  std::vector<int> indices;
  for (int i = 0; i < set.size(); ++i) {
    const auto& named = model.trained_joints;
    if (!named || std::find(named->begin(), named->end(), set.joints[i]) != named->end()) {
      indices.push_back(i);
    }
  }
  return indices;
}

Normalisation ModelConfig::normalisation() const {
  Normalisation result;
  result.raw = backbone.kind == "movenet";
  result.mean = input.mean.value_or(result.mean);
  result.std = input.std.value_or(result.std);
  return result;
}

CropSpec ModelConfig::crop_spec() const {
  return {input_height(), input_width(), input.enlarge,
          geometry == "udp" ? Geometry::kUdp : Geometry::kClassic};
}

VitSize vit_size(const std::string& size) {
  if (size == "s") return {384, 12, 12};  // 12 heads in the official config, not DeiT-S's 6
  if (size == "b") return {768, 12, 12};
  if (size == "l") return {1024, 24, 16};
  if (size == "h") return {1280, 32, 16};
  if (size == "tiny") return {64, 2, 4};
  fail("backbone.size: '{}' is not one of: s b l h tiny", size);
}

void apply_model_preset(ModelConfig& config, const std::string& name) {
  auto& hkme = config.hkme;
  auto& bmd = config.bmd;
  const auto without_keypoint = [&] { hkme.keypoint.mask = hkme.keypoint.tokens = false; };
  if (name == "paper" || name == "table4_c" || name == "table5_d" || name == "table6_d" ||
      name == "recommended" || name == "accuracy" || name == "mmpose_protocol") {
    return;
  } else if (name == "paper_strict") {
    config.geometry = "classic";
    hkme.human.activation = "literal";
    hkme.keypoint.scale = "none";
    hkme.keypoint.norm = "literal";
    hkme.reduce = "token";
  } else if (name == "dcpose_protocol" || name == "jm_protocol") {
    config.geometry = "classic";  // jm: the shift of its flip test is of these crops
  } else if (name == "vitpose_coco") {
    config.geometry = "udp";
    hkme.enabled = bmd.enabled = false;
    config.model.joints = "coco17";
  } else if (name == "table4_baseline") {
    hkme.enabled = bmd.enabled = false;
  } else if (name == "table4_a") {
    bmd.enabled = false;
  } else if (name == "table4_b") {
    hkme.enabled = false;
  } else if (name == "table5_a") {
    hkme.human.enabled = false;
    without_keypoint();
  } else if (name == "table5_b") {
    without_keypoint();
  } else if (name == "table5_c") {
    hkme.human.enabled = false;
  } else if (name == "table6_a") {
    bmd.op = "dc";
    bmd.ca.enabled = bmd.separate = false;
  } else if (name == "table6_b") {
    bmd.op = "da";
    bmd.separate = false;
  } else if (name == "table6_c") {
    bmd.separate = false;
  } else if (name == "narrow") {
    hkme.depth_h = hkme.depth_k = hkme.depth_s = hkme.depth_t = 1;
    bmd.blocks = 1;
    bmd.share_directions = true;
  } else if (name == "deep") {
    hkme.depth_h = hkme.depth_k = 4;
    hkme.depth_s = hkme.depth_t = 2;
    bmd.blocks = 4;
  } else {
    fail("{}: no such preset of the model", name);
  }
}

}  // namespace vremd
