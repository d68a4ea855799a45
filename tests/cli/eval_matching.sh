#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Every score reports what was matched, missing or superfluous.
case=$TEST_DIR/data/eval-cases/p6_synth_pt18
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
is() { test "$1" = "$2" || { echo "got:  $1"; echo "want: $2"; exit 1; }; }
has() { grep -q -- "$1" err || { echo "no: $1"; cat err; exit 1; }; }
lacks() { ! grep -q -- "$1" err || { echo "not wanted: $1"; cat err; exit 1; }; }

vremd-convert -q $case/pred/*.json --to records > poses.jsonl
frames=$(grep -c '"type":"frame"' poses.jsonl)
videos=$(grep -c '"type":"header"' poses.jsonl)

# ---- -e and -t: frames of records
vremd-eval -e -g $case/gt -p poses.jsonl --json e.json > e.txt 2> err
has "^vremd-eval: frames: $frames matched, 0 missing, 0 superfluous$"
lacks warning
is "$(jq -c .matching.frames e.json)" "{\"matched\":$frames,\"missing\":0,\"superfluous\":0}"
grep -q 'boxes: not stated$' e.txt  # a converter finds none
# every frame off by one, without names of pictures
jq -c 'if .type == "frame" then .frame += 1 | del(.file) else . end' poses.jsonl > shift.jsonl
for metric in -e -t '-e -t' '--kit pt21'; do
  vremd-eval $metric -g $case/gt -p shift.jsonl 2> err > out
  has "warning: frames: $((frames - videos)) matched, $videos missing, $videos superfluous$"
done
vremd-eval -q -e -g $case/gt -p shift.jsonl 2> err > out
test ! -s err
# files are matched by position: other names there are reported
mkdir moved
for file in $case/pred/*.json; do
  jq '.images |= map(.id += 1) | .annotations |= map(.image_id += 1)' $file > moved/${file##*/}
done
vremd-eval -e -g $case/gt -p moved 2> err > out
has "warning: $frames predicted frames have another name or id than the annotated frame at their place$"
vremd-eval -e -g $case/gt -p $case/pred 2> err > out
test ! -s err

# ---- joints that nobody has
vremd-convert -q poses.jsonl --joints coco17 > coco.jsonl
for metric in -e -t '--kit pt21'; do
  vremd-eval $metric -g $case/gt -p coco.jsonl 2> err > out
  has 'warning: annotated, but never predicted (all missed): head_bottom head_top; vremd-convert --joints posetrack15 derives them'
done

