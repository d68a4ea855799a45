// SPDX-License-Identifier: Apache-2.0
#include "import/source.h"

#include "core/error.h"
#include "core/half.h"
#include "core/text.h"
#include "import/pth.h"
#include "io/json_file.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <utility>

namespace vremd::importer {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "files are little endian");

std::vector<std::int64_t> row_major_strides(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  for (std::size_t i = shape.size(); i-- > 1;) strides[i - 1] = strides[i] * shape[i];
  return strides;
}

float value_of(const std::byte* at, io::DType dtype, bool big_endian) {
  std::byte raw[8];
  std::memcpy(raw, at, io::size_of(dtype));
  if (big_endian) std::reverse(raw, raw + io::size_of(dtype));
  const auto as = [&]<typename T>(T value) {
    std::memcpy(&value, raw, sizeof(T));
    return value;
  };
  switch (dtype) {
    case io::DType::kF64: return static_cast<float>(as(double{}));
    case io::DType::kF32: return as(float{});
    case io::DType::kF16: return from_half(as(std::uint16_t{}));
    case io::DType::kBF16: return std::bit_cast<float>(std::uint32_t{as(std::uint16_t{})} << 16);
    default: fail("expected a floating point tensor, not {}", io::name_of(dtype));
  }
}

SourceFile read_safetensors(const std::string& path) {
  const auto file = std::make_shared<const io::SafetensorsFile>(path);
  SourceFile source;
  source.path = path;
  source.container = "safetensors";
  source.sha256 = file->sha256().get();
  for (const auto& [name, view] : file->tensors()) {
    source.tensors[name] = {view.dtype, view.shape, row_major_strides(view.shape), view.bytes,
                            false};
  }
  source.owner = file;
  return source;
}

SourceFile read_folder(const fs::path& folder) {
  const fs::path weights = folder / "model.safetensors", config = folder / "config.json";
  if (!fs::exists(weights)) {
    const bool in_parts = fs::exists(folder / "model.safetensors.index.json");
    fail("{}: no model.safetensors in this directory{}", folder.string(),
         in_parts ? " (sharded files are not supported)" : "");
  }
  if (!fs::exists(config)) fail("{}: no config.json in this directory", folder.string());
  SourceFile source = read_safetensors(weights.string());
  source.config = io::read_json_file(config.string());
  source.config_path = config.string();
  return source;
}

// A name without what wrappers put in front of it or, if they wrap a part, inside it: DataParallel,
// torch.compile, and trainers that keep the network as their `model`.
std::string without_wrappers(std::string name) {
  for (bool again = true; again;) {
    again = false;
    for (const std::string_view wrapper : {"module.", "_orig_mod.", "model."}) {
      if (!name.starts_with(wrapper)) continue;
      name.erase(0, wrapper.size());
      again = true;
    }
  }
  for (const std::string_view wrapper : {".module.", "._orig_mod."}) {
    for (std::size_t at; (at = name.find(wrapper)) != name.npos;) {
      name.replace(at, wrapper.size(), ".");
    }
  }
  return name;
}

template <typename Value>
void remove_wrappers(std::map<std::string, Value>& values, const std::string& path) {
  std::map<std::string, Value> plain;
  for (auto& [name, value] : values) {
    const std::string own = without_wrappers(name);
    if (!plain.emplace(own, std::move(value)).second) {
      fail("{}: several tensors {} behind different prefixes", path, excerpt(own));
    }
  }
  values = std::move(plain);
}

}  // namespace

std::int64_t SourceTensor::count() const {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

std::vector<float> SourceTensor::to_float() const {
  if (strides == row_major_strides(shape) && !big_endian) {
    return io::TensorView{dtype, shape, bytes}.to_float();
  }
  std::vector<float> values(static_cast<std::size_t>(count()));
  std::vector<std::int64_t> index(shape.size(), 0);
  std::int64_t at = 0;
  for (float& value : values) {
    value = value_of(bytes.data() + at * static_cast<std::int64_t>(io::size_of(dtype)), dtype,
                     big_endian);
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      at += strides[axis];
      if (++index[axis] < shape[axis]) break;
      at -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return values;
}

const SourceTensor& SourceFile::at(const std::string& name) const {
  const auto found = tensors.find(name);
  if (found != tensors.end()) return found->second;
  const auto other = unread.find(name);
  if (other == unread.end()) fail("{}: no tensor {}", path, name);
  fail("{}: {} is not a tensor, but {}", path, excerpt(name), excerpt(other->second));
}

SourceFile read_source(const std::string& path) {
  SourceFile source;
  if (fs::is_directory(path)) {
    source = read_folder(path);
  } else if (path.ends_with(".safetensors")) {
    source = read_safetensors(path);
    const fs::path config = fs::path(path).parent_path() / "config.json";
    if (fs::exists(config)) {
      source.config = io::read_json_file(config.string());
      source.config_path = config.string();
    }
  } else {
    source = read_pth(path);
  }
  remove_wrappers(source.tensors, source.path);
  remove_wrappers(source.unread, source.path);
  return source;
}

}  // namespace vremd::importer
