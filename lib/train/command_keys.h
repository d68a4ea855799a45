// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "io/json.h"

#include <string>
#include <vector>

namespace vremd::train {

// Keys of a configuration that the command line gives, which override its file.
struct CommandKeys {
  std::string start;              // start.weights
  std::vector<std::string> data;  // annotations; replace those of the file
  std::string images;             // the root of `data`
  std::string validate;
  std::vector<std::string> set;  // KEY=VALUE: a key with dots, and JSON or a string

  bool any() const { return !start.empty() || !data.empty() || !validate.empty() || !set.empty(); }
  // Error "--set: ...": no "=", or a key inside a value that is not an object.
  void apply(Json& config) const;
};

}  // namespace vremd::train
