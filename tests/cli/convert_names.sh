#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Names of videos and pictures: dots in folders, and one name in several folders.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
convert() { vremd-convert -q "$@"; }
is() { test "$1" = "$2" || { echo "got:  $1"; echo "want: $2"; exit 1; }; }
videos() { jq -r 'select(.type == "header").video' "$@" | sort | xargs; }
# The x of everybody's first keypoint, in order.
noses() { jq -s -c '[.[] | select(.type == "frame") | .instances[].keypoints[0][0] | floor] | sort' "$@"; }

# record VIDEO X [FILE]: two frames of a person in 17 joints whose nose is at X, X + 1; with FILE of pictures
record() {
  jq -n -c --arg video "$1" --argjson x $2 --arg file "${3-}" '
    {type: "header", format: 1, video: $video, width: 640, height: 480, joint_set: "coco17"},
    (range(if $file == "still" then 1 else 2 end) as $f |
     {type: "frame", frame: $f, time: ($f / 25)} + (if $file == "folder" then {file: "00000\($f + 1).png"} else {} end) +
     {instances: [{box: [10, 5, 200, 400], score: 0.8, box_score: 0.9,
                   keypoints: [range(17) | [$x + $f + 20 * ., 8 + 20 * ., 0.8]]}]}),
    {type: "end"}'
}

