// SPDX-License-Identifier: Apache-2.0
#include "video/picture_names.h"

#include "core/error.h"
#include "core/names.h"
#include "core/picture_names.h"
#include "core/text.h"

#include <glob.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>

namespace vremd::video {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Removes the leading digits of `text` and returns them.
std::string_view take_number(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) ++count;
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

std::string_view without_zeros(std::string_view digits) {
  while (digits.size() > 1 && digits.front() == '0') digits.remove_prefix(1);
  return digits;
}

// "img-%04d.png" split into prefix, minimum number of digits and suffix.
struct NumberPattern {
  std::string prefix, suffix;
  std::size_t digits = 1;

  // The number in a matching name. Numbers longer than the minimum have no leading zeros.
  std::optional<unsigned long long> number(std::string_view name) const {
    if (name.size() < prefix.size() + digits + suffix.size()) return {};
    if (!name.starts_with(prefix) || !name.ends_with(suffix)) return {};
    name.remove_prefix(prefix.size());
    name.remove_suffix(suffix.size());
    if (name.size() > digits && name.front() == '0') return {};
    return number_from<unsigned long long>(name);
  }
};

std::optional<NumberPattern> parse_number_pattern(std::string_view text) {
  NumberPattern pattern;
  bool found = false;
  while (!text.empty()) {
    std::string& literal = found ? pattern.suffix : pattern.prefix;
    if (text.starts_with("%%")) {
      literal += '%';
      text.remove_prefix(2);
    } else if (text.front() != '%') {
      literal += text.front();
      text.remove_prefix(1);
    } else {
      text.remove_prefix(1);
      const std::string_view width = take_number(text);
      if (found || width.size() > 3 || !text.starts_with('d')) return {};
      if (!width.empty() && width.front() != '0') return {};  // "%6d" pads with spaces
      pattern.digits = std::max<std::size_t>(number_from<std::size_t>(width).value_or(1), 1);
      text.remove_prefix(1);
      found = true;
    }
  }
  if (!found) return {};
  return pattern;
}

// A file, or something that cannot be opened: it keeps its place in the order, as a missing frame.
bool may_be_a_file(const std::filesystem::path& path) {
  std::error_code ignored;
  return !std::filesystem::is_directory(path, ignored);
}

// Calls visit(name) for all that is in a folder but folders and hidden files.
template <typename Visit>
void for_each_file(const std::string& folder, const Visit& visit) {
  std::error_code error;
  std::filesystem::directory_iterator it(folder, error), end;
  for (; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename();
    if (!name.starts_with('.') && may_be_a_file(it->path())) visit(name);
  }
  if (error) fail("{}: cannot read directory: {}", folder, error.message());
}

}  // namespace

bool natural_less(std::string_view a, std::string_view b) {
  std::string_view rest_a = a, rest_b = b;
  while (!rest_a.empty() && !rest_b.empty()) {
    if (is_digit(rest_a.front()) && is_digit(rest_b.front())) {
      const std::string_view number_a = without_zeros(take_number(rest_a));
      const std::string_view number_b = without_zeros(take_number(rest_b));
      if (number_a.size() != number_b.size()) return number_a.size() < number_b.size();
      if (number_a != number_b) return number_a < number_b;
    } else {
      const auto char_a = static_cast<unsigned char>(rest_a.front());
      const auto char_b = static_cast<unsigned char>(rest_b.front());
      if (char_a != char_b) return char_a < char_b;
      rest_a.remove_prefix(1);
      rest_b.remove_prefix(1);
    }
  }
  if (rest_a.empty() != rest_b.empty()) return rest_a.empty();
  return a < b;  // equal except for leading zeros
}

std::vector<std::string> pictures_in_folder(const std::string& folder) {
  std::vector<std::string> names;
  for_each_file(folder, [&](const std::string& name) {
    if (has_picture_name(name)) names.push_back(name);
  });
  if (names.empty()) fail("{}: no images in this directory", folder);
  std::sort(names.begin(), names.end(), natural_less);
  for (std::string& name : names) name = std::filesystem::path(folder) / name;
  return names;
}

bool is_number_pattern(const std::string& path) {
  return parse_number_pattern(std::filesystem::path(path).filename().native()).has_value();
}

std::vector<std::string> pictures_of_number_pattern(const std::string& pattern) {
  const std::filesystem::path path(pattern);
  const auto numbered = parse_number_pattern(path.filename().native());
  if (!numbered) fail("{}: not a pattern with one number such as %06d", pattern);
  std::vector<std::pair<unsigned long long, std::string>> found;
  const std::string folder = path.has_parent_path() ? path.parent_path().string() : ".";
  for_each_file(folder, [&](const std::string& name) {
    if (const auto number = numbered->number(name)) found.emplace_back(*number, name);
  });
  if (found.empty()) fail("{}: no images match this pattern", pattern);
  std::sort(found.begin(), found.end());
  std::vector<std::string> names;
  for (const auto& [number, name] : found) names.push_back(path.parent_path() / name);
  return names;
}

bool is_wildcard(const std::string& path) { return path.find_first_of("*?") != std::string::npos; }

std::vector<std::string> pictures_of_wildcard(const std::string& pattern) {
  std::string escaped;  // only * and ? are special
  for (const char c : pattern) {
    if (c == '[' || c == '\\') escaped += '\\';
    escaped += c;
  }
  glob_t matches{};
  const int status = glob(escaped.c_str(), GLOB_NOSORT, nullptr, &matches);
  std::vector<std::string> names(matches.gl_pathv, matches.gl_pathv + matches.gl_pathc);
  globfree(&matches);
  if (status != 0 && status != GLOB_NOMATCH) fail("{}: cannot read directory", pattern);
  std::erase_if(names, [](const std::string& name) { return !may_be_a_file(name); });
  if (names.empty()) fail("{}: no images match this pattern", pattern);
  for (const std::string& name : names) {
    if (!has_picture_name(name)) fail("{}: {} is not an image", pattern, name);
  }
  std::sort(names.begin(), names.end(), natural_less);
  return names;
}

std::vector<std::string> pictures_of(const std::string& path) {
  if (is_url(path)) return {path};
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) return pictures_in_folder(path);
  if (std::filesystem::exists(path, ignored)) return {path};
  if (is_wildcard(path)) return pictures_of_wildcard(path);
  if (is_number_pattern(path)) return pictures_of_number_pattern(path);
  return {path};
}

}  // namespace vremd::video
