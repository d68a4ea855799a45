#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Invalid command lines: status 2. Invalid input: status 1, one line with the place, no file.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
vremd_pose_files weights table4_baseline tiny.safetensors
vremd_pose_files clip 4 clip.mkv
vremd_pose_files records 4 clip.mkv > boxes.jsonl

usage() {
  status=0; vremd-pose -w tiny.safetensors "$@" > out 2> err < boxes.jsonl || status=$?
  test $status -eq 2 && test ! -s out && grep -q "Try 'vremd-pose --help'" err ||
    { echo "not a usage error ($status): $*"; cat out err; exit 1; }
}
usage --box-padding 0.01
usage --enlarge 0.01
usage --enlarge x
usage --batch-size -1
usage --stride -1
usage --stride 101
usage --stride 2 --delta-ms 40
usage --delta-ms -5
usage --delta-ms 40 --stride 2
usage --precision fp8
usage --decode best
usage --device gpu
usage --device cudax
usage --device cuda:-1
usage --device cuda:999
usage --frames 5:2
usage --no-such-option
usage clip.mkv
grep -q '^vremd-pose: clip.mkv is a video; use: vremd-pose --detect clip.mkv$' err

# bad MESSAGE ARGUMENTS...: status 1 and this line; no output file
bad() {
  message=$1; shift
  status=0; vremd-pose -q -w tiny.safetensors -o out.jsonl "$@" 2> err || status=$?
  test $status -eq 1 && test "$(cat err)" = "vremd-pose: $message" && test -z "$(ls out.jsonl* 2> /dev/null)" ||
    { echo "status $status instead of 1 and: $message"; cat err; ls; exit 1; }
}
bad 'none.jsonl: cannot open: No such file or directory' none.jsonl
mkdir folder
bad 'folder: is a directory' folder
bad 'standard input: no records (the input is empty)' < /dev/null
echo '{"type":' > broken.jsonl
bad 'broken.jsonl:1: not valid JSON: unexpected end of input' broken.jsonl
sed '3s/"box":/"bocks":/' boxes.jsonl > lost.jsonl
bad 'lost.jsonl:3: instances[0]: no box' lost.jsonl
tail -n +2 boxes.jsonl | bad 'standard input:1: record without a header'
sed 's/clip.mkv/gone.mkv/' boxes.jsonl > gone.jsonl
status=0; vremd-pose -q -w tiny.safetensors -o out.jsonl gone.jsonl 2> err || status=$?
test $status -eq 1
test ! -e out.jsonl
grep -q '^vremd-pose: gone.mkv: .*No such file' err
test $(wc -l < err) -eq 1
echo text > text.txt
status=0; vremd-pose -q -w tiny.safetensors --video text.txt boxes.jsonl > out 2> err || status=$?
test $status -eq 1
test ! -s out
grep -q '^vremd-pose: text.txt: ' err
test $(wc -l < err) -eq 1
sed 's/clip.mkv/-/' boxes.jsonl |
  bad 'standard input:1: the video was read from standard input; use --video'
sed 's/"width":160/"width":640/' boxes.jsonl |
  bad 'clip.mkv: 160 x 120 pixels, but 640 x 120 in its records'
vremd_pose_files records 7 clip.mkv |
  bad 'clip.mkv: the video has 4 frames, but the records continue to frame 4'
cat boxes.jsonl boxes.jsonl |
  bad 'standard input:7: a second video, but --video is a single file' --video clip.mkv
usage --joints tail
grep -q '^vremd-pose: --joints tail: unknown joint set (known: posetrack15, posetrack17, coco17,' err
usage --joints nose,tail
grep -q "the weights have no joint 'tail'" err

# Weights that are missing, of another network, truncated, or with invalid sizes.
weights() {
  message=$1 file=$2
  status=0; vremd-pose -q -w $file boxes.jsonl -o out.jsonl 2> err || status=$?
  test $status -eq 1 && test ! -e out.jsonl && test $(wc -l < err) -eq 1 && grep -qE "^vremd-pose: $message" err ||
    { echo "status $status instead of 1 and: $message"; cat err; exit 1; }
}
weights 'none.safetensors: no such weights file' none.safetensors
weights "nanodet: no such weights in " nanodet
weights '.*nanodet-g.safetensors: weights of kind .*, not of a pose model' $SOURCE_DIR/models/nanodet-g.safetensors
head -c 2000 tiny.safetensors > cut.safetensors
weights 'cut.safetensors: ' cut.safetensors
head -c -8 tiny.safetensors > short.safetensors
weights 'short.safetensors: ' short.safetensors
printf '\0\0\0\0\0\0\0\200{}' > huge.safetensors
weights 'huge.safetensors: ' huge.safetensors

# Without a GPU only auto falls back.
if ! test -e /dev/nvidia0; then
  status=0; vremd-pose -q -w tiny.safetensors --device cuda boxes.jsonl > out 2> err || status=$?
  test $status -eq 1
  test ! -s out
  grep -qE '^vremd-pose: --device cuda: (this build has no CUDA|no CUDA device found)$' err
  vremd-pose -w tiny.safetensors --device auto boxes.jsonl 2> err > out
  grep -q 'on cpu' err
fi

# Boxes that cannot be cropped are kept, with keypoints of score 0.
jq -c 'if .frame == 1 then .instances += [
  {"box":[10,10,0,20]}, {"box":[900,10,20,20]}, {"box":[null,1,2,3]}] else . end' boxes.jsonl > odd.jsonl
vremd-pose -w tiny.safetensors odd.jsonl > out 2> err
grep -q 'warning: 3 instances without keypoints: their boxes cannot be cropped' err
sed -n 3p out | jq -e '.instances | length == 4 and (.[0].score > 0) and
  all(.[1:][]; .score == 0 and (.keypoints | length) == 15 and all(.keypoints[]; .[2] == 0))' > ok

# A missing video does not stop the others.
cat gone.jsonl boxes.jsonl > two.jsonl
status=0; vremd-pose -q -w tiny.safetensors two.jsonl > out 2> err || status=$?
test $status -eq 1
test $(wc -l < out) -eq 6
grep -q gone.mkv err

# A full disk, and an existing file without --force.
status=0; vremd-pose -q -w tiny.safetensors boxes.jsonl > /dev/full 2> err || status=$?
test $status -eq 1
grep -q '^vremd-pose: .*No space left on device' err
test $(wc -l < err) -eq 1
status=0; vremd-pose -q -w tiny.safetensors --dump /dev/null/x boxes.jsonl > out 2> err || status=$?
test $status -eq 1
test ! -s out
grep -q '^vremd-pose: /dev/null/x: ' err
echo kept > all.jsonl
status=0; vremd-pose -q -w tiny.safetensors boxes.jsonl -o all.jsonl 2> err || status=$?
test $status -eq 1
test "$(cat all.jsonl)" = kept
vremd-pose -q -f -w tiny.safetensors boxes.jsonl -o all.jsonl
test $(wc -l < all.jsonl) -eq 6
