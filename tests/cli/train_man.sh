#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# The man page documents every option of --help and every preset.
page=$MAN_DIR/vremd-train.1
test -e $page || exit 77
text=$(sed 's/\\-/-/g; s/\\f[BIRP]//g' $page)
for option in $(vremd-train --help | grep -oE -- '--[a-z-]+' | sort -u); do
  grep -q -- "$option" <<< "$text" || { echo "$page: not there: $option"; exit 1; }
done
presets=$(vremd-train --preset none -o none 2>&1 | sed -n 's/.*: not one of //p' | tr -d ,)
test "$(wc -w <<< "$presets")" -ge 20
for preset in $presets; do
  grep -qw -- "$preset" <<< "$text" || { echo "$page: preset missing: $preset"; exit 1; }
done
