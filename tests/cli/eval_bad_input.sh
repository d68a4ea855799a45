#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Invalid command lines: status 2. Invalid input: status 1, the place, no standard output.
golden=$TEST_DIR/cli/golden
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
cp $golden/annotations.json $golden/poses.jsonl .

usage() {
  status=0; vremd-eval "$@" > out 2> err || status=$?
  test $status -eq 2 && test ! -s out && grep -q "Try 'vremd-eval --help'" err ||
    { echo "not a usage error: $*"; cat out err; exit 1; }
}
usage
usage -g annotations.json -p poses.jsonl
usage --pck torso -p poses.jsonl
usage --pck torso -g annotations.json
usage --pck leg -g annotations.json -p poses.jsonl
usage --pck torso --threshold 0 -g annotations.json -p poses.jsonl
usage --pck torso --threshold x -g annotations.json -p poses.jsonl
usage --pck torso -g - -p -
usage --pck torso -g annotations.json -p poses.jsonl stray.jsonl
usage -e --bbox -g annotations.json -p poses.jsonl
usage -e -g annotations.json
usage -t --mot-compat 1.3 -g annotations.json -p poses.jsonl
usage -e --frames all -g annotations.json -p poses.jsonl
usage -e --json-nan nil -g annotations.json -p poses.jsonl
usage -e -g annotations.json -p - -
usage -t --plots plots -g annotations.json -p poses.jsonl

# bad MESSAGE ARGUMENTS...: status 1, only this line
bad() {
  message=$1; shift
  status=0; vremd-eval "$@" > out 2> err || status=$?
  test $status -eq 1 && test ! -s out && test "$(cat err)" = "vremd-eval: $message" ||
    { echo "status $status instead of 1 and: $message"; cat out err; exit 1; }
}
records() { bad "$1" --pck torso -g annotations.json -p -; }
header='{"type":"header","video":"run.avi","joint_set":"posetrack17"}'
end='{"type":"end"}'
frame() { echo "{\"type\":\"frame\",\"frame\":0,\"instances\":[$1]}"; }

bad 'none.json: cannot open: No such file or directory' --pck torso -g none.json -p poses.jsonl
bad 'none.jsonl: cannot open: No such file or directory' --pck torso -g annotations.json -p none.jsonl
mkdir empty
bad 'empty: no JSON files in this directory' --pck torso -g empty -p poses.jsonl
head -n 5 annotations.json > broken.json
bad 'broken.json:6: not valid JSON: unexpected end of input' --pck torso -g broken.json -p poses.jsonl
sed 's/"image_id": 3/"image_id": 99/' annotations.json > lost.json
bad 'lost.json: annotations[3].image_id: 99 is not among the images' --bbox -g lost.json -p poses.jsonl
sed 's/"bbox": \[10, 20, 60, 120\]/"bbox": [10, 20]/' annotations.json > box.json
bad 'box.json: annotations[0].bbox: not an array of 4 numbers' --bbox -g box.json -p poses.jsonl
bad 'poses.jsonl:2: not valid JSON at column 1' --bbox -g poses.jsonl -p poses.jsonl

records 'standard input: no records (the input is empty)' < /dev/null
printf '%s\nnot json\n' "$header" | records 'standard input:2: not valid JSON at column 2'
frame '' | records 'standard input:1: record without a header'
{ echo "$header"; frame '{"box":[0,null,1,1]}'; echo "$end"; } |
  records 'standard input:2: instances[0]: box is not finite'
{ echo "$header"; frame '{"box":[0,0,1,1],"keypoints":[[1,2,0.5]]}'; echo "$end"; } |
  records 'standard input:2: an instance with 1 keypoints, but 17 joints in the header'
{ echo "$header"; echo "$end"; echo "$header"; echo "$end"; } |
  records 'standard input:3: video run.avi: duplicate predictions of sequence run'
echo '{"type":"header","video":"x.avi"}
{"type":"end"}' > x.jsonl
status=0; vremd-eval --bbox -g annotations.json -p x.jsonl > out 2> err || status=$?
test $status -eq 1
test ! -s out
grep -q '^vremd-eval: x.jsonl: no video matches a sequence of the ground truth (for example x.avi; the ground truth has set_park)$' err
{ echo '{"type":"header","video":"run.avi"}'; frame '{"box":[0,0,1,1]}'; echo "$end"; } > boxes.jsonl
status=0; vremd-eval --pck torso -g annotations.json -p boxes.jsonl -q > out 2> err || status=$?
test $status -eq 1
test ! -s out
grep -q '^vremd-eval: boxes.jsonl: the records have no keypoints: PCK needs poses$' err

# A full disk, and an existing file without --force.
status=0; vremd-eval --bbox -g annotations.json -p poses.jsonl > /dev/full 2> err || status=$?
test $status -eq 1
grep -q '^vremd-eval: .*No space left on device' err
echo kept > all.json
status=0; vremd-eval --bbox -g annotations.json -p poses.jsonl --json all.json > out 2> err || status=$?
test $status -eq 1
test "$(cat all.json)" = kept
vremd-eval -f --bbox -g annotations.json -p poses.jsonl --json all.json > out
jq -e .bbox.AP all.json > out
