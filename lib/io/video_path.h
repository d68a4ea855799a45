// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace vremd::io {

struct Header;

// A name under the directory of --root. An empty root, an absolute name and "-" change nothing.
std::string join_root(const std::string& root, const std::string& name);

// Where the video of a header is. Error at `place` if it was read from standard input, which
// cannot be read again.
std::string video_path(const Header& header, const std::string& root, const std::string& place);

}  // namespace vremd::io
