#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Invalid command lines: status 2. Invalid input: status 1, one line with the place, no partial output.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
video=$SOURCE_DIR/examples/street.mp4
header="{\"type\":\"header\",\"video\":\"$video\",\"width\":768,\"height\":576}"
frame() { echo "{\"type\":\"frame\",\"frame\":$1,\"time\":0,\"instances\":[{\"box\":$2}]}"; }
end='{"type":"end"}'
{ echo "$header"; frame 0 '[9,9,50,90]'; frame 1 '[9,9,50,90]'; echo "$end"; } > r.jsonl

usage() {
  status=0; vremd-draw "$@" > out 2> err < /dev/null || status=$?
  test $status -eq 2 && test ! -s out && grep -q "Try 'vremd-draw --help'" err ||
    { echo "not a usage error: $*"; cat out err; exit 1; }
}
usage
usage r.jsonl
usage r.jsonl -o
usage r.jsonl -o a.mp4 --size huge
usage r.jsonl -o a.mp4 --size 0x0
usage r.jsonl -o a.mp4 --min-score 2
usage r.jsonl -o a.mp4 --min-joint-score nan
usage r.jsonl -o a.mp4 --sheet
usage r.jsonl -o a/ --sheet
usage r.jsonl -o a.png --sheet --sheet-frames 0
usage r.jsonl -o a.mp4 --no-such-option

# bad MESSAGE ARGUMENTS...: status 1, this last line, no file
bad() {
  message=$1; shift
  status=0; vremd-draw "$@" > out 2> err || status=$?
  test $status -eq 1 && test ! -s out && test "$(tail -n 1 err)" = "vremd-draw: $message" ||
    { echo "status $status instead of 1 and: $message"; cat out err; exit 1; }
  test -z "$(ls | grep -vE '^(r.jsonl|out|err|kept.*|in.*)$')" || { echo "left: "; ls; exit 1; }
}
bad 'none.jsonl: cannot open: No such file or directory' none.jsonl -o a.mp4
bad 'standard input: no records (the input is empty)' -o a.mp4 < /dev/null
frame 0 '[1,1,5,5]' | bad 'standard input:1: record without a header' -o a.mp4
printf '%s\nnot json\n' "$header" | bad 'standard input:2: not valid JSON at column 2' -o a.mp4
sed 's|street|none|' r.jsonl | bad "${video/street/none}: cannot open: No such file or directory" -o a.mp4
bad "in/examples/x.mp4: cannot open: No such file or directory" --video in/examples/x.mp4 r.jsonl -o a.mp4
sed 's|"video":"[^"]*"|"video":"-"|' r.jsonl |
  bad 'standard input:1: the video was read from standard input; use --video' -o a.mp4
bad 'a.xyz: unknown video format for this extension' r.jsonl -o a.xyz
bad 'in/none/a.mp4: no directory in/none' r.jsonl -o in/none/a.mp4
echo 'mine' > kept.mp4
bad 'kept.mp4: already exists; --force overwrites it' r.jsonl -o kept.mp4
test "$(cat kept.mp4)" = mine
echo 'mine' > kept.png
bad 'kept.png: already exists; --force overwrites it' r.jsonl --sheet -o kept.png
mkdir kept; echo mine > kept/000001.png
bad 'kept/000001.png: already exists; --force overwrites it' r.jsonl -o kept/
test "$(cat kept/000001.png)" = mine
bad 'kept.mp4/x: cannot create directory: Not a directory' r.jsonl -o kept.mp4/x
cp $video in.mp4
bad 'in.mp4: is the video itself' r.jsonl --video in.mp4 -f -o in.mp4
cmp $video in.mp4
status=0; vremd-draw r.jsonl --video kept.mp4 -o a.mp4 2> err || status=$?
test $status -eq 1
grep -q '^vremd-draw: kept.mp4: not a video' err
test "$(wc -l < err)" -eq 1
bad 'a.png: a single picture, but several frames; use --sheet, or a directory for -o' r.jsonl -o a.png
cat r.jsonl r.jsonl > in.jsonl
bad 'a.mp4: a single file, but the records contain several videos; use a directory for -o' in.jsonl -o a.mp4
{ echo "$header"; frame 500 '[1,1,5,5]'; echo "$end"; } |
  bad "$video: no frame has a record" -o a.mp4

bad 'a.gif: this file format cannot hold libx264, mpeg4, libvpx-vp9, libvpx' r.jsonl -o a.gif

# Truncated records: the drawing up to there keeps its temporary name, status 1.
head -n 2 r.jsonl > in.cut
truncated() {
  status=0; vremd-draw in.cut -o $1 "${@:2}" 2> err || status=$?
  test $status -eq 1
  test ! -e $1
  partial=$(ls .$1.*.partial)
  test -s $partial
  grep -q 'warning: in.cut:2: truncated input: no end record' err
  test "$(tail -n 1 err)" = "vremd-draw: incomplete output left in $partial"
}
truncated a.mp4
vremd-draw -q --video $partial r.jsonl -o kept/ -f 2> err || true  # it can be played
test "$(ls kept)" = "000000.png
000001.png"
truncated a.png
truncated b.png --sheet
rm .*.partial kept/000000.png
status=0; vremd-draw -q in.cut --sheet -o - > in.png || status=$?  # standard output has no other name
test $status -eq 1 && test -s in.png

# Boxes that cannot be drawn are not an error; matching by index is reported once.
{ echo "$header"; frame 1 '[null,1,5,5]'; frame 2 '[-1e9,-1e9,2e9,2e9]'; frame 3 '[5,5,0,0]'
  frame 600 '[1,1,5,5]'; frame 601 '[1,1,5,5]'; echo "$end"; } | vremd-draw -o a.mp4 2> err
grep -q ' 2 records have no frame in the video' err
grep -q ' frames have no record' err
grep -q '^vremd-draw: 3 frames of 1 video,' err
test "$(grep -c warning err)" -eq 2; rm a.mp4

# -f overwrites; a full disk is an error.
vremd-draw r.jsonl -f -o kept.mp4 2> /dev/null
test $(wc -c < kept.mp4) -gt 1000
status=0; vremd-draw r.jsonl --sheet -o - > /dev/full 2> err || status=$?
test $status -eq 1
grep -q '^vremd-draw: standard output: cannot write: No space left on device' err
status=0; (ulimit -f 1; trap '' XFSZ; vremd-draw r.jsonl -o a.mp4 2> err) || status=$?
test $status -eq 1
grep -q '^vremd-draw: a.mp4: cannot write: ' err
test -z "$(ls -A | grep a.mp4)"

# A write error ends a read that waits for records.
mkfifo slow
(ulimit -f 1; trap '' XFSZ; exec vremd-draw -j 2 slow -o a.mp4 2> err) & tool=$!
exec 3> slow; { echo "$header"; for f in $(seq 0 39); do frame $f '[9,9,50,90]'; done; } >&3
for _ in $(seq 300); do kill -0 $tool 2> /dev/null || break; sleep 0.1; done
status=0; wait $tool || status=$?; exec 3>&-
test $status -eq 1 || { echo "status $status"; cat err; exit 1; }
grep -q '^vremd-draw: a.mp4: cannot write: ' err
test -z "$(ls -A | grep a.mp4)"
rm slow

# A signal while waiting for records ends the tool at once, without a file.
mkfifo slow; vremd-draw slow -o a.mp4 2> err & tool=$!
exec 3> slow; echo "$header" >&3; sleep 0.5; kill -TERM $tool
status=0; wait $tool || status=$?; exec 3>&-
test $status -eq 143
test -z "$(ls -A | grep a.mp4)"
