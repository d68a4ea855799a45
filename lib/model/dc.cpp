// SPDX-License-Identifier: Apache-2.0
#include "model/dc.h"

#include "ops/deform_columns.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

namespace vremd::model {
namespace {

constexpr std::int64_t kKernel = 9;
// Values of one batch of columns without gradient: 64 MiB.
constexpr std::int64_t kMostColumns = std::int64_t{1} << 24;

// Calls body(args, item, group) for each item of the batch and group, on ATen's threads.
template <typename Body>
void for_each_group(const at::Tensor& tokens, const at::Tensor& location, const at::Tensor& weights,
                    std::int64_t height, std::int64_t width, const Body& body) {
  const auto run = [&]<typename T>(T) {
    ops::DeformColumnsArgs<T> args;
    args.tokens = tokens.const_data_ptr<T>();
    args.location = location.const_data_ptr<T>();
    args.weight = weights.const_data_ptr<T>();
    args.batch = static_cast<int>(tokens.size(0));
    args.height = static_cast<int>(height);
    args.width = static_cast<int>(width);
    args.channels = static_cast<int>(tokens.size(2));
    args.queries = static_cast<int>(location.size(1));
    args.groups = static_cast<int>(location.size(2));
    args.points = static_cast<int>(location.size(3));
    at::parallel_for(0, static_cast<std::int64_t>(args.batch) * args.groups, 1,
                     [&](std::int64_t begin, std::int64_t end) {
                       for (auto i = static_cast<int>(begin); i < end; ++i) {
                         body(args, i / args.groups, i % args.groups);
                       }
                     });
  };
  tokens.scalar_type() == at::kDouble ? run(double{}) : run(float{});
}

struct DeformColumns : torch::autograd::Function<DeformColumns> {
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& tokens,
                            const at::Tensor& location, const at::Tensor& weights,
                            std::int64_t height, std::int64_t width) {
    context->save_for_backward({tokens, location, weights});
    context->saved_data["height"] = height;
    context->saved_data["width"] = width;
    const at::Tensor columns = at::empty(
        {tokens.size(0), location.size(1), tokens.size(2) * location.size(3)}, tokens.options());
    for_each_group(tokens, location, weights, height, width,
                   [&]<typename T>(ops::DeformColumnsArgs<T> args, int item, int group) {
                     args.columns = columns.data_ptr<T>();
                     ops::deform_columns_cpu(args, item, group);
                   });
    return columns;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const at::Tensor &tokens = saved[0], &location = saved[1], &weights = saved[2];
    const auto height = context->saved_data["height"].toInt();
    const auto width = context->saved_data["width"].toInt();
    const at::Tensor d_columns = gradients[0].to(tokens.scalar_type()).contiguous();
    const at::Tensor d_tokens = at::zeros_like(tokens), d_location = at::empty_like(location),
                     d_weights = at::empty_like(weights);
    for_each_group(tokens, location, weights, height, width,
                   [&]<typename T>(const ops::DeformColumnsArgs<T>& args, int item, int group) {
                     const ops::DeformColumnsGradient<T> gradient{
                         d_columns.const_data_ptr<T>(), d_tokens.data_ptr<T>(),
                         d_location.data_ptr<T>(), d_weights.data_ptr<T>()};
                     ops::deform_columns_backward_cpu(args, gradient, item, group);
                   });
    return {d_tokens, d_location, d_weights, {}, {}};
  }
};

}  // namespace

at::Tensor deform_columns_by_loops(const at::Tensor& tokens, const at::Tensor& weights,
                                   const SamplePoints& points) {
  return DeformColumns::apply(tokens.contiguous(), points.location.contiguous(),
                              weights.contiguous(), points.height, points.width);
}

at::Tensor deform_columns_by_samples(const at::Tensor& tokens, const at::Tensor& weights,
                                     const SamplePoints& points) {
  const at::Tensor sampled = sample(tokens, points) * weights.transpose(1, 2).unsqueeze(2);
  return sampled.permute({0, 3, 1, 2, 4}).flatten(2);  // from [B, G, D / G, Q, P]
}

