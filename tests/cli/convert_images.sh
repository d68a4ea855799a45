#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# --images: the output has every frame of the data set, even those missing from the input.
case=$TEST_DIR/data/eval-cases/p6_synth_pt18
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work

scores() { vremd-eval -q --kit pt21 -g $case/gt -p $1 -o $1.scores > $1.text; }
vremd-convert -q $case/pred/*.json --to posetrack21 -o direct/
scores direct

# COCO results of all sequences: the kit cannot score them without the frames without people.
vremd-convert $case/pred/*.json --to coco-results --joints posetrack17 -o results.json 2> err
grep -q 'coco-results cannot represent: .*frames without people (1)' err
test "$(jq '[.[].image_id] | unique | length' results.json)" -eq 159
vremd-convert -q results.json --input-joints posetrack17 --images $case/gt --to posetrack21 -o back/
test "$(cd back && ls)" = "$(cd $case/gt && ls)"
for name in $(ls back); do
  diff <(jq -c '[.images[].id]' $case/gt/$name) <(jq -c '[.images[].id]' back/$name)
  diff <(jq -S '[.annotations[] | del(.id)]' direct/$name) <(jq -S '[.annotations[] | del(.id)]' back/$name)
done
scores back
cmp direct.scores/posetrack21.json back.scores/posetrack21.json
cmp direct.text back.text
# The order does not matter.
jq -c reverse results.json > reversed.json
vremd-convert -q reversed.json --input-joints posetrack17 --images $case/gt --to records -o one.jsonl
vremd-convert -q results.json --input-joints posetrack17 --images $case/gt --to records -o two.jsonl
frames() { jq -c 'select(.type == "frame") | .instances |= sort_by(.track)' $1; }
diff <(frames one.jsonl) <(frames two.jsonl)
test "$(jq -c 'select(.type == "end").frames' one.jsonl | tr '\n' ' ')" = '40 40 40 40 '

# AlphaPose results of one sequence, with frames without people also at the end.
name=900002_mpii_test.json
jq '(.images[-2:] | map(.id)) as $last | .annotations |= map(select(.image_id as $i | $last | index($i) | not))' \
  $case/pred/$name > less.json
mkdir less
vremd-convert -q less.json --to posetrack21 -o less/$name
vremd-convert -q less.json --to alphapose --joints posetrack17 -o alphapose-results.json
test "$(jq -r '[.[].image_id] | unique | length' alphapose-results.json)" -eq 37
vremd-convert -q alphapose-results.json --input-joints posetrack17 --images $case/gt/$name \
  --to posetrack21 -o alphapose/
diff <(jq -S '.images, [.annotations[] | del(.scores)]' less/$name) \
  <(jq -S '.images, [.annotations[] | del(.scores)]' alphapose/$name)
# The same by frame number, as for a video.
jq '[.[] | .image_id |= "\(rtrimstr(".jpg") | tonumber).jpg"]' alphapose-results.json > video.json
vremd-convert -q video.json --input-joints posetrack17 --images $case/gt/$name --to posetrack21 -o video/
cmp alphapose/$name video/$name

# A list in another format, without ids: by image name.
vremd-convert -q $case/gt/$name --to posetrack17 -o list.json
vremd-convert -q alphapose-results.json --input-joints posetrack17 --images list.json \
  --to posetrack21 -o named/
cmp <(jq -c .annotations alphapose/$name) <(jq -c .annotations named/$name)

# A file named after its sequence is matched by its name.
mkdir other; cp alphapose-results.json other/$name
vremd-convert other/$name --input-joints posetrack17 --images $case/gt --to posetrack21 -o all/ 2> err
cmp alphapose/$name all/$name
grep -q 'warning: without input, so without people: 3 of 4 sequences: ' err

# --frames and the like select among the frames of the list.
vremd-convert -q alphapose-results.json --input-joints posetrack17 --images $case/gt/$name \
  --frames 37:39 | jq -r 'select(.frame) | "\(.frame) \(.image_id) \(.file) \(.instances | length)"' > out
diff - out << 'END'
37 19000020037 000037.jpg 3
38 19000020038 000038.jpg 0
END

# Missing and duplicate frames.
bad() {
  message=$1; shift
  status=0; vremd-convert -q --to posetrack21 -o made/ "$@" 2> err || status=$?
  test $status -eq 1 && test "$(cat err)" = "vremd-convert: $message" && test -z "$(ls made)" ||
    { echo "status $status instead of 1 and: $message"; cat err; ls made; exit 1; }
}
args="--input-joints posetrack17 --images $case/gt"
jq -c '.[:1] | .[0].image_id = 5' results.json > unknown.json
bad "000000000005.jpg: frame 0: image id 5 is not in $case/gt" $args unknown.json
bad "019000010000.jpg: frame 0: duplicate frame 0 of images/val/900001_mpii_test" \
  $args results.json results.json
bad "alphapose-results: no sequence of this name in $case/gt" $args alphapose-results.json
jq -c '.[:1] | .[0].image_id = "000099.jpg"' alphapose-results.json > late.json
bad "late: frame 0: 000099.jpg is not in $case/gt/$name" \
  --input-joints posetrack17 --images $case/gt/$name late.json
jq -c '.[:1] | .[0].image_id = "99.jpg"' alphapose-results.json > late.json
bad "late: frame 40: that number is not in $case/gt/$name" \
  --input-joints posetrack17 --images $case/gt/$name late.json
bad "none: cannot open: No such file or directory" --images none results.json
mkdir empty
bad "empty: no JSON files in this directory" --images empty results.json
vremd-convert -q $case/pred/$name | head -n 9 > cut.jsonl
status=0; vremd-convert -q --images $case/gt/$name cut.jsonl > out 2> err || status=$?
test $status -eq 1 && test ! -s out
test "$(cat err)" = 'vremd-convert: truncated input: --images requires all of it'
status=0; vremd-convert --images - results.json 2> err || status=$?
test $status -eq 2
grep -q -- '--images must be a file or a directory' err
