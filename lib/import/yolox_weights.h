// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "detect/yolox.h"
#include "import/source.h"
#include "ops/stored_tensors.h"

namespace vremd::importer {

bool is_yolox(const SourceFile& source);  // by the official names

struct ImportedYolox {
  detect::YoloxShape shape;
  int input_size = 640;        // longer side of the training; 416 for nano and tiny
  ops::StoredTensors tensors;  // batch norms folded into the convolutions
};

// Converts the official state dict to our layers in `dtype`. Error "path: what" for a missing or
// unknown tensor or a wrong shape.
ImportedYolox import_yolox(const SourceFile& source, io::DType dtype);

}  // namespace vremd::importer
