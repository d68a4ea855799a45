// SPDX-License-Identifier: Apache-2.0
#include "import/tfjs.h"

#include "core/error.h"
#include "core/half.h"
#include "core/text.h"
#include "detect/nanodet.h"
#include "io/json_file.h"
#include "io/json_node.h"

#include <array>
#include <bit>
#include <cstring>
#include <filesystem>
#include <utility>

namespace vremd::importer {
namespace {

static_assert(std::endian::native == std::endian::little, "the .bin files are little endian");

// 64-bit integers are strings in protobuf's JSON.
std::int64_t to_int(const io::JsonNode& node) {
  if (!node.is_string()) return node.integer();
  const auto number = number_from<std::int64_t>(node.string());
  if (!number) node.wrong("not an integer");
  return *number;
}

TfjsNode read_node(const io::JsonNode& json) {
  const auto [name, op, input] = json.fields({"name", "op", "input"});
  TfjsNode node;
  node.name = name.string();
  node.op = op.string();
  if (input) node.inputs = input.strings();
  return node;
}

// Storage type of a tensor in the .bin file.
struct Storage {
  enum Kind { kFloat32, kFloat16, kInt32, kUint16, kUint8 } kind = kFloat32;
  double scale = 1, min = 0;  // of quantised integers

  std::size_t size() const {
    return kind == kFloat32 || kind == kInt32 ? 4 : kind == kFloat16 || kind == kUint16 ? 2 : 1;
  }
};

Storage storage_of(const io::JsonNode& dtype, const io::JsonNode& quantization) {
  Storage storage;
  const bool quantised = static_cast<bool>(quantization);
  std::string type = quantised ? "" : dtype.string();
  if (quantised) {
    const auto [stored, scale, min] = quantization.fields({"dtype", "scale", "min"});
    type = stored.string();
    if (type != "float16") {
      storage.scale = scale.number();
      storage.min = min.number();
    }
  }
  if (type == "float32" && !quantised) {
    storage.kind = Storage::kFloat32;
  } else if (type == "int32" && !quantised) {
    storage.kind = Storage::kInt32;
  } else if (type == "float16" && quantised) {
    storage.kind = Storage::kFloat16;
  } else if (type == "uint16" && quantised) {
    storage.kind = Storage::kUint16;
  } else if (type == "uint8" || (type == "bool" && !quantised)) {
    storage.kind = Storage::kUint8;
  } else {
    dtype.wrong(fmt::format("unknown dtype '{}'", excerpt(type)));
  }
  return storage;
}

template <typename T>
T load(const char* bytes, std::size_t index) {
  T value;
  std::memcpy(&value, bytes + index * sizeof(T), sizeof(T));
  return value;
}

float value_at(const char* bytes, std::size_t index, const Storage& storage) {
  const auto scaled = [&](double quantum) {
    return static_cast<float>(quantum * storage.scale + storage.min);
  };
  switch (storage.kind) {
    case Storage::kFloat32: return load<float>(bytes, index);
    case Storage::kFloat16: return from_half(load<std::uint16_t>(bytes, index));
    case Storage::kInt32: return static_cast<float>(load<std::int32_t>(bytes, index));
    case Storage::kUint16: return scaled(load<std::uint16_t>(bytes, index));
    case Storage::kUint8: return scaled(load<std::uint8_t>(bytes, index));
  }
  return 0;
}

// The tensors of a group are stored in the concatenation of its files.
void read_group(TfjsModel& model, const io::JsonNode& group) {
  const auto [paths, weights] = group.fields({"paths", "weights"});
  const auto folder = std::filesystem::path(model.path).parent_path();
  std::string data, names;
  for (const std::string& path : paths.strings()) {
    const std::string file = (folder / path).string();
    data += io::read_text_file(file);
    names += (names.empty() ? "" : ", ") + file;
  }
  std::size_t offset = 0;
  for (const io::JsonNode weight : weights.array()) {
    const auto [name_node, dtype, quantization, shape] =
        weight.fields({"name", "dtype", "quantization", "shape"});
    const std::string name = name_node.string();
    const Storage storage = storage_of(dtype, quantization);
    TfjsTensor tensor;
    const std::size_t room = (data.size() - offset) / storage.size();
    std::size_t count = 1;
    for (const io::JsonNode size : shape.array()) {
      const std::int64_t length = to_int(size);
      if (length < 0) fail("{}: tensor {}: negative size", model.path, name);
      tensor.shape.push_back(length);
      const auto factor = static_cast<std::size_t>(length);
      if (factor > 0 && count > room / factor) {
        fail("{}: ends inside tensor {} ({} bytes)", names, name, data.size());
      }
      count *= factor;
    }
    if (count > room) fail("{}: ends inside tensor {} ({} bytes)", names, name, data.size());
    tensor.values.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      tensor.values[i] = value_at(data.data() + offset, i, storage);
    }
    offset += count * storage.size();
    if (!model.tensors.emplace(name, std::move(tensor)).second) {
      fail("{}: duplicate tensor {}", model.path, name);
    }
  }
  if (offset != data.size()) {
    fail("{}: {} bytes, but the manifest of {} lists {}", names, data.size(), model.path, offset);
  }
}

// [height, width, in, out] -> [out, in, height, width]; depthwise [h, w, c, m] -> [c m, 1, h, w].
TfjsTensor to_oihw(const TfjsTensor& hwio, bool depthwise, const std::string& place) {
  if (hwio.shape.size() != 4) fail("{}: the kernel has {} axes", place, hwio.shape.size());
  const std::int64_t h = hwio.shape[0], w = hwio.shape[1], in = hwio.shape[2], out = hwio.shape[3];
  TfjsTensor result;
  result.shape = depthwise ? std::vector<std::int64_t>{in * out, 1, h, w}
                           : std::vector<std::int64_t>{out, in, h, w};
  result.values.resize(hwio.values.size());
  std::size_t source = 0;
  for (std::int64_t y = 0; y < h; ++y) {
    for (std::int64_t x = 0; x < w; ++x) {
      for (std::int64_t i = 0; i < in; ++i) {
        for (std::int64_t o = 0; o < out; ++o) {
          const std::int64_t filter = depthwise ? i * out + o : o * in + i;
          result.values[static_cast<std::size_t>((filter * h + y) * w + x)] = hwio.values[source++];
        }
      }
    }
  }
  return result;
}

// The bias of an unfused convolution: the constant in the only addition that reads it.
const TfjsTensor* added_bias(const TfjsModel& model, const std::string& convolution) {
  for (const TfjsNode& node : model.nodes) {
    if (node.op != "Add" && node.op != "AddV2" && node.op != "BiasAdd") continue;
    if (node.inputs.size() != 2 || node.inputs[0] != convolution) continue;
    const auto bias = model.tensors.find(node.inputs[1]);
    if (bias != model.tensors.end()) return &bias->second;
  }
  return nullptr;
}

}  // namespace

