// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "core/joints.h"
#include "ops/crop.h"
#include "io/json.h"
#include "ops/tensor_ops.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace vremd {

// Everything that a weights file must say about its network (METHOD 12): it is stored there as
// JSON and none of it can be overridden silently. Fields keep the names of METHOD; what may be
// "auto" is optional, and the functions below give the resolved value.
struct ModelConfig {
  struct Input {
    std::optional<std::array<int, 2>> size;     // rows, columns; auto: vit 256 x 192, movenet 256²
    double enlarge = 1.25;                      // factor on each side of the box
    std::optional<std::array<double, 3>> mean;  // of RGB / 255; auto: ImageNet's; movenet: none
    std::optional<std::array<double, 3>> std;   // likewise
  } input;

  std::string geometry = "udp";  // udp | classic (METHOD 1.3)

  struct Backbone {
    std::string kind = "vit";      // vit | movenet
    std::string size = "l";        // vit: s | b | l | h | tiny (64 wide, 2 blocks: for tests)
    std::optional<int> heads;      // of the ViT's attention; auto: ViTPose's for its size
    std::optional<double> ln_eps;  // the source's; "source" in JSON: 1e-6
    bool freeze = true;            // no gradient, evaluation mode also while training
  } backbone;

  struct Model {
    std::optional<int> dim;             // D; auto: the ViT's width, movenet 192
    std::string joints = "posetrack15";  // a named set, or joint names separated by commas
    std::optional<std::vector<std::string>> trained_joints;  // auto: all (METHOD 1.6)
    std::optional<int> heads;           // of every attention; auto: ViTPose's for the ViT's size, movenet 8
    double mlp_ratio = 4;               // of the transformer blocks of HKME
    std::string head = "classic";       // classic | simple (METHOD 4.2) | movenet: Thunder's own
    // none | movenet: a Thunder beside the network, whose findings are added to H (movenet_head.h)
    std::string prior = "none";
  } model;

  struct Modules {
    double ln_eps = 1e-6;  // of every LayerNorm outside the backbone
  } modules;

  struct Hkme {
    bool enabled = true;
    int depth_h = 2, depth_k = 2, depth_s = 1, depth_t = 1;  // L_h, L_k, L_s, L_t
    std::string norm = "pre";         // pre | post: the place of LayerNorm in the blocks
    std::string first_norm = "pre";   // pre | skip: none before the first block after a mask
    std::string mask_mode = "scale";  // scale | scale+bias (METHOD 5.3)
    bool tokens_shared = false;       // one T_h, T_k for the three frames
    bool temporal_embed = true;       // in the temporal blocks
    // none: the backbone's features carry it | sine | sine-full: as TokenPose (hkme.h)
    std::string pos_embed = "none";
    std::string reduce = "token";     // token | concat | temporal (METHOD 5.4)
    bool out_residual = false;        // F += F_t

    struct Human {
      bool enabled = true;
      std::string activation = "scaled";  // scaled | sigmoid | cosine | literal (METHOD 5.1)
    } human;

    struct Keypoint {
      bool mask = true;             // Mask_k is applied
      bool tokens = true;           // T_k exists, and with it H_k
      bool temporal_embed = false;  // one more embedding for each frame
      std::string scale = "rsqrt_d";  // rsqrt_d | none
      std::string norm = "mean1";     // mean1 | literal | max1
      std::string sum = "all";        // all | per_frame | key_frame
    } keypoint;
  } hkme;

  struct Bmd {
    bool enabled = true;
    std::string adc = "parallel";    // parallel | directions (METHOD 6.1)
    std::string op = "dca";          // dca | da | dc (METHOD 9); dc: also in the place of the MLP
    bool separate = true;            // M_f and M_b are streams of their own
    int blocks = 2;                  // ADC blocks
    bool share_directions = false;   // both directions use the weights of one
    bool residual = true;            // around each ADC
    std::string norm_x = "ln";       // ln | none: on the motion
    std::string fusion = "linear";   // linear | conv3x3 | mlp
    double mlp_ratio = 2;            // hidden width of the ADC's MLP in units of D

