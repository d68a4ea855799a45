#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# --jitter: acceleration of joints with annotations and without; beside the other scores of records.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work

# A wrist that is annotated at 0 10 25 45 and predicted at 1 10 23 46, by a track that breaks.
images='' people=''
truth=(0 10 25 45) predicted=(1 10 23 46)
echo '{"type":"header","video":"v.mp4","joints":["left_wrist"]}' > poses.jsonl
for f in 0 1 2 3; do
  images+="{\"id\":$f,\"file_name\":\"v.mp4\",\"frame_id\":$f,\"vid_id\":\"v\"},"
  people+="{\"id\":$((f + 1)),\"image_id\":$f,\"track_id\":3,\"category_id\":1,\"bbox\":[0,0,100,50],\"keypoints\":[${truth[f]},5,2]},"
  echo "{\"type\":\"frame\",\"frame\":$f,\"instances\":[{\"track\":$((1 + f / 3)),\"box\":[0,0,100,50],\"keypoints\":[[${predicted[f]},5,0.9]]}]}" >> poses.jsonl
done
echo '{"type":"end"}' >> poses.jsonl
echo "{\"images\":[${images%,}],\"annotations\":[${people%,}],\"categories\":[{\"id\":1,\"name\":\"person\",\"keypoints\":[\"left_wrist\"]}]}" > truth.json

vremd-eval --jitter bbox -g truth.json -p poses.jsonl > out
grep -q '^frames: 4 matched' out
grep -Eq '^ +pixels +truth +error +bbox +truth +error +triples$' out || { cat out; exit 1; }
grep -Eq '^wrist +7.000 +5.000 +3.000 +0.07000 +0.05000 +0.03000 +2$' out || { cat out; exit 1; }
grep -Eq '^elbow +- +- +- +- +- +- +0$' out
grep -q '^triples not scored: 0 without the length, 0 without predictions$' out
vremd-eval --jitter bbox -g truth.json -p - < poses.jsonl | diff out -

# Without annotations, only what one track has in three frames.
vremd-eval --jitter bbox -p poses.jsonl > alone
grep -Eq '^wrist +4.000 +0.04000 +1$' alone || { cat alone; exit 1; }
vremd-eval --jitter bbox -p poses.jsonl --json - |
  jq -e '.ground_truth == null and .jitter.rows.wrist.pixels == {acceleration: 4}' > ok
sed '/"frame":2/s/"frame":2/"frame":2,"cut":true/' poses.jsonl | vremd-eval --jitter bbox -p - | grep -Eq '^all .* 0$'

# With the others.
vremd-eval --pck bbox --bbox --jitter bbox -g truth.json -p poses.jsonl --json - |
  jq -e '.pck.rows.all.pck == 1 and .bbox != null and (.jitter.rows.all.lengths.error - 0.03 | fabs < 1e-9)' > ok
vremd-eval --jitter bbox --bootstrap 10 -g truth.json -p poses.jsonl | grep -q '^acceleration error wrist '

refused() {
  status=0; vremd-eval "${@:3}" > out 2> err || status=$?
  test $status -eq $1 && test "$(head -n 1 err)" = "vremd-eval: $2" || { cat err; exit 1; }
}
refused 2 'no ground truth: use -g' --jitter bbox --pck bbox -p poses.jsonl
refused 2 '--bootstrap requires -g' --jitter bbox --bootstrap 10 -p poses.jsonl
refused 2 'only -e with -t, or --pck, --bbox and --jitter, can be combined' --jitter bbox -e -g truth.json -p poses.jsonl
sed 's/"track":[12],//' poses.jsonl > trackless.jsonl
refused 1 'trackless.jsonl: no poses with tracks: jitter needs tracks (vremd-track)' --jitter bbox -p trackless.jsonl
sed 's/"track_id":3,//g' truth.json > trackless.json
refused 1 'trackless.json: annotations[0]: no track_id: jitter needs tracks' --jitter bbox -g trackless.json -p poses.jsonl
