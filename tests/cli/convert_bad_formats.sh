#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Broken files of every format: one line with the file and the place, status 1, no output.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
cp -r $TEST_DIR/cli/golden/convert/* .

bad() {
  message=$1; shift
  status=0; vremd-convert -q -o made "$@" > out 2> err || status=$?
  test $status -eq 1 && test ! -s out && test -z "$(ls | grep made)" &&
    test "$(grep -v 'incomplete output left' err)" = "vremd-convert: $message" ||
    { echo "status $status instead of 1 and: $message"; cat out err; ls; exit 1; }
}

# ---- any JSON
printf '\xff\xfe{\0' > utf16.json
bad 'utf16.json:1: not valid JSON at column 1' --from mmpose utf16.json
sed 's/"0.jpg"/"caf\xe9.jpg"/' alphapose-results.json > latin.json
bad 'latin.json:1: not valid JSON at column 20' latin.json
head -c 700 alphapose-results.json > short.json
bad 'short.json:1: not valid JSON: unexpected end of input' short.json
sed 's/"score": 2.5/"score": 1, "score": 2/' alphapose-results.json > twice.json
bad 'twice.json:1: [1].score: duplicate key' twice.json
sed 's/"score": 2.5/"score": NaN/' alphapose-results.json > nan.json
bad 'nan.json:1: not valid JSON at column 823' nan.json
sed 's/"score": 2.5/"score": 1e999/' alphapose-results.json > large.json
bad 'large.json:1: [1].score: a number is too large for a double' large.json
head -c 300000 /dev/zero | tr '\0' '[' > deep.json
bad "deep.json:1: $(printf '[0]%.0s' {1..200}): nested too deeply" --from alphapose deep.json
{ printf '\xef\xbb\xbf'; sed 's/$/\r/' coco_boxes.json; } > crlf.json
vremd-convert -q crlf.json | jq -r 'select(.video).video' > out
test "$(tr '\n' ' ' < out)" = '000000000042.jpg 000000000073.jpg '
echo 'hello' > text
bad 'text: unknown format; use --from' text
: > nothing
bad 'nothing: empty' nothing
bad 'none: cannot open: No such file or directory' none

# ---- records
head -c 900 clip.jsonl > cut.jsonl
bad 'cut.jsonl:3: not valid JSON: unexpected end of input' cut.jsonl
sed '2s/"frame":0/"frame":0,"frame":1/' clip.jsonl > twice.jsonl
bad 'twice.jsonl:2: frame: duplicate key' twice.jsonl
sed '2s/"track":7/"track":99999999999999999999/' clip.jsonl > huge.jsonl
bad 'huge.jsonl:2: instances[0].track: not an integer' huge.jsonl
sed '2s/"track":7/"visibility":[1]/' clip.jsonl > seen.jsonl
bad 'seen.jsonl:2: instances[0].visibility: 1 numbers for 17 keypoints' seen.jsonl
{ head -n 1 clip.jsonl; head -c 100000000 /dev/zero | tr '\0' 'x'; } > long.jsonl
bad 'long.jsonl:2: not valid JSON at column 1' long.jsonl
head -n 3 clip.jsonl > endless.jsonl
status=0; vremd-convert endless.jsonl -o whole.jsonl 2> err || status=$?
test $status -eq 1
grep -q 'warning: endless.jsonl:3: truncated input: no end record$' err
test ! -e whole.jsonl
partial=$(ls .whole.jsonl.*.partial)
test "$(tail -n 1 err)" = "vremd-convert: incomplete output left in $partial"
test "$(wc -l < $partial)" -eq 3
rm $partial
# In a directory, only the file of that video is incomplete.
sed '1s/clip.mp4/other.mp4/' clip.jsonl > other.jsonl
status=0; vremd-convert endless.jsonl other.jsonl --to csv -o split/ 2> err || status=$?
test $status -eq 1
test "$(ls -A split | sed 's/csv\..*/csv/' | sort | xargs)" = '.clip.csv other.csv'
test "$(tail -n 1 err)" = "vremd-convert: incomplete output left in $(ls split/.clip.csv.*.partial)"

