#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# OKS AP as printed by cocoapi and xtcocotools, from results and records; errors.
case=$TEST_DIR/data/eval-cases/oks_made_up
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
cp $case/gt.json $case/pred.json .

# like NAME OPTIONS...: the original's lines and bit-exact numbers
like() {
  name=$1; shift
  vremd-eval -q -g gt.json -p pred.json -o out "$@" > text
  diff $case/expected/${name}_stdout.txt text
  jq -S .stats $case/expected/$name.json | diff - <(jq -S .stats out/oks.json)
}
like cocoapi --oks cocoapi
like cocoapi --oks cocoapi --sigmas coco17
like cocoapi_posetrack17alt --oks cocoapi --sigmas posetrack-pifpaf
like xtcoco --oks xtcoco
like xtcoco_noarea --oks xtcoco --no-area
echo '[0.026,0.08,0.06,0.035,0.035,0.079,0.079,0.072,0.072,0.062,0.062,0.107,0.107,0.087,0.087,0.089,0.089]' > sigmas.json
like cocoapi_posetrack17alt --oks cocoapi --sigmas sigmas.json
test "$(jq -c '[.kit, .sigmas[1], .use_area, .images, .annotated, .predicted]' out/oks.json)" = '["cocoapi",0.08,true,6,16,46]'
vremd-eval -q -g gt.json -p pred.json --oks cocoapi --json - | jq -S .stats | diff - <(jq -S .stats $case/expected/cocoapi.json)

# Files of other tools: a byte order mark, indentation, annotations of unknown images and categories.
{ printf '\xef\xbb\xbf'; jq . pred.json; } > marked.json
vremd-eval -q -g gt.json -p marked.json --oks xtcoco | diff $case/expected/xtcoco_stdout.txt -
jq '.annotations += [(.annotations[0] | .id = 900 | .image_id = 12345),
                     (.annotations[0] | .id = 901 | .category_id = 9)]' gt.json > more.json
jq '. + [.[0] | .category_id = 9]' pred.json > more_pred.json
vremd-eval -g more.json -p more_pred.json --oks xtcoco 2> err | diff $case/expected/xtcoco_stdout.txt -
grep -q 'warning: 2 annotations with an unknown image or category$' err
grep -q 'warning: 1 results with an unknown category$' err

# Records with image ids score like results; joints are matched by name, in any order.
names=$(jq -c '.categories[0].keypoints' gt.json)
to_records='
  {type: "header", video: "set", joints: (if $mixed then $names | reverse else $names end)},
  (group_by(.image_id) | to_entries[] | .key as $i | .value as $people |
   {type: "frame", frame: $i, image_id: $people[0].image_id, instances: [$people[] |
     {box: [0, 0, 1, 1], score: .score, keypoints: ([.keypoints as $k | range(0; 51; 3) |
       $k[.:.+3]] | if $mixed then reverse else . end)}]}),
  {type: "end"}'
for mixed in false true; do
  jq -c --argjson names "$names" --argjson mixed $mixed "$to_records" pred.json > poses.jsonl
  vremd-eval -q -g gt.json -p poses.jsonl --oks xtcoco | diff $case/expected/xtcoco_stdout.txt -
done
vremd-eval -q -g gt.json -p - --oks xtcoco < poses.jsonl | diff $case/expected/xtcoco_stdout.txt -
# Keypoints missing from the records are misses, reported if annotated (ears are not).
sed 's/"left_knee"/"left_heel"/; s/"left_ear"/"left_horn"/' poses.jsonl > heels.jsonl
vremd-eval -g gt.json -p heels.jsonl --oks xtcoco > out.txt 2> err
grep -q 'warning: annotated, but never predicted (all missed): left_knee$' err
status=0; diff $case/expected/xtcoco_stdout.txt out.txt > difference || status=$?
test $status -eq 1
status=0; sed '$d' poses.jsonl | vremd-eval -g gt.json -p - --oks xtcoco > out.txt 2> err || status=$?
test $status -eq 1
diff $case/expected/xtcoco_stdout.txt out.txt
grep -q 'truncated input: no end record$' err

# No people annotated or predicted.
echo '[]' > nobody.json
vremd-eval -q -g gt.json -p nobody.json --oks cocoapi | grep -q 'AP) @\[ IoU=0.50:0.95 | area=   all | maxDets= 20 \] = 0.000$'
jq '.annotations = []' gt.json > empty.json
vremd-eval -q -g empty.json -p pred.json --oks cocoapi | grep -q 'AP) @\[ IoU=0.50:0.95 | area=   all | maxDets= 20 \] = -1.000$'
jq '.annotations = [] | del(.categories[].keypoints)' gt.json > bare.json
vremd-eval -q -g bare.json -p nobody.json --oks cocoapi | grep -q -- '= -1.000$'

# Results use the area of their boxes if the first one has a box.
jq 'map(.bbox = [0, 0, 1, 1])' pred.json > boxes.json
vremd-eval -q -g gt.json -p boxes.json --oks cocoapi > boxes.txt
status=0; diff $case/expected/cocoapi_stdout.txt boxes.txt > difference || status=$?
test $status -eq 1

