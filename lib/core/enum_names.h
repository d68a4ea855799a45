// SPDX-License-Identifier: Apache-2.0
#pragma once

// Enums with names in configurations, on command lines and in messages. The values count from 0;
// next to the enum is the only list of their names:
//   enum class Geometry { kUdp, kClassic };
//   constexpr auto enum_names(Geometry) { return std::array{"udp", "classic"}; }

#include "core/error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace vremd {

template <typename T>
concept NamedEnum = std::is_enum_v<T> && requires(T value) { enum_names(value)[0]; };

template <NamedEnum T>
constexpr std::string_view name_of(T value) {
  return enum_names(value)[static_cast<std::size_t>(value)];
}

template <NamedEnum T>
constexpr std::optional<T> enum_from_name(std::string_view name) {
  const auto names = enum_names(T{});
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<T>(found - names.begin());
}

// For messages and --help: "udp classic".
template <NamedEnum T>
std::string enum_choices() {
  return fmt::format("{}", fmt::join(enum_names(T{}), " "));
}

// Error "place: 'name' is not one of: udp classic".
template <NamedEnum T>
T enum_value(std::string_view name, const std::string& place) {
  const auto value = enum_from_name<T>(name);
  if (!value) fail("{}: '{}' is not one of: {}", place, excerpt(name), enum_choices<T>());
  return *value;
}

}  // namespace vremd
