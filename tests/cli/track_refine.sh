#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# --refine works shot by shot, from a file or a pipe; --max-people and others select tracks.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work

# walking FRAMES CUT: someone who walks and waves, with a trembling wrist that is lost in frames 8 and
# 9 and far away in frame 14, who is not detected in frames 20 and 21; and a smaller one from frame 5
# to 9. A cut before frame CUT.
walking() {
  echo '{"type":"header","video":"a.mp4","width":640,"height":480,"fps":[25,1],"joints":["left_shoulder","left_elbow","left_wrist"]}'
  for f in $(seq 0 $(($1 - 1))); do
    x=$((100 + 2 * f)) y=$((50 + 3 * (f % 2)))
    wrist="$((x + 60)),$y,0.8"
    case $f in 8 | 9) wrist=0,0,0 ;; 14) wrist=500,400,0.5 ;; esac
    people="{\"box\":[$x,0,100,100],\"box_score\":0.9,\"score\":0.8,\"keypoints\":[[$x,20,0.9],[$((x + 30)),50,0.9],[$wrist]]}"
    case $f in 20 | 21) people= ;; esac
    small='{"box":[500,300,40,50],"score":0.7,"keypoints":[[510,310,0.9],[520,320,0.9],[530,330,0.9]]}'
    test $f -ge 5 && test $f -lt 10 && people="$people,$small"
    cut=; test $f -ne $2 || cut=',"cut":true'
    echo "{\"type\":\"frame\",\"frame\":$f$cut,\"instances\":[$people]}"
  done
  echo '{"type":"end"}'
}
walking 40 -1 > walk.jsonl
joints() { jq -c 'select(.type == "frame") | .instances' "$@"; }

vremd-track walk.jsonl --refine > out.jsonl 2> err
grep -Eq '^vremd-track: 40 frames, 45 people, 2 tracks, ' err || { cat err; exit 1; }
head -n 1 out.jsonl | jq -e '.settings == {min_score: 0.4, min_similarity: 0.3, max_age: 15,
  smooth: "kalman", refine: true, max_speed: 8, max_limb: 1.5, max_gap: "10", cutoff: 5}' > ok
tail -n 1 out.jsonl | jq -e '.people == 45 and .tracks == 2 and .rejected_joints == 1 and
  .filled_joints == 9 and .filled_people == 2' > ok
jq -se 'map(select(.frame == 8 or .frame == 14) | .instances[0].derived) ==
  [["left_wrist"], ["left_wrist"]]' out.jsonl > ok
jq -se 'map(select(.frame == 20)) | .[0].instances[0] | .track == 1 and .box_score == 0.9 and
  .derived == ["left_shoulder", "left_elbow", "left_wrist", "box"] and
  (.keypoints[2][0] - 200 | fabs < 1)' out.jsonl > ok
jq -se 'map(select(.type == "frame") | .instances[].derived // [] | length) | add == 11' out.jsonl > ok

# The wrist trembles less, and the parameters are used.
range() { jq -s "map(select(.type == \"frame\" and .frame > 24 and .frame < 36) | .instances[0].keypoints[2][1]) | max - min" $1; }
test $(range walk.jsonl) = 3
for how in kalman butterworth; do
  vremd-track -q --refine --smooth $how --cutoff 3 walk.jsonl > $how.jsonl
  jq -e '. < 0.5' <<< $(range $how.jsonl) > ok
done
vremd-track -q --refine --cutoff 100 walk.jsonl > rough.jsonl
jq -e '. > 1' <<< $(range rough.jsonl) > ok
vremd-track -q --refine --smooth none walk.jsonl > raw.jsonl
test $(range raw.jsonl) = 3
filled() { vremd-track -q --refine "$@" walk.jsonl | tail -n 1 | jq -c '[.rejected_joints, .filled_joints, .filled_people]'; }
test "$(filled --max-gap 1)" = '[1,1,0]'
test "$(filled --max-gap 119ms)" = '[1,1,0]'
test "$(filled --max-gap 121ms)" = '[1,9,2]'
test "$(filled --max-gap 0)" = '[1,0,0]'
test "$(filled --max-speed 0)" = '[1,9,2]'  # the limb is too long
test "$(filled --max-speed 0 --max-limb 0)" = '[0,8,2]'

# A pipe is as good as a file. Shots are independent: the same as videos of their own.
vremd-track -q --refine < walk.jsonl > pipe.jsonl
cmp <(joints out.jsonl) <(joints pipe.jsonl)
walking 40 21 > cut.jsonl
{ sed '/"frame":21/,$d' cut.jsonl; echo '{"type":"end"}'; sed -n 1p cut.jsonl; sed -n '/"frame":21/,$p' cut.jsonl; } > parts.jsonl
test $(grep -c header parts.jsonl) = 2
without_ids='map(del(.track))'
cmp <(vremd-track -q --refine cut.jsonl | joints | jq -c "$without_ids") \
  <(vremd-track -q --refine parts.jsonl | joints | jq -c "$without_ids")
vremd-track -q --refine cut.jsonl | tail -n 1 | jq -e '.filled_people == 0 and .tracks == 3' > ok
# A shot is written when the next one begins.
mkfifo slow
vremd-track -q --refine slow -o early.jsonl & pid=$!
exec 7> slow
head -n 23 cut.jsonl >&7
for _ in $(seq 100); do
  written=$(cat .early.jsonl.*.partial 2> /dev/null | wc -l)
  test $written -lt 22 || break
  sleep 0.1
done
test $written = 22
tail -n +24 cut.jsonl >&7
exec 7>&-
wait $pid

# Selection, with and without refinement.
tracks() { vremd-track -q "$@" | jq -c 'select(.type == "frame") | .instances[].track' | sort -un | tr '\n' ' '; }
test "$(tracks walk.jsonl)" = '1 2 '
test "$(tracks --max-people 1 walk.jsonl)" = '1 '
test "$(tracks --max-people 1 --prefer middle walk.jsonl)" = '2 '
test "$(tracks --refine --min-length 6 walk.jsonl)" = '1 '
test "$(tracks --tracks 2,9 walk.jsonl)" = '2 '
vremd-track --max-people 1 --prefer largest walk.jsonl > one.jsonl 2> err
grep -Eq ' 38 people, 1 tracks, ' err || { cat err; exit 1; }
head -n 1 one.jsonl | jq -e '.settings | .max_people == 1 and .prefer == "largest" and
  (has("refine") or has("min_length") | not)' > ok
cmp <(vremd-track -q walk.jsonl | joints | jq -c 'map(select(.track == 1))') <(joints one.jsonl)

# Without the time, only selection works.
sed 's/"fps":\[25,1\],//' walk.jsonl > timeless.jsonl
vremd-track -q --max-people 1 timeless.jsonl > ok
status=0; vremd-track -q --refine timeless.jsonl 2> err > out || status=$?
test $status -eq 1
grep -q '^vremd-track: timeless.jsonl:3: --refine requires the time of the frames or the fps of the header$' err

# A truncated input is refined as far as it goes.
status=0; head -n 20 walk.jsonl | vremd-track -q --refine > cut.out || status=$?
test $status -eq 1
test $(wc -l < cut.out) = 20
jq -se 'map(select(.frame == 14)) | .[0].instances[0].derived == ["left_wrist"]' cut.out > ok
