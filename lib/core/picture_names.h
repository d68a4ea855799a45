// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace vremd {

// ".jpg" for "a.JPG".
std::string lower_extension(const std::string& path);

// Whether the extension, in any case, is that of an image; anything else is a video.
bool has_picture_name(const std::string& path);

// The digits at the end of an image's name: 30 for "images/000030.jpg".
std::optional<std::int64_t> number_in(const std::string& path);

}  // namespace vremd
