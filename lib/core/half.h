// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace vremd {

// float32 to and from the bits of IEEE 754 binary16 and bfloat16, rounded to nearest even. Values
// out of range become infinity; NaN stays NaN.
std::uint16_t to_half(float value);
float from_half(std::uint16_t half);
std::uint16_t to_bfloat16(float value);

}  // namespace vremd
