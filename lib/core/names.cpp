// SPDX-License-Identifier: Apache-2.0
#include "core/names.h"

#include "core/error.h"

#include <algorithm>
#include <cctype>
#include <cstring>

namespace vremd {
namespace {

// The first byte that is not part of a UTF-8 sequence; npos if there is none.
std::size_t first_not_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = utf8_length(text.substr(at));
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

}  // namespace

bool is_utf8(std::string_view text) { return first_not_utf8(text) == text.npos; }

void require_utf8(std::string_view name) {
  const std::size_t at = first_not_utf8(name);
  if (at == name.npos) return;
  fail(
      "{}: byte 0x{:02x} is not UTF-8, which records require; rename the file (as convmv does) or "
      "use a link",
      name, static_cast<unsigned char>(name[at]));
}

std::string shell_quoted(std::string_view word) {
  const auto plain = [](unsigned char c) {
    return std::isalnum(c) || std::strchr("_-./:=,+@%^", c);
  };
  if (!word.empty() && std::all_of(word.begin(), word.end(), plain)) return std::string(word);
  std::string text = "'";
  for (const char c : word) text += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return text + "'";
}

}  // namespace vremd
