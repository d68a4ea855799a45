#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Memory does not grow with the length of the video: 300 and 3000 frames of 57 KB.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
vremd_pose_files weights paper tiny.safetensors
peak() {
  vremd_pose_files clip $1 clip.mkv
  vremd_pose_files records $1 clip.mkv | vremd-pose -j 2 -w tiny.safetensors 2>&1 > out |
    sed -nE "s/.*: $1 frames, $1 people, .* ([0-9]+) MiB$/\1/p"
}
short=$(peak 300) long=$(peak 3000)
echo "$short MiB, $long MiB"
test $((long * 10)) -le $((short * 11))
