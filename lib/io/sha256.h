// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace vremd::io {

// SHA-256 (FIPS 180-4), 64 hex digits, by libcrypto, which uses the processor's instructions.
std::string sha256(std::span<const std::byte> bytes);

}  // namespace vremd::io
