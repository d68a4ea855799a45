#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Files of other tools are recognised and read; written files have the same form.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
cp -r $TEST_DIR/cli/golden/convert/* .
convert() { vremd-convert -q "$@"; }
# Versions of jq differ in 1.0 and 1.
normal() { sed -E 's/([0-9])\.0([],} ]|$)/\1\2/g; s/([0-9])\.0([],} ]|$)/\1\2/g'; }
is() {
  got=$(normal <<< "$1"); want=$(normal <<< "$2")
  test "$got" = "$want" || { echo "got:  $got"; echo "want: $want"; exit 1; }
}
frames() { jq -c 'select(.type == "frame")' | jq -sc "$1"; }

# OpenPose
convert openpose > op.jsonl
is "$(jq -r 'select(.joints) | .video, (.joints | length), .joints[8], .joints[24]' op.jsonl | tr '\n' ' ')" \
  'clip 25 mid_hip right_heel '
is "$(frames '[.[].frame], [.[].instances | length]' < op.jsonl | tr '\n' ' ')" '[0,1,2] [0,1,2] '
is "$(frames '.[1].instances[0].keypoints | .[0], .[17]' < op.jsonl | tr '\n' ' ')" \
  '[100.25,50.5,0.5] [0.0,0.0,0.0] '
convert openpose/*.json | cmp <(sed 's|convert -q openpose"|X|' op.jsonl | tail -n 4) <(tail -n 4)
is "$(convert picture_keypoints.json | jq -r 'select(.joints) | .video, .joints[17]' | tr '\n' ' ')" \
  'picture left_ear '
# OpenPose's neck is head_bottom; head_top is derived from nose and shoulders
convert openpose --joints posetrack15 > op15.jsonl
is "$(frames '.[1].instances[0] | .derived, .keypoints[1], .keypoints[2]' < op15.jsonl | tr '\n' ' ')" \
  '["head_bottom","head_top"] [103.25,55.5,0.51] [89.75,33.0,0.5] '

# AlphaPose: frame 1 has no people.
convert alphapose-results.json > ap.jsonl
is "$(frames '[.[].frame], [.[].instances | length], [.[].instances[].track]' < ap.jsonl | tr '\n' ' ')" \
  '[0,1,2,3] [1,0,2,1] [1,1,2,null] '
is "$(frames '.[0].instances[0] | .box, .score' < ap.jsonl | tr '\n' ' ')" '[8.0,15.0,40.5,60.25] 2.913 '
convert alphapose-results.json --to alphapose |
  jq -c 'map(.idx = 0)' | diff <(jq -c 'map(.idx = 0)' alphapose-results.json) -

# MMPose: of a video, of a picture, of the demo script
convert mmpose_video.json > mm.jsonl
is "$(frames '[.[].frame], [.[].instances | length], .[1].instances[0].box' < mm.jsonl | tr '\n' ' ')" \
  '[0,1,2] [0,2,1] [8.0,15.0,40.5,60.25] '
is "$(convert mmpose_picture.json | frames '[.[].frame], [.[].instances | length]' | tr '\n' ' ')" '[0] [2] '
convert mmpose_demo.json > demo.jsonl
is "$(frames '[.[].frame], .[2].instances[0].keypoints[0]' < demo.jsonl | tr '\n' ' ')" '[0,1,2] [2.5,2.5,0.5] '
is "$(jq -c 'select(.joints).joints' demo.jsonl)" '["nose","left_eye","right_eye"]'
convert mmpose_demo.json --to mmpose |
  jq -c '.instance_info[].instances[] |= del(.score) | .instance_info' |
  diff <(jq -c .instance_info mmpose_demo.json) -

# COCO
is "$(convert coco_results.json | jq -r 'select(.video).video' | tr '\n' ' ')" '000000000785.jpg 000000000139.jpg '
is "$(convert coco_results.json | frames '[.[].image_id], [.[].instances | length]' | tr '\n' ' ')" '[785,139] [2,1] '
vremd-convert coco_boxes.json 2> err | frames '[.[].instances[] | .box_score, .box[0]]' > out
is "$(cat out)" '[0.236,258.15,0.318,61.0]'
grep -q 'warning: coco_boxes.json: categories other than person skipped: 1$' err
convert coco_results.json --to coco-results -o results.json
is "$(jq -c 'map(keys_unsorted[:4]) | unique' results.json)" '[["image_id","category_id","keypoints","score"]]'
is "$(jq 'any(has("bbox"))' results.json)" false  # pycocotools would take them for boxes
# its people in PoseTrack18's form: the crowd region is kept
convert coco_persons.json --to posetrack18 -o persons18.json
jq -c '.annotations[] | {id, image_id, area, iscrowd, bbox, num: (.keypoints | length),
  neck: .keypoints[3:6], derived}' persons18.json > out
cat > want << 'X'
{"id":200887,"image_id":397133,"area":1000.25,"iscrowd":null,"bbox":[388.66,69.92,109.41,277.62],"num":51,"neck":[447,130.5,2],"derived":["head_bottom","head_top"]}
{"id":900100397133,"image_id":397133,"area":500.0,"iscrowd":1,"bbox":[1.0,2.0,30.0,40.0],"num":51,"neck":[0,0,0],"derived":null}
X
is "$(cat out)" "$(cat want)"
is "$(jq -c '.images | map(.file_name)' persons18.json)" '["000000397133.jpg","000000037777.jpg"]'
vremd-convert coco_persons.json > persons.jsonl 2> err
grep -q 'warning: crowd regions skipped: 1$' err

# PoseTrack17: keypoints by number, the head box, frames without labels
convert pt17_truth.json > truth.jsonl
frames '.[0].instances[0] | .bbox_head, .keypoints[14], .visibility' < truth.jsonl > out
cat > want << 'X'
[167.02,-184.97,29.55,407.07]
[128.88,393.26,1.0]
[1,0,0,1,0,0,0,0,0,0,0,0,0,0,1]
X
is "$(cat out)" "$(cat want)"
is "$(frames '[.[].is_labeled]' < truth.jsonl)" '[true,false,true]'
convert pt17_truth.json --to posetrack18 -o truth18.json
is "$(jq -c '.images[0] | [.id, .frame_id, .vid_id, .nframes, .is_labeled, .ignore_regions_y[0][1]]' truth18.json)" \
  '[20000010001,20000010001,"000001",3,true,367.9]'
is "$(jq -c '.annotations[0] | [.id, .image_id, .keypoints[45:48], has("scores")]' truth18.json)" \
  '[2000001000100,20000010001,[0.0,0.0,0],false]'
is "$(jq -c '.annotations[0] | [.keypoints[48:51], .bbox_head]' truth18.json)" \
  '[[128.88,393.26,1],[167.02,-184.97,29.55,407.07]]'

# PoseTrack21: 17 slots, scores times the box's, official ids, every frame.
convert sequence.jsonl --to posetrack21 -o pt21/
is "$(ls pt21)" 012834_mpii_test.json
is "$(jq -c '.images | map(.id)' pt21/*.json)" '[10128340000,10128340001,10128340002,10128340003]'
is "$(jq -c '.annotations[0] | [(.keypoints | length), (.scores | length), .track_id, .image_id,
  .keypoints[2]]' pt21/*.json)" '[51,17,7,10128340000,1]'
is "$(jq '.annotations[0].scores[0] - 0.912345 * 0.8765 | fabs < 1e-9' pt21/*.json)" true
convert clip.jsonl --to posetrack18 -o clip18.json  # derived: neck, head; no ears lost
is "$(jq -c '.annotations[0].derived' clip18.json)" '["head_bottom","head_top"]'
vremd-convert clip.jsonl --to posetrack18 2>&1 > clip18.json |
  grep -q 'warning: joints dropped: left_eye, right_eye$'

# CSV of others: BOM, CRLF, quotes, NA, columns that are not ours
vremd-convert table.csv > table.jsonl 2> err
grep -q 'warning: table.csv: unknown columns skipped: note$' err
is "$(frames '[.[] | .frame, .file], .[0].instances[0].keypoints' < table.jsonl | tr '\n' ' ')" \
  '[0,"a,1.jpg",2,"b.jpg",3,"c.jpg"] [[1.5,2.5,0.5],[3.5,4.5,1.0]] '

# Losses are reported once, in one line.
vremd-convert sequence.jsonl --to alphapose 2> err > /dev/null
is "$(grep -c 'cannot represent' err)" 1
grep -q 'alphapose cannot represent: earlier tools and their settings (1), frames without people (1), names of videos (1), picture sizes (1), scores of boxes (3), times (3)' err

# Selection
is "$(convert clip.jsonl --frames 2:3 | frames '[.[].frame]')" '[2]'
is "$(convert clip.jsonl --tracks 8 | frames '[.[].instances[].track]')" '[8]'
sed '2s/"track":7,//' clip.jsonl > some.jsonl
is "$(convert some.jsonl --tracked | frames '[.[].instances[] | has("track")] | unique')" '[true]'
is "$(convert some.jsonl | frames '[.[].instances[] | has("track")] | unique')" '[false,true]'
is "$(convert clip.jsonl --min-score 0.7 | frames '[.[].instances | length]')" '[0,0,0,0]'
is "$(convert clip.jsonl --fps 12.5 | frames '[.[].frame]')" '[0,2]'
is "$(convert clip.jsonl --scale 0.5 | jq -c 'if .width then [.width, .height] else
  .instances[0]?.keypoints[0] end' | head -n 2 | tr '\n' ' ')" '[320,240] [5.13,10.25,0.912345] '
is "$(convert clip.jsonl --joints left_wrist,nose | jq -c 'select(.joints).joints')" '["left_wrist","nose"]'

# --root: paths are joined and files checked.
mkdir -p data/images/val/012834_mpii_test
status=0; vremd-convert sequence.jsonl --root data > out 2> err || status=$?
is $status 1
grep -q '4 of 4 files are missing: data/images/val/012834_mpii_test/000000.jpg$' err
touch data/images/val/012834_mpii_test/00000{0,1,2,3}.jpg
convert sequence.jsonl --root data > out
is "$(jq -r 'select(.video).video' out)" data/images/val/012834_mpii_test

# A directory gets a file per video. A single file rejects a second sequence.
convert clip.jsonl sequence.jsonl --to posetrack17 -o folder/
is "$(ls folder | tr '\n' ' ')" '012834_mpii_test.json clip.json '
status=0; convert clip.jsonl sequence.jsonl --to posetrack17 -o one.json 2> err || status=$?
is $status 1
test ! -e one.json
grep -q 'a second video: posetrack17 holds one video per file; use a directory for -o$' err
