#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# After a signal the video so far is playable under its temporary name.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
vremd_pose_files clip 30 clip.mkv
{
  echo '{"type":"header","video":"clip.mkv","joint_set":"posetrack17"}'
  for frame in $(seq 0 29); do
    echo "{\"type\":\"frame\",\"frame\":$frame,\"instances\":[{\"box\":[5,5,20,30],\"score\":0.8}]}"
  done
} > r.jsonl
mkfifo slow
vremd-draw slow -o out.mp4 2> err & child=$!
exec 7> slow
head -n 21 r.jsonl >&7
for _ in $(seq 300); do test -n "$(ls -A | grep 'out.mp4')" && break; sleep 0.1; done
sleep 0.5
kill -TERM $child
status=0; wait $child || status=$?
exec 7>&-
test $status -eq 143 || { echo "status $status"; cat err; exit 1; }
test ! -e out.mp4
partial=$(ls .out.mp4.*.partial)
grep -Eq "^vremd-draw: stopped after [0-9]+ frames: $partial$" err || { cat err; exit 1; }
frames=$(sed -n 's/.*stopped after \([0-9]*\) frames.*/\1/p' err)
test $frames -ge 1
test $frames -le 20
# Every frame is readable.
{ head -n $((1 + frames)) r.jsonl; echo "{\"type\":\"end\"}"; } | vremd-draw --video $partial -o frames/ 2> /dev/null
test "$(ls frames | wc -l)" -eq $frames
