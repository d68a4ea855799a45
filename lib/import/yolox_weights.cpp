// SPDX-License-Identifier: Apache-2.0
#include "import/yolox_weights.h"

#include "core/error.h"

#include <cmath>
#include <map>
#include <vector>

namespace vremd::importer {
namespace {

constexpr double kBatchNormEps = 1e-3;  // of the official models
constexpr const char* kStem = "backbone.backbone.stem.conv";

bool is_prediction(const std::string& layer) { return layer.find("_preds.") != std::string::npos; }

// Our layer -> the module with "conv" and "bn", or the convolution itself for predictions.
std::string official(const std::string& layer) {
  static const std::string kBackbone = "backbone.", kNeck = "neck.";
  if (layer == "backbone.stem") return kStem;
  if (layer.starts_with(kBackbone)) return "backbone." + layer;
  if (layer.starts_with(kNeck)) return kBackbone + layer.substr(kNeck.size());
  return layer;
}

// The inverse for weights of convolutions; "" for other tensors.
std::string layer_of(const std::string& name) {
  static const std::string kConv = ".conv.weight", kWeight = ".weight", kInner = "backbone.";
  if (is_prediction(name) && name.ends_with(kWeight)) {
    return name.substr(0, name.size() - kWeight.size());
  }
  if (!name.ends_with(kConv)) return "";
  const std::string module = name.substr(0, name.size() - kConv.size());
  if (module == kStem) return "backbone.stem";
  if (module.starts_with("backbone.backbone.")) return module.substr(kInner.size());
  if (module.starts_with(kInner)) return "neck." + module.substr(kInner.size());
  return module;
}

class Import {
 public:
  Import(const SourceFile& source, io::DType dtype)
      : source_(source), reader_(source), dtype_(dtype) {}

  ImportedYolox run() {
    std::map<std::string, std::vector<std::int64_t>> sizes;
    for (const auto& [name, tensor] : source_.tensors) {
      if (const std::string layer = layer_of(name); !layer.empty()) sizes[layer] = tensor.shape;
    }
    imported_.shape = detect::yolox_shape(sizes, source_.path);
    const std::string name = imported_.shape.name();
    if (name == "yolox-nano" || name == "yolox-tiny") imported_.input_size = 416;
    for (const detect::ConvShape& layer : detect::yolox_layers(imported_.shape)) add(layer);
    const auto unused = [](const auto& tensor) { return tensor.ends_with(".num_batches_tracked"); };
    reader_.refuse_others(unused, name);
    return std::move(imported_);
  }

 private:
  std::vector<float> take(const std::string& name, const std::vector<std::int64_t>& shape) {
    const SourceTensor& tensor = reader_.take(name);
    if (tensor.shape != shape) {
      fail("{}: {} is {}, not {}", source_.path, name, text_of(tensor.shape), text_of(shape));
    }
    return tensor.to_float();
  }

  void add(const detect::ConvShape& layer) {
    const std::string module = official(layer.name);
    const std::vector<std::int64_t> vector{layer.out};
    if (is_prediction(layer.name)) {
      return store(layer, take(module + ".weight", layer.weight_shape()),
                   take(module + ".bias", vector));
    }
    auto weight = take(module + ".conv.weight", layer.weight_shape());
    const auto scale = take(module + ".bn.weight", vector);
    const auto shift = take(module + ".bn.bias", vector);
    const auto mean = take(module + ".bn.running_mean", vector);
    const auto variance = take(module + ".bn.running_var", vector);
    std::vector<float> bias(scale.size());
    const std::size_t row = weight.size() / scale.size();
    for (std::size_t i = 0; i < scale.size(); ++i) {
      const double factor = scale[i] / std::sqrt(variance[i] + kBatchNormEps);
      for (std::size_t k = i * row; k < (i + 1) * row; ++k) {
        weight[k] = static_cast<float>(weight[k] * factor);
      }
      bias[i] = static_cast<float>(shift[i] - mean[i] * factor);
    }
    store(layer, weight, bias);
  }

  void store(const detect::ConvShape& layer, const std::vector<float>& weight,
             const std::vector<float>& bias) {
    imported_.tensors.add_weight(layer.name + ".weight",
                                 ops::to_tensor(layer.weight_shape(), weight), dtype_);
    imported_.tensors.add_weight(layer.name + ".bias", ops::to_tensor({layer.out}, bias), dtype_);
  }

  const SourceFile& source_;
  SourceReader reader_;
  io::DType dtype_;
  ImportedYolox imported_{{}, 640, ops::StoredTensors(source_.path)};
};

}  // namespace

bool is_yolox(const SourceFile& source) {
  return source.tensors.contains(fmt::format("{}.conv.weight", kStem));
}

ImportedYolox import_yolox(const SourceFile& source, io::DType dtype) {
  return Import(source, dtype).run();
}

}  // namespace vremd::importer
