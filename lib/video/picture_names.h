// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vremd::video {

// img2 < img10: runs of digits compare as numbers.
bool natural_less(std::string_view a, std::string_view b);

// The images of a folder or pattern in order, at least one. Errors "path: what".
std::vector<std::string> pictures_in_folder(const std::string& folder);
std::vector<std::string> pictures_of_number_pattern(const std::string& pattern);  // "f/%06d.jpg"
std::vector<std::string> pictures_of_wildcard(const std::string& pattern);        // * and ?

// The images of any of these; a path that is none is its own only image.
std::vector<std::string> pictures_of(const std::string& path);

// True for a pattern as above, whether or not any file matches it.
bool is_number_pattern(const std::string& path);
bool is_wildcard(const std::string& path);

}  // namespace vremd::video
