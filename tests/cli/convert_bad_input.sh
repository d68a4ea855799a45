#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Invalid command lines: status 2. Invalid input: status 1, its place, and no output file.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
cp $TEST_DIR/cli/golden/annotations.json .

usage() {
  status=0; vremd-convert "$@" > out 2> err || status=$?
  test $status -eq 2 && test ! -s out && grep -q "Try 'vremd-convert --help'" err ||
    { echo "not a usage error: $*"; cat out err; exit 1; }
}
usage --to openpose annotations.json
usage --joints nose,tail annotations.json
usage --joints nose,nose annotations.json
usage --input-joints hands annotations.json
usage --frames 5:5 annotations.json
usage --scale 0 annotations.json
usage --fps -1 annotations.json
usage --tracks 1,x annotations.json
usage --from nothing annotations.json
usage --from posetrack18 --to nothing annotations.json
usage --from

bad() {
  message=$1; shift
  status=0; vremd-convert --from posetrack18 -o made.jsonl "$@" > out 2> err || status=$?
  test $status -eq 1 && test ! -s out && test -z "$(ls | grep made)" &&
    test "$(tail -n 1 err)" = "vremd-convert: $message" ||
    { echo "status $status instead of 1 and: $message"; cat out err; ls; exit 1; }
}
bad 'none.json: cannot open: No such file or directory' none.json
mkdir empty
bad 'empty: no JSON files in this directory' empty
bad 'standard input: empty' - < /dev/null
sed 's/"bbox": \[10, 20/"bbox": [NaN, 20/' annotations.json > nan.json
bad 'nan.json:7: not valid JSON at column 83' nan.json
sed 's/"bbox": \[10, 20/"bbox": [null, 20/' annotations.json > null.json
bad 'null.json: annotations[0].bbox[0]: not a number' null.json
sed 's/"bbox": \[10, 20, 60, 120\], //; s/60, 40, 1, 20, 40, 1/0, 0, 0, 0, 0, 0/;
  s/50, 90, 1, 20, 80, 1, 50, 115, 1/0, 0, 0, 0, 0, 0, 0, 0, 0/' annotations.json > boxless.json
bad 'boxless.json: annotations[0]: no bbox' boxless.json
sed 's/"right_ankle"\]/"right_ankle", "tail"]/' annotations.json > joints.json
bad 'joints.json: annotations[0].keypoints: 51 numbers instead of 54 (x, y, v of 18 joints)' joints.json
sed 's/"file_name": "images\/park.jpg", //' annotations.json > nameless.json
bad 'nameless.json: images[0]: no file_name' nameless.json
echo '[]' > list.json
bad 'list.json: not an object with images and annotations, or an annolist' list.json
# The first file is valid: still no output.
bad 'list.json: not an object with images and annotations, or an annolist' annotations.json list.json

status=0; vremd-convert -q --from posetrack18 annotations.json > /dev/full 2> err || status=$?
test $status -eq 1
grep -q '^vremd-convert: .*No space left on device' err
set +e
vremd-convert -q --from posetrack18 $(yes annotations.json | head -n 2000) 2> err | head -n 1 > out
test "${PIPESTATUS[0]}" -eq 141
test ! -s err
