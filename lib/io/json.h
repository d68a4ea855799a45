// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace vremd {

// Records keep the order of their keys ("type" first), so the ordered kind everywhere.
using Json = nlohmann::ordered_json;

namespace io {

// On one line; bytes that are not UTF-8 are replaced.
inline std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace io

}  // namespace vremd
