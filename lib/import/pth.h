// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "import/source.h"

#include <cstddef>
#include <span>
#include <string>

namespace vremd::importer {

// The state dict in a torch.save file: the zip format (data.pkl, data/KEY, byteorder; stored
// entries, CRC checked) and the legacy one (magic number, protocol, system, pickle, storage keys,
// storages). It is the dict
// under "state_dict", "model" or "module", else the outermost one.
//
// Nothing in the file is executed (pickle.h). Tensors are _rebuild_tensor, _rebuild_tensor_v2 and
// _rebuild_parameter of torch._utils on a torch storage; other values (training arguments, numpy
// arrays, whole modules) are listed in `unread`. Tensors may share storages and have any strides,
// but must not exceed their storage or have more elements than it.
//
// `source.owner` keeps the file mapped.
SourceFile read_pth(const std::string& path);

// Reads the file's bytes, which must outlive the result; `path` is for messages.
SourceFile read_pth(std::span<const std::byte> bytes, const std::string& path);

}  // namespace vremd::importer
