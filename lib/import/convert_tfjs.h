// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "import/convert_weights.h"

namespace vremd::importer {

// MoveNet Thunder or NanoDet-g as TensorFlow.js graph models -> our file.
void convert_tfjs(const ConvertWeightsConfig& config);

}  // namespace vremd::importer
