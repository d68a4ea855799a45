// SPDX-License-Identifier: Apache-2.0
#pragma once

// The choices of ModelConfig, with their names in JSON.

#include "core/enum_names.h"

namespace vremd::model {

enum class BackboneKind { kVit, kMovenet };
constexpr auto enum_names(BackboneKind) { return std::array{"vit", "movenet"}; }

enum class VitSize { kS, kB, kL, kH, kTiny };  // tiny: 64 wide, 2 blocks, for tests
constexpr auto enum_names(VitSize) { return std::array{"s", "b", "l", "h", "tiny"}; }

// ViTPose's heads (METHOD 4.2), or MoveNet Thunder's own (movenet_head.h).
enum class HeadKind { kClassic, kSimple, kMovenet };
constexpr auto enum_names(HeadKind) { return std::array{"classic", "simple", "movenet"}; }

// A Thunder whose result is added to H (movenet_head.h).
enum class PriorKind { kNone, kMovenet };
constexpr auto enum_names(PriorKind) { return std::array{"none", "movenet"}; }

// Where the LayerNorm of a transformer block is.
enum class NormPlace { kPre, kPost };
constexpr auto enum_names(NormPlace) { return std::array{"pre", "post"}; }

// Of the first block after a mask; skip: no LayerNorm (METHOD 5.3).
enum class FirstNorm { kPre, kSkip };
constexpr auto enum_names(FirstNorm) { return std::array{"pre", "skip"}; }

enum class MaskMode { kScale, kScaleAndBias };  // METHOD 5.3
constexpr auto enum_names(MaskMode) { return std::array{"scale", "scale+bias"}; }

// none: implicit in the backbone's features; sine, sine-full: as in TokenPose (hkme.h).
enum class PositionEmbedding { kNone, kSine, kSineFull };
constexpr auto enum_names(PositionEmbedding) { return std::array{"none", "sine", "sine-full"}; }

enum class TokenReduction { kToken, kConcat, kTemporal };  // METHOD 5.4
constexpr auto enum_names(TokenReduction) { return std::array{"token", "concat", "temporal"}; }

enum class HumanActivation { kScaled, kSigmoid, kCosine, kLiteral };  // METHOD 5.1
constexpr auto enum_names(HumanActivation) {
  return std::array{"scaled", "sigmoid", "cosine", "literal"};
}

// Mask_k (METHOD 5.2): the scale of its logits, its normalisation, the rows that are summed.
enum class KeypointScale { kRsqrtD, kNone };
constexpr auto enum_names(KeypointScale) { return std::array{"rsqrt_d", "none"}; }
enum class KeypointNorm { kMean1, kLiteral, kMax1 };
constexpr auto enum_names(KeypointNorm) { return std::array{"mean1", "literal", "max1"}; }
enum class KeypointSum { kAll, kPerFrame, kKeyFrame };
constexpr auto enum_names(KeypointSum) { return std::array{"all", "per_frame", "key_frame"}; }

enum class AdcKind { kParallel, kDirections };  // METHOD 6.1
constexpr auto enum_names(AdcKind) { return std::array{"parallel", "directions"}; }

// How the motion is sampled (METHOD 9); dc also replaces the block's MLP.
enum class MotionOp { kDca, kDa, kDc };
constexpr auto enum_names(MotionOp) { return std::array{"dca", "da", "dc"}; }

// On the input of the ADC blocks.
enum class MotionNorm { kLayerNorm, kNone };
constexpr auto enum_names(MotionNorm) { return std::array{"ln", "none"}; }

// How both directions are fused into M.
enum class MotionFusion { kLinear, kConv3x3, kMlp };
constexpr auto enum_names(MotionFusion) { return std::array{"linear", "conv3x3", "mlp"}; }

enum class CaQuery { kFeature, kMotion, kOtherDirection };  // METHOD 6.2
constexpr auto enum_names(CaQuery) { return std::array{"feature", "motion", "other_direction"}; }

// per_query: each query has its own points; shared_grid: as in DAT, all queries share one point per
// cell of a coarser grid.
enum class DcaMode { kPerQuery, kSharedGrid };
constexpr auto enum_names(DcaMode) { return std::array{"per_query", "shared_grid"}; }

// The convolution psi of DCA: depthwise or dense, and its kernel.
enum class DcaPsi { kDw3, kDw5, kDw7, kDw9, kDense3, k1x1 };
constexpr auto enum_names(DcaPsi) {
  return std::array{"dw3", "dw5", "dw7", "dw9", "dense3", "1x1"};
}

// Values outside the map: the nearest cell, or zeros.
enum class DcaBorder { kBorder, kZeros };
constexpr auto enum_names(DcaBorder) { return std::array{"border", "zeros"}; }

// Initial offsets; directional: as in Deformable-DETR, random: as in DAT.
enum class DcaInit { kGrid, kDirectional, kRandom };
constexpr auto enum_names(DcaInit) { return std::array{"grid", "directional", "random"}; }

// The input of the offsets of DC.
enum class DcCondition { kConcat, kMotionOnly };
constexpr auto enum_names(DcCondition) { return std::array{"concat", "motion_only"}; }

enum class HmAggregate { kConcat, kAdd };
constexpr auto enum_names(HmAggregate) { return std::array{"concat", "add"}; }

// Parts of the network that can be made to know nothing (METHOD 9.1), for measurements.
enum class Part {
  kHkme,
  kHumanMask,
  kKeypointMask,
  kHk,
  kDca,
  kCa,
  kOffsets,
  kForward,
  kBackward,
  kMotion,
  kPrior
};
constexpr auto enum_names(Part) {
  return std::array{"hkme",    "human-mask", "keypoint-mask", "hk",     "dca",  "ca",
                    "offsets", "forward",    "backward",      "motion", "prior"};
}

// A set of parts. Adding hkme or motion adds what they consist of.
class Parts {
 public:
  void add(Part part) {
    bits_ |= bit(part);
    if (part == Part::kHkme) {
      bits_ |= bit(Part::kHumanMask) | bit(Part::kKeypointMask) | bit(Part::kHk);
    }
    if (part == Part::kMotion) bits_ |= bit(Part::kForward) | bit(Part::kBackward);
  }
  bool has(Part part) const { return (bits_ & bit(part)) != 0; }

 private:
  static unsigned bit(Part part) { return 1U << static_cast<unsigned>(part); }
  unsigned bits_ = 0;
};

enum class LossKind { kMse, kCe };  // the meaning of H (METHOD 7)
constexpr auto enum_names(LossKind) { return std::array{"mse", "ce"}; }

// Over pixels and joints; sum: eq. 5 literally.
enum class LossReduction { kMean, kSum };
constexpr auto enum_names(LossReduction) { return std::array{"mean", "sum"}; }

}  // namespace vremd::model