const TfjsTensor& TfjsModel::tensor(const std::string& name) const {
  const auto found = tensors.find(name);
  if (found == tensors.end()) fail("{}: no tensor {}", path, name);
  return found->second;
}

TfjsModel read_tfjs(const std::string& path) {
  const Json json = io::read_json_file(path);
  const io::JsonNode root(&json, {path});
  const auto [topology, manifest] = root.fields({"modelTopology", "weightsManifest"});
  if (!topology) fail("{}: not a TensorFlow.js graph model: no modelTopology", path);
  TfjsModel model;
  model.path = path;
  const io::JsonNode nodes = topology.field("node");
  for (const io::JsonNode node : nodes.array()) model.nodes.push_back(read_node(node));
  for (const io::JsonNode group : manifest.array()) read_group(model, group);
  return model;
}

std::vector<TfjsConvolution> convolutions(const TfjsModel& model) {
  std::vector<TfjsConvolution> result;
  for (const TfjsNode& node : model.nodes) {
    const bool depthwise =
        node.op == "DepthwiseConv2dNative" || node.op == "FusedDepthwiseConv2dNative";
    if (!depthwise && node.op != "Conv2D" && node.op != "_FusedConv2D") continue;
    const std::string place = model.path + ": node " + node.name;
    if (node.inputs.size() < 2) fail("{}: a convolution without a kernel", place);
    TfjsConvolution convolution;
    convolution.name = node.name;
    convolution.weight = to_oihw(model.tensor(node.inputs[1]), depthwise, place);
    if (node.inputs.size() > 2) {
      convolution.bias = model.tensor(node.inputs[2]);
    } else if (const TfjsTensor* bias = added_bias(model, node.name)) {
      convolution.bias = *bias;
    }
    if (!convolution.bias.values.empty() &&
        convolution.bias.values.size() != static_cast<std::size_t>(convolution.weight.shape[0])) {
      fail("{}: {} biases for {} channels", place, convolution.bias.values.size(),
           convolution.weight.shape[0]);
    }
    result.push_back(std::move(convolution));
  }
  return result;
}