# ---- PoseTrack17
truth() { sed "$1" pt17_truth.json > truth.json; }
truth 's/"x": \[128.88\]/"x": ["128"]/'
bad 'truth.json: annolist[0].annorect[0].annopoints[0].point[0].x: not a number' truth.json
truth 's/"track_id": \[3\]/"track_id": [1e300]/'
bad 'truth.json: annolist[0].annorect[0].track_id: not an integer' truth.json
truth 's/"name": "[^"]*00000002.jpg"/"name": "elsewhere\/00000002.jpg"/'
bad 'truth.json: annolist[1]: elsewhere/00000002.jpg is not in the folder images/bonn/000001_bonn' truth.json
truth 's/"imgnum": \[3\]/"imgnum": [2]/'
bad 'truth.json: annolist[2]: frame 1 after frame 1' truth.json
truth 's/"ignore_regions": \[{"point"/"ignore_regions": [{"point": 5, "p"/'
bad 'truth.json: annolist[0].ignore_regions[0].point: not an array' truth.json
echo '{"annolist":{}}' > truth.json
bad 'truth.json: annolist: not an array' truth.json
echo '{"annolist":[]}' > truth.json
bad 'truth.json: annolist: no frames' truth.json

# ---- COCO, OpenPose, AlphaPose, MMPose
sed 's/"image_id": 139/"image_id": 18446744073709551615/' coco_results.json > results.json
bad 'results.json: [1].image_id: too large' results.json
sed 's/"keypoints": \[10.5, /"keypoints": [/' coco_results.json > results.json
bad 'results.json: [0].keypoints: 50 numbers, not x, y, score of joints' results.json
bad 'coco_results.json: 17 keypoints, but body25 has 25' --input-joints body25 coco_results.json
sed 's/"bbox":\[61,/"bbox":[/' coco_boxes.json > boxes.json
bad 'boxes.json: [2].bbox: not an array of 4 numbers' boxes.json
echo '{"version":1.3,"people":[{"person_id":[-1],"pose_keypoints_2d":[1,2,"x"]}]}' > a_keypoints.json
bad 'a_keypoints.json: people[0].pose_keypoints_2d[2]: not a number' a_keypoints.json
echo '{"version":1.3,"people":[{"pose_keypoints_2d":[1,2,3]}]}' > a_keypoints.json
bad 'a_keypoints.json: 1 keypoints: unknown joints; use --input-joints' a_keypoints.json
mkdir empty
bad 'empty: no JSON files in this directory' empty
sed 's/"image_id": "3.jpg"/"image_id": "99999999999.jpg"/' alphapose-results.json > far.json
bad 'far.json: [3].image_id: frame 99999999999 after frame 2' far.json
sed 's/"keypoint_scores": \[/"keypoint_scores": [0.5,/' mmpose_video.json > scores.json
bad 'scores.json: [1].instances[0].keypoint_scores: 18 numbers instead of 17' scores.json
sed 's/"frame_id": 3/"frame_id": 1/' mmpose_demo.json > order.json
bad 'order.json: instance_info[2].frame_id: not in order' order.json
bad 'clip.mp4: frame 0: no image id: neither an image_id in the records nor a number in the picture'"'"'s name' \
  --to coco-results clip.jsonl
bad 'clip.mp4: frame 0: no image id: neither an image_id in the records nor a folder such as 012834_mpii_test' \
  --to posetrack21 clip.jsonl

echo '{"meta_info":{},"instance_info":[{"frame_id":-9223372036854775808,"instances":[]}]}' > least.json
bad 'least.json: instance_info[0].frame_id: below 1' least.json
echo '[{"frame_id":9223372036854775807,"instances":[]}]' > most.json
bad 'most: frame 9223372036854775807: too large' --from mmpose --to mmpose most.json
sed 's/"image_id": "3.jpg"/"image_id": "9223372036854775807.jpg"/' alphapose-results.json > far.json
bad 'far.json: [3].image_id: frame 9223372036854775807 after frame 2' far.json
sed 's/"image_id": 139/"image_id": 9223372036854775807/' coco_results.json > results.json
bad '9223372036854775807.jpg: image id 9223372036854775807: too large to number its annotations' \
  --to posetrack18 results.json

# ---- CSV
csv() { printf '%b' "$1" > t.csv; shift; bad "$@" --from csv t.csv; }
csv 'frame,joint\n' 't.csv:1: no column person'
csv 'frame,person,frame\n' 't.csv:1: duplicate column frame'
csv 'frame,person\n0,0,0\n' 't.csv:2: 3 fields instead of 2'
csv 'frame,person\nx,0\n' "t.csv:2: frame: 'x' is not an integer"
csv 'frame,person\n99999999999999999999,0\n' "t.csv:2: frame: '99999999999999999999' is not an integer"
csv 'frame,person\n-1,0\n' 't.csv:2: frame: not a frame number'
csv 'frame,person\n1,\n0,\n' 't.csv:3: frame 0 after frame 1: the rows must be sorted by video, frame and person'
csv 'frame,person\n0,0\n' 't.csv:2: neither a box nor keypoints'
csv 'frame,person,joint,x,y\n0,0,nose,inf,1\n' 't.csv:2: x: not finite'
csv 'frame,person,joint,x,y\n0,0,nose,nan,1\n' 't.csv:2: no x'
csv 'frame,person,joint,x,y\n0,0,nose,,1\n' 't.csv:2: no x'
csv 'frame,person,joint,x,y\n0,0,nose,1,1\n0,0,nose,1,1\n' 't.csv:3: duplicate joint nose'
csv 'frame,person,joint,x,y\n0,0,nose,1,1\n0,1,tail,1,1\n' \
  "t.csv:3: joint: tail is not a joint of the first person; use --input-joints"
