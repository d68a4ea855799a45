#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Adds only track numbers to the records; file = pipe.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work

# people FRAMES STEP NAME: two people who walk towards each other, listed in alternating order, and a
# third one with a low score in every third frame.
people() {
  echo "{\"type\":\"header\",\"format\":1,\"tool\":\"vremd-detect\",\"version\":\"1\",\"command\":\"detect\",\"video\":\"$3\",\"width\":640,\"height\":480,\"fps\":[25,1],\"model\":\"sha256:1\",\"settings\":{\"nms\":0.6},\"device\":\"cpu\",\"precision\":\"fp32\",\"vid_id\":\"7\"}"
  for f in $(seq 0 $(($1 - 1))); do
    a="{\"id\":1,\"box\":[$((f * $2)),10,50,100],\"box_score\":0.9,\"score\":0.9,\"note\":\"a\"}"
    b="{\"id\":2,\"box\":[$((400 - f * $2)),10.25,50,100],\"box_score\":0.8,\"score\":0.8}"
    c="{\"id\":3,\"box\":[500,300,40,40],\"box_score\":0.2,\"score\":0.2}"
    test $((f % 2)) -eq 0 && list="$a,$b" || list="$b,$a"
    test $((f % 3)) -eq 0 && list="$c,$list"
    echo "{\"type\":\"frame\",\"frame\":$f,\"time\":$(printf '0.%02d' $f),\"pts\":$f,\"instances\":[$list],\"weather\":\"fine\"}"
  done
  echo '{"type":"end","frames":1,"people":1,"damaged":0,"missing":0,"seconds":2}'
}
people 20 4 a.mp4 > a.jsonl
people 20 -3 b.mp4 > b.jsonl

vremd-track a.jsonl > out.jsonl 2> err
grep -Eq '^vremd-track: 20 frames, 47 people, 2 tracks, ' err
same='if .type == "frame" then .instances |= map(select(.id == $id) | .track) | .instances[] else empty end'
test "$(jq -c --argjson id 1 "$same" out.jsonl | sort | uniq -c | tr -d ' ')" = 201
test "$(jq -c --argjson id 2 "$same" out.jsonl | sort | uniq -c | tr -d ' ')" = 202
test "$(jq -c --argjson id 3 "$same" out.jsonl | sort -u)" = null

# Equal to the input except for tracks and provenance.
bare='del(.command, .tool, .version, .settings, .model, .device, .precision, .from, .tracks)
  | if .type == "end" then {type, seconds} else . end
  | if .type == "frame" then .instances |= map(del(.track)) else . end'
cmp <(jq -cS "$bare" a.jsonl) <(jq -cS "$bare" out.jsonl)
tail -n 1 out.jsonl | jq -e '. == {type: "end", frames: 20, people: 47, damaged: 0, missing: 0,
  seconds: 2, tracks: 2}' > ok
head -n 1 out.jsonl | jq -e '.tool == "vremd-track" and .command == "vremd-track a.jsonl" and
  (has("model") or has("device") or has("precision") | not) and .settings ==
  {min_score: 0.4, min_similarity: 0.2, max_age: 15, smooth: "none"} and .from == [{tool: "vremd-detect",
  version: "1", command: "detect", model: "sha256:1", settings: {nms: 0.6}}]' > ok

# File = pipe = standard input in small pieces; reproducible.
plain() { jq -c 'del(.command)' $1 > $1.plain; }
plain out.jsonl
vremd-track -q < a.jsonl > pipe.jsonl
while read -r line; do echo "$line"; done < a.jsonl | vremd-track -q - -o file.jsonl
for one in pipe.jsonl file.jsonl; do plain $one; cmp out.jsonl.plain $one.plain; done
vremd-track -q out.jsonl > again.jsonl  # the tracks of the input are replaced
cmp <(jq -c '.instances' out.jsonl) <(jq -c '.instances' again.jsonl)
head -n 1 again.jsonl | jq -e '[.from[].tool] == ["vremd-track", "vremd-detect"]' > ok

# Several videos in one stream, or several files, give the same as single videos.
vremd-track -q b.jsonl > b.out
cat out.jsonl b.out > both.jsonl
plain both.jsonl
cat a.jsonl b.jsonl | vremd-track -q > joined.jsonl
vremd-track -q a.jsonl b.jsonl > listed.jsonl
for one in joined.jsonl listed.jsonl; do plain $one; cmp both.jsonl.plain $one.plain; done

# Absent frames count by index; frames without people and missing frames are passed on.
header=$(head -n 1 a.jsonl)
tracks() { jq -c 'select(.type == "frame") | [.frame, (.instances | map(.track)), .damaged]' | tr '\n' ' '; }
frame() { echo "{\"type\":\"frame\",\"frame\":$1,\"instances\":[$2]${3-}}"; }
here='{"box":[0,0,50,100]}'
{ echo "$header"; frame 0 "$here"; frame 1 '' ',"damaged":"missing"'; frame 2 ''; frame 7 "$here"
  frame 8 ''; frame 18 "$here"; frame 20 "$here"; echo '{"type":"end"}'; } > gaps.jsonl
test "$(vremd-track -q --max-age 5 gaps.jsonl | tracks)" = \
  '[0,[1],null] [1,[],"missing"] [2,[],null] [7,[2],null] [8,[],null] [18,[3],null] [20,[3],null] '
test "$(vremd-track -q --max-age 11 gaps.jsonl | tracks)" = \
  '[0,[1],null] [1,[],"missing"] [2,[],null] [7,[1],null] [8,[],null] [18,[1],null] [20,[1],null] '
vremd-track -q gaps.jsonl | tail -n 1 | jq -e '.missing == 1 and .frames == 7' > ok

# People without comparable boxes keep their place.
{ echo "$header"; frame 0 "{\"box\":[9,9,0,9]},$here,{\"box\":[null,1,2,3]}"
  frame 1 "{\"box\":[9,9,0,9]},{\"box\":[1,null,2,3]},$here"; echo '{"type":"end"}'; } > odd.jsonl
vremd-track odd.jsonl 2> err > odd.out
test "$(tracks < odd.out)" = '[0,[null,1,null],null] [1,[null,null,1],null] '
grep -q '^vremd-track: warning: 4 people without a track: neither a box area nor keypoints$' err
sed -n 2p odd.out | jq -e '.instances[2].box == [null, 1, 2, 3]' > ok

# Poses: joints distinguish people with the same box; people without keypoints are matched by box.
pose='{"type":"header","video":"a.mp4","fps":[25,1],"joints":["left_wrist","right_wrist"]}'
up='{"box":[0,0,99,99],"keypoints":[[20,10,0.9],[80,10,0.9]]}'
down='{"box":[0,0,99,99],"keypoints":[[20,90,0.9],[80,90,0.9]]}'
{ echo "$pose"; frame 0 "$up,$down"; frame 1 "$down,$up"; frame 2 '{"box":[0,0,98,99]}'
  frame 3 "$up,$down"; echo '{"type":"end"}'; } > poses.jsonl
vremd-track -q poses.jsonl > poses.out
test "$(sed 4d poses.out | tracks)" = '[0,[1,2],null] [1,[2,1],null] [3,[1,2],null] '
sed -n 4p poses.out | jq -e '.instances[0].track | . == 1 or . == 2' > ok
