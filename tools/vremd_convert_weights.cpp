// SPDX-License-Identifier: Apache-2.0
// What "vremd-convert weights" runs: a program of its own, since it needs LibTorch.

#include "import/convert_weights.h"

int main(int argc, char** argv) { return vremd::convert_weights_main(argc, argv); }
