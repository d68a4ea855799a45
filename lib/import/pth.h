// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "import/source.h"

#include <cstddef>
#include <span>
#include <string>

namespace vremd::importer {

// The state dict in a file of torch.save: the zip format (data.pkl, data/KEY, byteorder; stored
// entries, CRC checked) and the legacy one (magic number, protocol, system, pickle, storage keys,
// storages). It is the dict under "state_dict", "model" or
// "module", else the outermost one.
//
// Nothing of the file is executed (pickle.h). A tensor is what stands as torch._utils'
// _rebuild_tensor, _rebuild_tensor_v2 or _rebuild_parameter of a storage of torch; whatever else
// (arguments of the training, numpy arrays, whole modules) stays a name in `unread`. Tensors may
// share storages and have any strides; none may reach outside its storage, or have more elements.
//
// `source.owner` keeps the file mapped.
SourceFile read_pth(const std::string& path);

// Of the file's bytes, which have to outlive what comes of them; `path` is for messages.
SourceFile read_pth(std::span<const std::byte> bytes, const std::string& path);

}  // namespace vremd::importer
