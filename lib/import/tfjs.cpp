// SPDX-License-Identifier: Apache-2.0
#include "import/tfjs.h"

#include "core/error.h"
#include "core/half.h"
#include "io/json.h"
#include "io/safetensors.h"

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace vremd {
namespace {

static_assert(std::endian::native == std::endian::little, "the .bin files are little endian");

std::string read_bytes(const std::string& path) {
  if (std::filesystem::is_directory(path)) fail("{}: is a directory", path);
  std::ifstream in(path, std::ios::binary);
  if (!in) fail("{}: cannot open: {}", path, std::strerror(errno));
  std::string bytes{std::istreambuf_iterator<char>(in), {}};
  if (in.bad()) fail("{}: cannot read: {}", path, std::strerror(errno));
  return bytes;
}

std::string from_base64(const std::string& text, const std::string& place) {
  static const std::string kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string bytes;
  unsigned bits = 0;
  int count = 0;
  for (const char c : text) {
    if (c == '=') break;
    const auto digit = kAlphabet.find(c);
    if (digit == std::string::npos) fail("{}: a string attribute is not base64", place);
    bits = (bits << 6 | static_cast<unsigned>(digit)) & 0xffff;
    count += 6;
    if (count >= 8) {
      count -= 8;
      bytes += static_cast<char>(bits >> count & 0xff);
    }
  }
  return bytes;
}

// 64-bit integers are strings in protobuf's JSON.
std::int64_t to_int(const Json& value, const std::string& place) {
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_string()) {
    const auto& text = value.get_ref<const std::string&>();
    char* end = nullptr;
    errno = 0;
    const long long number = std::strtoll(text.c_str(), &end, 10);
    if (!text.empty() && *end == '\0' && errno == 0) return number;
  }
  fail("{}: not an integer: {}", place, value.dump());
}

const Json& member(const Json& object, const char* key, const std::string& place) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (!object.is_object() || found == object.end()) fail("{}: no '{}'", place, key);
  return *found;
}

std::string string_member(const Json& object, const char* key, const std::string& place) {
  const Json& value = member(object, key, place);
  if (!value.is_string()) fail("{}: '{}' is not a string", place, key);
  return value.get<std::string>();
}

const Json& list_member(const Json& object, const char* key, const std::string& place) {
  const Json& value = member(object, key, place);
  if (!value.is_array()) fail("{}: '{}' is not a list", place, key);
  return value;
}

void read_attribute(TfjsNode& node, const std::string& key, const Json& value,
                    const std::string& place) {
  const auto add = [&](const std::string& kind, const Json& item) {
    if (kind == "i") {
      node.ints[key].push_back(to_int(item, place));
    } else if (kind == "b" && item.is_boolean()) {
      node.ints[key].push_back(item.get<bool>());
    } else if (kind == "f" && item.is_number()) {
      node.floats[key].push_back(item.get<double>());
    } else if (kind == "s" && item.is_string()) {
      node.strings[key].push_back(from_base64(item.get<std::string>(), place));
    } else if (kind == "type" && item.is_string()) {
      node.strings[key].push_back(item.get<std::string>());
    }  // tensors are in the manifest; functions and the rest have no meaning here
  };
  if (!value.is_object()) fail("{}: attribute {} is not an object", place, key);
  for (const auto& [kind, content] : value.items()) {
    if (kind == "list" && content.is_object()) {
      for (const auto& [item_kind, items] : content.items()) {
        if (!items.is_array()) fail("{}: attribute {} is not a list", place, key);
        for (const Json& item : items) add(item_kind, item);
      }
    } else if (kind == "shape" && content.is_object() && content.contains("dim")) {
      for (const Json& dim : list_member(content, "dim", place)) {
        node.ints[key].push_back(dim.contains("size") ? to_int(dim["size"], place) : 0);
      }
    } else {
      add(kind, content);
    }
  }
}

TfjsNode read_node(const Json& json, const std::string& path) {
  TfjsNode node;
  node.name = string_member(json, "name", path + ": node");
  const std::string place = path + ": node " + node.name;
  node.op = string_member(json, "op", place);
  if (json.contains("input")) {
    for (const Json& input : list_member(json, "input", place)) {
      if (!input.is_string()) fail("{}: an input is not a name", place);
      node.inputs.push_back(input.get<std::string>());
    }
  }
  if (json.contains("attr")) {
    if (!json["attr"].is_object()) fail("{}: 'attr' is not an object", place);
    for (const auto& [key, value] : json["attr"].items()) {
      read_attribute(node, key, value, place);
    }
  }
  return node;
}

