#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Records -> format -> records: exact, except for fields that the format cannot represent.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
cp $TEST_DIR/cli/golden/convert/*.jsonl .
convert() { vremd-convert -q "$@"; }

# The records of a file without the fields that differ between runs and those that $1 deletes.
# people(f) does f to every person.
plain() {
  jq -c "def people(f): if .type == \"frame\" then .instances[] |= f else . end;
    del(.format, .tool, .version, .command, .from) | $1"
}
same() {
  plain "$1" < $2 > want
  plain "$1" < $3 > got
  test $(wc -l < want) -gt 2
  diff want got
}

convert clip.jsonl -o again.jsonl
same . clip.jsonl again.jsonl
convert clip.jsonl | convert - -o again.jsonl -f  # a pipe carries records
same . clip.jsonl again.jsonl

convert sequence.jsonl --to posetrack18 -o pt18.json
convert pt18.json -o back.jsonl -f
same 'del(.frames_expected, .vid_id, .time, .image_id, .is_labeled) | people(del(.id))' \
  sequence.jsonl back.jsonl

convert sequence.jsonl --to posetrack17 -o pt17.json
convert pt17.json --joints posetrack17 -o back.jsonl -f
same 'del(.time, .width, .height, .is_labeled) | people(del(.box, .box_score) |
  .keypoints[3:5] = [] | .keypoints[][2] = 0)' sequence.jsonl back.jsonl

convert clip.jsonl --to csv -o clip.csv
convert clip.csv -o back.jsonl -f
same 'del(.width, .height)' clip.jsonl back.jsonl
convert clip.csv --to csv | diff clip.csv -

convert clip.jsonl --to dlc -o clip_dlc.csv
convert clip_dlc.csv -o back.jsonl -f
same 'del(.width, .height, .video, .time) | people({track, keypoints})' clip.jsonl back.jsonl
convert clip_dlc.csv --to dlc | cmp clip_dlc.csv -

convert clip.jsonl --to mot -o clip.txt
convert clip.txt -o back.jsonl -f
same 'del(.width, .height, .video, .time, .joint_set, .joints) | people({track, box, box_score})' \
  clip.jsonl back.jsonl

convert clip.jsonl --tracks 7 -o one.jsonl
convert one.jsonl --to trc -o clip.trc
convert clip.trc -o back.jsonl -f
same 'del(.width, .height, .video, .fps) | people({keypoints: [.keypoints[] | .[:2]]})' \
  one.jsonl back.jsonl

convert clip.jsonl --to yolo -o yolo
test $(ls yolo/labels | wc -l) -eq 4
convert yolo -o back.jsonl -f
same 'del(.video, .time) | people({box, keypoints: [.keypoints[] | .[:2]]})' clip.jsonl back.jsonl
convert yolo --to mot | cut -d , -f 3-6 | diff <(cut -d , -f 3-6 clip.txt) -

convert clip.jsonl --to mmpose -o clip.json
convert clip.json -o back.jsonl -f
same 'del(.width, .height, .video, .time)' clip.jsonl back.jsonl

convert clip.jsonl --to alphapose -o clip_alphapose.json
convert clip_alphapose.json -o back.jsonl -f
same 'del(.width, .height, .video, .time) | people(del(.box_score))' \
  clip.jsonl back.jsonl

convert clip.jsonl --to openpose --joints openpose18 -o openpose
test $(ls openpose | wc -l) -eq 4
convert openpose --joints coco17 -o back.jsonl -f
same 'del(.width, .height, .video, .time) | people({track, keypoints})' \
  clip.jsonl back.jsonl

# COCO results contain only images: one still each.
convert sequence.jsonl --joints posetrack17 --to coco-results -o results.json
convert results.json --input-joints posetrack17 -o back.jsonl -f
people() { jq -c 'select(.type == "frame") | .instances[]' $1; }
people sequence.jsonl > want
people back.jsonl > got
test $(wc -l < want) -eq 4
diff <(jq -cS . want) <(jq -cS . got)
test "$(jq -c 'select(.image_id).image_id' back.jsonl | tr '\n' ' ')" = '10128340000 10128340002 10128340003 '

convert sequence.jsonl --to coco-boxes -o boxes.json
convert boxes.json -o back.jsonl -f
people sequence.jsonl | jq -cS '{track, box, box_score}' > want
people back.jsonl | jq -cS '{track, box, box_score}' > got
diff want got

# Ground truth: PoseTrack17 <-> 18, to the last digit.
golden=$TEST_DIR/cli/golden/convert
for file in pt17_truth pt17_prediction; do
  convert $golden/$file.json --to posetrack18 -o 18.json -f
  convert 18.json --from posetrack18 --to posetrack17 -o 17.json -f
  convert 17.json --to posetrack18 -o 18b.json -f
  cmp 18.json 18b.json
done
points='[.annolist[] | {image, imgnum, people: [.annorect[] | {track_id, x1, y1, x2, y2,
  points: [.annopoints[]?.point[] | {id, x, y, is_visible, score}]}], ignore_regions}]'
convert $golden/pt17_truth.json --to posetrack18 -o 18.json -f
convert 18.json --from posetrack18 --to posetrack17 -o 17.json -f
diff <(jq -S "$points" $golden/pt17_truth.json) <(jq -S "$points" 17.json)

# Several readers of one stream give the same bytes as one.
cat clip.jsonl sequence.jsonl | convert --to csv > joined.csv
convert clip.jsonl sequence.jsonl --to csv | cmp joined.csv -
