#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Invalid command lines: status 2. Invalid input: status 1, one line with the place, no file.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
header='{"type":"header","video":"a.mp4","joint_set":"posetrack17"}'
end='{"type":"end"}'
frame() { echo "{\"type\":\"frame\",\"frame\":$1,\"instances\":[$2]}"; }
{ echo "$header"; frame 0 '{"box":[0,0,9,9]}'; echo "$end"; } > a.jsonl

usage() {
  status=0; vremd-track "$@" > out 2> err < a.jsonl || status=$?
  test $status -eq 2 && test ! -s out && grep -q "Try 'vremd-track --help'" err ||
    { echo "not a usage error ($status): $*"; cat out err; exit 1; }
}
usage --min-score -0.1
usage --min-score 1.5
usage --min-score nan
usage --min-similarity 0
usage --min-similarity 2
usage --min-similarity x
usage --max-age 0
usage --max-age 1.5
usage --smooth kalman
usage --smooth one-euro --min-cutoff 0
usage --smooth one-euro --beta -1
usage --smooth one-euro --derivative-cutoff 0
usage --beta 3
grep -q '^vremd-track: --beta requires --smooth one-euro$' err
usage --min-cutoff 3 --smooth none
usage --smooth butterworth
usage --refine --smooth one-euro
usage --cutoff 5
grep -q '^vremd-track: --cutoff requires --refine$' err
usage --refine --cutoff 0
usage --refine --max-speed -1
usage --refine --max-limb 0.5
for gap in -1 1.5 x 3s -2ms; do usage --refine --max-gap=$gap; done
usage --max-people -1
usage --min-length -1
usage --prefer largest
grep -q '^vremd-track: --prefer requires --max-people$' err
usage --no-such-option

# bad MESSAGE ARGUMENTS...: status 1 and this line; no output file
bad() {
  message=$1; shift
  status=0; vremd-track -q -o out.jsonl "$@" 2> err || status=$?
  test $status -eq 1 && test "$(tail -n 1 err)" = "vremd-track: $message" && test ! -e out.jsonl ||
    { echo "status $status instead of 1 and: $message"; cat err; ls; exit 1; }
}
bad 'none.jsonl: cannot open: No such file or directory' none.jsonl
bad 'none.jsonl: cannot open: No such file or directory' a.jsonl none.jsonl
mkdir folder
bad 'folder: is a directory' folder
bad 'standard input: no records (the input is empty)' < /dev/null
head -c 30 a.jsonl > broken.jsonl
bad 'broken.jsonl:1: not valid JSON: unexpected end of input' broken.jsonl
tail -n +2 a.jsonl | bad 'standard input:1: record without a header'
{ cat a.jsonl; echo "$end"; } | bad 'standard input:4: record without a header'
{ head -n 2 a.jsonl; cat a.jsonl; } |
  bad 'standard input:3: header without an end record before it'
{ echo "$header"; frame 3 ''; frame 3 ''; } |
  bad 'standard input:3: frame 3 after frame 3: not in order'
{ echo "$header"; frame 0 '{"box":[0,0,1]}'; } |
  bad 'standard input:2: instances[0].box: not an array of 4 numbers'
{ echo "$header"; frame 0 '{"box":[0,0,1,1]},{"score":1}'; } |
  bad 'standard input:2: instances[1]: no box'
{ echo "$header"; frame 0 '{"box":[0,0,1,1],"track":18446744073709551615}'; } |
  bad 'standard input:2: instances[0].track: too large'
{ echo "$header"; frame 0 '{"box":[0,0,1,1],"keypoints":[[1,2,0.5]]}'; } |
  bad 'standard input:2: an instance with 1 keypoints, but 17 joints in the header'

# Truncated records: output up to there, a warning, no end record, no further input.
status=0; head -n 2 a.jsonl > cut.jsonl; vremd-track cut.jsonl a.jsonl > out 2> err || status=$?
test $status -eq 1
test $(wc -l < out) -eq 2
grep -q '^vremd-track: warning: cut.jsonl:2: truncated input: no end record$' err
# ... and a file keeps its temporary name, shown by the last message.
status=0; vremd-track cut.jsonl -o t.jsonl 2> err || status=$?
test $status -eq 1
test ! -e t.jsonl
partial=$(ls .t.jsonl.*.partial)
test "$(tail -n 1 err)" = "vremd-track: incomplete output left in $partial"
cmp <(jq -c 'del(.command)' out) <(jq -c 'del(.command)' $partial)

# The progress line is cleared before messages.
{ head -n 1 a.jsonl; sleep 0.5; tail -n +2 a.jsonl; } | vremd-track --progress always 2> err > out
grep -q $'^frames: 1 (.*/s)\r\033\\[Kvremd-track: 1 frames, ' err

# A full disk, and an existing file without --force.
status=0; vremd-track -q a.jsonl > /dev/full 2> err || status=$?
test $status -eq 1
grep -q '^vremd-track: .*No space left on device' err
test $(wc -l < err) -eq 1
echo kept > all.jsonl
status=0; vremd-track -q a.jsonl -o all.jsonl 2> err || status=$?
test $status -eq 1
test "$(cat all.jsonl)" = kept
vremd-track -q -f a.jsonl -o all.jsonl
test $(wc -l < all.jsonl) -eq 3
