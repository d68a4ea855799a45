// SPDX-License-Identifier: Apache-2.0
#include "train/command_keys.h"

#include "core/error.h"
#include "core/text.h"
#include "io/json_file.h"

namespace vremd::train {
namespace {

Json parse_or_string(const std::string& text) {
  try {
    return io::parse_json(text, "");
  } catch (const Error&) {
    return text;
  }
}

void set_key(Json& config, const std::string& setting) {
  const std::size_t equals = setting.find('=');
  if (equals == 0 || equals == std::string::npos) {
    fail("--set must be KEY=VALUE, not '{}'", excerpt(setting));
  }
  const std::string key = setting.substr(0, equals);
  Json* at = &config;
  for (std::size_t from = 0;;) {
    if (!at->is_object() && !at->is_null()) {
      fail("--set: {}: {} is not an object", excerpt(key), excerpt(key.substr(0, from - 1)));
    }
    const std::size_t dot = key.find('.', from);
    at = &(*at)[key.substr(from, dot - from)];
    if (dot == std::string::npos) break;
    from = dot + 1;
  }
  *at = parse_or_string(setting.substr(equals + 1));
}

}  // namespace

void CommandKeys::apply(Json& config) const {
  if (!start.empty()) config["start"]["weights"] = start;
  if (!data.empty()) {
    Json& sets = config["data"] = Json::array();
    for (const std::string& annotations : data) {
      Json& one = sets.emplace_back(Json{{"annotations", annotations}});
      if (!images.empty()) one["root"] = images;
    }
  }
  if (!validate.empty()) {
    config["validate"] = validate;
    if (!images.empty()) config["validate_root"] = images;
  }
  for (const std::string& setting : set) set_key(config, setting);
}

}  // namespace vremd::train
