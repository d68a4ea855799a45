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

// The name of a picture, a video or a folder of pictures: without the folders above it and without
// the extension of a picture or video. "clip" for "a/clip.mp4", "S1.walk" for "a/S1.walk/".
std::string video_name(const std::string& path);

// The number of components that the ends of two paths have in common.
int common_end(const std::string& a, const std::string& b);

// The digits at the end of an image's name: 30 for "images/000030.jpg".
std::optional<std::int64_t> number_in(const std::string& path);

}  // namespace vremd
