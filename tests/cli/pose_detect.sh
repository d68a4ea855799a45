#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# vremd-pose --detect gives what vremd-detect | vremd-pose gives, and --track what vremd-track does.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
street=$SOURCE_DIR/examples/street.mp4
cp $street clip.mp4
vremd_pose_files weights paper paper.safetensors
vremd_pose_files weights table4_baseline single.safetensors
range=0:8
detect() { vremd-detect -q --device cpu --input-size 160 --max-people 2 --frames $range "$@"; }
pose() { vremd-pose ${log:--q} --device cpu -w ${weights:-paper.safetensors} "$@"; }
both() { pose --detect --input-size 160 --max-people 2 --frames $range "$@"; }
# Headers say by which commands they were made.
plain() { jq -c 'del(.command) | if .from then .from |= map(del(.command)) else . end' "$@"; }
same() { cmp <(plain "$1") <(plain "$2") || { echo "$1 and $2 differ"; exit 1; }; }
poses() { jq -s '[.[] | select(.type == "frame").instances | length] | add' "$@"; }

detect clip.mp4 > boxes.jsonl
pose boxes.jsonl > pipe.jsonl
test "$(poses pipe.jsonl)" -gt 10
for threads in 1 4; do
  both -j $threads clip.mp4 > one.jsonl
  same one.jsonl pipe.jsonl
done
test "$(jq -r 'select(.type == "header") | .tool, .from[0].tool, .from[0].settings.max_people' one.jsonl)" = \
  "$(printf 'vremd-pose\nvremd-detect\n2')"
unnamed() { jq -c 'del(.video, .fingerprint, .from[0].fingerprint?)' "$@"; }
both - < clip.mp4 | unnamed > stdin.jsonl
unnamed pipe.jsonl > named.jsonl
same stdin.jsonl named.jsonl

# A range of frames has neighbours outside it; held boxes, cuts, other neighbours, a model of one
# frame, several videos.
variant() {  # DETECT-OPTIONS POSE-OPTIONS INPUTS...
  detect $1 "${@:3}" | pose $2 - > pipe.jsonl
  both $1 $2 "${@:3}" > one.jsonl
  same one.jsonl pipe.jsonl
}
range=3:7
variant '' '' clip.mp4
test "$(jq -c 'select(.frame == 3 or .frame == 6).instances[0].neighbours' one.jsonl | sort -u)" = '[-1,1]'
variant '' '--stride 2' clip.mp4
variant '' '--delta-ms 250' clip.mp4
range=70: variant '' '' clip.mp4
range=900: variant '' '' clip.mp4
range=0:8
variant '--every 3' '' clip.mp4
echo 5 > cuts
variant '--cuts cuts' '' clip.mp4
test "$(jq -c 'select(.frame == 5).instances[0].neighbours' one.jsonl)" = '[0,1]'
detect clip.mp4 missing.mp4 clip.mp4 2> /dev/null | pose - > pipe.jsonl
status=0; both clip.mp4 missing.mp4 clip.mp4 > one.jsonl 2> err || status=$?
test $status -eq 1; grep -q 'missing.mp4: cannot open: No such file' err || { cat err; exit 1; }
same one.jsonl pipe.jsonl
weights=single.safetensors variant '' '' clip.mp4 clip.mp4
variant '' '--nms oks:0.5' clip.mp4

# Tracks.
pose boxes.jsonl | vremd-track -q > tracked.jsonl
both --track clip.mp4 > one.jsonl
frames() { jq -c 'select(.type != "header")' "$@"; }
cmp <(frames one.jsonl) <(frames tracked.jsonl)
test "$(jq -r 'select(.type == "end").tracks' one.jsonl)" -gt 1
test "$(jq -r 'select(.type == "header").settings.track.max_age' one.jsonl)" = 15

# A stopped run is continued, with and without tracks.
for option in '' --track; do
  both $option clip.mp4 > whole.jsonl
  for done in 1 4 9; do
    head -n $done whole.jsonl > part.jsonl
    both $option --resume-from part.jsonl clip.mp4 -f -o out.jsonl
    same out.jsonl whole.jsonl
  done
  both $option clip.mp4 --output-dir out$option
  both $option clip.mp4 --output-dir out$option --resume --manifest log 2> err
  test "$(jq -r .status log)" = skipped; rm log
  cmp <(plain out$option/clip.mp4.jsonl) <(plain whole.jsonl)
done
log=-v both --track --every 2 clip.mp4 -o out--track/clip.mp4.jsonl --resume 2> err
grep -q 'made with a different input; redoing it' err
test "$(jq -c 'select(.frame == 1).held' out--track/clip.mp4.jsonl)" = 0

# Usage.
refused() { local status=0; vremd-pose "${@:2}" > printed 2> err || status=$?; test $status -eq 2; grep -q -e "$1" err; }
refused 'clip.mp4 is a video; use: vremd-pose --detect clip.mp4' clip.mp4
refused '--every requires --detect' --every 2 boxes.jsonl
refused '--video and --detect are mutually exclusive' --detect --video clip.mp4 clip.mp4
