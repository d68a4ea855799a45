// SPDX-License-Identifier: Apache-2.0
#pragma once

// Files as torch.save writes them, byte by byte, so that tests need no Python and can write what
// torch never would.

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace vremd::make_pth {

template <typename T>
std::string raw(T value) {  // little endian
  return {reinterpret_cast<const char*>(&value), sizeof(value)};
}

// ---- pickles, protocol 2 -----------------------------------------------------------------------

inline std::string text(const std::string& value) {
  return "X" + raw(static_cast<std::uint32_t>(value.size())) + value;
}
inline std::string integer(std::int64_t value) { return "\x8a\x08" + raw(value); }
inline std::string global(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline std::string tuple(const std::vector<std::string>& items) {
  std::string bytes = "(";
  for (const std::string& item : items) bytes += item;
  return bytes + "t";
}
inline std::string dict(const std::vector<std::pair<std::string, std::string>>& items) {
  std::string bytes = "}(";
  for (const auto& [key, value] : items) bytes += text(key) + value;
  return bytes + "u";
}
inline std::string call(const std::string& callable, const std::string& arguments) {
  return callable + arguments + "R";
}
inline std::string pickle(const std::string& value) { return "\x80\x02" + value + "."; }

inline std::string sizes(const std::vector<std::int64_t>& values) {
  std::vector<std::string> items;
  for (const std::int64_t value : values) items.push_back(integer(value));
  return tuple(items);
}

// torch._utils._rebuild_tensor_v2 of a storage.
struct TensorText {
  std::string type = "FloatStorage", key = "0";
  std::int64_t elements = 0, offset = 0;
  std::vector<std::int64_t> shape{}, strides{};

  std::string storage() const {
    return tuple({text("storage"), global("torch", type), text(key), text("cpu"),
                  integer(elements)}) +
           "Q";
  }
  std::string operator()(const std::string& function = "_rebuild_tensor_v2") const {
    return call(global("torch._utils", function),
                tuple({storage(), integer(offset), sizes(shape), sizes(strides), "\x89",
                       call(global("collections", "OrderedDict"), ")")}));
  }
};

// ---- containers --------------------------------------------------------------------------------

struct ZipOptions {
  bool zip64 = false;  // sizes and offsets in 64-bit fields
  std::uint16_t method = 0, flags = 0;
  std::uint32_t wrong_crc = 0;  // is added to each
};

inline std::uint32_t crc_of(const std::string& bytes) {
  std::uint32_t crc = 0xffffffff;
  for (const char byte : bytes) {
    crc ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

inline std::string zip(const std::vector<std::pair<std::string, std::string>>& entries,
                       const ZipOptions& options = {}) {
  std::string file, directory;
  for (const auto& [name, bytes] : entries) {
    const std::uint64_t offset = file.size();
    const auto size = static_cast<std::uint32_t>(bytes.size());
    const auto name_size = static_cast<std::uint16_t>(name.size());
    const std::string common = raw(std::uint16_t{45}) + raw(options.flags) + raw(options.method) +
                               raw(std::uint32_t{0}) + raw(crc_of(bytes) + options.wrong_crc);
    file += raw(std::uint32_t{0x04034b50}) + common + raw(size) + raw(size) + raw(name_size) +
            raw(std::uint16_t{0}) + name + bytes;
    std::string extra;
    const std::uint32_t hidden = 0xffffffff;
    if (options.zip64) {
      const std::uint64_t size64 = size;
      extra =
          raw(std::uint16_t{1}) + raw(std::uint16_t{24}) + raw(size64) + raw(size64) + raw(offset);
    }
    directory += raw(std::uint32_t{0x02014b50}) + raw(std::uint16_t{45}) + common +
                 raw(options.zip64 ? hidden : size) + raw(options.zip64 ? hidden : size) +
                 raw(name_size) + raw(static_cast<std::uint16_t>(extra.size())) +
                 std::string(10, '\0') +
                 raw(options.zip64 ? hidden : static_cast<std::uint32_t>(offset)) + name + extra;
  }
  const std::uint64_t start = file.size(), count = entries.size();
  file += directory;
  if (options.zip64) {
    const std::uint64_t end64 = file.size();
    file += raw(std::uint32_t{0x06064b50}) + raw(std::uint64_t{44}) + raw(std::uint16_t{45}) +
            raw(std::uint16_t{45}) + raw(std::uint64_t{0}) + raw(count) + raw(count) +
            raw(std::uint64_t{directory.size()}) + raw(start);
    file +=
        raw(std::uint32_t{0x07064b50}) + raw(std::uint32_t{0}) + raw(end64) + raw(std::uint32_t{1});
  }
  const auto count16 = static_cast<std::uint16_t>(options.zip64 ? 0xffff : count);
  file += raw(std::uint32_t{0x06054b50}) + raw(std::uint32_t{0}) + raw(count16) + raw(count16) +
          raw(static_cast<std::uint32_t>(directory.size())) +
          raw(options.zip64 ? 0xffffffff : static_cast<std::uint32_t>(start)) +
          raw(std::uint16_t{0});
  return file;
}

inline std::string legacy(const std::string& value,
                          const std::vector<std::pair<std::string, std::string>>& storages,
                          std::size_t element = 4) {
  static const std::string kMagic("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 12);
  const std::string system = dict({{"protocol_version", integer(1001)}, {"little_endian", "\x88"}});
  std::string file = pickle(kMagic) + pickle(integer(1001)) + pickle(system) + pickle(value);
  std::string keys = "](";
  for (const auto& [key, bytes] : storages) keys += text(key);
  file += pickle(keys + "e");
  for (const auto& [key, bytes] : storages) {
    file += raw(std::uint64_t{bytes.size() / element}) + bytes;
  }
  return file;
}

// ---- whole checkpoints -------------------------------------------------------------------------

struct FloatTensor {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};
using FloatTensors = std::map<std::string, FloatTensor>;

// {"meta": {...}, "state_dict": tensors}, each in a storage of its own.
inline std::string checkpoint(const FloatTensors& tensors, bool as_legacy = false,
                              const std::string& key = "state_dict") {
  std::vector<std::pair<std::string, std::string>> items, storages;
  for (const auto& [name, tensor] : tensors) {
    TensorText one;
    one.key = std::to_string(storages.size());
    one.elements = static_cast<std::int64_t>(tensor.values.size());
    one.shape = tensor.shape;
    one.strides.assign(tensor.shape.size(), 1);
    for (std::size_t i = tensor.shape.size(); i-- > 1;) {
      one.strides[i - 1] = one.strides[i] * tensor.shape[i];
    }
    items.emplace_back(name, one());
    storages.emplace_back(one.key, std::string(reinterpret_cast<const char*>(tensor.values.data()),
                                               tensor.values.size() * sizeof(float)));
  }
  const std::string value =
      dict({{"meta", dict({{"epoch", integer(210)},
                           {"arguments", call(global("argparse", "Namespace"), ")") + "}b"}})},
            {key, dict(items)}});
  if (as_legacy) return legacy(value, storages);
  std::vector<std::pair<std::string, std::string>> entries{{"archive/data.pkl", pickle(value)}};
  for (const auto& [name, bytes] : storages) entries.emplace_back("archive/data/" + name, bytes);
  entries.emplace_back("archive/version", "3\n");
  return zip(entries);
}

}  // namespace vremd::make_pth
