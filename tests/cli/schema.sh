#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# What the tools write is valid by the JSON Schema of the records (check_records.py).
python3 -c 'import jsonschema; jsonschema.Draft202012Validator' 2> /dev/null ||
  { echo 'no jsonschema of Python'; exit 77; }
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
vremd_pose_files clip 12 clip.mkv
vremd_pose_files weights paper tiny.safetensors
vremd_pose_files records 12 clip.mkv > boxes.jsonl
vremd-detect -q --input-size 416 --every 3 --frames 0:6 clip.mkv -o detected.jsonl
vremd-pose -q -w tiny.safetensors --stats boxes.jsonl -o poses.jsonl
vremd-pose -q -w tiny.safetensors --nms oks:0.9 boxes.jsonl -o thinned.jsonl
vremd-track -q --smooth one-euro poses.jsonl -o tracks.jsonl
jq -c 'if .frame == 5 then .instances = [] else . end' poses.jsonl | vremd-track -q --refine -o refined.jsonl
grep -q '"box"\]' refined.jsonl  # somebody was added
vremd-convert -q --joints coco17 poses.jsonl -o coco17.jsonl
vremd-convert -q --from posetrack18 $TEST_DIR/cli/golden/annotations.json -o annotated.jsonl
jq -c 'if .frame == 3 then .damaged = "missing" | .instances = []
       elif .frame == 4 then .damaged = true elif .frame == 5 then .cut = true else . end' \
  poses.jsonl > marked.jsonl
vremd-track -q marked.jsonl -o marked_tracks.jsonl
PYTHONDONTWRITEBYTECODE=1 python3 $TEST_DIR/support/check_records.py \
  $SOURCE_DIR/lib/io/records.schema.json ./*.jsonl $TEST_DIR/cli/golden/poses.jsonl

# A frame that could not be decoded has nobody.
jq -c 'if .frame == 3 then .damaged = "missing" else . end' poses.jsonl > wrong.jsonl
PYTHONDONTWRITEBYTECODE=1 python3 $TEST_DIR/support/check_records.py \
  $SOURCE_DIR/lib/io/records.schema.json wrong.jsonl 2> err && exit 1
grep -q '^wrong.jsonl:5: .*instances' err || { cat err; exit 1; }
