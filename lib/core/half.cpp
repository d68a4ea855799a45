// SPDX-License-Identifier: Apache-2.0
#include "core/half.h"

#include <bit>

namespace vremd {

float from_half(std::uint16_t half) {
  const std::uint32_t sign = std::uint32_t{half} << 16 & 0x80000000;
  const std::uint32_t magnitude = half & 0x7fff;
  if (magnitude < 0x400) {
    return std::bit_cast<float>(
        sign | std::bit_cast<std::uint32_t>(static_cast<float>(magnitude) * 0x1p-24f));
  }
  if (magnitude >= 0x7c00) {
    return std::bit_cast<float>(sign | 0x7f800000 | (magnitude & 0x3ff) << 13);
  }
  return std::bit_cast<float>(sign | ((magnitude << 13) + 0x38000000));
}

}  // namespace vremd
