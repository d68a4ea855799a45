// SPDX-License-Identifier: Apache-2.0
#pragma once

// Text from files and users for one-line messages.

#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace vremd {

// The length in bytes of the UTF-8 sequence at the start of `text`, 0 if it is ill-formed (RFC
// 3629: no overlong forms, no surrogates).
std::size_t utf8_length(std::string_view text);

// Escapes control characters and invalid UTF-8 as \n, \t, \r and \xNN.
std::string one_line(std::string_view text);

// With ASCII letters in lower case, in any locale.
std::string lower_case(std::string text);

// The text before the first \n: LibTorch appends a stack trace to its messages.
std::string first_line(std::string_view text);

// Parses the whole of `text` as a number.
template <typename T>
std::optional<T> number_from(std::string_view text) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// NUM of "prefixNUM", such as "oks:0.9"; nothing if it is something else.
inline std::optional<double> number_after(std::string_view prefix, std::string_view text) {
  if (!text.starts_with(prefix)) return std::nullopt;
  return number_from<double>(text.substr(prefix.size()));
}

// Quotes file content in a message: one line, truncated with "…" to whole characters within `most`
// bytes.
constexpr std::size_t kExcerptBytes = 60;
constexpr std::size_t kPathExcerptBytes = 200;  // for file names
std::string excerpt(std::string_view text, std::size_t most = kExcerptBytes);

}  // namespace vremd
