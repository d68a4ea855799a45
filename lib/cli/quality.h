// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.h"

namespace vremd::cli {

// --quality of vremd-detect and vremd-pose; described in vremd-pose(1), QUALITY.
inline void add_quality(Tool& tool) {
  tool.presets("quality",
               {{"best", {{"flip", "true"}, {"every", "1"}, {"reuse", "exact"}}},
                {"balanced", {{"every", "2"}, {"reuse", "hold:0.9"}}},
                {"fast", {{"every", "5"}, {"reuse", "hold:0.8"}, {"input-size", "416"}}}},
               "Q", "defaults of other options for best, balanced or fast results");
}

}  // namespace vremd::cli
