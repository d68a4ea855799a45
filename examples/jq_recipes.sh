#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# jq_recipes.sh POSES.jsonl: questions to records, answered by jq. Copy the line that you need.
set -euo pipefail
test $# -eq 1 || { echo "usage: $0 POSES.jsonl" >&2; exit 2; }
poses=$1
recipe() { printf '\n# %s\n' "$1"; }

recipe 'people in each frame'
jq -r 'select(.type == "frame") | [.frame, .time, (.instances | length)] | @tsv' "$poses"

recipe 'frame with the most people'
jq -c 'select(.type == "frame") | {frame, people: (.instances | length)}' "$poses" |
  jq -s -c 'max_by(.people) // {}'

recipe 'left wrist of each person: frame, track, x, y, score'
jq -rn 'foreach inputs as $r (null;
    if $r.type == "header" then ($r.joints // []) | index("left_wrist") else . end;
    . as $joint | select($joint != null) | $r | select(.type == "frame") | .frame as $frame |
    .instances[] | select(.keypoints) | [$frame, .track // "-"] + .keypoints[$joint] | @tsv)' "$poses"

recipe 'frames in which somebody raises a hand (a wrist above the nose, both with scores above 0.3)'
jq -rn 'foreach inputs as $r (null;
    if $r.type == "header" then $r.joints // [] else . end;
    . as $joints | $r | select(.type == "frame") | select(any(.instances[] | select(.keypoints);
      . as $one | def at($name): $one.keypoints[($joints | index($name)) // -1] // [0, 0, 0];
      at("nose") as $nose | $nose[2] > 0.3 and any(at("left_wrist"), at("right_wrist");
        .[2] > 0.3 and .[1] < $nose[1]))) | .frame)' "$poses"

recipe 'tracks: number, frames, first, last'
jq -c 'select(.type == "frame") | .frame as $frame | .instances[] |
  select(.track) | {track, frame: $frame}' "$poses" |
  jq -s -r 'group_by(.track)[] | [.[0].track, length, .[0].frame, .[-1].frame] | @tsv'

recipe 'records without weak people, for the next tool'
jq -c 'if .type == "frame" then .instances |= map(select(.score // .box_score >= 0.5)) else . end' \
  "$poses" | vremd-convert -q --to csv - | sed -n 1,3p
