#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# pose_one_video.sh VIDEO DIR: detect people, estimate their poses, and draw them.
#
# Writes DIR/NAME.jsonl (records), NAME.mp4 (video with skeletons) and NAME.png (contact sheet).
# Set BIN to the directory of the tools if they are not in PATH.
set -euo pipefail
test $# -eq 2 || { echo "usage: $0 VIDEO DIR" >&2; exit 2; }
PATH=${BIN:+$(cd "$BIN" && pwd):}$PATH
video=$1 folder=$2
name=$(basename "${video%.*}")
mkdir -p "$folder"

vremd-detect "$video" | vremd-pose -f -o "$folder/$name.jsonl"
vremd-draw "$folder/$name.jsonl" -f -o "$folder/$name.mp4"
vremd-draw "$folder/$name.jsonl" --sheet -f -o "$folder/$name.png"
