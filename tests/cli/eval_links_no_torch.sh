# SPDX-License-Identifier: Apache-2.0
# The tools that start in milliseconds do not link LibTorch.
for tool in vremd-eval vremd-convert vremd-track; do
  ldd $(command -v $tool) > /dev/null
  if ldd $(command -v $tool) | grep -E 'libtorch|libc10'; then echo "$tool links LibTorch"; exit 1; fi
done
