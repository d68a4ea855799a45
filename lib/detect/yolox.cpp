// SPDX-License-Identifier: Apache-2.0
#include "detect/yolox.h"

#include "core/error.h"
#include "core/text.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/upsample_bilinear2d.h>
#include <ATen/ops/upsample_nearest2d.h>

#include <algorithm>
#include <utility>

namespace vremd::detect {
namespace {

struct NamedShape {
  const char* name;
  std::int64_t width;
  int depth;
  bool depthwise;
};
constexpr NamedShape kShapes[] = {{"nano", 16, 1, true}, {"tiny", 24, 1, false},
                                  {"s", 32, 1, false},   {"m", 48, 2, false},
                                  {"l", 64, 3, false},   {"x", 80, 4, false}};

class Layers {
 public:
  explicit Layers(bool depthwise) : depthwise_(depthwise) {}

  void plain(const std::string& name, std::int64_t in, std::int64_t out, std::int64_t kernel = 1) {
    list.push_back({name, in, out, kernel});
  }

  // 3 x 3, in one or two steps.
  void wide(const std::string& name, std::int64_t in, std::int64_t out) {
    if (!depthwise_) return plain(name, in, out, 3);
    list.push_back({name + ".dconv", in, in, 3, true});
    plain(name + ".pconv", in, out);
  }

  // Two branches of half the channels, one of them through bottlenecks.
  void csp(const std::string& name, std::int64_t in, std::int64_t out, int bottlenecks) {
    const std::int64_t half = out / 2;
    plain(name + ".conv1", in, half);
    plain(name + ".conv2", in, half);
    plain(name + ".conv3", 2 * half, out);
    for (int i = 0; i < bottlenecks; ++i) {
      const std::string block = fmt::format("{}.m.{}", name, i);
      plain(block + ".conv1", half, half);
      wide(block + ".conv2", half, half);
    }
  }

  std::vector<ConvShape> list;

