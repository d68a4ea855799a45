// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <nlohmann/json.hpp>

namespace vremd {

// Records keep the order of their keys ("type" first), so the ordered kind everywhere.
using Json = nlohmann::ordered_json;

}  // namespace vremd
