#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# The man page documents every option of --help.
page=$MAN_DIR/vremd-draw.1
test -e $page || exit 77
text=$(sed 's/\\-/-/g; s/\\f[BIRP]//g' $page)
for option in $(vremd-draw --help | grep -oE -- '--[a-z-]+' | sort -u); do
  grep -q -- "$option" <<< "$text" || { echo "$page: not there: $option"; exit 1; }
done
