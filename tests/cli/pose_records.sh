#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Records in, records with keypoints out: the same bytes for any number of threads, batch size, file or pipe.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
vremd_pose_files weights paper tiny.safetensors
vremd_pose_files weights table4_baseline single.safetensors
vremd_pose_files clip 12 clip.mkv
vremd_pose_files records 12 clip.mkv > boxes.jsonl
pose() { vremd-pose -q --device cpu -w tiny.safetensors "$@"; }
# fields that differ by design
plain() { jq -c 'del(.command)' "$@"; }

pose -j 1 boxes.jsonl -o one.jsonl
pose -j 4 boxes.jsonl > four.jsonl
cat boxes.jsonl | pose -j 2 --batch-size 1 > piped.jsonl
pose -j 3 --batch-size 5 - < boxes.jsonl > five.jsonl
for other in four piped five; do cmp <(plain one.jsonl) <(plain $other.jsonl); done

test $(wc -l < one.jsonl) -eq 14
head -n 1 one.jsonl | jq -e '.tool == "vremd-pose" and .video == "clip.mkv" and .clue == "kept"
  and (.model | test("^sha256:[0-9a-f]{64}$")) and .joint_set == "posetrack15" and .device == "cpu"
  and .precision == "fp32" and .from[0].tool == "vremd-detect"
  and .settings == {"enlarge":1.25,"decode":"dark_udp","flip":false,"stride":1}' > out
sha256sum tiny.safetensors | jq -R -e --slurpfile pose one.jsonl \
  '$pose[0].model == "sha256:" + split(" ")[0]' > out
jq -s -e '[.[1:13][].instances[0].neighbours] == [[0,1]] + [range(10) | [-1,1]] + [[-1,0]]' one.jsonl > out
jq -s -e '[.[1:13][].frame] == [range(12)] and all(.[1:13][].instances[0];
  (.keypoints | length) == 15 and .box_score == 0.9 and .score > 0)' one.jsonl > out
tail -n 1 one.jsonl | jq -e '.frames == 12 and .people == 12' > out

# Poses of poses keep the boxes and their origin.
pose one.jsonl > again.jsonl
cmp <(plain one.jsonl | tail -n +2) <(plain again.jsonl | tail -n +2)
head -n 1 again.jsonl | jq -e '[.from[].tool] == ["vremd-pose", "vremd-detect"]' > out

# Settings that affect results are in the header, and have an effect.
changes() {
  pose boxes.jsonl "$@" 2> err > other.jsonl
  ! cmp -s <(sed -n 5p one.jsonl) <(sed -n 5p other.jsonl) || { echo "no change: $*"; exit 1; }
}
changes --flip
jq -e .settings.flip <(head -n 1 other.jsonl) > out
changes --decode quarter
jq -e '.settings.decode == "quarter"' <(head -n 1 other.jsonl) > out
changes --stride 3
jq -e '.settings.stride == 3' <(head -n 1 other.jsonl) > out
jq -s -e '.[5].instances[0].neighbours == [-3,3]' other.jsonl > out
changes --delta-ms 80
jq -e '.settings.delta_ms == 80' <(head -n 1 other.jsonl) > out
jq -s -e '.[5].instances[0].neighbours == [-2,2]' other.jsonl > out
# A distance that the weights were trained with.
sed 's/\(delta_ms[\\"]*:\)0\.0/\1120/' tiny.safetensors > wide.safetensors
! cmp -s tiny.safetensors wide.safetensors
vremd-pose -q --device cpu -w wide.safetensors boxes.jsonl > other.jsonl
jq -e '.settings.delta_ms == 120' <(head -n 1 other.jsonl) > out
jq -s -e '.[5].instances[0].neighbours == [-3,3]' other.jsonl > out
vremd-pose -q --device cpu -w wide.safetensors --stride 1 boxes.jsonl > other.jsonl
cmp <(tail -n +2 one.jsonl) <(tail -n +2 other.jsonl)
changes --box-padding 1.5
jq -e '.settings.enlarge == 1.5' <(head -n 1 other.jsonl) > out
# The option's former name, and both names in --config.
pose boxes.jsonl --enlarge 1.5 2> err | cmp <(plain other.jsonl) <(plain)
for name in box_padding enlarge; do
  echo "{\"$name\": 1.5}" > padding.json
  pose boxes.jsonl --config padding.json 2> err | cmp <(plain other.jsonl) <(plain)
