#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Files as data sets, exports, older versions and trainers write them.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
convert() { vremd-convert -q "$@"; }
is() { test "$1" = "$2" || { echo "got:  $1"; echo "want: $2"; exit 1; }; }
# The x of everybody's first keypoint, in order.
noses() { jq -s -c '[.[] | select(.type == "frame") | .instances[].keypoints[0][0] | floor] | sort' "$@"; }
bad() {
  message=$1; shift
  status=0; convert "$@" -o made 2> err || status=$?
  is "$status $(grep -v "incomplete output left" err)" "1 vremd-convert: $message"
  test ! -e made
}

# ---- whole numbers written as 3.0, missing values
cat > poses.csv << 'T'
frame,person,track,id,image_id,box_x,box_y,box_w,box_h,score,joint,x,y,joint_score
0.0,0.0,3.0,1e3,10000010001.0,10.0,20.0,30.0,60.0,0.9,nose,25.0,30.0,0.8
0.0,0.0,3.0,1e3,10000010001.0,10.0,20.0,30.0,60.0,0.9,left_wrist,12.5,55.0,0.7
1.0,0.0,,NaN,<NA>,11.0,20.0,30.0,60.0,0.9,nose,26.0,30.0,0.8
1.0,0.0,,NaN,<NA>,11.0,20.0,30.0,60.0,0.9,left_wrist,,NaN,
2.0,None,null,N/A,NA,nan,,,,,,,,
T
convert poses.csv > out.jsonl
is "$(jq -s -c '[.[] | select(.type == "frame") | [.frame, .image_id, .instances[0].track, .instances[0].id, .instances[0].keypoints[1][0]]]' out.jsonl | sed 's/\.0\b//g')" \
  '[[0,10000010001,3,1000,12.5],[1,null,null,null,0],[2,null,null,null,null]]'
for value in 0.5 1e300 3.0.0; do
  printf 'frame,person,joint,x,y\n%s,0,nose,1,1\n' $value > t.csv
  bad "t.csv:2: frame: '$value' is not an integer" t.csv
done
# every integer of a file with a decimal point: nothing changes
decimal() { sed -E 's/([[:space:]:[,{]-?[0-9]+)([],}[:space:]]|$)/\1.0\2/g; s/([[:space:]:[,{]-?[0-9]+)([],}[:space:]]|$)/\1.0\2/g' $1; }
golden=$TEST_DIR/cli/golden/convert
plain() { jq -c 'del(.command, .video)'; }
for name in alphapose-results mmpose_video mmpose_demo coco_results coco_persons pt17_truth; do
  decimal $golden/$name.json > $name.json
  grep -q '[0-9]\.0' $name.json
  diff <(convert $golden/$name.json | plain) <(convert $name.json | plain)
done
decimal $golden/clip.jsonl > clip.jsonl
diff <(convert $golden/clip.jsonl | plain) <(convert clip.jsonl | plain)

# ---- test sets: lists of images without annotations
mkdir test
jq -n '{images: [range(3) | {id: (10000010000 + .), file_name: "images/test/000001_mpii_test/00000\(.).jpg", vid_id: "000001",
    nframes: 3, frame_id: (10000010000 + .), is_labeled: false}], categories: [{id: 1, name: "person"}]}' > test/000001_mpii_test.json
jq -n '[{image_id: 10000010001, category_id: 1, keypoints: [range(17) | (50 + ., 60 + ., 0.8)], score: 0.9}]' > results.json
convert results.json --input-joints posetrack17 --images test --to posetrack21 -o filled/
is "$(jq -c '[(.images | length), (.annotations | length)]' filled/*.json)" '[3,1]'
jq -n '{info: {}, licenses: [], images: [7, 9 | {id: ., file_name: "\(.).jpg", width: 64, height: 48}],
  categories: [{id: 1, name: "person"}, {id: 2, name: "dog"}]}' > image_info.json
