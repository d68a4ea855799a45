// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace vremd {

// By its extension, in any case; anything else is a video.
bool has_picture_name(const std::string& path);

// The digits at the end of a picture's name: 30 for "images/000030.jpg".
std::optional<std::int64_t> number_in(const std::string& path);

}  // namespace vremd
