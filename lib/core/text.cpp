// SPDX-License-Identifier: Apache-2.0
#include "core/text.h"

#include <fmt/core.h>

namespace vremd {
namespace {

// A character as shown in a line; without `is_utf8` it is a single invalid byte.
std::string shown(std::string_view character, bool is_utf8) {
  const auto byte = static_cast<unsigned char>(character[0]);
  if (byte == '\n') return "\\n";
  if (byte == '\r') return "\\r";
  if (byte == '\t') return "\\t";
  const bool is_c1 = is_utf8 && byte == 0xc2 && static_cast<unsigned char>(character[1]) < 0xa0;
  const bool is_control = byte < 0x20 || byte == 0x7f || is_c1;
  if (is_utf8 && !is_control) return std::string(character);
  std::string escaped;
  for (const char c : character) {
    escaped += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return escaped;
}

// Appends `text` to `line` up to `most` bytes. False if not all of it fits.
bool append_line(std::string_view text, std::size_t most, std::string& line) {
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const std::string_view character = text.substr(0, length ? length : 1);
    const std::string next = shown(character, length > 0);
    if (line.size() + next.size() > most) return false;
    line += next;
    text.remove_prefix(character.size());
  }
  return true;
}

}  // namespace

std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t k) {
    return k < text.size() ? static_cast<unsigned char>(text[k]) : 0u;
  };
  if (text.empty()) return 0;
  const unsigned a = byte(0), b = byte(1);
  const std::size_t length = a < 0x80   ? 1
                             : a < 0xc2 ? 0
                             : a < 0xe0 ? 2
                             : a < 0xf0 ? 3
                             : a < 0xf5 ? 4
                                        : 0;
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(k) & 0xc0) != 0x80) return 0;
  }
  if ((a == 0xe0 && b < 0xa0) || (a == 0xed && b > 0x9f) || (a == 0xf0 && b < 0x90) ||
      (a == 0xf4 && b > 0x8f)) {
    return 0;
  }
  return length;
}

std::string one_line(std::string_view text) {
  std::string line;
  append_line(text, std::string::npos, line);
  return line;
}

std::string lower_case(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string first_line(std::string_view text) {
  return std::string(text.substr(0, text.find('\n')));
}

std::string excerpt(std::string_view text, std::size_t most) {
  std::string line;
  return append_line(text, most, line) ? line : line + "…";
}

}  // namespace vremd
