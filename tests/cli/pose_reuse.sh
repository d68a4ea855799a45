#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# --reuse: equal crops are encoded once, held boxes make crops equal.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
vremd_pose_files weights paper tiny.safetensors
vremd_pose_files clip 24 clip.mkv
vremd_pose_files records 24 clip.mkv |
  jq -c 'if .type == "frame" then .instances[0].box = [40 + .frame, 20, 100, 160] else . end' > boxes.jsonl
pose() { vremd-pose --device cpu -v -w tiny.safetensors "$@" 2> err; }
encoded() { sed -nE 's/.*: ([0-9]+) of ([0-9]+) crops encoded$/\1 \2/p' err; }

pose boxes.jsonl > exact.jsonl
test "$(encoded)" = '70 72'  # at the ends of the video the neighbour is the frame itself
pose --reuse off boxes.jsonl > off.jsonl
test "$(encoded)" = '72 72'
cmp <(sed 1d off.jsonl) <(sed 1d exact.jsonl)

# Boxes 1 pixel apart: an IoU above 0.9 with the first for 5 frames.
pose --reuse hold:0.9 boxes.jsonl > held.jsonl
jq -s -c '[.[] | select(.type == "frame").instances[].box[0]] | group_by(.) | map([.[0], length])' held.jsonl > runs
test "$(cat runs)" = '[[40,6],[46,6],[52,6],[58,6]]'
test "$(jq -r 'select(.type == "header").settings.reuse' held.jsonl)" = hold:0.9
read -r encoded all <<< "$(encoded)"
test $encoded -le 40; test $all -eq 72
pose --reuse hold:0.9 -j 3 - < boxes.jsonl | sed 1d | cmp - <(sed 1d held.jsonl)
pose --reuse hold:0.9 --batch-size 1 - < boxes.jsonl | sed 1d | cmp - <(sed 1d held.jsonl)
# What the held boxes give is what they would give if they had been detected.
jq -c 'select(.type != "header") | if .type == "frame" then del(.instances[].keypoints, .instances[].neighbours) else . end' held.jsonl |
  cat <(head -n 1 boxes.jsonl) - | pose - | sed 1d | cmp - <(sed 1d held.jsonl)
for done in 3 8 20; do
  head -n $done held.jsonl > part.jsonl
  pose --reuse hold:0.9 --resume-from part.jsonl -f -o out.jsonl boxes.jsonl
  cmp <(sed 1d out.jsonl) <(sed 1d held.jsonl)
done

status=0; pose --reuse hold:2 boxes.jsonl > out || status=$?
test $status -eq 2; grep -q -e '--reuse must be exact, off or hold:IOU' err
