#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# People in the demo clip: the same bytes for any number of threads, file or pipe.
clip=$SOURCE_DIR/examples/street.mp4
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
detect() { vremd-detect -q --device cpu --input-size 416 "$@"; }
# fields that differ by design
plain() { jq -c 'del(.command, .device)' "$@"; }

detect -j 1 --frames 2:8 $clip -o one.jsonl
detect -j 3 --frames 2:8 $clip > three.jsonl
cat $clip | detect -j 2 --frames 2:8 > piped.jsonl
cmp <(plain one.jsonl) <(plain three.jsonl)
cmp <(plain one.jsonl | tail -n +2) <(plain piped.jsonl | tail -n +2)

test "$(jq -r .type one.jsonl | tr '\n' ' ')" = "header frame frame frame frame frame frame end "
head -n 1 one.jsonl | jq -e --arg clip $clip '.tool == "vremd-detect" and .video == $clip
  and (.model | test("^sha256:[0-9a-f]{64}$")) and .width > 0 and .fps
  and .settings.input_size == [416] and .settings.frames == "2:8" and .precision == "fp32"' > out
head -n 1 piped.jsonl | jq -e '.video == "-"' > out
jq -s -e '[.[1:7][].frame] == [2,3,4,5,6,7]' one.jsonl > out
tail -n 1 one.jsonl | jq -e '.frames == 6 and .people > 0 and (.missing // 0) == 0' > out

# Every frame of a street scene has people; boxes are inside the frame, best first.
jq -s -e '.[0] as $h | all(.[1:7][].instances; length >= 2 and
  all(.[]; .box[0] >= 0 and .box[1] >= 0 and .box[2] > 0 and .box[3] > 0 and
    .box[0] + .box[2] <= $h.width + 0.02 and .box[1] + .box[3] <= $h.height + 0.02 and
    .box_score >= 0.3 and .score == .box_score) and
  ([.[].score] == ([.[].score] | sort | reverse)))' one.jsonl > out

# --every: frames in between have the boxes of the last detection.
detect --every 3 --frames 2:8 $clip > held.jsonl
jq -s -e '[.[1:7][].held] == [null,2,2,null,5,5]' held.jsonl > out
jq -s -e '.[2].instances == .[1].instances and .[3].instances == .[1].instances and
  .[5].instances == .[4].instances and .[0].settings.every == 3' held.jsonl > out
cmp <(sed -n 2p one.jsonl) <(sed -n 2p held.jsonl)
cmp <(sed -n 5p one.jsonl) <(sed -n 5p held.jsonl)

# --max-people keeps the best; --min-score discards low scores.
detect --max-people 1 --frames 2:4 $clip > best.jsonl
jq -s -e --slurpfile all one.jsonl '.[1].instances == $all[1].instances[:1] and
  .[2].instances == $all[2].instances[:1]' best.jsonl > out
detect --min-score 0.5 --frames 2:3 $clip > sure.jsonl
jq -s -e --slurpfile all one.jsonl '.[1].instances == [$all[1].instances[] |
  select(.score >= 0.5)]' sure.jsonl > out
# Detections at both sizes are merged.
detect --input-size 416,640 --frames 2:3 $clip | sed -n 2p > both.jsonl
jq -e --slurpfile one one.jsonl '(.instances | length) >= ($one[1].instances | length)' both.jsonl > out
detect --precision bf16 --frames 2:3 $clip | sed -n 2p > bf16.jsonl
jq -e --slurpfile one one.jsonl '(.instances | length) as $n | $n > 0 and
  ($n - ($one[1].instances | length) | fabs) <= 2' bf16.jsonl > out
