// SPDX-License-Identifier: Apache-2.0
#pragma once

// Strict access to JSON that comes from outside. `place` is where the object stands, such as
// "a.json: annotations[3]"; an Error adds the key: "a.json: annotations[3].bbox: not four numbers".

#include "core/geometry.h"
#include "io/json.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace vremd::strict {

const Json* find(const Json& object, const char* key);  // null: not there, or null
const Json& require(const Json& object, const char* key, const std::string& place);
const Json& require_list(const Json& object, const char* key, const std::string& place);
void require_object(const Json& value, const std::string& place);

// Also 3.0; an Error beyond 64 bits.
std::int64_t integer(const Json& value, const char* key, const std::string& place);
std::optional<std::int64_t> optional_integer(const Json& object, const char* key,
                                             const std::string& place);
std::optional<double> optional_number(const Json& object, const char* key,
                                      const std::string& place);
bool flag(const Json& object, const char* key, bool otherwise, const std::string& place);
std::string text(const Json& object, const char* key, const std::string& place);

// Empty: not there.
std::vector<double> numbers(const Json& object, const char* key, const std::string& place);
std::vector<double> numbers(const Json& list, const std::string& place);
std::optional<Box> box(const Json& object, const char* key, const std::string& place);

}  // namespace vremd::strict