# ---- several predictions: -p more than once
half=$(ls $case/pred | head -n 2 | tail -n 1)
mkdir a b; cp $case/pred/* a; mv a/$half b
vremd-eval -e -g $case/gt -p a -p b 2> err > two.txt
vremd-eval -e -g $case/gt -p $case/pred > one.txt
cmp one.txt two.txt
status=0; vremd-eval -e -g $case/gt -p $case/pred -p $case/pred 2> err > out || status=$?
is $status 1
has ': duplicate predictions of sequence '
status=0; vremd-eval --pck torso -g $case/gt -p poses.jsonl -p shift.jsonl 2> err > out || status=$?
is $status 2

# ---- PCK: ids of another file's annotations
jq -c 'if .type == "frame" then .instances[] |= del(.id) else . end' poses.jsonl > bare.jsonl
pck() { vremd-eval --pck bbox -g $case/gt -p $1 --json - 2> err | jq -c '[.pck.rows.all.pck, .pck.persons.matched_by_id]'; }
want=$(pck bare.jsonl)
jq -c 'if .type == "frame" then (.instances | map(.id)) as $ids | .instances |= [to_entries[] | .value + {id: $ids[(.key + 1) % ($ids | length)]}] else . end' \
  poses.jsonl > mixed.jsonl
is "$(pck mixed.jsonl | jq -c '.[0]')" "$(jq -c '.[0]' <<< "$want")"
# frames by the names of pictures, whatever their numbers
jq -c 'if .type == "frame" then .frame += 1 else . end' bare.jsonl > numbered.jsonl
is "$(pck numbered.jsonl)" "$want"

# ---- OKS
joints='["nose","left_eye","right_eye","left_ear","right_ear","left_shoulder","right_shoulder","left_elbow",
  "right_elbow","left_wrist","right_wrist","left_hip","right_hip","left_knee","right_knee","left_ankle","right_ankle"]'
jq -n --argjson joints "$joints" '{categories: [{id: 1, name: "person", keypoints: $joints}],
  images: [range(5) | {id: (. + 1), file_name: "\(if . < 3 then "a" else "b" end)/000\(. % 3).jpg"}],
  annotations: [range(4) | {id: (. + 1), image_id: (. + 1), category_id: 1, bbox: [10, 10, 200, 200], area: 20000,
    num_keypoints: 17, keypoints: [range(17) | (20 + 10 * ., 20 + 10 * ., 2)]}]}' > truth.json
jq '[.annotations[:2][] | {image_id, category_id, keypoints, score: 0.9}]' truth.json > some.json
vremd-eval --oks cocoapi -g truth.json -p some.json --json oks.json 2> err > out
has 'warning: 2 of 4 images with annotated people have no predictions (--predicted-only)$'
is "$(jq -c '[.images, .images_with_people, .unpredicted_images, .stats.AR == 0.5]' oks.json)" '[5,4,2,true]'
vremd-eval --oks cocoapi -g truth.json -p some.json --predicted-only --json oks.json -f 2> err > out
has 'warning: 2 of 4 images with annotated people have no predictions, and are not scored$'
is "$(jq -c '[.images, .stats.AR > 0.99, .stats.AP > 0.99]' oks.json)" '[2,true,true]'
# records without image ids: by the names of the images
vremd-convert -q truth.json | jq -c 'del(.image_id)' > named.jsonl
vremd-eval --oks cocoapi -g truth.json -p named.jsonl --json oks.json -f 2> err > out
is "$(jq -c '[.unpredicted_images, .stats.AP > 0.99]' oks.json)" '[0,true]'
sed 's|"[^"]*/0001.jpg"|"0001.jpg"|' named.jsonl > unknown.jsonl
status=0; vremd-eval --oks cocoapi -g truth.json -p unknown.jsonl 2> err > out || status=$?
is "$status $(cat err)" '1 vremd-eval: unknown.jsonl:5: no image_id, and several images of this name in the ground truth'
# boxes and PCK of the predicted images only
head -n 6 named.jsonl > two.jsonl
is "$(vremd-eval -q --bbox --pck torso -g truth.json -p two.jsonl --json - | jq -c '[.bbox.AR100 == 0.5, .pck.rows.all.joints]')" '[true,68]'
is "$(vremd-eval -q --bbox --pck torso --predicted-only -g truth.json -p two.jsonl --json - |
  jq -c '[.bbox.AR100 > 0.99, .pck.rows.all.joints, .matching.frames.missing]')" '[true,34,3]'
status=0; vremd-eval -e --predicted-only -g $case/gt -p poses.jsonl 2> err || status=$?
is $status 2

# ---- the wrong format: what it is and what to do
refused() { # MESSAGE OPTIONS...
  message=$1; shift
  status=0; vremd-eval "$@" > out 2> err || status=$?
  is "$status $(cat err)" "1 vremd-eval: $message"
}
mkdir ap; cp some.json ap/900001_mpii_test.json
refused "ap/900001_mpii_test.json: a list of results, not PoseTrack's form; vremd-convert --to posetrack18 --images TRUTH" \
  -e -g $case/gt/900001_mpii_test.json -p ap
refused 'ap: a directory, not a file of records; vremd-convert makes them of annotations and results: vremd-convert ap/*.json' \
  --pck torso -g $case/gt -p ap
refused 'some.json: not records; vremd-convert makes them of annotations and results' --bbox -g truth.json -p some.json
refused 'truth.json: not records; vremd-convert makes them of annotations and results' --bbox -g truth.json -p truth.json
# Records are recognised whatever their name.
cp poses.jsonl poses.json
vremd-eval -e -g $case/gt -p poses.json > named.txt
vremd-eval -e -g $case/gt -p poses.jsonl | cmp - named.txt
