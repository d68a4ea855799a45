// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "detect/yolox.h"
#include "import/source.h"
#include "import/tensor_file.h"

#include <string>

namespace vremd::importer {

bool is_yolox(const SourceFile& source);  // by the official names

struct ImportedYolox {
  detect::YoloxShape shape;
  int input_size = 640;  // longer side that it was trained with; nano, tiny 416
  TensorFile tensors;    // batch norms folded into the convolutions
};

// The official state dict -> our layers, in `dtype`. An Error "path: what" for a tensor that is
// missing, of another shape, or of no YOLOX.
ImportedYolox import_yolox(const SourceFile& source, io::DType dtype);

}  // namespace vremd::importer
