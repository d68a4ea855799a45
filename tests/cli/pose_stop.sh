#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Signals, an exiting reader, truncated input: completed frames are written, no end record.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
vremd_pose_files weights table4_baseline tiny.safetensors
vremd_pose_files clip 6 clip.mkv
vremd_pose_files records 6 clip.mkv > boxes.jsonl
pose() { vremd-pose --device cpu -w tiny.safetensors "$@"; }
pose -q boxes.jsonl > whole.jsonl
same_start() { cmp <(jq -c 'del(.command)' whole.jsonl | head -n $(wc -l < $1)) <(jq -c 'del(.command)' $1); }

# SIGTERM while waiting for input: ends at once, keeps completed frames.
for threads in 1 4; do
  mkfifo slow
  vremd-pose -w tiny.safetensors -j $threads --batch-size 1 slow -o stopped.jsonl 2> err & child=$!
  exec 7> slow
  head -n 4 boxes.jsonl >&7
  for _ in $(seq 300); do
    test "$(cat .stopped.jsonl.*.partial 2> /dev/null | wc -l)" -ge 2 && break
    sleep 0.1
  done
  kill -TERM $child
  status=0; wait $child || status=$?
  exec 7>&-
  test $status -eq 143 || { echo "status $status"; cat err; exit 1; }
  test ! -e stopped.jsonl
  partial=$(ls .stopped.jsonl.*.partial)
  frames=$(($(wc -l < $partial) - 1))
  grep -q "vremd-pose: stopped after $frames frames: $partial" err || { cat err; exit 1; }
  test $frames -ge 1
  test $frames -le 3
  same_start $partial
  rm -f slow $partial
done

# The reader has exited: silent, by SIGPIPE.
status=0
{ pose boxes.jsonl 2> err || echo $? > code; } | true
test "$(cat code)" -eq 141 && test ! -s <(grep -v 'vremd-pose: 0' err) || { cat code err; exit 1; }
# ... also while the input is open.
mkfifo slow
rm code
{ pose --batch-size 1 slow 2> err || echo $? > code; } | head -n 1 > first & child=$!
exec 7> slow
head -n 3 boxes.jsonl >&7
sleep 1
sed -n 4,5p boxes.jsonl >&7 2> /dev/null || true  # it may be gone already
wait $child
for _ in $(seq 100); do test -s code && break; sleep 0.1; done
exec 7>&-
grep -q 141 code

# Truncated input: all of it is processed, no end record, status 1 and a warning.
status=0; head -n 5 boxes.jsonl | pose > cut.jsonl 2> err || status=$?
test $status -eq 1
grep -q 'warning: standard input:5: truncated input: no end record' err
test $(wc -l < cut.jsonl) -eq 5
same_start cut.jsonl
# ... and a file keeps its temporary name, shown by the last message; --resume-from continues it.
head -n 5 boxes.jsonl > short.jsonl
for quiet in '' -q; do
  status=0; pose $quiet short.jsonl -o done.jsonl 2> err || status=$?
  test $status -eq 1
  test ! -e done.jsonl
  partial=$(ls .done.jsonl.*.partial)
  test "$(tail -n 1 err)" = "vremd-pose: incomplete output left in $partial"
  cmp <(jq -c 'del(.command)' cut.jsonl) <(jq -c 'del(.command)' $partial)
  pose -q --resume-from $partial boxes.jsonl -o done.jsonl
  cmp <(jq -c 'del(.command)' whole.jsonl) <(jq -c 'del(.command)' done.jsonl)
  rm done.jsonl $partial
done
# A complete range of frames has an end record, even if later frames are missing.
for lines in 4 5; do
  status=0; head -n $lines boxes.jsonl | pose --frames 1:3 > range.jsonl 2> err || status=$?
  test $status -eq 1
  test "$(jq -r '.frame // .type' range.jsonl | xargs)" = 'header 1 2 end'
  vremd-track -q range.jsonl > out
done

# One of two videos fails: the same rule.
{ sed s/clip.mkv/gone.mkv/ boxes.jsonl; cat boxes.jsonl; } > two.jsonl
status=0; pose two.jsonl -o done.jsonl 2> err || status=$?
test $status -eq 1
test ! -e done.jsonl
test "$(tail -n 1 err)" = "vremd-pose: incomplete output left in $(ls .done.jsonl.*.partial)"
# If all fail, there is no output and no message about one.
rm .done.jsonl.*.partial
sed s/clip.mkv/gone.mkv/ boxes.jsonl > gone.jsonl
status=0; pose gone.jsonl -o done.jsonl 2> err || status=$?
test $status -eq 1
test -z "$(ls -A | grep done.jsonl 2> /dev/null)"
test -z "$(grep frames err)"
