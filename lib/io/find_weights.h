// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace vremd::io {

// The file that `-w` means: a path, or a name such as vremd-light, which is looked for as
// NAME.safetensors in $VREMD_MODELS, in <prefix>/share/vremd/models beside the binary's bin, in
// models/ of the source tree. An Error lists the places.
std::string find_weights(const std::string& name_or_path);

}  // namespace vremd::io
