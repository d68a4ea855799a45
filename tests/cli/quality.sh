#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# --quality: defaults of other options.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
vremd_pose_files weights paper tiny.safetensors
vremd_pose_files clip 12 clip.mkv
settings() { jq -c 'select(.type == "header") | .settings' "$1"; }
of() { head -n 1 "$1" | jq -c ".settings.$2"; }

# The same records as with the options that it stands for.
vremd-detect --quality fast clip.mkv > fast.jsonl
vremd-detect --every 5 --input-size 416 clip.mkv > spelt.jsonl
test "$(settings fast.jsonl)" = "$(settings spelt.jsonl)"
cmp <(sed 1d fast.jsonl) <(sed 1d spelt.jsonl)
test "$(of fast.jsonl every)" = 5
head -n 1 fast.jsonl | jq -e '.command | contains("--quality fast")' > /dev/null

# Options given win, from a file too.
vremd-detect --quality fast --every 2 clip.mkv > every.jsonl
test "$(of every.jsonl every)" = 2
test "$(of every.jsonl input_sizes)" = "$(of fast.jsonl input_sizes)"
echo '{"quality": "fast", "every": 3}' > options.json
vremd-detect --config options.json clip.mkv > config.jsonl
test "$(of config.jsonl every)" = 3
vremd-detect --config options.json --every 4 clip.mkv > both.jsonl
test "$(of both.jsonl every)" = 4

# vremd-pose, of records and with --detect; some options belong to the detection only.
pose() { vremd-pose --device cpu -w tiny.safetensors "$@"; }
vremd_pose_files records 12 clip.mkv > boxes.jsonl
pose --quality best boxes.jsonl > best.jsonl
pose --flip boxes.jsonl | sed 1d | cmp - <(sed 1d best.jsonl)
test "$(of best.jsonl flip)" = true
pose --quality balanced boxes.jsonl > balanced.jsonl
test "$(of balanced.jsonl reuse)" = '"hold:0.9"'
test "$(of balanced.jsonl flip)" != true
pose --quality fast --detect clip.mkv > detect.jsonl
pose --reuse hold:0.8 fast.jsonl | sed 1d | cmp - <(sed 1d detect.jsonl)

status=0; vremd-detect --quality good clip.mkv > out 2> err || status=$?
test $status -eq 2; test ! -s out
grep -q -e "--quality must be best, balanced or fast, not 'good'" err
