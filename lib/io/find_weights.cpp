// SPDX-License-Identifier: Apache-2.0
#include "io/find_weights.h"

#include "core/error.h"

#include <cstdlib>
#include <filesystem>
#include <vector>

namespace vremd::io {

std::string find_weights(const std::string& name_or_path) {
  namespace fs = std::filesystem;
  if (fs::is_regular_file(name_or_path)) return name_or_path;
  const bool is_path =
      name_or_path.find('/') != std::string::npos || name_or_path.ends_with(".safetensors");
  if (is_path) {
    fail("{}: {}", name_or_path, fs::exists(name_or_path) ? "not a file" : "no such weights file");
  }
  std::vector<fs::path> folders;
  if (const char* models = std::getenv("VREMD_MODELS"); models && *models) {
    folders.emplace_back(models);
  }
  std::error_code ignored;
  const fs::path binary = fs::read_symlink("/proc/self/exe", ignored);
  folders.push_back((binary.parent_path() / "../share/vremd/models").lexically_normal());
  folders.emplace_back(VREMD_SOURCE_MODELS);
  std::string places;
  for (const fs::path& folder : folders) {
    const fs::path file = folder / (name_or_path + ".safetensors");
    if (fs::is_regular_file(file)) return file.string();
    places += (places.empty() ? "" : ", ") + folder.string();
  }
  fail("{}: no such weights in {}", name_or_path, places);
}

}  // namespace vremd::io
