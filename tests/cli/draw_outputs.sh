#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# A video, a directory of images, one image and a sheet, from a file and a pipe.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work

# records VIDEO FIRST LAST: one person walking, 17 joints on a line
records() {
  echo "{\"type\":\"header\",\"video\":\"$1\",\"width\":768,\"height\":576,\"joint_set\":\"posetrack17\"}"
  for frame in $(seq $2 $3); do
    x=$((100 + 5 * frame)); points=
    for joint in $(seq 17); do points="${points}[$((x + 3 * joint)),$((200 + 10 * joint)),0.8],"; done
    echo "{\"type\":\"frame\",\"frame\":$frame,\"time\":0.$frame,\"instances\":[{\"box\":[$x,190,80,200],\"score\":0.8,\"keypoints\":[${points%,}]}]}"
  done
  echo '{"type":"end"}'
}
png_size() { od -An -tu1 -j16 -N8 $1 | awk '{ print $3 * 256 + $4 "x" $7 * 256 + $8 }'; }

records examples/street.mp4 0 7 > r.jsonl
vremd-draw r.jsonl --root $SOURCE_DIR -o out.mp4 2> err
grep -q '^vremd-draw: 8 frames of 1 video' err
test -s out.mp4
test -z "$(ls | grep tmp)"

# The drawing has all frames, which differ from the source.
vremd-draw r.jsonl --video out.mp4 -o again/ 2> err
test "$(wc -l < err)" -eq 1  # no warning
mkdir frames; touch frames/.{000003.png,a.jsonl}.host.4711.0123abcd.partial # of killed runs
vremd-draw r.jsonl --root $SOURCE_DIR -o frames/ 2> /dev/null
rm frames/.a.jsonl.host.4711.0123abcd.partial
test "$(ls -A frames | wc -l)" -eq 8
test "$(png_size frames/000007.png)" = 768x576
test "$(ls again | wc -l)" -eq 8
records examples/street.mp4 0 7 | sed 's/"score":0.8/"score":0.1/' |
  vremd-draw --root $SOURCE_DIR --min-score 0.5 -o plain 2> /dev/null
cmp -s frames/000003.png plain/000003.png && { echo 'nobody was drawn'; exit 1; }

# File = pipe, one thread = three.
vremd-draw -j 3 --root $SOURCE_DIR -o piped/ < r.jsonl 2> err
grep -q 'warning: .*/street.mp4: the video continues after the last record, frame 7$' err
test "$(wc -l < err)" -eq 2
vremd-draw -j 1 - --root $SOURCE_DIR -o single/ < r.jsonl 2> /dev/null
diff -r frames piped
diff -r frames single

# Sizes, one image, a sheet, PNG on standard output.
records examples/street.mp4 3 3 > one.jsonl
vremd-draw one.jsonl --root $SOURCE_DIR --size 0.5 -o half.png 2> /dev/null
test "$(png_size half.png)" = 384x288
vremd-draw one.jsonl --root $SOURCE_DIR --size 1600x1152 -o - 2> /dev/null > large.png
test "$(png_size large.png)" = 1536x1152
vremd-draw r.jsonl --root $SOURCE_DIR --sheet --sheet-frames 4 --size 700x600 -o sheet.png 2> err
grep -q '^vremd-draw: 4 frames of 1 video' err
size=$(png_size sheet.png)
test ${size%x*} -le 700
test ${size%x*} -ge 650
test ${size#*x} -le 600
test ${size#*x} -ge 450
vremd-draw r.jsonl --root $SOURCE_DIR --sheet --sheet-frames 4 --size 700x600 -o - 2> /dev/null |
  od -An -tx1 -N4 | grep -q '89 50 4e 47'

# Stills: one header and one image each, or one sheet of all.
mkdir stills; cp frames/000000.png stills/a.png; cp frames/000001.png stills/b.png
{ records stills/a.png 0 0; records stills/b.png 0 0; } > stills.jsonl
vremd-draw stills.jsonl -o drawn/ 2> /dev/null
test "$(ls drawn | tr '\n' ' ')" = 'a.png b.png '
vremd-draw stills.jsonl --sheet -o stills.jpg 2> err
grep -q '^vremd-draw: 2 frames of 2 videos' err
test -s stills.jpg

# Several videos, also from several files: one file each.
vremd-draw one.jsonl r.jsonl --root $SOURCE_DIR -o videos/ 2> /dev/null
test "$(ls videos | tr '\n' ' ')" = 'street-2.mp4 street.mp4 '

# The part of a directory's name after a dot is not an extension.
for name in S1.walk S1.run; do mkdir $name; cp frames/00000[01].png $name; done
{ records S1.walk 0 1; records S1.run 0 1; } | vremd-draw -o dotted/ 2> /dev/null
test "$(ls dotted | tr '\n' ' ')" = 'S1.run.mp4 S1.walk.mp4 '
