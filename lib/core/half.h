// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace vremd {

// The value of the bits of an IEEE 754 binary16 number.
float from_half(std::uint16_t half);

}  // namespace vremd
