#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# The man page states every default of --help in the paragraph of its option.
for tool in ${TOOLS:-convert detect draw eval pose track train}; do
  page=$MAN_DIR/vremd-$tool.1
  test -e $page || exit 77
  text=$(MANWIDTH=200 man --nh $page | col -bx)
  vremd-$tool --help | awk '
    /^  (-., |    )--/ { print line; line = "" }
    { line = line " " $0 }
    END { print line }' |
    sed -nE 's/^ +(-., )?--([a-z-]+).*\(default: ([^)]*)\).*/\2 \3/p' | while read -r option value; do
    awk -v option="^ +(-., )?--$option( |,|$)" -v value="$value" '
      $0 ~ option { here = 1 }
      here { paragraph = paragraph " " $0 }
      /^$/ { here = 0 }
      END { at = index(paragraph, "Default"); exit !(at && index(substr(paragraph, at), value)) }
    ' <<< "$text" ||
      { echo "$page: --$option: does not state its default, $value"; exit 1; }
  done
done