jq '.[0].image_id = 9' results.json > coco.json
for annotations in del\(.nothing\) '.annotations = null' '.annotations = []' 'del(.categories)' '.categories[0].name = "dog"'; do
  jq "$annotations" image_info.json > info.json
  is "$(convert coco.json --images info.json | jq -s -c '[.[] | select(.type == "frame") | [.image_id, (.instances | length)]] | sort')" \
    '[[7,0],[9,1]]'
done
vremd-convert image_info.json 2> err > out.jsonl
is "$(jq -s -c '[.[] | select(.type == "frame").image_id]' out.jsonl)" '[7,9]'
grep -q 'warning: image_info.json: images without annotations: nobody$' err
status=0; vremd-eval --pck torso -g image_info.json -p out.jsonl 2> err || status=$?
is "$status $(tail -n 1 err)" '1 vremd-eval: image_info.json: no annotations'
# Sequences without input are named.
vremd-convert coco.json --images image_info.json 2>&1 > out.jsonl |
  grep -q 'warning: without input, so without people: 1 of 2 sequences: 7.jpg$'

# ---- 133 and 136 keypoints are known by their number, in every format
whole() { jq -n -c --argjson n $1 '[range($n) | [200 + ., 100 + .]]'; }
for n in 133 136; do
  points=$(whole $n)
  jq -n --argjson p "$points" '[range(2) | {frame_id: ., instances: [{keypoints: $p, keypoint_scores: [$p[] | 0.9], bbox: [[190, 90, 340, 240]]}]}]' > mm.json
  jq -n --argjson p "$points" '[range(2) | {image_id: "\(.).jpg", category_id: 1, keypoints: [$p[] | (.[0], .[1], 0.9)], score: 3}]' > ap.json
  jq -n --argjson p "$points" '[range(2) | {image_id: ., category_id: 1, keypoints: [$p[] | (.[0], .[1], 0.9)], score: 3}]' > results.json
  jq -n --argjson p "$points" '{images: [range(2) | {id: ., file_name: "\(.).jpg"}], categories: [{id: 1, name: "person"}],
    annotations: [range(2) | {id: ., image_id: ., category_id: 1, keypoints: [$p[] | (.[0], .[1], 2)]}]}' > truth.json
  rm -rf op; mkdir op
  for f in 0 1; do jq -n --argjson p "$points" '{people: [{pose_keypoints_2d: [$p[] | (.[0], .[1], 0.9)]}]}' > op/$f.json; done
  for input in mm.json ap.json results.json truth.json op; do
    convert $input > all.jsonl
    is "$(jq -s -c '.[0].joints | [length, .[17], .[22], .[-1]]' all.jsonl)" \
      "$(test $n = 133 && echo '[133,"left_big_toe","right_heel","right_pinky_finger_4"]' ||
        echo '[136,"head_top","left_small_toe","right_pinky_finger_4"]')"
    for joints in coco17 halpe26 body25; do
      count=${joints//[a-z]/}
      convert $input --joints $joints |
        jq -s -c '[.[] | select(.type == "frame").instances[].keypoints | [length, .[0][0], .[0][1]]] | unique' > got
      is "$(sed 's/\.0\b//g' got)" "[[$count,200,100]]"
    done
  done
done
for set in wholebody133 coco_wholebody133; do
  is "$(convert mm.json --joints $set | jq -s -c '.[0] | [.joint_set, (.joints | length)]')" '["coco_wholebody133",133]'
done
jq '.[].instances[].keypoints |= .[:130] | .[].instances[].keypoint_scores |= .[:130]' mm.json > odd.json
bad 'odd.json: [0].instances[0]: 130 keypoints: unknown joints; use --input-joints' odd.json

# ---- categories with other names
joints='["nose","left_eye","right_eye","left_ear","right_ear","left_shoulder","right_shoulder","left_elbow",
  "right_elbow","left_wrist","right_wrist","left_hip","right_hip","left_knee","right_knee","left_ankle","right_ankle"]'
