// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace vremd::report {

// page.html with its style and script, and with these data (JSON), of which nothing can end the
// element that holds them.
std::string page_with(std::string data);

}  // namespace vremd::report
