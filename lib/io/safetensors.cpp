// SPDX-License-Identifier: Apache-2.0
#include "io/safetensors.h"

#include "core/error.h"
#include "io/json_parse.h"
#include "io/output_file.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

namespace vremd {
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
  return *std::find_if(kDTypes.begin(), kDTypes.end(),
                       [&](const DTypeName& one) { return one.dtype == dtype; });
}

// The product of a shape, or -1 where it is no shape or overflows.
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
    default: fail("a tensor of type {} where floating numbers are needed", name_of(dtype));
  }
  return values;
}

SafetensorsFile::SafetensorsFile(const std::string& path) : file_(path) {
  const std::span<const std::byte> whole = file_.bytes();
  if (whole.size() < 8) fail("{}: not a safetensors file", path);
  std::uint64_t header_length;
  std::memcpy(&header_length, whole.data(), 8);
  if (header_length > whole.size() - 8 || header_length > (std::uint64_t{100} << 20)) {
    fail("{}: not a safetensors file, or cut short (header of {} bytes, file of {})", path,
         header_length, whole.size());
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
      wrong("needs dtype, shape and data_offsets");
    }
    TensorView view;
    const auto dtype = std::find_if(kDTypes.begin(), kDTypes.end(), [&](const DTypeName& one) {
      return value["dtype"] == one.name;
    });
    if (dtype == kDTypes.end()) wrong("unknown dtype");
    view.dtype = dtype->dtype;
    const Json& shape = value["shape"];
    const Json& offsets = value["data_offsets"];
    const auto is_count = [](const Json& one) { return one.is_number_unsigned(); };
    if (!shape.is_array() || !std::all_of(shape.begin(), shape.end(), is_count) ||
        !offsets.is_array() || offsets.size() != 2 ||
        !std::all_of(offsets.begin(), offsets.end(), is_count)) {
      wrong("shape or data_offsets are not lists of counts");
    }
    for (const Json& one : shape) view.shape.push_back(one.get<std::int64_t>());
    const auto begin = offsets[0].get<std::uint64_t>(), end = offsets[1].get<std::uint64_t>();
    if (begin > end || end > data.size()) wrong("lies outside the file (is it cut short?)");
    const auto size = static_cast<std::int64_t>(dtype->size);
    std::int64_t bytes = checked_count(view.shape);
    if (bytes < 0 || __builtin_mul_overflow(bytes, size, &bytes) ||
        static_cast<std::uint64_t>(bytes) != end - begin) {
      wrong("shape and data_offsets disagree");
    }
    view.bytes = data.subspan(begin, end - begin);
    tensors_.emplace(name, std::move(view));
  }
  if (tensors_.empty()) fail("{}: holds no tensor", path);
}

const TensorView& SafetensorsFile::at(const std::string& name) const {
  const auto found = tensors_.find(name);
  if (found == tensors_.end()) fail("{}: no tensor {}", path(), name);
  return found->second;
}

std::string SafetensorsFile::sha256() const { return vremd::sha256(file_.bytes()); }

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

std::string sha256(std::span<const std::byte> bytes) {
  static constexpr std::array<std::uint32_t, 64> k = {
      0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
      0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
      0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
      0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
      0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
      0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
      0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
      0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
      0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
      0xc67178f2};
  std::array<std::uint32_t, 8> h = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  const auto block = [&](const std::byte* data) {
    std::array<std::uint32_t, 64> w;
    for (int i = 0; i < 16; ++i) {
      w[i] = std::to_integer<std::uint32_t>(data[4 * i]) << 24 |
             std::to_integer<std::uint32_t>(data[4 * i + 1]) << 16 |
             std::to_integer<std::uint32_t>(data[4 * i + 2]) << 8 |
             std::to_integer<std::uint32_t>(data[4 * i + 3]);
    }
    for (int i = 16; i < 64; ++i) {
      const std::uint32_t a = w[i - 15], b = w[i - 2];
      w[i] = w[i - 16] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ a >> 3) + w[i - 7] +
             (std::rotr(b, 17) ^ std::rotr(b, 19) ^ b >> 10);
    }
    auto v = h;
    for (int i = 0; i < 64; ++i) {
      const std::uint32_t e = v[4], a = v[0];
      const std::uint32_t t1 = v[7] + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) +
                               ((e & v[5]) ^ (~e & v[6])) + k[i] + w[i];
      const std::uint32_t t2 = (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) +
                               ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
      v = {t1 + t2, v[0], v[1], v[2], v[3] + t1, v[4], v[5], v[6]};
    }
    for (int i = 0; i < 8; ++i) h[i] += v[i];
  };
  std::size_t done = 0;
  for (; done + 64 <= bytes.size(); done += 64) block(bytes.data() + done);
  std::array<std::byte, 128> tail{};
  const std::size_t rest = bytes.size() - done;
  if (rest) std::memcpy(tail.data(), bytes.data() + done, rest);
  tail[rest] = std::byte{0x80};
  const std::size_t padded = rest + 9 <= 64 ? 64 : 128;
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  for (int i = 0; i < 8; ++i) tail[padded - 1 - i] = static_cast<std::byte>(bits >> 8 * i);
  for (std::size_t i = 0; i < padded; i += 64) block(tail.data() + i);

  std::string text;
  for (const std::uint32_t word : h) text += fmt::format("{:08x}", word);
  return text;
}

std::uint16_t to_half(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000);
  const std::uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;   // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00;  // rounds to infinity
  if (magnitude < 0x38800000) {                       // subnormal or zero: exact in float
    const float scaled = std::bit_cast<float>(magnitude) * 0x1p24f;
    return sign | static_cast<std::uint16_t>(std::nearbyint(scaled));
  }
  const std::uint32_t rounded = magnitude + 0xfff + (magnitude >> 13 & 1);
  return sign | static_cast<std::uint16_t>((rounded - 0x38000000) >> 13);
}

float from_half(std::uint16_t half) {
  const std::uint32_t sign = std::uint32_t{half} << 16 & 0x80000000;
  const std::uint32_t magnitude = half & 0x7fff;
  if (magnitude < 0x400) {
    return std::bit_cast<float>(sign | std::bit_cast<std::uint32_t>(
                                           static_cast<float>(magnitude) * 0x1p-24f));
  }
  if (magnitude >= 0x7c00) {
    return std::bit_cast<float>(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
  }
  return std::bit_cast<float>(sign | ((magnitude << 13) + 0x38000000));
}

std::uint16_t to_bfloat16(float value) {
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(value);
  if ((bits & 0x7fffffff) > 0x7f800000) return static_cast<std::uint16_t>(bits >> 16 | 0x40);
  return static_cast<std::uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

}  // namespace vremd
