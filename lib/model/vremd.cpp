// SPDX-License-Identifier: Apache-2.0
#include "model/vremd.h"

#include "core/error.h"

#include <numbers>

namespace vremd::model {
namespace {

// Copies all parameters and statistics into a module of the same architecture.
void copy_state(const torch::nn::Module& from, torch::nn::Module& to, const char* what) {
  const auto copy_all = [&](const auto& source, const auto& target) {
    if (source.size() != target.size()) fail("init: {} has a different architecture", what);
    for (const auto& item : source) {
      const at::Tensor* own = target.find(item.key());
      if (!own || own->sizes() != item.value().sizes()) {
        fail("init: {}.{} differs between the models", what, item.key());
      }
      own->copy_(item.value());
    }
  };
  copy_all(from.named_parameters(), to.named_parameters());
  copy_all(from.named_buffers(), to.named_buffers());
}

// The final layer's row of `joint` (METHOD 7).
at::Tensor row_of(const at::Tensor& rows, const JointSet& set, const std::string& joint) {
  const int own = set.index(joint);
  if (own >= 0) return rows[own];
  const int left = set.index("left_shoulder"), right = set.index("right_shoulder");
  if (joint == "head_bottom" && left >= 0 && right >= 0) return (rows[left] + rows[right]) / 2;
  return at::zeros_like(rows[0]);
}

}  // namespace

VremdImpl::ProjImpl::ProjImpl(std::int64_t in, std::int64_t out, double ln_eps) {
  norm = add<LayerNormImpl>("norm", in, ln_eps);
  fc = add<LinearImpl>("fc", in, out);
}

VremdImpl::VremdImpl(ModelConfig config_in) : config(std::move(config_in)) {
  config.validate();
  backbone_ = register_module("backbone", make_backbone(config));
  if (config.model.head == HeadKind::kMovenet) {
    head_ = add<MovenetHeadImpl>("head");
    return;
  }
  if (backbone_->channels() != config.dim()) {
    proj_ = add<ProjImpl>("proj", backbone_->channels(), config.dim(), config.modules.ln_eps);
  }
  if (config.hkme.enabled) hkme_ = add<HkmeImpl>("hkme", config);
  if (config.bmd.enabled) bmd_ = add<BmdImpl>("bmd", config);
  if (config.has_hk()) hk_ = add<HkImpl>("hk", config);
  hm_ = add<HmImpl>("hm", config);
  if (config.model.prior == PriorKind::kMovenet) {
    prior_ = add<MovenetPriorImpl>("prior", config);
  }
}

at::Tensor VremdImpl::features(const at::Tensor& crops_nchw, const at::Tensor& keys) {
  at::AutoGradMode with_gradient(at::GradMode::is_enabled() && !config.backbone.freeze);
  at::Tensor low;
  if (shared_low_) low = shared_low_->forward_low(crops_nchw);
  at::Tensor tokens =
      shared_low_ ? shared_low_->tokens_of_low(low) : backbone_->forward_tokens(crops_nchw);
  if (project_features) tokens = project(tokens);
  if (!prior_) return tokens;
  return at::cat(
      {tokens, shared_low_ ? prior_->tokens_of_low(low, keys) : prior_->tokens(crops_nchw, keys)},
      2);
}

void VremdImpl::share_equal_layers() {
  auto* movenet = dynamic_cast<MovenetImpl*>(backbone_.get());
  shared_low_ = movenet && prior_ && prior_->same_low(*movenet) ? movenet : nullptr;
}

at::Tensor VremdImpl::triplet_features(const at::Tensor& crops_nchw) {
  const at::Tensor keys = at::arange(config.frames() / 2, crops_nchw.size(0), config.frames());
  return features(crops_nchw, keys.to(crops_nchw.device())).unflatten(0, {-1, config.frames()});
}

at::Tensor VremdImpl::project(const at::Tensor& tokens) {
  return proj_ ? proj_->fc->forward(proj_->norm->forward(tokens)) : tokens;
}

int VremdImpl::token_channels() const {
  return project_features ? config.dim() : backbone_->channels();
}

int VremdImpl::feature_channels() const {
  return token_channels() + (prior_ ? MovenetPriorImpl::kChannels : 0);
}

VremdImpl::Output VremdImpl::forward(const at::Tensor& features_btnc, bool keep_intermediates,
                                     const at::Tensor& annotated, const Parts& without) {
  if (head_) {
    Output output;
    output.heatmaps_bkhw =
        head_->forward(features_btnc.select(1, 0), config.tokens_h(), config.tokens_w());
    return output;
  }
  at::Tensor fm = features_btnc.slice(3, 0, token_channels());  // F_{t-1}, F_t, F_{t+1}
  if (!project_features) fm = project(fm);
  const at::Tensor f_t = fm.select(1, config.frames() / 2);

  HkmeImpl::Output human;
  human.f = f_t;
  if (hkme_) human = hkme_->forward(fm, annotated, without);
  BmdImpl::Output motion;
  if (bmd_) {
    motion = bmd_->forward(fm, human.f, without);
  } else if (hkme_) {
    motion.m = human.f;  // METHOD 9, table4_a
  }

  Output output;
  output.hm = output.heatmaps_bkhw = hm_->forward(motion.m, f_t);
  if (hk_) {
    output.hk = hk_->forward(human.tokens);
    const auto& weights = config.heatmap.weights;
    output.heatmaps_bkhw = output.hk * weights[0] + output.hm * weights[1];
  }
  if (prior_ && !without.has(Part::kPrior)) {
    const at::Tensor key_frame = features_btnc.select(1, config.frames() / 2);
    output.heatmaps_bkhw =
        output.heatmaps_bkhw + prior_->forward(key_frame.slice(2, token_channels()));
  }
  output.human_mask = human.human_mask;
  output.keypoint_mask = human.keypoint_mask;
  output.keypoint_rows = human.rows;
  if (keep_intermediates) {
    output.f_human = human.f_human;
    output.f_joint = human.f_joint;
    output.f = human.f;
    output.m = motion.m;
    output.offsets = motion.offsets;
  }
  return output;
}

at::Tensor VremdImpl::probabilities(const at::Tensor& heatmaps_bkhw) const {
  if (config.loss.kind != LossKind::kCe) return heatmaps_bkhw;
  const double area = 2 * std::numbers::pi * config.heatmap.sigma * config.heatmap.sigma;
  return at::softmax(heatmaps_bkhw.flatten(2), -1).mul(area).clamp_max(1).view_as(heatmaps_bkhw);
}

void VremdImpl::init() {
  for (const auto& child : children()) {
    if (child != backbone_) init_layers(*child);
  }
  backbone_->init();
  if (prior_) prior_->init();
}

void VremdImpl::init_from_single_frame(const VremdImpl& other) {
  at::NoGradGuard no_grad;
  if (head_ || other.head_) fail("init: MoveNet's head cannot initialise another one");
  if (!other.config.single_frame()) fail("init: not a single-frame model");
  copy_state(*other.backbone_, *backbone_, "backbone");
  if (proj_ && other.proj_) copy_state(*other.proj_, *proj_, "proj");
  if (!proj_ != !other.proj_ || other.config.dim() != config.dim() ||
      other.config.model.head != config.model.head) {
    fail("init: the models' widths or heads differ");
  }
  if (other.prior_ && !prior_) fail("init: the other model has a prior");
  if (other.prior_) copy_state(*other.prior_, *prior_, "prior");
  if (hm_->deconv_layers) copy_state(*other.hm_->deconv_layers, *hm_->deconv_layers, "hm");

  const std::int64_t dim = config.dim();
  if (hm_->agg) {  // aggregate(M, F_t) = F_t
    hm_->agg->weight.zero_();
    hm_->agg->weight.slice(1, dim).fill_diagonal_(1);
    hm_->agg->bias.zero_();
  } else if (!config.single_frame()) {
    fail("init: a single-frame head needs hm.aggregate concat");
  }
  const double scale = hk_ ? 1 / config.heatmap.weights[1] : 1;
  const JointSet ours = config.joints(), theirs = other.config.joints();
  for (const bool is_bias : {false, true}) {
    const auto tensor_of = [&](const VremdImpl& model) {
      return is_bias ? model.hm_->final_layer->bias : model.hm_->final_layer->weight;
    };
    const at::Tensor from = tensor_of(other), to = tensor_of(*this);
    if (from[0].sizes() != to[0].sizes()) fail("init: hm.final_layer differs in width");
    for (int joint = 0; joint < ours.size(); ++joint) {
      to[joint].copy_(row_of(from, theirs, ours.joints[joint]) * scale);
    }
  }
}

void VremdImpl::standardise_tokens(const at::Tensor& mean, const at::Tensor& deviation,
                                   bool keep_hm) {
  at::NoGradGuard no_grad;
  proj_->fc->weight.div_(deviation.unsqueeze(1));
  proj_->fc->bias.sub_(mean).div_(deviation);
  if (!keep_hm || !hm_->agg) return;
  const at::Tensor of_f_t = hm_->agg->weight.slice(1, config.dim());
  hm_->agg->bias.add_(at::mv(of_f_t, mean));
  of_f_t.mul_(deviation);
}

void VremdImpl::to_bf16() {
  backbone_->to_bf16();
  if (prior_) prior_->to_bf16();
  if (proj_) linears_to_bf16(*proj_);
  if (hkme_) linears_to_bf16(*hkme_);
  if (bmd_) linears_to_bf16(*bmd_);
}

void VremdImpl::train(bool on) {
  torch::nn::Module::train(on);
  if (config.backbone.freeze) backbone_->train(false);
  if (prior_) prior_->train(false);
}

}  // namespace vremd::model
