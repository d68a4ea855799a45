// SPDX-License-Identifier: Apache-2.0
#include "import/source.h"

#include "core/error.h"
#include "core/text.h"
#include "import/pth.h"
#include "io/json_file.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
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

std::vector<float> SourceTensor::to_float() const {
  if (strides == row_major_strides(shape) && !big_endian) {
    return io::TensorView{dtype, shape, bytes}.to_float();
  }
  const std::size_t size = io::size_of(dtype);
  std::vector<std::byte> dense(static_cast<std::size_t>(count()) * size);
  std::vector<std::int64_t> index(shape.size(), 0);
  std::int64_t at = 0;
  for (std::size_t to = 0; to < dense.size(); to += size) {
    const auto element = bytes.subspan(static_cast<std::size_t>(at) * size, size);
    std::ranges::copy(element, dense.begin() + static_cast<std::ptrdiff_t>(to));
    if (big_endian) std::reverse(&dense[to], &dense[to] + size);
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      at += strides[axis];
      if (++index[axis] < shape[axis]) break;
      at -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return io::TensorView{dtype, shape, dense}.to_float();
}

const SourceTensor& SourceFile::at(const std::string& name) const {
  const auto found = tensors.find(name);
  if (found != tensors.end()) return found->second;
  const auto other = unread.find(name);
  if (other == unread.end()) fail("{}: no tensor {}", path, name);
  fail("{}: {} is not a tensor, but {}", path, excerpt(name), excerpt(other->second));
}

const SourceTensor& SourceReader::take(const std::string& name) {
  taken_.insert(name);
  return source_.at(name);
}

void SourceReader::refuse_others(const std::function<bool(const std::string&)>& unused,
                                 const std::string& network) const {
  for (const auto& [name, tensor] : source_.tensors) {
    if (taken_.contains(name) || unused(name)) continue;
    fail("{}: tensor {} {} does not belong to {}", source_.path, excerpt(name),
         text_of(tensor.shape), network);
  }
}

std::string text_of(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

SourceFile read_source(const std::string& path) {
  SourceFile source;
  const bool is_folder = fs::is_directory(path);
  if (is_folder || path.ends_with(".safetensors")) {
    const fs::path folder = is_folder ? fs::path(path) : fs::path(path).parent_path();
    const fs::path weights = is_folder ? folder / "model.safetensors" : fs::path(path);
    const fs::path config = folder / "config.json";
    if (is_folder && !fs::exists(weights)) {
      const bool in_parts = fs::exists(folder / "model.safetensors.index.json");
      fail("{}: no model.safetensors in this directory{}", path,
           in_parts ? " (sharded files are not supported)" : "");
    }
    const bool has_config = fs::exists(config);
    if (is_folder && !has_config) fail("{}: no config.json in this directory", path);
    source = read_safetensors(weights.string());
    if (has_config) {
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
