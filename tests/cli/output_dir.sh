#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# One output file per input; --resume processes only missing ones.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
vremd_pose_files weights paper tiny.safetensors
mkdir -p day1 day2
vremd_pose_files clip 4 day1/00.mkv
vremd_pose_files clip 3 day2/00.mkv
echo nothing > day2/bad.mkv
detect() { vremd-detect --device cpu --input-size 64 "$@"; }
pose() { vremd-pose --device cpu -w $work/tiny.safetensors "$@"; }
plain() { jq -c 'del(.command)' "$@"; }
refused() {  # status, message, command ...
  local want=$1 text=$2 status=0; shift 2
  "$@" > out 2> err || status=$?
  test $status -eq $want
  grep -q -e "$text" err || { cat err; exit 1; }
}

# Relative names keep their directories; an unreadable input does not affect the others.
refused 1 '^vremd-detect: warning: 1 of 3 inputs failed$' \
  detect day1/00.mkv day2/bad.mkv day2/00.mkv --output-dir boxes
test "$(sed -n 's/^vremd-detect: \(.*\): [0-9]* frames, .*/\1/p' err | xargs)" = \
  'boxes/day1/00.mkv.jsonl boxes/day2/00.mkv.jsonl'  # nothing of a file that is not there
test "$(cd boxes; find . -type f | sort | xargs)" = './day1/00.mkv.jsonl ./day2/00.mkv.jsonl'
test ! -s out
for day in 1 2; do
  detect -q day$day/00.mkv | plain > one
  plain boxes/day$day/00.mkv.jsonl | cmp - one
done
# Existing outputs are untouched; missing ones are retried.
before=$(stat -c %Y.%i boxes/day1/00.mkv.jsonl)
rm boxes/day2/00.mkv.jsonl
detect --resume day1/00.mkv day2/00.mkv --output-dir boxes 2> err
grep -q '^vremd-detect: 1 of 2 inputs were already done$' err
test "$before" = "$(stat -c %Y.%i boxes/day1/00.mkv.jsonl)"
plain boxes/day2/00.mkv.jsonl | cmp - one
detect --resume day1/00.mkv day2/00.mkv --output-dir boxes 2> err  # nothing to do
refused 1 'day1/00.mkv.jsonl: already exists (--force overwrites it, --resume skips it)$' \
  detect day1/00.mkv --output-dir boxes
refused 1 'day2/bad.mkv' detect --fail-fast day2/bad.mkv day2/00.mkv --output-dir fast
test ! -e fast/day2/00.mkv.jsonl
# An absolute input keeps only its name, so two may collide.
refused 2 'would both write flat/00.mkv.jsonl ' \
  detect $work/day1/00.mkv $work/day2/00.mkv --output-dir flat
test ! -e flat

# Paths that lead upwards keep their other directories.
mkdir deep; (cd deep; detect -q ../day1/00.mkv --output-dir boxes; test -e boxes/day1/00.mkv.jsonl)

# Keypoints: one model for all inputs gives the same records as separate runs.
for day in 1 2; do
  mkdir -p people/day$day
  vremd_pose_files records $((5 - day)) day$day/00.mkv > people/day$day/00.mkv.jsonl
done
(cd people; pose -q --stats --root .. --output-dir ../poses day1/00.mkv.jsonl day2/00.mkv.jsonl)
for day in 1 2; do
  pose -q people/day$day/00.mkv.jsonl | plain > one
  plain poses/day$day/00.mkv.jsonl | jq -c 'del(.seconds)' | cmp - one
done
# The output of a truncated input is not complete.
head -n 3 people/day1/00.mkv.jsonl > people/cut.jsonl
refused 1 'vremd-pose: incomplete output left in poses/people/.cut.jsonl.*partial$' \
  pose --output-dir poses people/cut.jsonl
grep -q '^vremd-pose: poses/people/.cut.jsonl.*partial: 2 frames, ' err
test ! -e poses/people/cut.jsonl
test $(cat poses/people/.cut.jsonl.*.partial | wc -l) -eq 3

# Nor is that of an input with a missing video; the partial file is kept.
{ cat people/day1/00.mkv.jsonl; sed 's/day2/day3/' people/day2/00.mkv.jsonl; } > people/two.jsonl
for _ in 1 2; do
  refused 1 'day3/00.mkv: cannot open' pose --resume --output-dir poses people/two.jsonl
  test ! -e poses/people/two.jsonl
done
vremd-draw -q people/day1/00.mkv.jsonl --sheet -o day1/one.png
mkdir stills; cp day1/one.png stills; echo nothing > stills/two.png
refused 1 'vremd-detect: incomplete output left in boxes/.stills.jsonl.*partial$' detect --stills stills --output-dir boxes
test ! -e boxes/stills.jsonl
# --fail-fast stops at the first failure.
refused 1 'people/gone.jsonl: cannot open: No such file or directory' \
  pose --fail-fast --output-dir fast people/gone.jsonl people/day1/00.mkv.jsonl
test ! -e fast/people/day1/00.mkv.jsonl

refused 2 '--video cannot be used with --output-dir' pose --video day1/00.mkv --output-dir poses people/day1/00.mkv.jsonl
refused 2 'would overwrite it' pose --output-dir . people/day1/00.mkv.jsonl
refused 2 '--output and --output-dir are mutually exclusive' pose --output-dir poses -o x people/day1/00.mkv.jsonl
refused 2 '--resume and --force are mutually exclusive' pose --output-dir poses --resume -f people/day1/00.mkv.jsonl
refused 2 '--resume requires --output-dir or --output FILE' pose --resume people/day1/00.mkv.jsonl
refused 2 '--output-dir cannot be used with standard input' pose --output-dir poses -
refused 2 '--output-dir requires at least one input file' pose --output-dir poses < /dev/null
refused 2 '--dump cannot be used with --output-dir' pose --output-dir poses --dump dump people/day1/00.mkv.jsonl
refused 2 '--resume-from cannot be used with --output-dir' pose --output-dir poses --resume-from x people/day1/00.mkv.jsonl