# refused STATUS MESSAGE OPTIONS...: only this line (usage errors have a second one)
refused() {
  wanted=$1; message=$2; shift 2
  status=0; vremd-eval "$@" -o left > out.txt 2> err || status=$?
  test $status -eq $wanted && test ! -s out.txt && test ! -e left &&
    test "$(head -n 1 err)" = "vremd-eval: $message" && test "$(wc -l < err)" -eq $wanted ||
    { echo "status $status instead of $wanted and: $message"; cat out.txt err; exit 1; }
}
refused 2 "--oks must be cocoapi or xtcoco, not 'coco'" --oks coco -g gt.json -p pred.json
refused 2 'only -e with -t, or --pck, --bbox and --jitter, can be combined' --oks cocoapi -e -g gt.json -p pred.json
refused 2 '--oks, --pck, --bbox and --jitter accept only one predictions file' --oks cocoapi -g gt.json -p pred.json pred.json
refused 2 '--sigmas and --no-area require --oks' -e --no-area -g gt.json -p pred.json
refused 1 'none.json: cannot open: No such file or directory' --oks cocoapi -g none.json -p pred.json
refused 1 'none.json: cannot open: No such file or directory' --oks cocoapi -g gt.json -p none.json
refused 1 'coco: cannot open: No such file or directory' --oks cocoapi --sigmas coco -g gt.json -p pred.json
echo '[1, 2]' > short.json
refused 1 'short.json: not an array of 17 numbers' --oks cocoapi --sigmas short.json -g gt.json -p pred.json
jq '.[3] = 0' sigmas.json > zero.json
refused 1 'zero.json: [3]: not above 0' --oks cocoapi --sigmas zero.json -g gt.json -p pred.json

# truth MESSAGE FILTER, prediction MESSAGE FILTER: an invalid file
truth() {
  jq "$2" gt.json > bad.json
  refused 1 "bad.json: $1" --oks cocoapi -g bad.json -p pred.json
}
truth 'no images' 'del(.images)'
truth 'no annotations' 'del(.annotations)'
truth 'no categories' 'del(.categories)'
truth 'images[1].id: duplicate id 40' '.images[1].id = 40'
truth 'annotations[3].id: duplicate id 2' '.annotations[3].id = 2'
truth 'annotations[3]: no bbox' 'del(.annotations[3].bbox)'
truth 'annotations[3]: no area; --no-area takes 0.53 of the box instead' 'del(.annotations[3].area)'
truth 'annotations[3].keypoints[1]: not a number' '.annotations[3].keypoints[1] = "x"'
truth 'annotations[3].keypoints: 50 numbers, not x, y, v of 17 keypoints' 'del(.annotations[3].keypoints[0])'
jq 'del(.annotations[].area)' gt.json > no_areas.json
vremd-eval -q -g no_areas.json -p pred.json --oks xtcoco --no-area | diff $case/expected/xtcoco_noarea_stdout.txt -
prediction() {
  jq "$2" pred.json > bad.json
  refused 1 "bad.json: $1" --oks cocoapi -g gt.json -p bad.json
}
prediction '[3].image_id: 5 is not in the ground truth' '.[3].image_id = 5'
prediction '[3]: no score' 'del(.[3].score)'
prediction '[3].score: not a number' '.[3].score = "high"'
prediction '[3].keypoints: 54 numbers, not x, y, v of 17 keypoints' '.[3].keypoints += [1, 1, 1]'
prediction '[3]: no bbox, though the first result has one' '.[0].bbox = [0, 0, 1, 1] | .[1].bbox = [0, 0, 1, 1] | .[2].bbox = [0, 0, 1, 1]'
head -c 3000 pred.json > bad.json
status=0; vremd-eval -g gt.json -p bad.json --oks cocoapi > out.txt 2> err || status=$?
test $status -eq 1
grep -q '^vremd-eval: bad.json:[0-9]*: not valid JSON' err
refused 1 'gt.json:1: not valid JSON: unexpected end of input' --oks cocoapi -g gt.json -p gt.json
{ echo '{"type":"header","video":"x","joint_set":"posetrack17"}'
  echo '{"type":"frame","frame":0,"instances":[]}'; } > no_id.jsonl
refused 1 'no_id.jsonl:2: no image_id, and no image of this name in the ground truth' --oks cocoapi -g gt.json -p no_id.jsonl
sed 2s/0,/0,\"image_id\":99,/ no_id.jsonl > wrong_id.jsonl
refused 1 'wrong_id.jsonl:2: image_id 99 is not in the ground truth' --oks cocoapi -g gt.json -p wrong_id.jsonl
printf '{"type":"header","video":"x"}\n{"type":"end"}\n' > boxes.jsonl
refused 1 'boxes.jsonl: no joints: OKS needs poses' --oks cocoapi -g gt.json -p boxes.jsonl
