#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# The man pages document every option of --help and have no errors.
check() {
  page=$MAN_DIR/$1.1; shift
  test -e $page || exit 77
  mandoc -Tlint -W error $page
  text=$(MANWIDTH=200 man $page | col -b)
  for option in $("$@" --help | grep -oE -- '--[a-z-]+' | sort -u); do
    grep -q -- "$option" <<< "$text" || { echo "$page: not there: $option"; exit 1; }
  done
}
check vremd-convert vremd-convert
check vremd-convert vremd-convert weights
check vremd-eval vremd-eval
