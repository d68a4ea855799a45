#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# The output of PoseTrack21's kit, from files and records; errors; the kit's bugs only on demand.
cases=$TEST_DIR/data/eval-cases
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work

case=$cases/p6_synth_pt18
vremd-eval --kit pt21 -g $case/gt -p $case/pred/ -o out -j 1 > text 2> err
diff $case/expected/pt21_stdout.txt text
grep -q '^vremd-eval: 4 sequences, 160 labelled frames, [0-9]* annotated, [0-9]* predicted people$' err
jq -S .map $case/expected/posetrack21.json | diff - <(jq -S .map out/posetrack21.json)
vremd-eval -q --kit pt21 -g $case/gt -p $case/pred -o out -j 3 --json all.json | diff text -
cmp out/posetrack21.json all.json
vremd-eval -q --kit pt21 -g $case/gt -p $case/pred --json - | cmp all.json -

# The kit's directories: "sequences", its parent, and one with several trackers.
mkdir -p results/sequences trackers/{one,two}/sequences trackers/.hidden/sequences trackers/notes
cp $case/pred/*.json results/sequences
cp $case/pred/*.json trackers/one/sequences
cp $case/gt/*.json trackers/two/sequences
for folder in results/sequences results; do
  vremd-eval -q --kit pt21 -g $case/gt -p $folder | diff text -
done
vremd-eval --kit pt21 -g $case/gt -p trackers -o all --json trackers.json > both 2> err
diff <(echo one:; cat text; echo two:; vremd-eval -q --kit pt21 -g $case/gt -p $case/gt) both
cmp all/one/posetrack21.json out/posetrack21.json
test "$(ls all | tr '\n' ' ')" = 'one two '
diff <(jq -S .trackers.two trackers.json) <(jq -S . all/two/posetrack21.json)
test "$(jq '.trackers.two.map.combined.map.Total' trackers.json)" = 100
grep -q '^vremd-eval: two: 4 sequences, 160 labelled frames' err
rm trackers/two/sequences/900003_mpii_test.json
status=0; vremd-eval --kit pt21 -g $case/gt -p trackers -o none > both 2> err || status=$?
test $status -eq 1 && test ! -s both && test ! -e none
grep -q '900003_mpii_test.json: no 900003_mpii_test.json among the predictions$' err

# Records of the same poses.
to_records='
  .images as $images | .annotations as $people |
  ["nose","head_bottom","head_top","left_ear","right_ear","left_shoulder","right_shoulder",
   "left_elbow","right_elbow","left_wrist","right_wrist","left_hip","right_hip","left_knee",
   "right_knee","left_ankle","right_ankle"] as $names |
  {type: "header", video: ($name + ".mp4"), joints: $names},
  ($images | to_entries[] | .key as $i | .value.id as $id |
   {type: "frame", frame: $i, instances: [$people[] | select(.image_id == $id) |
     {track: .track_id, box: [0, 0, 1, 1], keypoints: [range(17) as $k |
       if .keypoints[3*$k:3*$k+3] == [0, 0, 0] then [0, 0, 0]
       else [.keypoints[3*$k], .keypoints[3*$k+1], .scores[$k]] end]}]}),
  {type: "end"}'
for file in $case/pred/*.json; do
  jq -c --arg name $(basename $file .json) "$to_records" $file
done > poses.jsonl
vremd-eval -q --kit pt21 -g $case/gt -p poses.jsonl | diff text -
status=0; sed '$d' poses.jsonl | vremd-eval --kit pt21 -g $case/gt -p - > out.txt 2> err || status=$?
test $status -eq 1
diff text out.txt
grep -q 'truncated input: no end record$' err
jq -c 'if .type == "frame" then .instances = [] else . end' poses.jsonl |
  vremd-eval -q --kit pt21 -g $case/gt -p - --json nobody.json > out.txt
test "$(jq -c '[.hota.combined["HOTA(0)"][15], .hota.combined["LocA(0)"][15], .map.combined.map.Total] | map(floor)' nobody.json)" = '[0,1,0]'

# With and without the bug for frames without predictions.
case=$cases/p4_edge/e23_pt21_frame_without_predictions
fn() { vremd-eval -q --kit pt21 -g $case/gt -p $case/pred --json - "$@" | jq -c '[.hota.combined["HOTA_FN(0)"][0,15]] | map(floor)'; }
test "$(fn)" = '[8,120]'
test "$(fn --hota-fix)" = '[2,30]'

# A joint that is predicted but never annotated: AP 0, not nan.
mkdir noseless
jq '.annotations[].keypoints[:3] = [0, 0, 0]' $case/gt/*.json > noseless/000002_mpii_test.json
vremd-eval -q --kit pt21 -g noseless -p $case/pred > out.txt
test "$(awk '/^map/ {getline; print $2, $NF}' out.txt)" = '50.0 70.0'

# Scores with integer keypoints: as in the file, or truncated like the kit does.
mkdir whole
for file in $cases/p6_synth_pt18/pred/*.json; do
  jq '.annotations[].keypoints |= map(round)' $file > whole/$(basename $file)
done
total_map() {
  vremd-eval --kit pt21 -g $cases/p6_synth_pt18/gt -p whole "$@" 2> err |
    awk '/^map/ {getline; print $NF}'
}
test "$(total_map)" = 78.0
grep -q 'warning: [0-9]* frames: all keypoints are integers; the kit would truncate the scores (--compat-int-trunc)$' err
test "$(total_map --compat-int-trunc)" = 60.4
status=0; grep warning err || status=$?
test $status -eq 1

name=000002_mpii_test.json
# refused MESSAGE FILTER-OF-TRUTH FILTER-OF-PREDICTIONS
refused() {
  rm -rf gt pred
  mkdir gt pred
  jq "$2" $case/gt/$name > gt/$name
  jq "$3" $case/pred/$name > pred/$name
  status=0; vremd-eval --kit pt21 -g gt -p pred -o left > out.txt 2> err || status=$?
  test $status -eq 1 && test ! -s out.txt && test ! -e left &&
    test "$(sed "s/ (images[^)]*)//" err)" = "vremd-eval: $1" ||
    { echo "status $status instead of 1 and: $1"; cat out.txt err; exit 1; }
}
refused "pred/$name: 3 frames, but gt/$name has 4" . '.images |= .[:3] | .images[2].id as $id | .annotations |= map(select(.image_id <= $id))'
refused "pred/$name: frame 1: image id 77 instead of $(jq '.images[1].id' $case/gt/$name)" . \
  '.images[1].id as $id | .images[1].id = 77 | (.annotations[] | select(.image_id == $id)).image_id = 77'
refused "gt/$name: frame 0: no is_labeled" 'del(.images[0].is_labeled)' .
refused "gt/$name: frame 0: no ignore_regions_x and ignore_regions_y" 'del(.images[0].ignore_regions_y)' .
refused "gt/$name: frame 0: person without head box" 'del(.annotations[0].bbox_head)' .
refused "pred/$name: frame 0: person without track_id" . 'del(.annotations[0].track_id)'
refused "pred/$name: frame 0: duplicate track_id $(jq '.annotations[0].track_id' $case/pred/$name)" . \
  '.annotations += [.annotations[0]]'
usage() {
  status=0; vremd-eval "$@" > out.txt 2> err || status=$?
  test $status -eq 2
  test ! -s out.txt
}
usage --kit pt22 -g $case/gt -p $case/pred
usage --kit pt21 -e -g $case/gt -p $case/pred
usage -e --hota-fix -g $case/gt -p $case/pred
usage -e --compat-int-trunc -g $case/gt -p $case/pred
