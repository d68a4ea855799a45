// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace vremd::io {

// A regular file, mapped into memory for reading. Copies share the mapping. An Error says
// "path: what".
class MappedFile {
 public:
  explicit MappedFile(std::string path);

  const std::string& path() const { return path_; }
  std::span<const std::byte> bytes() const { return {data_.get(), size_}; }

 private:
  std::string path_;
  std::shared_ptr<const std::byte> data_;
  std::size_t size_ = 0;
};

// SHA-256 (FIPS 180-4), 64 hex digits, by libcrypto, which uses the processor's instructions.
std::string sha256(std::span<const std::byte> bytes);

}  // namespace vremd::io
