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

# With --nms, the people of taken-over frames are fewer than the boxes.
jq -c 'if .frame == 1 or .frame == 3 then .instances += [.instances[0] | .box_score = 0.4] else . end' \
  boxes.jsonl > double.jsonl
pose -q --nms oks:0.95 double.jsonl > thinned.jsonl
test "$(jq -c 'select(.type == "end") | [.people, .removed]' thinned.jsonl | sort -u)" = '[6,2]'
test "$(jq -r 'select(.type == "header").settings.nms' thinned.jsonl | sort -u)" = oks:0.95
for done in 1 2 3 5 7 8 9 11 16; do
  head -n $done thinned.jsonl > part.jsonl
  pose --nms oks:0.95 --resume-from part.jsonl -o out.jsonl -f double.jsonl 2> err
  grep -q 'vremd-pose: 4 people removed by --nms' err
  cmp <(plain out.jsonl) <(plain thinned.jsonl)
  rm out.jsonl; cp part.jsonl .out.jsonl.elsewhere.1.00c0ffee.partial
  pose -q --nms oks:0.95 --resume -o out.jsonl double.jsonl
  cmp <(plain out.jsonl) <(plain thinned.jsonl); test ! -e .out.jsonl.elsewhere.1.00c0ffee.partial
done
jq -c 'if .frame == 1 then .instances[0].box[0] += 1 else . end' double.jsonl > moved.jsonl
status=0; pose -q --nms oks:0.95 --resume-from part.jsonl moved.jsonl > out 2> err || status=$?
test $status -eq 1; grep -q 'part.jsonl:3: frame 1 differs from the input$' err
status=0; pose -q --nms oks:2 double.jsonl > out 2> err || status=$?
test $status -eq 2; grep -q -e '--nms must be none or oks:NUM' err

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
