#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# soak.sh VIDEO [SECONDS [FPS]]: memory of `vremd-detect | vremd-pose` over a long 1280 x 720 video, an hour
# at 10 frames/s by default, made from VIDEO by repetition. The poses come from an untrained network of the
# smallest size, so that reading, cropping and writing have their share. Prints the mean resident memory of
# each quarter of the run; fails if that of the last is more than 5 % above that of the first.
# Requires ffmpeg, and the tools and vremd_pose_files in PATH.
set -euo pipefail
test $# -ge 1 || { echo "usage: $0 VIDEO [SECONDS [FPS]]" >&2; exit 2; }
video=$(realpath "$1") seconds=${2:-3600} fps=${3:-10}
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"

ffmpeg -v error -stream_loop -1 -i "$video" -t "$seconds" -vf "fps=$fps,scale=1280:720" -an \
  -c:v libx264 -preset ultrafast -crf 30 long.mkv
vremd_pose_files weights paper tiny.safetensors
mkfifo boxes
vremd-detect -q --every 50 --min-score 0.6 long.mkv > boxes & detect=$!
vremd-pose -q -w tiny.safetensors boxes -o poses.jsonl & pose=$!

resident() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status" 2> /dev/null || true; }
begin=$SECONDS
while kill -0 $pose 2> /dev/null; do
  sleep 1
  echo "$((SECONDS - begin)) $(resident $detect) $(resident $pose)" >> memory
done
wait $detect $pose
test "$(tail -1 poses.jsonl | jq .frames)" -eq $((seconds * fps))
tail -1 poses.jsonl
awk 'NF == 3 { time[n] = $1; detect[n] = $2; pose[n] = $3; ++n }
  END {
    for (i = 0; i < n; ++i) { q = int(4 * i / n); d[q] += detect[i]; p[q] += pose[i]; ++c[q] }
    print "| quarter | vremd-detect, MiB | vremd-pose, MiB |\n|---|---|---|"
    for (q = 0; q < 4; ++q) printf "| %d | %.0f | %.0f |\n", q + 1, d[q] / c[q] / 1024, p[q] / c[q] / 1024
    printf "%d s, %d samples\n", time[n - 1], n
    exit d[3] / c[3] > 1.05 * d[0] / c[0] || p[3] / c[3] > 1.05 * p[0] / c[0]
  }' memory
