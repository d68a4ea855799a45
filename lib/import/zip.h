// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace vremd::importer {

struct ZipEntry {
  std::span<const std::byte> bytes;  // within the archive
  std::uint32_t crc = 0;             // as stored in the archive
};

bool is_zip(std::span<const std::byte> bytes);  // by its first bytes

// The entries of a zip or zip64 archive by name, without directories. Error: compressed or
// encrypted entries, duplicate names, and anything that points outside the file. `path` is for
// messages.
std::map<std::string, ZipEntry> read_zip(std::span<const std::byte> bytes, const std::string& path);

std::uint32_t crc32(std::span<const std::byte> bytes);  // of ISO 3309, as zip uses it

}  // namespace vremd::importer