truth() { # CATEGORIES ID
  jq -n --argjson joints "$joints" --argjson id $2 "(\$joints) as \$j | [range(17) | (50 + 7 * ., 60 + 5 * ., 2)] as \$k | {
    images: [{id: 1, file_name: \"a.jpg\", width: 320, height: 240}],
    annotations: [{id: 1, image_id: 1, category_id: \$id, bbox: [40, 50, 150, 120], area: 12000, iscrowd: 0, num_keypoints: 17, keypoints: \$k},
      {id: 2, image_id: 1, category_id: 77, bbox: [1, 2, 3, 4], area: 12, iscrowd: 0, num_keypoints: 0, keypoints: []}]
      | map(select(.category_id == \$id or ($1 | map(.id) | index(77)))),
    categories: ($1)}"
}
jq -n '[{image_id: 1, keypoints: [range(17) | (50 + 7 * ., 60 + 5 * ., 2)], score: 0.9}]' > nobody.json
while IFS='|' read -r id categories; do
  truth "$categories" $id > truth.json
  convert truth.json > truth.jsonl
  is "$(noses truth.jsonl) $(jq -s -c '.[0].joints[1]' truth.jsonl)" '[50] "left_eye"'
  is "$(vremd-eval -q --pck torso -g truth.json -p truth.jsonl --json - | jq '.pck.rows.all.pck == 1')" true
  is "$(vremd-eval -q --bbox -g truth.json -p truth.jsonl --json - | jq '.bbox.AP > 0.99')" true
  jq 'del(.annotations[] | select(.category_id == 77))' truth.json > oks.json
  is "$(vremd-eval -q --oks cocoapi -g oks.json -p truth.jsonl --json - | jq '.stats.AP > 0.99')" true
  jq --argjson id $id 'map(.category_id = $id)' nobody.json > results.json
  is "$(vremd-eval -q --oks cocoapi -g oks.json -p results.json --json - | jq '.stats.AP > 0.99')" true
  is "$(convert results.json | noses)" '[50]'
done << 'T'
1|[{id: 0, name: "people", supercategory: "none"}, {id: 1, name: "Person", keypoints: $j}]
4|[{id: 4, name: "athlete", keypoints: $j}]
2|[{id: 77, name: "person"}, {id: 2, name: "skeleton", keypoints: $j}]
3|[{id: 77, name: "player_box", keypoints: []}, {id: 3, name: "player", keypoints: $j}]
0|[{id: 0, name: "Pedestrian"}]
5|[{id: 5, name: "runner"}]
6|[{id: 6, name: null}]
8|[{id: 77, name: "people"}, {id: 8, name: "swimmer"}]
T
truth '[{id: 1, name: "horse", keypoints: $j}, {id: 2, name: "Person", keypoints: $j}]' 2 > truth.json
is "$(convert truth.json | noses)" '[50]'
truth '[{id: 1, name: "horse", keypoints: $j}, {id: 2, name: "rider", keypoints: $j}]' 2 > truth.json
bad 'truth.json: categories: no category "person"' truth.json
# Results: classes of a network (Ultralytics writes 0, bbox and keypoints), other classes beside people.
jq '[.[0] + {category_id: 0, bbox: [1, 2, 30, 40]}, .[0] + {category_id: 1}]' nobody.json > results.json
vremd-convert results.json 2> err > out.jsonl
is "$(jq -s -c '[.[] | .instances[]?.box]' out.jsonl | sed 's/\.0\b//g')" '[[1,2,30,40]]'
grep -q 'warning: results.json: categories other than person skipped: 1$' err
echo '[{"image_id":1,"category_id":0,"bbox":[1,2,3,4],"score":0.5},{"image_id":1,"category_id":2,"bbox":[5,2,3,4],"score":0.5}]' > boxes.json
is "$(convert boxes.json | jq -s -c '[.[] | .instances[]?.box[0] | floor]')" '[1]'
sed 's/"category_id":0/"category_id":3/' boxes.json > cars.json
bad 'cars.json: no results of category 1 (person), only of 2, 3' cars.json
echo '[{"image_id":"frame_7","file_name":"frame_7.jpg","category_id":1,"bbox":[1,2,30,40],"score":0.5,"track_id":4,"keypoints":[1,2,0.5'"$(printf ',1,2,0.5%.0s' {1..16})"']}]' > predictions.json
is "$(convert predictions.json | jq -s -c '.[1] | [.file, .instances[0].track, .instances[0].box[2]]' | sed 's/\.0\b//g')" '["frame_7.jpg",4,30]'

# ---- joints in another spelling
truth '[{id: 1, name: "person", keypoints: $j}]' 1 > truth.json
jq '.categories[0].keypoints |= map(split("_") | map((.[:1] | ascii_upcase) + .[1:]) | join(" "))' truth.json > spelled.json
grep -q '"Left Eye"' spelled.json
is "$(convert spelled.json | jq -s -c '.[0] | [.joint_set, .joints[1]]')" '["coco17","left_eye"]'

# ---- tables as spreadsheets save them in many countries, and separated by tabs
sed 's/,/;/g; s/\([0-9]\)\.\([0-9]\)/\1,\2/g' poses.csv > semicolons.csv
tr , '\t' < poses.csv > tabs.csv
for table in semicolons tabs; do diff <(convert poses.csv | plain) <(convert $table.csv | plain); done
{ head -n 1 poses.csv; sed -n 4p poses.csv; sed -n 2p poses.csv; } > t.csv
bad 't.csv:3: frame 0 after frame 1: the rows must be sorted by video, frame and person' t.csv

# ---- pictures of one name in several directories
jq '[("a", "b") as $f | .[] | .image_id = "\($f)/\(.image_id)"]' ap.json > folders.json
is "$(convert folders.json | jq -s -c '[.[].file // empty]')" '["a/0.jpg","a/1.jpg","b/0.jpg","b/1.jpg"]'
mkdir -p m/a m/b; jq '.[0].instances' mm.json | tee m/a/x.json > m/b/x.json
is "$(convert m/a/x.json m/b/x.json | jq -s -c '[.[].video // empty]')" '["m/a/x","m/b/x"]'
rm -rf op; mkdir op; for f in 0 1; do echo '{"people":[]}' > op/vid-$f.json; done
is "$(convert op | jq -s -c '[.[] | .video // .frame // empty]')" '["vid",0,1]'

# ---- people annotated with keypoints only: their box is the extent of these
truth '[{id: 1, name: "person", keypoints: $j}]' 1 | jq '.annotations[].bbox = [0, 0, 0, 0]' > truth.json
is "$(convert truth.json | jq -s -c '.[1].instances[0].box | map(. > 10) | all')" true

# ---- a directory of files of any format
mkdir folder; cp $golden/pt17_truth.json folder/a.json; cp predictions.json folder/b.json
is "$(convert folder | jq -s '[.[] | select(.type == "header")] | length')" 2

# ---- the format of the output
clip=$golden/clip.jsonl
convert $clip -o z.csv
is "$(head -c 12 z.csv)" video,frame,
convert $clip --to records -o y.csv
is "$(head -c 7 y.csv)" '{"type"'
vremd-convert $clip -o z.json 2> err
grep -q 'warning: z.json: records are JSON Lines (.jsonl); --to chooses another format$' err
jq -c 'if .type == "frame" then .pts = .frame else . end' $clip | vremd-convert --to csv 2> err > out
grep -q 'csv cannot represent: .*frame rates and pts' err
test -z "$(grep 'times' err)"
vremd-convert $clip --joints nose 2> err > out
test -z "$(grep 'dropped' err)"

# ---- a selection that selects nothing
rm -f .made.*.partial
bad 'none of the 4 frames is in the range asked for' --frames 50: $clip
bad '--tracks: nobody has 98, 99' --tracks 99,98 $clip
test -z "$(find . -name "*.partial")"
vremd-convert $clip --tracks 8,99 2> err > out
grep -q 'warning: --tracks: nobody has 99$' err
vremd-convert $clip --min-score 0.99 2> err > out
grep -q 'warning: none of the [0-9]* people selected$' err
