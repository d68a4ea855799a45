#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# The man page documents every option of --help and has no errors.
page=$MAN_DIR/vremd-pose.1
test -e $page || exit 77
mandoc -Tlint -W error $page
text=$(MANWIDTH=200 man $page | col -b)
for option in $(vremd-pose --help | grep -oE -- '--[a-z-]+' | sort -u); do
  grep -q -- "$option" <<< "$text" || { echo "$page: not there: $option"; exit 1; }
done
