// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace vremd::importer {

// Checkpoints of other projects that can be imported, one a line: the model, what it is for, the
// AP that its authors report, the licence and how it is imported.
std::string known_weights();

}  // namespace vremd::importer
