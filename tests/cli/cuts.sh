#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Cuts: found by vremd-detect or given, and what they end in the other tools.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
detect() { vremd-detect -q --device cpu --input-size 32 "$@"; }
cuts() { jq -s -c '[.[] | select(.cut).frame]' "$@"; }
street=$SOURCE_DIR/examples/street.mp4

# A directory of images of two scenes is a video with one cut.
detect --frames 0:4 $street > head.jsonl
test "$(cuts head.jsonl)" = '[]'
vremd-draw -q head.jsonl -o scene/
vremd-draw -q head.jsonl --sheet --sheet-frames 3 --size 768x576 -o other.png
mkdir shots
cp scene/000000.png shots/0.png; cp scene/000001.png shots/1.png; cp scene/000002.png shots/2.png
cp other.png shots/3.png; cp other.png shots/4.png
detect shots > auto.jsonl
test "$(cuts auto.jsonl)" = '[3]'
cmp <(detect -j 4 shots | jq -c "del(.command)") <(jq -c "del(.command)" auto.jsonl)
test "$(detect --cuts off shots | cuts)" = '[]'
test "$(detect --stills shots | cuts)" = '[]'
test "$(jq -r 'select(.type == "header").settings.cuts' auto.jsonl)" = auto

# Cuts from a file; held boxes end at a cut.
printf '# first frames\n2\n\n 5 # the last\n' > given
detect --every 4 --frames 0:8 --cuts given $street > given.jsonl
test "$(cuts given.jsonl)" = '[2,5]'
jq -s -e '[.[] | select(.type == "frame").held] == [null, 0, null, 2, 2, null, 5, 5]' given.jsonl > out
status=0; detect --cuts given a.mp4 b.mp4 2> err || status=$?
test $status -eq 2
grep -q -- '--cuts FILE is for a single video' err
echo 'two' > bad; status=0; detect --cuts bad $street 2> err || status=$?
test $status -eq 1
grep -q "bad:1: 'two' is not a frame number" err

# Neighbours stay in their shot, tracks end with it, drawings say it.
vremd_pose_files weights paper weights.safetensors
vremd_pose_files clip 8 walk.mkv
vremd_pose_files records 8 walk.mkv | jq -c 'if .frame == 3 then .cut = true else . end' > walk.jsonl
vremd-pose -q -w weights.safetensors --device cpu walk.jsonl > poses.jsonl
test "$(cuts poses.jsonl)" = '[3]'
jq -s -e '[.[] | select(.type == "frame" and .frame >= 1 and .frame <= 4).instances[0].neighbours] ==
  [[-1, 1], [-1, 0], [0, 1], [-1, 1]]' poses.jsonl > out
vremd-track -q walk.jsonl | jq -s -e '
  [.[] | select(.type == "frame").instances[0].track] == [1, 1, 1, 2, 2, 2, 2, 2]' > out
vremd-draw -q walk.jsonl -o cut/
vremd-draw -q <(jq -c 'del(.cut)' walk.jsonl) -o plain/
cmp cut/000002.png plain/000002.png
cmp -s cut/000003.png plain/000003.png && { echo 'the cut is not shown'; exit 1; }
exit 0
