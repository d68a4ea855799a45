#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Tools that start in milliseconds do not link LibTorch; the check recognises one that does.
torch() { ldd $(command -v $1) | grep -E 'libtorch|libc10'; }
torch vremd-pose > /dev/null
for tool in vremd-eval vremd-convert vremd-track vremd-draw; do
  ldd $(command -v $tool) > /dev/null
  if torch $tool; then echo "$tool links LibTorch"; exit 1; fi
done
