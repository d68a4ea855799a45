#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# detect_then_pose.sh ROOT FOLDER VIDEO...: boxes and poses of many videos of an archive.
#
# VIDEOs are relative to ROOT. Boxes (FOLDER/boxes/VIDEO.jsonl) are kept, so that another pose
# model needs no second detection. Run it again after a stop, and it does what is not there yet.
# BIN=folder/with/the/tools where they are not on PATH.
set -euo pipefail
test $# -ge 3 || { echo "usage: $0 ROOT FOLDER VIDEO..." >&2; exit 2; }
PATH=${BIN:+$(cd "$BIN" && pwd):}$PATH
root=$(cd "$1" && pwd)
mkdir -p "$2/boxes" "$2/poses"
boxes=$(cd "$2/boxes" && pwd) poses=$(cd "$2/poses" && pwd)
shift 2

status=0
step() { "$@" || { status=$?; test $status -lt 128 || exit $status; }; }  # a signal ends all
step vremd-detect --resume --root "$root" --output-dir "$boxes" "$@"
cd "$boxes"
step vremd-pose --resume --root "$root" --output-dir "$poses" "${@/%/.jsonl}"
exit $status
