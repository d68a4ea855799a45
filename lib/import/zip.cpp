// SPDX-License-Identifier: Apache-2.0
// PKWARE APPNOTE.TXT, 4.3: local headers and data, central directory, end record.
#include "import/zip.h"

#include "core/error.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace vremd::importer {
namespace {

constexpr std::uint32_t kLocalHeader = 0x04034b50, kDirectoryEntry = 0x02014b50;
constexpr std::uint32_t kEnd = 0x06054b50, kEnd64 = 0x06064b50, kEnd64Locator = 0x07064b50;
constexpr std::uint32_t kIn64 = 0xffffffff;  // the value is in the zip64 field
constexpr std::size_t kLocalSize = 30, kEntrySize = 46, kEndSize = 22, kEnd64Size = 56;
constexpr std::size_t kLocatorSize = 20, kMaxComment = 0xffff;

class Reader {
 public:
  Reader(std::span<const std::byte> bytes, const std::string& path) : bytes_(bytes), path_(path) {}

  [[noreturn]] void wrong(const std::string& what) const { fail("{}: zip: {}", path_, what); }

  std::span<const std::byte> part(std::uint64_t begin, std::uint64_t size) const {
    if (begin > bytes_.size() || size > bytes_.size() - begin) {
      wrong("points outside the file (truncated?)");
    }
    return bytes_.subspan(begin, size);
  }

  template <typename T>
  T number(std::uint64_t at) const {  // little endian
    T value;
    std::memcpy(&value, part(at, sizeof(T)).data(), sizeof(T));
    return value;
  }

  std::size_t size() const { return bytes_.size(); }

 private:
  std::span<const std::byte> bytes_;
  const std::string& path_;
};

struct Directory {
  std::uint64_t offset, entries;
};

Directory find_directory(const Reader& zip) {
  if (zip.size() < kEndSize) zip.wrong("truncated");
  const std::size_t last = zip.size() - kEndSize;
  const std::size_t first = last - std::min(last, kMaxComment);
  for (std::size_t at = last + 1; at-- > first;) {
    if (zip.number<std::uint32_t>(at) != kEnd) continue;
    if (at + kEndSize + zip.number<std::uint16_t>(at + 20) != zip.size()) continue;
    Directory directory{zip.number<std::uint32_t>(at + 16), zip.number<std::uint16_t>(at + 10)};
    if (at >= kLocatorSize && zip.number<std::uint32_t>(at - kLocatorSize) == kEnd64Locator) {
      const auto end64 = zip.number<std::uint64_t>(at - kLocatorSize + 8);
      zip.part(end64, kEnd64Size);
      if (zip.number<std::uint32_t>(end64) != kEnd64) zip.wrong("damaged (no zip64 end)");
      directory = {zip.number<std::uint64_t>(end64 + 48), zip.number<std::uint64_t>(end64 + 32)};
    }
    return directory;
  }
  zip.wrong("no central directory (truncated?)");
}

struct Sizes {
  std::uint64_t stored, original, offset;
};

// The 64-bit values of fields that exceed the entry's 32 bits, in their fixed order.
void read_zip64(const Reader& zip, std::uint64_t extra, std::uint64_t extra_size, Sizes& sizes) {
  const std::uint64_t end = extra + extra_size;
  while (extra + 4 <= end) {
    const auto tag = zip.number<std::uint16_t>(extra);
    const std::uint64_t field_end = extra + 4 + zip.number<std::uint16_t>(extra + 2);
    if (field_end > end) zip.wrong("damaged (an extra field)");
    if (tag == 1) {
      std::uint64_t at = extra + 4;
      for (std::uint64_t* value : {&sizes.original, &sizes.stored, &sizes.offset}) {
        if (*value != kIn64) continue;
        if (at + 8 > field_end) zip.wrong("damaged (a zip64 field)");
        *value = zip.number<std::uint64_t>(at);
        at += 8;
      }
      return;
    }
    extra = field_end;
  }
}

std::span<const std::byte> data_of(const Reader& zip, const Sizes& sizes) {
  zip.part(sizes.offset, kLocalSize);
  if (zip.number<std::uint32_t>(sizes.offset) != kLocalHeader) zip.wrong("damaged (an entry)");
  const std::uint64_t names = std::uint64_t{zip.number<std::uint16_t>(sizes.offset + 26)} +
                              zip.number<std::uint16_t>(sizes.offset + 28);
  return zip.part(sizes.offset + kLocalSize + names, sizes.stored);
}

std::array<std::array<std::uint32_t, 256>, 8> crc_tables() {
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0xedb88320 : 0);
    tables[0][i] = value;
  }
  for (std::uint32_t i = 0; i < 256; ++i) {
    for (std::size_t t = 1; t < 8; ++t) {
      tables[t][i] = tables[t - 1][i] >> 8 ^ tables[0][tables[t - 1][i] & 0xff];
    }
  }
  return tables;
}

}  // namespace

