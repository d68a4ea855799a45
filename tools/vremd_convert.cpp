// SPDX-License-Identifier: Apache-2.0
// vremd-convert: weights and record formats from and to others.

#include "cli/tool.h"
#include "import/convert_weights.h"

#include <string_view>

using namespace vremd;

int main(int argc, char** argv) {
  if (argc > 1 && std::string_view(argv[1]) == "weights") {
    return convert_weights_main(argc - 1, argv + 1);
  }
  cli::Tool tool("vremd-convert", "convert weights");
  return tool.run(argc, argv, [](const cli::Common&) -> int {
    throw cli::UsageError("what to convert? 'weights' is the first word");
  });
}
