#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# detect_then_pose.sh ROOT DIR VIDEO...: detect people in many videos and estimate their poses.
#
# VIDEO paths are relative to ROOT. The boxes are kept in DIR/boxes/VIDEO.jsonl, so that another
# pose model can be run without repeating the detection; the poses are written to
# DIR/poses/VIDEO.jsonl. After an interruption, run the same command again to process the rest.
# Set BIN to the directory of the tools if they are not in PATH.
set -euo pipefail
test $# -ge 3 || { echo "usage: $0 ROOT DIR VIDEO..." >&2; exit 2; }
PATH=${BIN:+$(cd "$BIN" && pwd):}$PATH
root=$(cd "$1" && pwd)
mkdir -p "$2/boxes" "$2/poses"
boxes=$(cd "$2/boxes" && pwd) poses=$(cd "$2/poses" && pwd)
shift 2

status=0
step() { "$@" || { status=$?; test $status -lt 128 || exit $status; }; }  # stop on a signal
step vremd-detect --resume --root "$root" --output-dir "$boxes" "$@"
cd "$boxes"
step vremd-pose --resume --root "$root" --output-dir "$poses" "${@/%/.jsonl}"
exit $status
