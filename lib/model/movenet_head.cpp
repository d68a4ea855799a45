// SPDX-License-Identifier: Apache-2.0
#include "model/movenet_head.h"

#include <ATen/Functions.h>

namespace vremd::model {
namespace {

// Initial sharpness: of .25 to .8 the best for COCO and blurred key frames together. Training on
// athletes lowers it.
constexpr double kPriorSharpness = 0.6;

// Rows and columns of a map, [1, 1, H, 1] and [1, 1, 1, W].
struct Grid {
  explicit Grid(const at::Tensor& map_nchw)
      : height(map_nchw.size(2)),
        width(map_nchw.size(3)),
        rows(at::arange(height, map_nchw.options()).view({1, 1, height, 1})),
        columns(at::arange(width, map_nchw.options()).view({1, 1, 1, width})) {}

  at::Tensor squared_distance(const at::Tensor& y, const at::Tensor& x) const {
    return (rows - y).square() + (columns - x).square();
  }
  // The graph adds 1.8 cells to both distances.
  at::Tensor softened_distance(const at::Tensor& y, const at::Tensor& x) const {
    return squared_distance(y, x).sqrt() + 1.8;
  }
  at::Tensor row_of(const at::Tensor& cells) const {
    return cells.div(width, "floor").to(at::kFloat);
  }
  at::Tensor column_of(const at::Tensor& cells) const {
    return cells.remainder(width).to(at::kFloat);
  }

