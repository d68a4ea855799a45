// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace vremd::cli {

// The name of an option that was probably meant by a wrong one, by spelling or because other tools
// of the field call it so; "": none.
std::string nearest_option(std::string_view wrong, const std::vector<std::string>& known);

}  // namespace vremd::cli
