#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Intervals and paired comparisons; the tables and files that are compared with others stay as they are.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
gt=$TEST_DIR/cli/golden/annotations.json poses=$TEST_DIR/cli/golden/poses.jsonl
score() { vremd-eval -q "$@"; }

score --pck torso --bbox -g $gt -p $poses > plain
score --pck torso --bbox -g $gt -p $poses --bootstrap 200 > more.txt
head -n $(wc -l < plain) more.txt | cmp plain -
tail -n +$(($(wc -l < plain) + 1)) more.txt > table
head -1 table | grep -qx 'bootstrap: 200 resamples of 2 sequences, seed 1; 95 % intervals'
# Of two sequences, a resample has both, or one of them twice; the joint scores 3 of 3 wherever it is.
grep -qx 'PCK shoulder  *1.0000  *1.0000 ... 1.0000  *0.0000' table
grep -q '^PCK all  *0.6250 ' table
test "$(grep -c '^AP\|^AR' table)" -eq 12
for threads in 1 3; do
  score --pck torso --bbox -g $gt -p $poses --bootstrap 200 -j $threads | cmp more.txt -
done
score --pck torso --bbox -g $gt -p $poses --bootstrap 200 --seed 2 | cmp -s more.txt - && exit 1

# A submission without the second person of a sequence is never better.
jq -c 'if .type == "frame" then .instances |= map(.keypoints |= map([.[0] + 40, .[1], .[2]])) else . end' \
  $poses > worse.jsonl
score --pck torso -g $gt -p $poses --bootstrap 100 --compare worse.jsonl --json out.json > compared
grep -q 'this *other *difference *interval *sign changes' compared
jq -e '.bootstrap | .unit == "sequences" and .units == 2 and .resamples == 100 and .seed == 1
  and .other == "worse.jsonl"
  and (.figures["PCK all"] | .value == 0.625 and .difference.value > 0 and .difference.low >= 0
       and .other.value == .value - .difference.value)' out.json
score --pck torso -g $gt -p $poses --bootstrap 100 --compare $poses --json same.json > same
jq -e '.bootstrap.figures["PCK all"].difference | .value == 0 and .low == 0 and .high == 0
  and .sign_changes == 1' same.json

# The official tables and files.
cases=$TEST_DIR/data/eval-cases
for kit in "-e -t" "--kit pt21"; do
  one=$(dirname "$(find $cases -type d -name gt | sort | head -1)")
  case $kit in --kit*) one=$(dirname "$(find $cases -path '*pt21*' -type d -name gt | sort | head -1)") ;; esac
  score $kit -g $one/gt -p $one/pred -o a > a.txt
  score $kit -g $one/gt -p $one/pred -o b --bootstrap 50 --compare $one/pred > b.txt
  diff -r a b
  head -n $(wc -l < a.txt) b.txt | cmp a.txt -
  grep -q '^bootstrap: 50 resamples of [0-9]* sequences' b.txt
  rm -r a b
done

usage() {
  local status=0 message=$1; shift
  vremd-eval --pck torso -g $gt -p $poses "$@" > out 2> err || status=$?
  test $status -eq 2; grep -qF -e "$message" err; test ! -s out
}
usage '--bootstrap must be 0, or from 2 to 1000000' --bootstrap 1
usage '--compare requires --bootstrap' --compare worse.jsonl
usage '--compare cannot be read from standard input' --bootstrap 9 --compare -
usage '--seed must not be negative' --bootstrap 9 --seed -1
usage 'mutually exclusive' --bootstrap 9 --compare worse.jsonl --predicted-only
status=0; score --pck torso -g $gt -p $poses --bootstrap 9 --compare none.jsonl > out 2> err || status=$?
test $status -eq 1; grep -q '^vremd-eval: none.jsonl: ' err
