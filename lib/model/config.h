// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/joints.h"
#include "io/json.h"
#include "model/config_enums.h"
#include "ops/crop.h"
#include "ops/tensor_ops.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace vremd::model {

// The architecture of a network, stored as JSON in its weights file (METHOD 12); nothing of it can
// be overridden silently. Field names are those of METHOD 12; "auto" fields are optional, and the
// member functions resolve them. config_enums.h lists the choices.
struct ModelConfig {
  struct Input {
    std::optional<std::array<int, 2>> size;     // rows, columns; auto: vit 256 x 192, movenet 256²
    double enlarge = 1.25;                      // factor on each side of the box
    double delta_ms = 0;                        // distance of the frames; 0: adjacent (METHOD 1.2)
    std::optional<std::array<double, 3>> mean;  // of RGB / 255; auto: ImageNet's; movenet: none
    std::optional<std::array<double, 3>> std;   // likewise
  } input;

  ops::Geometry geometry = ops::Geometry::kUdp;  // METHOD 1.3

  struct Backbone {
    BackboneKind kind = BackboneKind::kVit;
    VitSize size = VitSize::kL;    // of a ViT
    std::optional<int> heads;      // of the ViT's attention; auto: as in ViTPose
    std::optional<double> ln_eps;  // the source's; "source" in JSON: 1e-6
    bool freeze = true;            // no gradient, always in evaluation mode
  } backbone;

  struct Model {
    std::optional<int> dim;              // D; auto: width of the ViT, movenet 192
    std::string joints = "posetrack15";  // a named set, or joint names separated by commas
    std::optional<std::vector<std::string>> trained_joints;  // auto: all (METHOD 1.6)
    std::optional<int> heads;  // of every attention; auto: as in ViTPose, movenet 8
    double mlp_ratio = 4;      // of the transformer blocks of HKME
    HeadKind head = HeadKind::kClassic;
    PriorKind prior = PriorKind::kNone;
  } model;

  struct Modules {
    double ln_eps = 1e-6;  // of every LayerNorm outside the backbone
  } modules;

  struct Hkme {
    bool enabled = true;
    int depth_h = 2, depth_k = 2, depth_s = 1, depth_t = 1;  // L_h, L_k, L_s, L_t
    NormPlace norm = NormPlace::kPre;
    FirstNorm first_norm = FirstNorm::kPre;
    MaskMode mask_mode = MaskMode::kScale;
    bool tokens_shared = false;  // one T_h, T_k for the three frames
    bool temporal_embed = true;  // in the temporal blocks
    PositionEmbedding pos_embed = PositionEmbedding::kNone;
    TokenReduction reduce = TokenReduction::kToken;
    bool out_residual = false;  // F += F_t

    struct Human {
      bool enabled = true;
      HumanActivation activation = HumanActivation::kScaled;
    } human;

    struct Keypoint {
      bool mask = true;             // Mask_k is applied
      bool tokens = true;           // T_k and H_k exist
      bool temporal_embed = false;  // another embedding per frame
      KeypointScale scale = KeypointScale::kRsqrtD;
      KeypointNorm norm = KeypointNorm::kMean1;
      KeypointSum sum = KeypointSum::kAll;
    } keypoint;
  } hkme;

  struct Bmd {
    bool enabled = true;
    AdcKind adc = AdcKind::kParallel;
    MotionOp op = MotionOp::kDca;
    bool separate = true;                        // M_f and M_b are separate streams
    int blocks = 2;                              // ADC blocks
    bool share_directions = false;               // one set of weights for both directions
    bool residual = true;                        // around each ADC
    MotionNorm norm_x = MotionNorm::kLayerNorm;  // on the motion
    MotionNorm norm_f = MotionNorm::kLayerNorm;  // on F
    MotionFusion fusion = MotionFusion::kLinear;
    double mlp_ratio = 2;  // hidden width of the ADC's MLP in units of D

    struct Ca {
      bool enabled = true;
      CaQuery query = CaQuery::kFeature;
    } ca;

    struct Dca {
      DcaMode mode = DcaMode::kPerQuery;
      int points = 9;  // per_query: n_p sampled points of each query
      int stride = 2;  // shared_grid: cells of the map per grid point
      int groups = 4;  // G sets of offsets
      DcaPsi psi = DcaPsi::kDw3;
      double range = 0;  // offsets are range tanh(.) cells; 0: unbounded
      DcaBorder border = DcaBorder::kBorder;
      DcaInit init = DcaInit::kGrid;
      bool rpe = false;  // relative position bias, must be false
    } dca;

    struct Dc {
      std::vector<int> dilations{3, 6, 9, 12, 15};  // one convolution each, averaged
      bool modulated = true;                        // the samples are weighted
      int groups = 16;                              // G sets of offsets
      DcCondition condition = DcCondition::kConcat;
    } dc;

    struct Da {
      int heads = 8;
      int points = 4;  // of each query and head
    } da;
  } bmd;

  struct Hk {
    std::optional<int> hidden;  // width of the hidden layer; "D" in JSON; 0: none
  } hk;

  struct Hm {
    HmAggregate aggregate = HmAggregate::kConcat;
    int channels = 256;  // of the classic head's deconvolutions
  } hm;

  struct Heatmap {
    std::optional<std::array<int, 2>> size;   // rows, columns; must be input / 4
    double sigma = 2;                         // of the target's Gaussian, heatmap pixels
    std::array<double, 2> weights{0.5, 0.5};  // H = w[0] H_k + w[1] H_m
  } heatmap;

  struct Loss {
    LossKind kind = LossKind::kMse;
    // Training only:
    LossReduction reduction = LossReduction::kMean;
    // Per joint, in addition to the labels' (METHOD 1.7); null in JSON: 1.
    std::optional<std::vector<double>> joint_weights;
    double aux_hk = 0, aux_hm = 0;  // weights of the same loss on H_k and H_m
    double aux_mask = 0;            // weight of the cross-entropy of Mask_k's rows (METHOD 7)
  } loss;

  struct Init {
    bool head_from_backbone_ckpt = false;  // start.backbone is a start.single_frame
  } init;

  // Absent keys keep the values of `base`. Error "place: path.of.key: ...": an unknown key, a wrong
  // type or an invalid value.
  static ModelConfig from_json(const Json& json, const std::string& place, ModelConfig base);
  static ModelConfig from_json(const Json& json, const std::string& place) {
    return from_json(json, place, {});
  }
  Json to_json() const;   // every field
  void validate() const;  // Error "path.of.key: ..."

  int input_height() const;
  int input_width() const;
  int tokens_h() const { return input_height() / 16; }
  int tokens_w() const { return input_width() / 16; }
  int heatmap_height() const { return input_height() / 4; }
  int heatmap_width() const { return input_width() / 4; }
  int dim() const;  // D
  int heads() const;
  int backbone_heads() const;  // of a ViT
  JointSet joints() const;
  std::vector<int> trained_joints() const;  // indices into joints()
  bool single_frame() const { return !hkme.enabled && !bmd.enabled; }
  bool has_hk() const;                                   // otherwise H is H_m
  bool has_part(Part part) const;                        // METHOD 9.1
  int frames() const { return single_frame() ? 1 : 3; }  // T
  ops::Normalisation normalisation() const;
  ops::CropSpec crop_spec() const;
  // METHOD 2.2; MoveNet's head renders true Gaussians, which dark_udp locates to 0.01 pixels.
  ops::Decode default_decode() const;
};

// The sizes of METHOD 4.1.
struct VitShape {
  int dim, depth, heads;
};
VitShape vit_shape(VitSize size);

}  // namespace vremd::model