# ---- the part of a folder's name after a dot is not an extension
{ record data/S1.walk 10 folder; record data/S1.run 50 folder; record data/S1.mp4 90; } > dots.jsonl
for format in records posetrack17 posetrack18 mmpose csv alphapose; do
  convert dots.jsonl --to $format -o $format/
  is "$(ls $format | sed 's/\.[^.]*$//' | xargs)" 'S1 S1.run S1.walk'
  for file in $format/*; do convert $file; done > back.jsonl
  is "$(noses back.jsonl)" '[10,11,50,51,90,91]'
done
convert dots.jsonl --to openpose -o openpose/
is "$(ls openpose | sed 's/_0*[01]_keypoints.json//' | sort -u | xargs)" 'S1 S1.run S1.walk'
is "$(convert openpose | videos)" 'S1 S1.run S1.walk'
is "$(convert mmpose/* | videos)" 'S1 S1.run S1.walk'
is "$(jq -r '.images[0].vid_id' posetrack18/* | xargs)" 'S1 S1.run S1.walk'

# vremd-eval keeps them apart as well: by the names of the files, of the folders, in its official files.
mkdir truth
for name in S1.walk S1.run; do
  record data/$name $(test $name = S1.run && echo 50 || echo 10) folder |
    convert - --to posetrack18 --joints posetrack17 |
    jq '.annotations[] |= (.bbox_head = [10, 5, 40, 40] | .scores = null)' > truth/$name.json
done
{ record other/S1.walk 10 folder; record other/S1.run 50 folder; } > both.jsonl
vremd-eval -q -e -s -g truth -p both.jsonl --json scores.json -o official > out
is "$(jq -c '[.sequences.scored, .sequences.superfluous, (.each_sequence | keys)]' scores.json)" \
  '[2,[],["S1.run","S1.walk"]]'
is "$(cd official && echo *)" 'S1.run_AP_metrics.json S1.walk_AP_metrics.json total_AP_metrics.json'
is "$(jq '.ap.ap.left_wrist == 100' scores.json)" true
vremd-eval -q --pck bbox -g truth -p both.jsonl --json - > out
is "$(jq -c '[.matching.frames.matched, .pck.rows["12 body joints"].pck == 1]' out)" '[4,true]'

# ---- pictures and folders of the same name in several folders stay apart
joints='["nose","left_eye","right_eye","left_ear","right_ear","left_shoulder","right_shoulder","left_elbow",
  "right_elbow","left_wrist","right_wrist","left_hip","right_hip","left_knee","right_knee","left_ankle","right_ankle"]'
jq -n --argjson joints "$joints" '{
  images: ["a/0001.jpg", "b/0001.jpg", "c/0001.png"] | to_entries | map({id: (.key + 11), file_name: .value, width: 160, height: 120}),
  annotations: [range(3) | . as $i | {id: ($i + 1), image_id: ($i + 11), category_id: 1, bbox: [10 + $i, 5, 40, 80], area: 3200,
    keypoints: [range(17) | (12 + 10 * $i + ., 9 + 4 * ., 2)]}],
  categories: [{id: 1, name: "person", keypoints: $joints}]}' > truth.json
convert truth.json > truth.jsonl
is "$(videos truth.jsonl)" 'a/0001.jpg b/0001.jpg c/0001.png'
is "$(noses truth.jsonl)" '[12,22,32]'
is "$(vremd-eval -q --pck torso -g truth.json -p truth.jsonl --json - | jq '.pck.rows.all.pck == 1')" true
is "$(vremd-eval -q --bbox -g truth.json -p truth.jsonl --json - | jq '.bbox.AP > 0.99')" true
# without ids of the images, as from vremd-pose
jq -c 'del(.image_id, .vid_id) | if .type == "frame" then .instances[] |= del(.id, .visibility) else . end' truth.jsonl > poses.jsonl
for format in posetrack18 coco-keypoints alphapose csv; do
  convert poses.jsonl --to $format -o one.$format
  is "$(convert one.$format | noses)" '[12,22,32]'
done
is "$(convert one.coco-keypoints | videos)" 'a/0001.jpg b/0001.jpg c/0001.png'
is "$(jq -c '[.images[].id] | unique | length' one.coco-keypoints)" 3
is "$(jq -c '[.images[].vid_id] | unique | length' one.posetrack18)" 3
for format in posetrack17 mmpose openpose; do
  rm -rf files; vremd-convert poses.jsonl --to $format -o files/ 2> err
  is "$(ls files | wc -l)" 3
  grep -q 'warning: b/0001.jpg: written as b_0001: 0001 is a/0001.jpg$' err
  is "$(convert files/* | noses)" '[12,22,32]'
done
status=0; convert poses.jsonl --to coco-results > out 2> err || status=$?
is "$status $(cat err)" '1 vremd-convert: b/0001.jpg frame 0: image id 1 is also that of a/0001.jpg frame 0'
# --images finds each by its path
jq 'del(.annotations)' truth.json > list.json
convert poses.jsonl --images list.json --to coco-keypoints -o filled.json
is "$(jq -c '[.annotations[] | [.image_id, .keypoints[0] | floor]] | sort' filled.json)" '[[11,12],[12,22],[13,32]]'
status=0; convert one.alphapose --images list.json > out 2> err || status=$?
is "$status $(cat err)" '1 vremd-convert: one/0001.jpg: several sequences of this name in list.json'

# Two recordings called S1, with one frame each of the same name.
{ record cam1/S1 10; record cam2/S1 50; } > cameras.jsonl
for format in posetrack17 openpose csv; do
  rm -rf files; convert cameras.jsonl --to $format -o files/
  is "$(convert files/* | noses)" '[10,11,50,51]'
done
convert cameras.jsonl --to posetrack18 -o cameras.json
is "$(jq -c '[.images[].vid_id] | unique' cameras.json)" '["S1","cam2/S1"]'
is "$(convert cameras.json | noses)" '[10,11,50,51]'
status=0; convert cameras.jsonl cameras.jsonl --to openpose -f -o again/ 2> err || status=$?
is $status 1
grep -q 'S1_000000000000_keypoints.json: a second frame of this name$' err

# ---- OpenPose: bare numbers are the frames of one video, named after their folder
# person X: of BODY_25, with the nose at X
person() { jq -n -c --argjson x $1 '{person_id: [-1], pose_keypoints_2d: [range(25) | ($x + 5 * ., 20 + 5 * ., 0.8)]}'; }
# file NAME PERSON...
file() { name=$1; shift; printf '{"version":1.3,"people":[%s]}' "$(IFS=,; echo "$*")" > "$name"; }
mkdir walk.1 wide many pictures counted two
for i in 0 1 2 9 10 11; do
  p=$(person $((100 + i))); test $i -ne 9 || p=
  file walk.1/${i}_keypoints.json $p
  file wide/$(printf %012d $i)_keypoints.json $p
  file many/$i.json $p  # as AlphaPose writes them
  file many/b_$(printf %012d $i)_keypoints.json $p
  file counted/img_$(printf %04d $((i % 9)))_keypoints.json $p
done
file pictures/dancer_keypoints.json "$(person 1)"
file pictures/S1_keypoints.json "$(person 2)"
file pictures/S2_keypoints.json "$(person 3)"
file pictures/DSC_0012_keypoints.json "$(person 4)"
file pictures/DSC_0047_keypoints.json "$(person 5)"
file two/7_keypoints.json "$(person 6)"
frames() { jq -s -c '[.[] | select(.type == "frame") | [.frame, (.instances[0].keypoints[0][0] // -1 | floor)]]' "$@"; }
numbered='[[0,100],[1,101],[2,102],[9,-1],[10,110],[11,111]]'
for folder in walk.1 wide; do
  convert $folder > op.jsonl
  is "$(videos op.jsonl) $(frames op.jsonl)" "$folder $numbered"
  is "$(cd $folder && vremd-convert -q *.json | videos)" $folder
done
convert many > op.jsonl
is "$(videos op.jsonl)" 'b many'
is "$(convert many/?.json many/??.json | frames)" "$numbered"
is "$(convert pictures | videos)" 'DSC_0012 DSC_0047 S1 S2 dancer'
is "$(convert two | videos)" 7
is "$(convert counted | videos) $(convert counted | frames)" 'img [[0,-1],[1,110],[2,111]]'
# The same names in two folders are two videos.
mkdir -p x/cam y/cam; cp many/b_* x/cam; cp wide/* y/cam; cp many/b_* y
convert x/cam y/cam y > op.jsonl
is "$(videos op.jsonl)" 'cam x/cam/b y/b'
mkdir z; cp -r wide z/cam
is "$(convert y/cam z/cam | videos)" 'y/cam z/cam'
# Pictures named by COCO's numbers match their images.
jq -n '{images: [1, 2, 9, 10, 11, 0] | map({id: (. + 500), file_name: "val/\("00000000000\(.)"[-12:]).jpg"}),
  categories: []}' > coco.json
convert wide --images coco.json > filled.jsonl
is "$(jq -s -c '[.[] | select(.type == "frame") | [.image_id, (.instances[0].keypoints[0][0] // -1 | floor)]] | sort' filled.jsonl)" \
  '[[500,100],[501,101],[502,102],[509,-1],[510,110],[511,111]]'
# Older files, people without a body.
mkdir old hands
jq -c '.people[].pose_keypoints = .people[0].pose_keypoints_2d | del(.people[].pose_keypoints_2d, .people[].person_id)' \
  walk.1/1_keypoints.json > old/0_keypoints.json
is "$(convert old | frames)" '[[0,101]]'
hand='{"person_id":[-1],"pose_keypoints_2d":[],"hand_left_keypoints_2d":[1,2,0.5]}'
file hands/0_keypoints.json "$(person 7)" "$hand"; file hands/1_keypoints.json "$hand"
vremd-convert hands > op.jsonl 2> err
is "$(frames op.jsonl)" '[[0,7],[1,-1]]'
grep -q 'warning: people without pose_keypoints_2d skipped: 2 (the first in hands/0_keypoints.json)$' err
rm hands/0_keypoints.json
status=0; convert hands -o none.jsonl 2> err || status=$?
is "$status $(grep -v "incomplete output left" err)" '1 vremd-convert: hands/1_keypoints.json: people, but nobody with pose_keypoints_2d'
test ! -e none.jsonl

# ---- AlphaPose: padded numbers are pictures of a folder named after the file; any order
result() { jq -n -c --arg image "$1" --argjson x $2 '{image_id: $image, category_id: 1, score: 2.5, idx: 1,
  box: [1, 2, 30, 40], keypoints: [range(17) | ($x + 5 * ., 20 + 5 * ., 0.8)]}'; }
{ result 000010.jpg 3; result 000002.jpg 1; result 000010.jpg 4; result 000009.jpg 2; } | jq -s . > S1.walk.json
convert S1.walk.json > ap.jsonl
is "$(videos ap.jsonl)" S1.walk
is "$(jq -s -c '[.[] | select(.type == "frame") | [.file, (.instances | length)]]' ap.jsonl)" \
  '[["000002.jpg",1],["000009.jpg",1],["000010.jpg",2]]'
is "$(convert S1.walk.json --root images/S1 | videos)" images/S1
is "$(convert S1.walk.json --video images/S1.walk | videos)" images/S1.walk
status=0; convert truth.jsonl --video a 2> err > out || status=$?
is "$status $(cat err)" '1 vremd-convert: --video a, but there are several: a/0001.jpg, b/0001.jpg'
{ result 10.jpg 3; result 2.jpg 1; result 9.jpg 2; } | jq -s . > recording.json
is "$(convert recording.json | frames)" '[[0,-1],[1,-1],[2,1],[3,-1],[4,-1],[5,-1],[6,-1],[7,-1],[8,-1],[9,2],[10,3]]'
# A comma in a file name is not a separator.
cp recording.json 'a,b.json'
is "$(convert 'a,b.json' | videos)" a,b

# ---- MMPose: pictures called by their numbers are the frames of one video, also those without people
mkdir shot
for i in 8 9 10; do jq -n --argjson x $i '[{keypoints: [range(17) | [$x + ., 2]], keypoint_scores: [range(17) | 0.5]}]' > shot/$(printf %06d $i).json; done
echo '[]' > shot/000011.json
is "$(convert shot | videos) $(convert shot | frames)" 'shot [[8,8],[9,9],[10,10],[11,-1]]'
is "$(convert shot/000010.json | videos)" 000010
cp shot/000008.json shot/a.json
is "$(convert shot | videos)" 'a shot'
jq '[{frame_id: 0, instances: .}]' shot/000008.json > shot/7.json; cp shot/7.json shot/6.json
is "$(convert shot | videos)" '6 7 a shot'
