// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "convert/format.h"

#include <memory>

namespace vremd::convert {

// Passes records on and remembers what of them the format does not hold; finish() says it, in one
// warning.
std::unique_ptr<RecordSink> note_losses(const Format& format, RecordSink& next);

}  // namespace vremd::convert