csv 'frame,person,video\n0,,"a\n' 't.csv:2: unterminated quote'
csv 'frame,person,video\n0,,"a"b\n' 't.csv:2: text after a closing quote'
csv 'frame,person,video\n0,,caf\xe9\n' 't.csv:2: not UTF-8'
{ echo 'frame,person,video'; head -c 100000000 /dev/zero | tr '\0' 'x'; } > long.csv
bad 'long.csv:2: a row longer than 1 MiB' long.csv

# ---- quotes in messages: one line, no control characters, limited length
csv 'frame,person\n"x\ny\x1b[2J",0\n' "t.csv:2: frame: 'x\\ny\\x1b[2J' is not an integer"
long=$(printf '%065d' 0)
csv "frame,person\n$long,x\n" "t.csv:2: person: 'x' is not an integer"
csv "frame,person\nx$long,0\n" "t.csv:2: frame: 'x${long:0:59}…' is not an integer"
csv "frame,person,joint,x,y\n0,0,${long:0:59}ä,1,1\n0,0,${long:0:59}ä,1,1\n" \
  "t.csv:3: duplicate joint ${long:0:59}…"
csv 'frame,person,joint,x,y\n0,0,nose,1,1\n0,1,"ta\r\nil",1,1\n' \
  "t.csv:3: joint: ta\\r\\nil is not a joint of the first person; use --input-joints"
truth 's/"name": "[^"]*00000002.jpg"/"name": "else\\nwhere\/00000002.jpg"/'
bad 'truth.json: annolist[1]: else\nwhere/00000002.jpg is not in the folder images/bonn/000001_bonn' \
  truth.json
sed 's/"image_id": "3.jpg"/"image_id": "3\\n\\u0000.mp4"/' alphapose-results.json > lines.json
bad 'lines.json: [3].image_id: 3\n\x00.mp4 is not a frame of a video, unlike the previous ones' lines.json
echo '{"images":[],"annotations":[],"categories":[{"id":1,"name":"person","keypoints":["a\n","a\n"]}]}' \
  > names.json
bad 'names.json: categories[0].keypoints: duplicate joint a\n' --from posetrack18 names.json
echo '{"images":[{"id":1,"file_name":"a\n/1.jpg","vid_id":"v\n"},
  {"id":2,"file_name":"b/2.jpg","vid_id":"v\n"}],"annotations":[]}' > folders.json
bad 'folders.json: video v\n: a\n/1.jpg and b/2.jpg are not in the same folder' \
  --from posetrack18 folders.json
echo '{"people":[{"a\tb":1,"a\tb":2}]}' > a_keypoints.json
bad 'a_keypoints.json:1: people[0].a\tb: duplicate key' a_keypoints.json
printf '[{"%0100d":1,"%0100d":2}]' 0 0 > keys.json
bad "keys.json:1: [0].${long:0:60}…: duplicate key" --from mmpose keys.json
echo '{"type":"a\nb"}' > type.jsonl
bad 'type.jsonl:1: type: neither header, frame nor end: a\nb' --from records type.jsonl
echo '{"type":"header","video":"a","joint_set":"a\nb"}' > set.jsonl
bad 'set.jsonl:1: joint_set: a\nb: unknown joint set (known: posetrack15, posetrack17, coco17, body25, openpose18, halpe26, halpe136, coco_wholebody133, mpii16, aic14, h36m17, ap10k)' \
  set.jsonl
sed '1s/clip.mp4/cl\\nip.mp4/' clip.jsonl > video.jsonl
bad 'cl\nip.mp4: frame 0: no image id: neither an image_id in the records nor a number in the picture'"'"'s name' \
  --to coco-results video.jsonl
cp clip.jsonl 'cl
ip.txt'; sed -i 1d 'cl
ip.txt'
bad 'cl\nip.txt:1: record without a header' --from records 'cl
ip.txt'

# Existing files are not overwritten, nor those in a directory.
echo precious > kept.json
status=0; vremd-convert -q clip.jsonl --to csv -o kept.json 2> err || status=$?
test $status -eq 1
test "$(cat kept.json)" = precious
grep -q 'kept.json: already exists; --force overwrites it$' err