at::Tensor DeformConvImpl::KernelImpl::forward(const at::Tensor& columns) {
  return widened(ops::linear(columns, weight.flatten(1), bias, packed));
}

DeformConvImpl::DeformConvImpl(const ModelConfig& config, int dilation)
    : height_(config.tokens_h()),
      width_(config.tokens_w()),
      groups_(config.bmd.dc.groups),
      dilation_(dilation),
      modulated_(config.bmd.dc.modulated) {
  const std::int64_t dim = config.dim();
  const std::int64_t in = config.bmd.dc.condition == DcCondition::kConcat ? 2 * dim : dim;
  const std::int64_t of_a_point = modulated_ ? 3 : 2;
  offset_mask_ = add<ConvImpl>("offset_mask", in, of_a_point * kKernel * groups_, 3);
  offset_mask_->dilation = dilation_;
  conv_ = add<KernelImpl>("conv", dim);
}

at::Tensor DeformConvImpl::convolve(const at::Tensor& x, const at::Tensor& weights,
                                    const SamplePoints& points) {
  return conv_->forward(x.is_cpu() ? deform_columns_by_loops(x, weights, points)
                                   : deform_columns_by_samples(x, weights, points));
}

PointOutput DeformConvImpl::forward(const at::Tensor& x, const at::Tensor& condition,
                                    bool fixed_points) {
  const auto batch = x.size(0), queries = x.size(1);
  // Channels of the offsets (group, point, (y, x)), then those of the weights (group, point).
  const auto made_of = [&] {
    const WithoutAutocast exact(condition);
    return map_to_tokens(offset_mask_->forward(tokens_to_map(condition, height_, width_)));
  };
  const at::Tensor made = made_of();
  const auto split = 2 * kKernel * groups_;
  const at::Tensor kernel = (cell_places(3, 3, made.options()) - 1) * dilation_;
  const at::Tensor moved = made.slice(2, 0, split).reshape({batch, queries, groups_, kKernel, 2});
  const at::Tensor offsets = (fixed_points ? at::zeros_like(moved) : moved) + kernel;
  const std::array<std::int64_t, 4> shape = {batch, queries, groups_, kKernel};
  const at::Tensor weights =
      modulated_ ? made.slice(2, split).sigmoid().reshape(shape) : at::ones(shape, made.options());
  const at::Tensor p = cell_places(height_, width_, made.options()).view({1, -1, 1, 1, 2});
  const SamplePoints points{p + offsets, height_, width_, /*zeros=*/true};

  const auto at_once = std::max<std::int64_t>(1, kMostColumns / (queries * x.size(2) * kKernel));
  if (at::GradMode::is_enabled() || batch <= at_once) {
    return {convolve(x, weights, points), offsets};
  }
  std::vector<at::Tensor> parts;
  for (std::int64_t first = 0; first < batch; first += at_once) {
    const auto last = std::min(batch, first + at_once);
    SamplePoints some = points;
    some.location = points.location.slice(0, first, last);
    parts.push_back(convolve(x.slice(0, first, last), weights.slice(0, first, last), some));
  }
  return {at::cat(parts), offsets};
}

void DeformConvImpl::init() {
  offset_mask_->weight.zero_();
  offset_mask_->bias.zero_();
}

DcImpl::DcImpl(const ModelConfig& config)
    : concat_(config.bmd.dc.condition == DcCondition::kConcat) {
  for (std::size_t i = 0; i < config.bmd.dc.dilations.size(); ++i) {
    convs_.push_back(add<DeformConvImpl>(std::to_string(i), config, config.bmd.dc.dilations[i]));
  }
}

PointOutput DcImpl::forward(const at::Tensor& x, const at::Tensor& f, bool fixed_points) {
  const at::Tensor condition = concat_ ? at::cat({x, f}, -1) : x;
  at::Tensor sum;
  std::vector<at::Tensor> offsets;
  for (const auto& conv : convs_) {
    const PointOutput one = conv->forward(x, condition, fixed_points);
    sum = sum.defined() ? sum + one.value : one.value;
    offsets.push_back(one.offsets);
  }
  return {sum / static_cast<double>(convs_.size()), at::cat(offsets, 3)};
}

}  // namespace vremd::model
