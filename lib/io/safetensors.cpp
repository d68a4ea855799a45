// SPDX-License-Identifier: Apache-2.0
#include "io/safetensors.h"

#include "core/error.h"
#include "core/half.h"
#include "io/json_file.h"
#include "io/output_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <filesystem>

namespace vremd::io {
namespace {

struct DTypeName {
  DType dtype;
  const char* name;
  std::size_t size;
};
constexpr std::array<DTypeName, 7> kDTypes = {{{DType::kF64, "F64", 8},
                                               {DType::kF32, "F32", 4},
                                               {DType::kF16, "F16", 2},
                                               {DType::kBF16, "BF16", 2},
                                               {DType::kI64, "I64", 8},
                                               {DType::kI32, "I32", 4},
                                               {DType::kU8, "U8", 1}}};

const DTypeName& entry(DType dtype) {
  return *std::ranges::find(kDTypes, dtype, &DTypeName::dtype);
}

// The product of a shape, or -1 if it is invalid or overflows.
std::int64_t checked_count(const std::vector<std::int64_t>& shape) {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) {
    if (size < 0 || __builtin_mul_overflow(count, size, &count)) return -1;
  }
  return count;
}

}  // namespace

std::size_t size_of(DType dtype) { return entry(dtype).size; }
const char* name_of(DType dtype) { return entry(dtype).name; }

std::int64_t TensorView::count() const { return checked_count(shape); }

std::vector<float> TensorView::to_float() const {
  std::vector<float> values(static_cast<std::size_t>(count()));
  const auto convert = [&]<typename T>(T, auto to) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      T raw;
      std::memcpy(&raw, bytes.data() + i * sizeof(T), sizeof(T));
      values[i] = to(raw);
    }
  };
  switch (dtype) {
    case DType::kF64: convert(double{}, [](double v) { return static_cast<float>(v); }); break;
    case DType::kF32: convert(float{}, [](float v) { return v; }); break;
    case DType::kF16: convert(std::uint16_t{}, from_half); break;
    case DType::kBF16:
      convert(std::uint16_t{},
              [](std::uint16_t v) { return std::bit_cast<float>(std::uint32_t{v} << 16); });
      break;
    default: fail("a tensor of type {} instead of floating point", name_of(dtype));
  }
  return values;
}

SafetensorsFile::SafetensorsFile(const std::string& path) : file_(path) {
  const std::span<const std::byte> whole = file_.bytes();
  if (whole.size() < 8) fail("{}: not a safetensors file", path);
  std::uint64_t header_length;
  std::memcpy(&header_length, whole.data(), 8);
  if (header_length > whole.size() - 8 || header_length > (std::uint64_t{100} << 20)) {
    fail(
        "{}: not a safetensors file, or truncated; other weights are imported by vremd-convert "
        "weights",
        path);
  }
  const char* text = reinterpret_cast<const char*>(whole.data()) + 8;
  const Json header = parse_json({text, header_length}, path + ": header");
  if (!header.is_object()) fail("{}: not a safetensors file (its header is not an object)", path);
  const std::span<const std::byte> data = whole.subspan(8 + header_length);

  for (const auto& [name, value] : header.items()) {
    if (name == "__metadata__") {
      if (!value.is_object()) fail("{}: __metadata__ is not an object", path);
      for (const auto& [key, one] : value.items()) {
        if (!one.is_string()) fail("{}: __metadata__.{} is not a string", path, excerpt(key));
        metadata_[key] = one.get<std::string>();
      }
      continue;
    }
    const auto wrong = [&](const char* what) {
      fail("{}: tensor {}: {}", path, excerpt(name), what);
    };
    if (!value.is_object() || !value.contains("dtype") || !value.contains("shape") ||
        !value.contains("data_offsets")) {
      wrong("dtype, shape and data_offsets are required");
    }
    TensorView view;
    const auto dtype = std::find_if(kDTypes.begin(), kDTypes.end(), [&](const DTypeName& one) {
      return value["dtype"] == one.name;
    });
    if (dtype == kDTypes.end()) wrong("unknown dtype");
    view.dtype = dtype->dtype;
    const Json& shape = value["shape"];
    const Json& offsets = value["data_offsets"];
    const auto are_counts = [](const Json& list) {
      return list.is_array() && std::ranges::all_of(list, &Json::is_number_unsigned);
    };
    if (!are_counts(shape) || !are_counts(offsets) || offsets.size() != 2) {
      wrong("shape or data_offsets are not lists of counts");
    }
    for (const Json& one : shape) view.shape.push_back(one.get<std::int64_t>());
    const auto begin = offsets[0].get<std::uint64_t>(), end = offsets[1].get<std::uint64_t>();
    if (begin > end || end > data.size()) wrong("lies outside the file (truncated?)");
    const auto size = static_cast<std::int64_t>(dtype->size);
    std::int64_t bytes = checked_count(view.shape);
    if (bytes < 0 || __builtin_mul_overflow(bytes, size, &bytes) ||
        static_cast<std::uint64_t>(bytes) != end - begin) {
      wrong("shape and data_offsets disagree");
    }
    view.bytes = data.subspan(begin, end - begin);
    tensors_.emplace(name, std::move(view));
  }
  if (tensors_.empty()) fail("{}: contains no tensors", path);
}

const TensorView& SafetensorsFile::at(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) fail("{}: no tensor {}", path(), name);
  return found->second;
}

std::future<std::string> SafetensorsFile::sha256() const {
  return std::async(std::launch::async, [bytes = file_.bytes()] { return io::sha256(bytes); });
}

void write_safetensors(const std::string& path, const std::map<std::string, TensorView>& tensors,
                       const std::map<std::string, std::string>& metadata, bool force) {
  Json header = Json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::size_t offset = 0;
  for (const auto& [name, view] : tensors) {
    header[name] = {{"dtype", name_of(view.dtype)},
                    {"shape", view.shape},
                    {"data_offsets", {offset, offset + view.bytes.size()}}};
    offset += view.bytes.size();
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = text.size();

  OutputFile out(path, force);
  out.write({reinterpret_cast<const char*>(&length), 8});
  out.write(text);
  for (const auto& [name, view] : tensors) {
    out.write({reinterpret_cast<const char*>(view.bytes.data()), view.bytes.size()});
  }
  out.commit();
}

std::string find_weights(const std::string& name_or_path) {
  namespace fs = std::filesystem;
  if (fs::is_regular_file(name_or_path)) return name_or_path;
  const bool is_path =
      name_or_path.find('/') != std::string::npos || name_or_path.ends_with(".safetensors");
  if (is_path) {
    fail("{}: {}", name_or_path, fs::exists(name_or_path) ? "not a file" : "no such weights file");
  }
  std::vector<fs::path> folders;
  if (const char* models = std::getenv("VREMD_MODELS"); models && *models) {
    folders.emplace_back(models);
  }
  std::error_code ignored;
  const fs::path binary = fs::read_symlink("/proc/self/exe", ignored);
  folders.push_back((binary.parent_path() / "../share/vremd/models").lexically_normal());
  folders.emplace_back(VREMD_SOURCE_MODELS);
  std::string places;
  for (const fs::path& folder : folders) {
    const fs::path file = folder / (name_or_path + ".safetensors");
    if (fs::is_regular_file(file)) return file.string();
    places += (places.empty() ? "" : ", ") + folder.string();
  }
  fail("{}: no such weights in {}", name_or_path, places);
}

}  // namespace vremd::io
