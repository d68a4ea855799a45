// SPDX-License-Identifier: Apache-2.0
#include "io/sha256.h"

#include "core/error.h"

#include <openssl/evp.h>

#include <array>

namespace vremd::io {

std::string sha256(std::span<const std::byte> bytes) {
  std::array<unsigned char, 32> digest;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
    fail("libcrypto has no SHA-256");
  }
  return fmt::format("{:02x}", fmt::join(digest, ""));
}

}  // namespace vremd::io
