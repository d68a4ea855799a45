#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# detect_then_pose.sh FOLDER VIDEO...: boxes and poses of many videos, in files, in two passes.
#
# Boxes are kept (FOLDER/NAME.boxes.jsonl), so that another pose model needs no second detection.
# What is there already is not made again: run it again after a stop, and it goes on.
# BIN=folder/with/the/tools where they are not on PATH.
set -euo pipefail
test $# -ge 2 || { echo "usage: $0 FOLDER VIDEO..." >&2; exit 2; }
PATH=${BIN:+$(cd "$BIN" && pwd):}$PATH
folder=$1; shift
mkdir -p "$folder"

status=0
for video in "$@"; do
  name=$folder/$(basename "${video%.*}")
  # An output file that exists is complete: the tools rename it into place at the end.
  test -e "$name.boxes.jsonl" || vremd-detect "$video" -o "$name.boxes.jsonl" || status=1
  test -e "$name.boxes.jsonl" || continue
  test -e "$name.poses.jsonl" || vremd-pose "$name.boxes.jsonl" -o "$name.poses.jsonl" || status=1
done
exit $status
