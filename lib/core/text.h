// SPDX-License-Identifier: Apache-2.0
#pragma once

// Text from files and users, as part of messages of one line.

#include <cstddef>
#include <string>
#include <string_view>

namespace vremd {

// The bytes of the UTF-8 sequence that `text` begins with; 0: none that is well formed (RFC 3629:
// no overlong forms, no surrogates).
std::size_t utf8_length(std::string_view text);

// With \n, \t, \r and \xNN instead of control characters and of bytes that are not UTF-8.
std::string one_line(std::string_view text);

// What stands before the first \n: LibTorch's messages carry a stack trace behind it.
std::string first_line(std::string_view text);

// What messages quote of a file's content: one line, and where that is longer than `most` bytes, as
// many whole characters of its beginning as fit in, and "…".
constexpr std::size_t kExcerptBytes = 60;
constexpr std::size_t kPathExcerptBytes = 200;  // of names of files
std::string excerpt(std::string_view text, std::size_t most = kExcerptBytes);

}  // namespace vremd
