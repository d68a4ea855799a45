#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# The examples that read records: jq, Python, and where it is installed DuckDB.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
head -n 3 $TEST_DIR/cli/golden/poses.jsonl |
  jq -c 'if .type == "frame" then .instances[0].track = 7 | .instances[1].track = 8 |
    .instances[0].keypoints[0] = [100, 90, 0.9] | .instances[0].keypoints[9] = [55.5, 66.5, 0.8] else . end' > poses.jsonl

bash $SOURCE_DIR/examples/jq_recipes.sh poses.jsonl > answers
answer() { sed -n "/^# $1/,/^\$/p" answers | sed '1d;/^$/d' | tr '\t\n' ' ;'; }
test "$(answer 'people in each frame')" = '0 0 2;'
test "$(answer 'frame with the most')" = '{"frame":0,"people":2};'
answer 'left wrist' | grep -q '^0 7 55.5 66.5 0.8;0 8 '
test "$(answer 'frames in which')" = '0;'
test "$(answer 'tracks')" = '7 1 0 0;8 1 0 0;'
answer 'records without' | grep -q '^video,frame,'

type -P python3 > /dev/null && {
  python3 $SOURCE_DIR/examples/read_records.py poses.jsonl > means
  test "$(grep -c . means)" -eq 17
  grep -q $'\tnose\t2\t' means
}
type -P duckdb > /dev/null || { echo 'DuckDB is not installed; duckdb.sql was not run'; exit 0; }
duckdb -csv < $SOURCE_DIR/examples/duckdb.sql > rows
grep -q '^poses.jsonl,1,2$' rows
grep -q '^poses.jsonl,0,55.5,66.5,0.8$' rows
