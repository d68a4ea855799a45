// SPDX-License-Identifier: Apache-2.0
#include "io/mapped_file.h"

#include "core/error.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace vremd::io {

MappedFile::MappedFile(std::string path) : path_(std::move(path)) {
  const int fd = open(path_.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) fail("{}: cannot open: {}", path_, std::strerror(errno));
  struct stat info{};
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    close(fd);
    fail("{}: {}", path_, S_ISDIR(info.st_mode) ? "is a directory" : "not a regular file");
  }
  size_ = static_cast<std::size_t>(info.st_size);
  void* mapped = size_ > 0 ? mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd, 0) : nullptr;
  const int error = errno;
  close(fd);
  if (mapped == MAP_FAILED) fail("{}: cannot map: {}", path_, std::strerror(error));
  if (mapped == nullptr) return;
  data_ = {static_cast<const std::byte*>(mapped),
           [size = size_](const std::byte* data) { munmap(const_cast<std::byte*>(data), size); }};
}

std::string sha256(std::span<const std::byte> bytes) {
  std::array<unsigned char, 32> digest;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    fail("libcrypto has no SHA-256");
  }
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

}  // namespace vremd::io