bool is_zip(std::span<const std::byte> bytes) {
  std::uint32_t first = 0;
  if (bytes.size() >= 4) std::memcpy(&first, bytes.data(), 4);
  return first == kLocalHeader;
}

std::map<std::string, ZipEntry> read_zip(std::span<const std::byte> bytes,
                                         const std::string& path) {
  const Reader zip(bytes, path);
  const Directory directory = find_directory(zip);
  std::map<std::string, ZipEntry> entries;
  std::uint64_t at = directory.offset;
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    zip.part(at, kEntrySize);
    if (zip.number<std::uint32_t>(at) != kDirectoryEntry) zip.wrong("damaged (its directory)");
    const auto flags = zip.number<std::uint16_t>(at + 8);
    const auto method = zip.number<std::uint16_t>(at + 10);
    const std::uint64_t name_size = zip.number<std::uint16_t>(at + 28);
    const std::uint64_t extra_size = zip.number<std::uint16_t>(at + 30);
    const std::uint64_t comment_size = zip.number<std::uint16_t>(at + 32);
    Sizes sizes{zip.number<std::uint32_t>(at + 20), zip.number<std::uint32_t>(at + 24),
                zip.number<std::uint32_t>(at + 42)};
    const auto name_bytes = zip.part(at + kEntrySize, name_size);
    const std::string name(reinterpret_cast<const char*>(name_bytes.data()), name_size);
    zip.part(at + kEntrySize + name_size, extra_size);
    read_zip64(zip, at + kEntrySize + name_size, extra_size, sizes);
    const auto crc = zip.number<std::uint32_t>(at + 16);
    at += kEntrySize + name_size + extra_size + comment_size;
    if (name.ends_with('/')) continue;
    if (flags & 1) zip.wrong("encrypted");
    if (method != 0) zip.wrong("has compressed entries; PyTorch stores them uncompressed");
    if (sizes.stored != sizes.original) zip.wrong("damaged (sizes of an entry)");
    if (!entries.emplace(name, ZipEntry{data_of(zip, sizes), crc}).second) {
      zip.wrong("duplicate entry");
    }
  }
  return entries;
}

std::uint32_t crc32(std::span<const std::byte> bytes) {
  static const auto kTables = crc_tables();
  std::uint32_t crc = 0xffffffff;
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint32_t low, high;
    std::memcpy(&low, at, 4);
    std::memcpy(&high, at + 4, 4);
    low ^= crc;
    crc = kTables[7][low & 0xff] ^ kTables[6][low >> 8 & 0xff] ^ kTables[5][low >> 16 & 0xff] ^
          kTables[4][low >> 24] ^ kTables[3][high & 0xff] ^ kTables[2][high >> 8 & 0xff] ^
          kTables[1][high >> 16 & 0xff] ^ kTables[0][high >> 24];
  }
  for (; left > 0; --left, ++at) crc = crc >> 8 ^ kTables[0][(crc ^ *at) & 0xff];
  return ~crc;
}

}  // namespace vremd::importer
