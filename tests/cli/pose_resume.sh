#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# A resumed run gives the result of a single run.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
vremd_pose_files weights paper tiny.safetensors
vremd_pose_files clip 6 clip.mkv
vremd_pose_files records 6 clip.mkv > one.jsonl
cat one.jsonl one.jsonl > boxes.jsonl  # two videos
pose() { vremd-pose --device cpu -w tiny.safetensors "$@"; }
plain() { jq -c 'del(.command)' "$@"; }
pose -q boxes.jsonl > whole.jsonl
lines=$(wc -l < whole.jsonl)
test $lines -eq 16

# Truncated after any line, and within one.
for done in 1 2 5 7 8 9 12 16; do
  head -n $done whole.jsonl > part.jsonl
  pose --resume-from part.jsonl -o out.jsonl -f boxes.jsonl 2> err
  plain out.jsonl | diff <(plain whole.jsonl) -
done
{ head -n 4 whole.jsonl; sed -n 5p whole.jsonl | head -c 60; } > part.jsonl
pose --resume-from part.jsonl -j 3 < boxes.jsonl > out.jsonl 2> err
plain out.jsonl | diff <(plain whole.jsonl) -
grep -q '^vremd-pose: 3 frames reused from the interrupted run$' err

# Completed frames are not recomputed: their keypoints are copied.
head -n 3 whole.jsonl | sed 's/"score":0[0-9.]*/"score":0.125/' > part.jsonl
pose -q --resume-from part.jsonl boxes.jsonl | sed -n 3p > third
cmp third <(sed -n 3p part.jsonl)

# A different model, setting, video or people: errors with the line.
refused() {
  local want=$1; shift
  local status=0
  pose "$@" -o never.jsonl boxes.jsonl 2> err || status=$?
  test $status -eq 1
  grep -q "^vremd-pose: part.jsonl:$want" err || { cat err; exit 1; }
  test ! -e never.jsonl
}
head -n 4 whole.jsonl > part.jsonl
refused '1: made with a different setting (flip)$' --resume-from part.jsonl --flip
refused '1: made with a different set of joints$' --resume-from part.jsonl --joints nose,left_knee
refused '1: made with a different precision$' --resume-from part.jsonl --precision bf16
sed -i 's/"model":"sha256:./"model":"sha256:x/' part.jsonl
refused '1: made with a different model$' --resume-from part.jsonl
head -n 4 whole.jsonl | sed 's/clip.mkv/other.mkv/' > part.jsonl
refused '1: made with a different video$' --resume-from part.jsonl
head -n 4 whole.jsonl | sed '3s/"box":\[[0-9]*/"box":[77/' > part.jsonl
refused '3: frame 1 differs from the input$' --resume-from part.jsonl
sed 3d whole.jsonl > part.jsonl
refused '3: frame 2, but the next frame of the input is 1$' --resume-from part.jsonl
status=0; pose --resume-from no.jsonl boxes.jsonl > out 2> err || status=$?
test $status -eq 1
grep -q '^vremd-pose: no.jsonl: cannot open: ' err