  std::int64_t height, width;
  at::Tensor rows, columns;
};

// (y, x) [B, 17, 2] of a 34-channel map at one cell per joint, cells [B, 17].
at::Tensor at_cells(const at::Tensor& pairs_nchw, const at::Tensor& cells_bj) {
  const auto batch = pairs_nchw.size(0), joints = cells_bj.size(1);
  return pairs_nchw.contiguous()
      .view({batch, joints, 2, pairs_nchw.size(2) * pairs_nchw.size(3)})
      .gather(3, cells_bj.view({batch, joints, 1, 1}).expand({batch, joints, 2, 1}))
      .squeeze(3);
}

// Shifts each map by its (y, x) [B, J, 2], in cells, and samples it bilinearly every `step` cells;
// the border is repeated.
at::Tensor moved_by(const at::Tensor& maps_bjhw, const at::Tensor& cells_bj2, double step) {
  const auto count = maps_bjhw.size(0) * maps_bjhw.size(1);
  const auto height = maps_bjhw.size(2), width = maps_bjhw.size(3);
  const at::Tensor by = cells_bj2.reshape({count, 1, 1, 2});
  const at::Tensor rows = at::arange(height, maps_bjhw.options()).view({1, height, 1}) * step;
  const at::Tensor columns = at::arange(width, maps_bjhw.options()).view({1, 1, width}) * step;
  // -1 and 1 are the centres of the first and the last cell.
  const auto normalised = [](const at::Tensor& cells, std::int64_t size) {
    return cells * (2.0 / static_cast<double>(size - 1)) - 1;
  };
  const at::Tensor y = normalised(rows - by.select(3, 0), height).expand({count, height, width});
  const at::Tensor x = normalised(columns - by.select(3, 1), width).expand({count, height, width});
  const at::Tensor maps = maps_bjhw.reshape({count, 1, height, width});
  return at::grid_sampler(maps, at::stack({x, y}, 3), /*interpolation_mode=*/0,
                          /*padding_mode=*/1, /*align_corners=*/true)
      .view_as(maps_bjhw);
}

at::Tensor as_cells(const at::Tensor& values_bj) { return values_bj.unsqueeze(2).unsqueeze(3); }

}  // namespace

MovenetHeadsImpl::MovenetHeadsImpl() {
  heatmap_ = head("heatmap", kJoints);
  regression_ = head("regression", 2 * kJoints);
  centre_ = head("centre", 1);
  offset_ = head("offset", 2 * kJoints);
}

std::shared_ptr<SeparableConvImpl> MovenetHeadsImpl::head(const char* name, std::int64_t outputs) {
  return add<SeparableConvImpl>(name, MovenetImpl::kPyramid4, 96, outputs);
}

at::Tensor MovenetHeadsImpl::pyramid_4(const at::Tensor& tokens_bnc, std::int64_t tokens_h,
                                       std::int64_t tokens_w) {
  const at::Tensor channels = tokens_bnc.slice(2, 0, 16 * MovenetImpl::kPyramid4);
  return at::pixel_shuffle(tokens_to_map(channels, tokens_h, tokens_w), 4);
}

at::Tensor MovenetHeadsImpl::logits(const at::Tensor& map_nchw) {
  return heatmap_->forward(map_nchw);
}

at::Tensor MovenetHeadsImpl::distances(const at::Tensor& map_nchw) {
  const Grid grid(map_nchw);
  const auto batch = map_nchw.size(0);
  const auto middle = [&](std::int64_t size) {
    return at::full({1, 1, 1, 1}, static_cast<double>(size / 2), map_nchw.options());
  };
  const at::Tensor centre = at::sigmoid(centre_->forward(map_nchw)) /
                            grid.softened_distance(middle(grid.height), middle(grid.width));
  const at::Tensor person =  // its cell, repeated for each joint
      centre.flatten(1).argmax(1).view({batch, 1}).expand({batch, kJoints});
  const at::Tensor moved = at_cells(regression_->forward(map_nchw), person);
  return grid.softened_distance(as_cells(moved.select(2, 0) + grid.row_of(person)),
                                as_cells(moved.select(2, 1) + grid.column_of(person)));
}

at::Tensor MovenetHeadsImpl::offsets(const at::Tensor& map_nchw, const at::Tensor& cells_bj) {
  return at_cells(offset_->forward(map_nchw), cells_bj);
}

at::Tensor MovenetHeadImpl::forward(const at::Tensor& tokens_bnc, std::int64_t tokens_h,
                                    std::int64_t tokens_w) {
  const at::Tensor map = pyramid_4(tokens_bnc, tokens_h, tokens_w);
  const Grid grid(map);
  const at::Tensor scores = at::sigmoid(logits(map));
  const at::Tensor peaks = (scores / distances(map)).flatten(2).argmax(2);  // [B, 17]

  const at::Tensor moved = offsets(map, peaks);
  const at::Tensor y = grid.row_of(peaks) + moved.select(2, 0);
  const at::Tensor x = grid.column_of(peaks) + moved.select(2, 1);
  const at::Tensor score = scores.flatten(2).gather(2, peaks.unsqueeze(2)).squeeze(2);

  const auto inside = [](const at::Tensor& cells, std::int64_t size) {
    return as_cells(cells.clamp(0, static_cast<double>(size - 1)));
  };
  const double sigma = 2;
  const at::Tensor gaussians = grid.squared_distance(inside(y, grid.height), inside(x, grid.width))
                                   .div(-2 * sigma * sigma)
                                   .exp();
  return gaussians / gaussians.amax({2, 3}, /*keepdim=*/true) * as_cells(score);
}

MovenetPriorImpl::MovenetPriorImpl(const ModelConfig& config)
    : tokens_h_(config.tokens_h()), tokens_w_(config.tokens_w()) {
  backbone_ = add<MovenetImpl>("backbone");
  for (at::Tensor& parameter : parameters()) parameter.requires_grad_(false);
  sharpness_ = add_parameter("sharpness", {kJoints});
  cell_ = ops::heatmap_to_crop(config.heatmap_height(), config.heatmap_width(), config.crop_spec())
              .m[0] /
          4;
  const JointSet& theirs = joint_set("coco17");
  for (const std::string& joint : config.joints().joints) {
    const int row = theirs.index(joint);
    rows_.push_back(row < 0 ? kJoints : row);
  }
}

void MovenetPriorImpl::init() {
  at::NoGradGuard no_grad;
  backbone_->init();
  sharpness_.fill_(kPriorSharpness);
}

at::Tensor MovenetPriorImpl::tokens(const at::Tensor& crops_nchw, const at::Tensor& rows) {
  return tokens_of_rows(crops_nchw, rows, [&](const at::Tensor& crops) {
    return backbone_->pyramid_4_of_low(backbone_->forward_low(crops));
  });
}

at::Tensor MovenetPriorImpl::tokens_of_low(const at::Tensor& low_nchw, const at::Tensor& rows) {
  return tokens_of_rows(low_nchw, rows, [&](const at::Tensor& low) {
    return backbone_->pyramid_4_of_low(low.contiguous(at::MemoryFormat::ChannelsLast));
  });
}

at::Tensor MovenetPriorImpl::tokens_of_rows(
    const at::Tensor& input, const at::Tensor& rows,
    const std::function<at::Tensor(const at::Tensor&)>& map_of) const {
  at::NoGradGuard no_grad;
  const auto tokens_of = [&](const at::Tensor& some) {
    return map_to_tokens(at::pixel_unshuffle(map_of(some), 4));
  };
  if (!rows.defined()) return tokens_of(input);
  const at::Tensor tokens = at::zeros({input.size(0), tokens_h_ * tokens_w_, kChannels},
                                      input.options().dtype(at::kFloat));
  if (rows.size(0) == 0) return tokens;
  return tokens.index_copy(0, rows, tokens_of(input.index_select(0, rows)));
}

at::Tensor MovenetPriorImpl::forward(const at::Tensor& tokens_bnc) {
  at::Tensor found;
  {
    at::NoGradGuard no_grad;
    const at::Tensor map = pyramid_4(tokens_bnc.to(at::kFloat), tokens_h_, tokens_w_);
    const at::Tensor own = logits(map);
    found = at::log_sigmoid(own) - distances(map).log();
    const at::Tensor peaks = found.flatten(2).argmax(2);
    const at::Tensor score = own.flatten(2).gather(2, peaks.unsqueeze(2)).squeeze(2).sigmoid();
    found = moved_by(found, offsets(map, peaks), cell_) * as_cells(score.sqrt());
  }
  const at::Tensor known = found * sharpness_.view({1, kJoints, 1, 1});
  const at::Tensor all = at::cat({known, at::zeros_like(known.slice(1, 0, 1))}, 1);
  return all.index_select(1, at::tensor(rows_, all.options().dtype(at::kLong)));
}

}  // namespace vremd::model