done
vremd-pose --help > help
grep -q -- '--box-padding R ' help
if grep -q -- --enlarge help; then exit 1; fi
for part in hkme human-mask keypoint-mask hk dca ca forward backward motion; do
  changes --knock-out $part
  jq -e ".settings.knock_out == \"$part\"" <(head -n 1 other.jsonl) > out
done
changes --knock-out hk,ca
if pose --knock-out prior boxes.jsonl > out 2> err; then exit 1; else test $? -eq 2; fi
grep -q 'knock-out prior: the weights have no such part' err
if pose --knock-out head boxes.jsonl > out 2> err; then exit 1; else test $? -eq 2; fi
grep -q "knock-out: 'head' is not one of" err
changes --precision bf16
jq -e '.precision == "bf16"' <(head -n 1 other.jsonl) > out
vremd-pose -w tiny.safetensors --enlarge 1.5 boxes.jsonl 2>&1 > out |
  grep -q 'warning: --box-padding 1.5: the weights were trained with 1.25'

# A subset of joints and frames.
pose --joints nose,left_knee boxes.jsonl > joints.jsonl
jq -s -e --slurpfile all one.jsonl '.[0].joints == ["nose","left_knee"] and
  .[4].instances[0].keypoints == [$all[4].instances[0].keypoints[0, 11]]' joints.jsonl > out
pose --frames 3:5 boxes.jsonl > part.jsonl
jq -s -e '[.[1:-1][].frame] == [3,4] and .[0].settings.frames == "3:5"' part.jsonl > out
# Many frames before or after the range: all are skipped up to the end record.
pose --frames 10:12 boxes.jsonl > late.jsonl
jq -s -e '[.[1:-1][].frame] == [10,11] and .[-1].frames == 2' late.jsonl > out
pose --frames :2 boxes.jsonl > early.jsonl
jq -s -e '[.[1:-1][].frame] == [0,1] and .[-1].frames == 2' early.jsonl > out
cmp <(sed -n 5,6p one.jsonl) <(sed -n 2,3p part.jsonl)

# --root, --video, and a single-frame network.
mkdir elsewhere
mv clip.mkv elsewhere/
pose --root elsewhere boxes.jsonl | cmp <(plain one.jsonl) <(plain)
pose --video elsewhere/clip.mkv boxes.jsonl > named.jsonl
jq -e '.video == "elsewhere/clip.mkv"' <(head -n 1 named.jsonl) > out
cmp <(tail -n +2 one.jsonl) <(tail -n +2 named.jsonl)
vremd-pose -q -w single.safetensors --root elsewhere boxes.jsonl | sed -n 2p |
  jq -e '.instances[0] | has("neighbours") | not' > out

# The command line and the times of the stages.
pose --root elsewhere --stats boxes.jsonl > stats.jsonl
jq -e '.command | contains("--stats")' <(head -n 1 stats.jsonl) > out
tail -n 1 stats.jsonl | jq -e '.seconds | .backbone > 0 and has("read") and has("write")' > out
vremd-pose -w tiny.safetensors --root elsewhere boxes.jsonl 2>&1 > out |
  grep -qE '^vremd-pose: 12 frames, 12 people, [0-9.]+ s, [0-9.]+ frames/s, [0-9.]+ persons/s, [0-9]+ MiB$'

# A dump for each person and frame.
pose --root elsewhere --dump dump boxes.jsonl > out
test $(ls dump | wc -l) -eq 12
vremd-convert weights --info dump/000_000003_00.safetensors > info
for name in crops heatmaps hk hm human_mask keypoint_mask f_human f_joint offsets f m; do
  grep -q "^ *$name " info || { echo "not dumped: $name"; cat info; exit 1; }
done

# Output appears while the input is still open: at most a batch is buffered, and the record of the
# next frame is awaited, which may begin a new shot.
cd elsewhere
cp ../tiny.safetensors .
mkfifo boxes answers
pose --batch-size 1 boxes > answers & child=$!
exec 8< answers 7> boxes
head -n 3 ../boxes.jsonl >&7
for want in header 0; do
  read -t 60 -r answer <&8
  case $want in header) key=.type;; *) key=.frame;; esac
  test "$(jq -r $key <<< "$answer")" = $want
done
tail -n +4 ../boxes.jsonl >&7
exec 7>&-
test $(cat <&8 | wc -l) -eq 12
wait $child