    struct Ca {
      bool enabled = true;
      std::string query = "feature";  // feature | motion | other_direction
    } ca;

    struct Dca {
      // per_query | shared_grid: as DAT, one set of points for all queries, one for each cell of
      // a grid `stride` times as coarse as the map
      std::string mode = "per_query";
      int points = 9;                 // per_query: n_p sampled points of each query
      int stride = 2;                 // shared_grid
      int groups = 4;                 // G sets of offsets
      std::string psi = "dw3";        // dw3 | dw5 | dw7 | dw9 | dense3 | 1x1
      double range = 0;               // offsets are range tanh(.) cells; 0: unbounded
      std::string border = "border";  // border | zeros: what lies outside the map
      std::string init = "grid";      // grid | directional (Deformable-DETR) | random (DAT)
      bool rpe = false;               // relative position bias: none in the paper, false alone
    } dca;

    struct Dc {
      std::vector<int> dilations{3, 6, 9, 12, 15};  // one convolution each, averaged
      bool modulated = true;             // the sampled values are weighted, too
      int groups = 16;                   // G sets of offsets
      std::string condition = "concat";  // concat | motion_only: what the offsets are made of
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
    std::string aggregate = "concat";  // concat | add
    int channels = 256;                // of the classic head's deconvolutions
  } hm;

  struct Heatmap {
    std::optional<std::array<int, 2>> size;  // rows, columns; auto, the only choice: input / 4
    double sigma = 2;                        // of the target's Gaussian, heatmap pixels
    std::array<double, 2> weights{0.5, 0.5};  // H = w[0] H_k + w[1] H_m
  } heatmap;

  struct Loss {
    std::string kind = "mse";        // mse | ce: what H means (METHOD 7)
    // These are of training alone. Over pixels and joints: mean | sum (eq. 5 as it stands).
    std::string reduction = "mean";
    // Of each of model.joints, beside the labels' own (METHOD 1.7); null in JSON: 1.
    std::optional<std::vector<double>> joint_weights;
    double aux_hk = 0, aux_hm = 0;  // weights of the same loss on H_k and on H_m alone
  } loss;

  struct Init {
    bool head_from_backbone_ckpt = false;  // start.backbone is a start.single_frame
  } init;

  // Keys that are not there keep their defaults; an unknown key, a wrong type or a value that
  // validate() refuses is an Error "place: path.of.key: what".
  static ModelConfig from_json(const Json& json, const std::string& place);
  Json to_json() const;   // complete: every field
  void validate() const;  // Error "path.of.key: what"

  int input_height() const;
  int input_width() const;
  int tokens_h() const { return input_height() / 16; }
  int tokens_w() const { return input_width() / 16; }
  int heatmap_height() const { return input_height() / 4; }
  int heatmap_width() const { return input_width() / 4; }
  int dim() const;    // D
  int heads() const;
  int backbone_heads() const;  // of a ViT
  JointSet joints() const;
  std::vector<int> trained_joints() const;  // indices into joints()
  bool single_frame() const { return !hkme.enabled && !bmd.enabled; }
  bool has_hk() const;  // H_k exists: H is more than H_m
  int frames() const { return single_frame() ? 1 : 3; }  // T
  Normalisation normalisation() const;
  CropSpec crop_spec() const;
};

// The sizes of METHOD 4.1.
struct VitSize {
  int dim, depth, heads;
};
VitSize vit_size(const std::string& size);  // Error for an unknown one

// The network's part of a preset of METHOD 9, 11.1 and 12: paper_strict, paper, recommended,
// accuracy, dcpose_protocol, jm_protocol, mmpose_protocol, vitpose_coco, table4_baseline,
// table4_a ... table6_d, narrow, deep. `config` keeps what the preset does not name; recommended,
// accuracy and mmpose_protocol name nothing of the network. Error for an unknown one.
void apply_model_preset(ModelConfig& config, const std::string& name);

}  // namespace vremd