// How the values of one tensor lie in the .bin file.
struct Storage {
  enum Kind { kFloat32, kFloat16, kInt32, kUint16, kUint8 } kind = kFloat32;
  double scale = 1, min = 0;  // of quantised integers

  std::size_t size() const {
    return kind == kFloat32 || kind == kInt32 ? 4 : kind == kFloat16 || kind == kUint16 ? 2 : 1;
  }
};

Storage storage_of(const Json& weight, const std::string& place) {
  Storage storage;
  std::string dtype = string_member(weight, "dtype", place);
  const bool quantised = weight.contains("quantization");
  if (quantised) {
    const Json& how = weight["quantization"];
    dtype = string_member(how, "dtype", place);
    if (dtype != "float16") {
      const Json& scale = member(how, "scale", place);
      const Json& min = member(how, "min", place);
      if (!scale.is_number() || !min.is_number()) fail("{}: quantization is not numeric", place);
      storage.scale = scale.get<double>();
      storage.min = min.get<double>();
    }
  }
  if (dtype == "float32" && !quantised) {
    storage.kind = Storage::kFloat32;
  } else if (dtype == "int32" && !quantised) {
    storage.kind = Storage::kInt32;
  } else if (dtype == "float16" && quantised) {
    storage.kind = Storage::kFloat16;
  } else if (dtype == "uint16" && quantised) {
    storage.kind = Storage::kUint16;
  } else if (dtype == "uint8" || (dtype == "bool" && !quantised)) {
    storage.kind = Storage::kUint8;
  } else {
    fail("{}: unknown dtype '{}'", place, dtype);
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

// The tensors of one group lie in the concatenation of its files.
void read_group(TfjsModel& model, const Json& group) {
  const std::string place = model.path + ": weightsManifest";
  const auto folder = std::filesystem::path(model.path).parent_path();
  std::string data, names;
  for (const Json& name : list_member(group, "paths", place)) {
    if (!name.is_string()) fail("{}: a path is not a string", place);
    const std::string file = (folder / name.get<std::string>()).string();
    data += read_bytes(file);
    names += (names.empty() ? "" : ", ") + file;
  }
  std::size_t offset = 0;
  for (const Json& weight : list_member(group, "weights", place)) {
    const std::string name = string_member(weight, "name", place);
    const Storage storage = storage_of(weight, model.path + ": tensor " + name);
    TfjsTensor tensor;
    const std::size_t room = (data.size() - offset) / storage.size();
    std::size_t count = 1;
    for (const Json& size : list_member(weight, "shape", place)) {
      const std::int64_t length = to_int(size, model.path + ": tensor " + name);
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
      fail("{}: tensor {} appears twice", model.path, name);
    }
  }
  if (offset != data.size()) {
    fail("{}: {} bytes, but the manifest of {} tells {}", names, data.size(), model.path, offset);
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
          result.values[static_cast<std::size_t>((filter * h + y) * w + x)] =
              hwio.values[source++];
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
  const Json json = Json::parse(read_bytes(path), nullptr, /*allow_exceptions=*/false);
  if (json.is_discarded()) fail("{}: not JSON", path);
  if (!json.is_object() || !json.contains("modelTopology")) {
    fail("{}: not a TensorFlow.js graph model: no 'modelTopology'", path);
  }
  TfjsModel model;
  model.path = path;
  if (json.contains("generatedBy") && json["generatedBy"].is_string()) {
    model.generated_by = json["generatedBy"].get<std::string>();
  }
  for (const Json& node : list_member(json["modelTopology"], "node", path)) {
    model.nodes.push_back(read_node(node, path));
  }
  for (const Json& group : list_member(json, "weightsManifest", path)) read_group(model, group);
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
    convolution.depthwise = depthwise;
    convolution.weight = to_oihw(model.tensor(node.inputs[1]), depthwise, place);
    if (const auto strides = node.ints.find("strides");
        strides != node.ints.end() && strides->second.size() == 4) {
      convolution.stride = strides->second[1];
    }
    if (const auto padding = node.strings.find("padding"); padding != node.strings.end()) {
      convolution.padding = padding->second.front();
    }
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

}  // namespace vremd
