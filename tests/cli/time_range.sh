#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# --start and --end select what --frames does, by the time: 12 frames, 25 per second.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
vremd_pose_files clip 12 clip.mkv
vremd_pose_files records 12 clip.mkv > boxes.jsonl
vremd_pose_files weights paper tiny.safetensors
detect() { vremd-detect -q --device cpu --input-size 160 "$@" clip.mkv; }
pose() { vremd-pose -q --device cpu -w tiny.safetensors "$@"; }
convert() { vremd-convert -q "$@" boxes.jsonl; }
frames() { jq -c 'select(.type == "frame")'; }
same() { cmp <("$1" "${@:2:1}" "${@:3:1}" | frames) <("${@:4}" | frames) || { echo "different: $*"; exit 1; }; }

# The times of frames 2, 3, 4, 5 are 0.08, 0.12, 0.16, 0.2.
range=(--start 0.08 --end 0:00.2)
same detect --frames 2:5 detect "${range[@]}"
same convert --frames 2:5 convert "${range[@]}"
cmp <(pose --frames 2:5 boxes.jsonl | frames) <(pose "${range[@]}" boxes.jsonl | frames)
both() { pose --detect --input-size 160 "$@" clip.mkv | frames; }
cmp <(both --frames 2:5) <(both "${range[@]}")
convert "${range[@]}" | frames | jq .frame | tr '\n' ' ' | grep -qx '2 3 4 '
same convert --frames :1 convert --end 0:00:00.04
same convert --frames 10: convert --start 0.381
# Boxes are held from the first frame of the range on.
same detect '--frames=2:9' --every=3 detect --start 0.08 --end 0.36 --every 3
detect "${range[@]}" | head -n 1 | jq -e '.settings | .start == 0.08 and .end == 0.2 and (has("frames") | not)' > ok
pose "${range[@]}" boxes.jsonl | head -n 1 | jq -e '.settings | .start == 0.08 and .end == 0.2' > ok

mkdir pictures
vremd-draw -q "${range[@]}" boxes.jsonl -o pictures 2> err
test $(find pictures -name '*.png' | wc -l) = 3
test ! -s err
vremd-draw -q --frames 4:5 boxes.jsonl -o by_number.png
vremd-draw -q --start 0.16 --end 0.2 boxes.jsonl -o by_time.png
cmp by_number.png by_time.png
vremd-draw -q --frames 2:9 boxes.jsonl -o part.mp4 2> err
test ! -s err

# Nothing in the range.
vremd-detect --device cpu --input-size 160 --start 1:00 clip.mkv 2> err | frames > none
test ! -s none
grep -q 'warning: --start 1:00: no such frames$' err
pose --start 1:00 --end 2:00 boxes.jsonl | frames > none
test ! -s none
failed() {  # MESSAGE COMMAND...
  status=0; "${@:2}" > out 2> err || status=$?
  test $status -eq 1 && grep -q "$1" err || { echo "status $status: ${*:2}"; cat err; exit 1; }
}
failed ': none of the 12 frames is in the range asked for$' vremd-convert --start 1:00 boxes.jsonl
failed ': no frame in the range asked for has a record$' vremd-draw --start 1:00 boxes.jsonl -o none.mp4

usage() {
  status=0; "$@" > out 2> err || status=$?
  test $status -eq 2 || { echo "not a usage error ($status): $*"; cat err; exit 1; }
}
for tool in "vremd-detect clip.mkv" "vremd-pose boxes.jsonl" "vremd-convert boxes.jsonl" \
  "vremd-draw boxes.jsonl -o x.mp4"; do
  usage $tool --start 5 --end 5
  grep -q -- '--start 5 --end 5 is an empty range$' err
  usage $tool --start 1:99
  grep -q -- "--start must be seconds, M:SS or H:MM:SS, not '1:99'$" err
  usage $tool --frames 0:2 --end 5
  grep -q -- '--frames cannot be used with --start and --end$' err
done
usage vremd-draw --report page --start 1 boxes.jsonl
