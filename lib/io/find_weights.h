// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace vremd::io {

// The file for `-w`: a path, or a name such as vremd-light, which is searched as NAME.safetensors
// in $VREMD_MODELS, <prefix>/share/vremd/models next to the binary's bin, and models/ of the source
// tree. An Error lists the places.
std::string find_weights(const std::string& name_or_path);

}  // namespace vremd::io
