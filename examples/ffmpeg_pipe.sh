#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ffmpeg_pipe.sh INPUT OUT.jsonl [OPTION...]: poses of whatever ffmpeg reads, filtered by it.
#
# The options are ffmpeg's and stand before its output: -ss 60 -t 10, -vf fps=10, -vf hflip. No file
# is written in between; NUT carries the pictures with their times.
# Set BIN to the directory of the tools if they are not in PATH.
set -euo pipefail
test $# -ge 2 || { echo "usage: $0 INPUT OUT.jsonl [OPTION...]" >&2; exit 2; }
PATH=${BIN:+$(cd "$BIN" && pwd):}$PATH
input=$1 output=$2
shift 2

ffmpeg -nostdin -v error -i "$input" "$@" -map 0:v:0 -c:v rawvideo -pix_fmt yuv420p -f nut - |
  vremd-pose --detect -f -o "$output" -
