// SPDX-License-Identifier: Apache-2.0
#include "core/names.h"

#include "core/error.h"

#include <algorithm>
#include <array>
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

bool is_one_of(char c, std::string_view set) { return set.find(c) != set.npos; }

// Of queries, in lower case: the ends of the names.
constexpr std::array<std::string_view, 8> kSecretKeys{"token",  "signature", "sig",  "password",
                                                      "passwd", "secret",    "auth", "key"};

bool is_secret(std::string_view key) {
  std::string lower(key);
  std::ranges::transform(lower, lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::ranges::any_of(kSecretKeys,
                             [&](std::string_view end) { return lower.ends_with(end); });
}

// "a=1&token=x" -> "a=1&token=***"
std::string without_secrets(std::string_view query) {
  std::string text;
  for (std::size_t at = 0; at <= query.size();) {
    const std::size_t end = std::min(query.find('&', at), query.size());
    const std::string_view item = query.substr(at, end - at);
    const std::size_t equals = item.find('=');
    text += equals != item.npos && is_secret(item.substr(0, equals))
                ? std::string(item.substr(0, equals)) + "=***"
                : std::string(item);
    if (end < query.size()) text += '&';
    at = end + 1;
  }
  return text;
}

}  // namespace

bool is_url(std::string_view name) {
  const std::size_t colon = name.find("://");
  return colon != name.npos && colon > 0 && std::ranges::all_of(name.substr(0, colon), [](char c) {
           return std::isalnum(static_cast<unsigned char>(c)) || is_one_of(c, "+-.");
         });
}

std::string without_credentials(std::string_view text) {
  constexpr std::string_view kScheme = "://", kEnds = " \t\n\"'";
  std::string result;
  for (;;) {
    const std::size_t at = text.find(kScheme);
    if (at == text.npos) return result += text;
    result += text.substr(0, at + kScheme.size());
    text.remove_prefix(at + kScheme.size());
    const std::string_view url = text.substr(0, text.find_first_of(kEnds));
    text.remove_prefix(url.size());
    const std::string_view authority = url.substr(0, url.find_first_of("/?#"));
    const std::size_t user = authority.rfind('@');
    const std::string_view rest = url.substr(user == authority.npos ? 0 : user + 1);
    const std::size_t query = std::min(rest.find('?'), rest.size());
    result += rest.substr(0, query);
    if (query < rest.size()) result += '?' + without_secrets(rest.substr(query + 1));
  }
}

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
