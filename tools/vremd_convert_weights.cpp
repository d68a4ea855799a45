// SPDX-License-Identifier: Apache-2.0
// The program behind "vremd-convert weights": separate, because it needs LibTorch.

#include "import/convert_weights.h"

int main(int argc, char** argv) { return vremd::importer::convert_weights_main(argc, argv); }
