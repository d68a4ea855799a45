// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>

namespace vremd::importer {

struct ZipEntry {
  std::span<const std::byte> bytes;  // in the archive
  std::uint32_t crc = 0;             // that the archive says they have
};

bool is_zip(std::span<const std::byte> bytes);  // by its first bytes

// The entries of a zip archive (also zip64) by name, folders left out. Only stored entries: an
// Error at compressed or encrypted ones, at names that are there twice, and at anything that
// points outside the file. `path` is for messages.
std::map<std::string, ZipEntry> read_zip(std::span<const std::byte> bytes, const std::string& path);

std::uint32_t crc32(std::span<const std::byte> bytes);  // of ISO 3309, as zip uses it

}  // namespace vremd::importer