// ---- names -------------------------------------------------------------------------------------

namespace {

using Pair = std::pair<const char*, const char*>;

constexpr const char* kExtractor =
    "StatefulPartitionedCall/center_net_mobile_net_v2fpn_feature_extractor/model_1/";

constexpr std::array<Pair, 14> kMovenetParts{{
    {"model/Conv1_relu/Relu6", "stem"},
    {"model/expanded_conv_depthwise/depthwise", "block_0.depthwise"},
    {"model/expanded_conv_project_BN/FusedBatchNormV3", "block_0.project"},
    {"model/out_relu/Relu6", "last"},
    {"conv2d/BiasAdd", "lateral_32"},
    {"conv2d_1/BiasAdd", "lateral_16"},
    {"conv2d_2/BiasAdd", "lateral_8"},
    {"conv2d_3/BiasAdd", "lateral_4"},
    {"separable_conv2d/separable_conv2d/depthwise", "pyramid_16.depthwise"},
    {"re_lu/Relu", "pyramid_16.pointwise"},
    {"separable_conv2d_1/separable_conv2d/depthwise", "pyramid_8.depthwise"},
    {"re_lu_1/Relu", "pyramid_8.pointwise"},
    {"separable_conv2d_2/separable_conv2d/depthwise", "pyramid_4.depthwise"},
    {"re_lu_2/Relu", "pyramid_4.pointwise"},
}};

constexpr std::array<Pair, 3> kMovenetBlock{{
    {"_expand_relu/Relu6", "expand"},
    {"_depthwise/depthwise", "depthwise"},
    {"_project_BN/FusedBatchNormV3", "project"},
}};

constexpr std::array<Pair, 4> kMovenetHeads{{
    {"kpt_heatmap_0/", "heatmap"},
    {"kpt_regress_0/", "regression"},
    {"center_0/", "centre"},
    {"kpt_offset_0/", "offset"},
}};

}  // namespace

std::string movenet_name(const std::string& node) {
  static const std::string kExtractorPrefix = kExtractor, kPrefix = "StatefulPartitionedCall/";
  if (node.starts_with(kExtractorPrefix)) {
    const std::string rest = node.substr(kExtractorPrefix.size());
    for (const auto& [theirs, ours] : kMovenetParts) {
      if (rest == theirs) return std::string("backbone.") + ours;
    }
    const std::string block = "model/block_";
    if (!rest.starts_with(block)) return "";
    const auto digits = rest.find_first_not_of("0123456789", block.size());
    if (digits == std::string::npos) return "";
    for (const auto& [theirs, ours] : kMovenetBlock) {
      if (rest.substr(digits) == theirs) {
        return "backbone.block_" + rest.substr(block.size(), digits - block.size()) + "." + ours;
      }
    }
    return "";
  }
  for (const auto& [theirs, ours] : kMovenetHeads) {
    if (!node.starts_with(kPrefix + theirs)) continue;
    const std::string head = std::string("head.") + ours;
    if (node.ends_with("/depthwise")) return head + ".depthwise";
    if (node.ends_with("/Relu")) return head + ".pointwise";
    if (node.ends_with("/BiasAdd")) return head + ".output";
  }
  return "";
}

std::string nanodet_name(const std::string& node) {
  static const std::string kPrefix = "PartitionedCall/convolution";
  static const std::vector<detect::ConvShape> kLayers = detect::nanodet_layers();
  if (!node.starts_with(kPrefix)) return "";
  const std::string rest = node.substr(kPrefix.size());  // "", "_1", "_2" ...
  for (std::size_t i = 0; i < kLayers.size(); ++i) {
    if (rest == (i == 0 ? "" : "_" + std::to_string(i))) return kLayers[i].name;
  }
  return "";
}

}  // namespace vremd::importer
