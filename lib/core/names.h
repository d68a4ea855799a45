// SPDX-License-Identifier: Apache-2.0
#pragma once

// Names of files, as records and command lines contain them.

#include <string>
#include <string_view>

namespace vremd {

bool is_utf8(std::string_view text);

// Error unless `name`, which records will contain, is UTF-8.
void require_utf8(std::string_view name);

// "http://...": opened by libav, not a file.
bool is_url(std::string_view name);

// The text with "://user:password@" of URLs removed and the values of their queries that are
// secret (token=, signature=, ...) replaced by "***".
std::string without_credentials(std::string_view text);

// Quotes a word of a command line for a shell where that is necessary.
std::string shell_quoted(std::string_view word);

}  // namespace vremd