 private:
  bool depthwise_;
};

using Tensors = std::map<std::string, io::TensorView>;

YoloxShape shape_of(const Tensors& tensors, const std::string& path) {
  std::map<std::string, std::vector<std::int64_t>> sizes;
  static const std::string kWeight = ".weight";
  for (const auto& [name, view] : tensors) {
    if (name.ends_with(kWeight)) sizes[name.substr(0, name.size() - kWeight.size())] = view.shape;
  }
  return yolox_shape(sizes, path);
}

// Every second pixel on both axes, in the official order.
at::Tensor focus(const at::Tensor& x) {
  const auto part = [&](std::int64_t row, std::int64_t column) {
    return x.slice(2, row, std::nullopt, 2).slice(3, column, std::nullopt, 2);
  };
  return at::cat({part(0, 0), part(1, 0), part(0, 1), part(1, 1)}, 1);
}

at::Tensor doubled(const at::Tensor& x) {
  return at::upsample_nearest2d(x, {2 * x.size(2), 2 * x.size(3)});
}

constexpr double kGrey = 114;

}  // namespace

std::string YoloxShape::name() const {
  for (const NamedShape& one : kShapes) {
    if (one.width == width && one.depth == depth && one.depthwise == depthwise) {
      return std::string("yolox-") + one.name;
    }
  }
  return "yolox-custom";
}

std::vector<ConvShape> yolox_layers(const YoloxShape& shape) {
  Layers layers(shape.depthwise);
  const std::int64_t w = shape.width;
  const int depth = shape.depth;
  layers.plain("backbone.stem", 12, w, 3);
  layers.wide("backbone.dark2.0", w, 2 * w);
  layers.csp("backbone.dark2.1", 2 * w, 2 * w, depth);
  layers.wide("backbone.dark3.0", 2 * w, 4 * w);
  layers.csp("backbone.dark3.1", 4 * w, 4 * w, 3 * depth);
  layers.wide("backbone.dark4.0", 4 * w, 8 * w);
  layers.csp("backbone.dark4.1", 8 * w, 8 * w, 3 * depth);
  layers.wide("backbone.dark5.0", 8 * w, 16 * w);
  layers.plain("backbone.dark5.1.conv1", 16 * w, 8 * w);
  layers.plain("backbone.dark5.1.conv2", 32 * w, 16 * w);
  layers.csp("backbone.dark5.2", 16 * w, 16 * w, depth);

  layers.plain("neck.lateral_conv0", 16 * w, 8 * w);
  layers.csp("neck.C3_p4", 16 * w, 8 * w, depth);
  layers.plain("neck.reduce_conv1", 8 * w, 4 * w);
  layers.csp("neck.C3_p3", 8 * w, 4 * w, depth);
  layers.wide("neck.bu_conv2", 4 * w, 4 * w);
  layers.csp("neck.C3_n3", 8 * w, 8 * w, depth);
  layers.wide("neck.bu_conv1", 8 * w, 8 * w);
  layers.csp("neck.C3_n4", 16 * w, 16 * w, depth);

  for (int k = 0; k < 3; ++k) {
    const std::int64_t hidden = 4 * w;
    layers.plain(fmt::format("head.stems.{}", k), hidden << k, hidden);
    for (const char* branch : {"cls", "reg"}) {
      layers.wide(fmt::format("head.{}_convs.{}.0", branch, k), hidden, hidden);
      layers.wide(fmt::format("head.{}_convs.{}.1", branch, k), hidden, hidden);
    }
    layers.plain(fmt::format("head.cls_preds.{}", k), hidden, shape.classes);
    layers.plain(fmt::format("head.reg_preds.{}", k), hidden, 4);
    layers.plain(fmt::format("head.obj_preds.{}", k), hidden, 1);
  }
  return std::move(layers.list);
}

YoloxShape yolox_shape(const std::map<std::string, std::vector<std::int64_t>>& sizes,
                       const std::string& path) {
  const auto rows = [&](const std::string& name) -> std::int64_t {
    const auto found = sizes.find(name);
    if (found == sizes.end() || found->second.size() != 4) fail("{}: no layer {}", path, name);
    return found->second[0];
  };
  YoloxShape shape;
  shape.width = rows("backbone.stem");
  shape.classes = rows("head.cls_preds.0");
  shape.depthwise = sizes.contains("backbone.dark2.0.dconv");
  shape.depth = 0;
  while (sizes.contains(fmt::format("backbone.dark2.1.m.{}.conv1", shape.depth))) ++shape.depth;
  if (shape.width < 1 || shape.width > 1024 || shape.depth < 1 || shape.classes < 1) {
    fail("{}: not the shapes of a YOLOX", path);
  }
  return shape;
}

Yolox::Yolox(const Tensors& tensors, const std::string& path, const c10::Device& device,
             at::ScalarType type, int input_size)
    : Yolox(shape_of(tensors, path), tensors, path, device, type, input_size) {}

Yolox::Yolox(const YoloxShape& shape, const Tensors& tensors, const std::string& path,
             const c10::Device& device, at::ScalarType type, int input_size)
    : Detector({shape.name(), letterbox, decode_yolox, {input_size}, 0.65}, tensors, path,
               yolox_layers(shape), device, type),
      shape_(shape) {
  for (int k = 0; k < 3; ++k) {  // person only
    Layer& classes = layers_.at(fmt::format("head.cls_preds.{}", k));
    classes = {classes.weight.slice(0, 0, 1), classes.bias.slice(0, 0, 1)};
  }
}

at::Tensor Yolox::activated(const at::Tensor& x, const std::string& name, int stride) const {
  if (!layers_.contains(name)) {  // depthwise and pointwise
    return activated(activated(x, name + ".dconv", stride), name + ".pconv");
  }
  at::Tensor y = convolve(x, name, stride);
  return at::silu_(y);
}

at::Tensor Yolox::csp(const at::Tensor& x, const std::string& name, int bottlenecks,
                      bool shortcut) const {
  at::Tensor y = activated(x, name + ".conv1");
  for (int i = 0; i < bottlenecks; ++i) {
    const std::string block = fmt::format("{}.m.{}", name, i);
    const at::Tensor z = activated(activated(y, block + ".conv1"), block + ".conv2");
    y = shortcut ? z.add(y) : z;
  }
  return activated(at::cat({y, activated(x, name + ".conv2")}, 1), name + ".conv3");
}

at::Tensor Yolox::spp(const at::Tensor& x, const std::string& name) const {
  const at::Tensor y = activated(x, name + ".conv1");
  const auto pooled = [&](std::int64_t size) {
    return at::max_pool2d(y, {size, size}, {1, 1}, {size / 2, size / 2});
  };
  return activated(at::cat({y, pooled(5), pooled(9), pooled(13)}, 1), name + ".conv2");
}

std::array<at::Tensor, 3> Yolox::run(const at::Tensor& pictures_nchw) const {
  const int depth = shape_.depth;
  at::Tensor y =
      activated(focus(pictures_nchw).contiguous(at::MemoryFormat::ChannelsLast), "backbone.stem");
  y = csp(activated(y, "backbone.dark2.0", 2), "backbone.dark2.1", depth, true);
  const at::Tensor c3 =
      csp(activated(y, "backbone.dark3.0", 2), "backbone.dark3.1", 3 * depth, true);
  const at::Tensor c4 =
      csp(activated(c3, "backbone.dark4.0", 2), "backbone.dark4.1", 3 * depth, true);
  const at::Tensor c5 = csp(spp(activated(c4, "backbone.dark5.0", 2), "backbone.dark5.1"),
                            "backbone.dark5.2", depth, false);

  const at::Tensor top = activated(c5, "neck.lateral_conv0");
  const at::Tensor p4 = csp(at::cat({doubled(top), c4}, 1), "neck.C3_p4", depth, false);
  const at::Tensor middle = activated(p4, "neck.reduce_conv1");
  const at::Tensor n3 = csp(at::cat({doubled(middle), c3}, 1), "neck.C3_p3", depth, false);
  const at::Tensor n4 =
      csp(at::cat({activated(n3, "neck.bu_conv2", 2), middle}, 1), "neck.C3_n3", depth, false);
  const at::Tensor n5 =
      csp(at::cat({activated(n4, "neck.bu_conv1", 2), top}, 1), "neck.C3_n4", depth, false);

  const auto head = [&](const at::Tensor& map, int k) {
    const auto name = [&](const char* part) { return fmt::format("head.{}.{}", part, k); };
    const at::Tensor stem = activated(map, name("stems"));
    const auto branch = [&](const std::string& convs) {
      return activated(activated(stem, convs + ".0"), convs + ".1");
    };
    const at::Tensor regression = branch(name("reg_convs"));
    return at::cat(
        {convolve(regression, name("reg_preds")), convolve(regression, name("obj_preds")),
         convolve(branch(name("cls_convs")), name("cls_preds"))},
        1);
  };
  return {head(n3, 0), head(n4, 1), head(n5, 2)};
}

int yolox_input_size(const io::SafetensorsFile& weights) {
  const auto found = weights.metadata().find("input_size");
  const std::string text = found == weights.metadata().end() ? "" : found->second;
  const int size = number_from<int>(text).value_or(0);
  if (size < kSizeStep || size > 8192 || size % kSizeStep) {
    fail("{}: invalid input_size in its metadata: '{}'", weights.path(), text);
  }
  return size;
}

DetectorInput letterbox(const Frame& frame, int size, const c10::Device& device,
                        at::ScalarType type) {
  const double scale = static_cast<double>(size) / std::max(frame.width, frame.height);
  const int width = std::max(1, static_cast<int>(frame.width * scale));  // truncated, as officially
  const int height = std::max(1, static_cast<int>(frame.height * scale));
  at::Tensor rgb = rgb_nchw(frame).to(device, at::kFloat);
  if (width != frame.width || height != frame.height) {
    rgb = at::upsample_bilinear2d(rgb, {height, width}, /*align_corners=*/false).round_();
  }
  at::Tensor picture =
      at::full({1, 3, size, size}, kGrey, at::TensorOptions().device(device).dtype(at::kFloat));
  picture.narrow(2, 0, height).narrow(3, 0, width).copy_(rgb.flip(1));
  return {picture.to(type), scale, scale};
}

void decode_yolox(const at::Tensor& map_chw, int stride, double min_score,
                  std::vector<ops::ScoredBox>& boxes) {
  const at::Tensor map = map_chw.contiguous();
  const std::int64_t height = map.size(1), width = map.size(2), plane = height * width;
  const float* values = map.data_ptr<float>();
  for (std::int64_t at = 0; at < plane; ++at) {
    const auto channel = [&](int index) { return values[index * plane + at]; };
    const double score = sigmoid(channel(4)) * sigmoid(channel(5));
    if (!(score >= min_score)) continue;
    const std::int64_t row = at / width, column = at % width;
    const double x = (channel(0) + static_cast<double>(column)) * stride;
    const double y = (channel(1) + static_cast<double>(row)) * stride;
    const double w = std::exp(static_cast<double>(channel(2))) * stride;
    const double h = std::exp(static_cast<double>(channel(3))) * stride;
    boxes.push_back({{x - w / 2, y - h / 2, w, h}, score, 0});
  }
}

}  // namespace vremd::detect
