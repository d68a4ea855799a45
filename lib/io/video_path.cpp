// SPDX-License-Identifier: Apache-2.0
#include "io/video_path.h"

#include "core/error.h"
#include "io/records.h"

#include <filesystem>

namespace vremd::io {

std::string join_root(const std::string& root, const std::string& name) {
  if (root.empty() || name == "-") return name;
  return (std::filesystem::path(root) / name).string();
}

std::string video_path(const Header& header, const std::string& root, const std::string& place) {
  if (header.video == "-") {
    fail("{}: the video was read from standard input; use --video", place);
  }
  return join_root(root, header.video);
}

}  // namespace vremd::io
