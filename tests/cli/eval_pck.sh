#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# PCK of synthetic poses; file = pipe, text = JSON, a truncated stream has status 1.
cd $TEST_DIR/cli/golden
work=$(mktemp -d); trap 'rm -rf $work' EXIT
cat > $work/want << 'END'
sequences: 2 matched, 0 missing, 0 superfluous
frames: 3 matched, 0 missing, 0 superfluous
boxes: hand
PCK@0.2 of torso
                   PCK    right   joints
shoulder        1.0000        3        3
elbow                -        0        0
wrist                -        0        0
hip             0.3333        1        3
knee            0.0000        0        1
ankle                -        0        0
12 body joints  0.5714        4        7
head_bottom          -        0        0
head_top             -        0        0
nose            1.0000        1        1
all             0.6250        5        8
persons: 2 scored, 1 skipped, 0 without prediction
END
vremd-eval --pck torso -g annotations.json -p poses.jsonl | diff $work/want -
vremd-eval --pck torso -g annotations.json -p - < poses.jsonl | diff $work/want -
vremd-eval --pck torso -g - -p poses.jsonl < annotations.json | diff $work/want -
# A directory of annotations, and a predicted video without annotations.
mkdir $work/truth
cp annotations.json $work/truth
sed 's/run.avi/walk.avi/' poses.jsonl > $work/other.jsonl
vremd-eval --pck torso -g $work/truth -p $work/other.jsonl > $work/out 2> $work/err
grep -q '^sequences: 1 matched, 1 missing, 1 superfluous$' $work/out
grep -q '^frames: 1 matched, 2 missing, 2 superfluous$' $work/out
grep -q '^persons: 2 scored, 1 skipped, 1 without prediction$' $work/out
grep -q '^vremd-eval: warning: 1 sequences without predictions: run$' $work/err
grep -q '^vremd-eval: warning: 1 videos that are not in the ground truth: walk.avi$' $work/err

figure() { vremd-eval "$@" -g annotations.json -p poses.jsonl --json - | jq -c "$figure"; }
figure='[.pck.rows["12 body joints"] | .right, .joints]'
test "$(figure --pck head)" = '[2,5]'
test "$(figure --pck bbox --threshold 0.1)" = '[6,8]'
figure='[.matching.sequences.matched, .pck.persons.matched_by_id, .pck.persons.matched_by_box]'
test "$(figure --pck torso --bbox)" = '[2,1,1]'
vremd-eval --pck torso -g annotations.json -p poses.jsonl --json $work/all.json | diff $work/want -
test "$(jq .pck.rows.all.pck $work/all.json)" = 0.625

status=0; head -n 5 poses.jsonl | vremd-eval --pck torso -g annotations.json -p - > $work/out 2> $work/err || status=$?
test $status -eq 1
grep -q '^PCK@0.2' $work/out
grep -q '^vremd-eval: warning: standard input:[0-9]*: truncated input: no end record$' $work/err
