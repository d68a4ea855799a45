#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Compressed records: the same content everywhere, by name when writing and by content when reading.
type zstd > /dev/null || exit 77
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
vremd_pose_files weights paper tiny.safetensors
vremd_pose_files clip 6 a.mkv
vremd_pose_files clip 5 b.mkv
vremd_pose_files records 6 a.mkv > boxes.jsonl
detect() { vremd-detect --device cpu --input-size 32 "$@"; }
pose() { vremd-pose --device cpu -w $work/tiny.safetensors "$@"; }
plain() { zstd -dcfq -- "$@" | jq -c 'del(.command, .from)'; }
same() { cmp <(plain "$1") <(plain "$2"); }
whole() { zstd -tq -- "$@" && test "$(head -c 4 $1 | od -An -tx1 | tr -d ' ')" = 28b52ffd; }
says() { grep -q -e "$1" err || { echo "no message: $1"; cat err; exit 1; }; }
fails() {  # STATUS MESSAGE COMMAND...
  local want=$1 text=$2 status=0; shift 2
  "$@" > out 2> err || status=$?
  test $status -eq $want || { cat err; exit 1; }
  says "$text"
}

# Each tool writes them by name, and reads them from a file and from standard input.
detect -q a.mkv -o d.jsonl
detect -q a.mkv -o d.jsonl.zst; whole d.jsonl.zst; same d.jsonl d.jsonl.zst
zstd -q boxes.jsonl -o boxes.zst
pose -q boxes.jsonl -o p.jsonl
pose -q boxes.zst -o p.jsonl.zst; whole p.jsonl.zst; same p.jsonl p.jsonl.zst
pose -q < boxes.zst > p2.jsonl; same p.jsonl p2.jsonl
cp boxes.zst unnamed; pose -q unnamed -o p3.jsonl; same p.jsonl p3.jsonl
vremd-track -q p.jsonl -o t.jsonl
vremd-track -q p.jsonl.zst -o t.jsonl.zst; whole t.jsonl.zst; same t.jsonl t.jsonl.zst
cat p.jsonl.zst | vremd-track -q - > t2.jsonl; same t.jsonl t2.jsonl
vremd-convert -q t.jsonl --to posetrack18 -o t.json
vremd-convert -q t.jsonl.zst --to posetrack18 -o t2.json; cmp t.json t2.json
vremd-convert -q --to csv t.jsonl -o t.csv
vremd-convert -q - < t.jsonl.zst -o t.csv.zst; whole t.csv.zst; cmp t.csv <(zstdcat t.csv.zst)
vremd-convert -q t.csv.zst -o back.jsonl.zst; whole back.jsonl.zst
vremd-convert -q t.csv -o back.jsonl; same back.jsonl back.jsonl.zst
vremd-draw -q t.jsonl --sheet -o one.png
vremd-draw -q t.jsonl.zst --sheet -o two.png; cmp one.png two.png
vremd-draw -q - < t.jsonl.zst --sheet -o three.png; cmp one.png three.png
mkdir truth plain packed
vremd-convert -q t.jsonl --to posetrack18 --joints posetrack17 -o a.json
jq -c '.annotations[].bbox_head = [5, 5, 10, 10]' a.json > truth/a.json
cp t.jsonl plain/a.jsonl; cp t.jsonl.zst packed/a.jsonl.zst
for from in plain packed; do vremd-eval -q -e -g truth -p $from > $from.txt; done
cmp plain.txt packed.txt
vremd-eval -q -e -g truth -p packed/a.jsonl.zst | cmp - plain.txt

# Concatenated, and with one that is not compressed beside it.
cat t.jsonl.zst t.jsonl.zst > two.zst
test "$(vremd-track -q two.zst t.jsonl | grep -c '"type":"end"')" -eq 3

# --output-dir: names with and without .zst, resumed by either.
detect -q --zstd --output-dir boxes a.mkv b.mkv
whole boxes/a.mkv.jsonl.zst; whole boxes/b.mkv.jsonl.zst
(cd boxes; pose -q --root .. --output-dir ../poses ./*.jsonl.zst)
(cd boxes; pose -q --root .. --zstd --output-dir ../poses ./*.jsonl.zst)
test "$(cd poses; echo *)" = 'a.mkv.jsonl a.mkv.jsonl.zst b.mkv.jsonl b.mkv.jsonl.zst'
same poses/a.mkv.jsonl poses/a.mkv.jsonl.zst
detect --zstd --resume --output-dir boxes a.mkv b.mkv 2> err; says '2 of 2 inputs were already done'
rm boxes/b.mkv.jsonl.zst
detect --zstd --resume --output-dir boxes a.mkv b.mkv 2> err; says '1 of 2 inputs were already done'
whole boxes/b.mkv.jsonl.zst
detect --zstd --resume --min-score 0.7 --output-dir boxes a.mkv 2> err
says 'boxes/a.mkv.jsonl.zst: made with a different setting (min_score); redoing it'
fails 2 'would both write tracks/poses/a.mkv.jsonl ' \
  vremd-track --output-dir tracks poses/a.mkv.jsonl poses/a.mkv.jsonl.zst
fails 2 'zstd requires a directory' detect --zstd a.mkv -o x.jsonl
vremd-convert -q --zstd poses/a.mkv.jsonl.zst poses/b.mkv.jsonl -o records/
vremd-convert -q poses/a.mkv.jsonl poses/b.mkv.jsonl -o records/
whole records/a.jsonl.zst; whole records/b.jsonl.zst; same records/a.jsonl records/a.jsonl.zst
fails 2 'zstd requires a directory' vremd-convert --zstd p.jsonl -o x.jsonl

# The compressed bytes are the same in every run (headers contain the command, so it is the same).
for run in 1 2; do mkdir run$run; (cd run$run; vremd-track -q ../p.jsonl -o t.jsonl.zst); done
cmp run1/t.jsonl.zst run2/t.jsonl.zst

# A killed run: all but the last KiB is there, and --resume goes on from it.
mkfifo slow
vremd-pose --device cpu -w tiny.safetensors -q -j 1 --batch-size 1 slow -o out.jsonl.zst & child=$!
exec 7> slow
head -n 6 boxes.jsonl >&7
lines() { zstdcat .out.jsonl.zst.*.partial 2> /dev/null | wc -l; }
for _ in $(seq 300); do test $(lines) -ge 3 && break; sleep 0.1; done
test $(lines) -ge 3
kill -9 $child; status=0; wait $child 2> out || status=$?; test $status -eq 137
exec 7>&-
pose --resume boxes.jsonl -o out.jsonl.zst 2> err
says '^vremd-pose: [2345] frames reused from the interrupted run$'
whole out.jsonl.zst; same p.jsonl out.jsonl.zst; test -z "$(find . -name '*.partial')"
rm out.jsonl.zst
# Any part of the compressed file; --resume-from too.
size=$(stat -c %s p.jsonl.zst)
for bytes in 0 3 10 $((size / 2)) $((size - 5)) $((size - 1)) $size; do
  head -c $bytes p.jsonl.zst > .out.jsonl.zst.elsewhere.1.00c0ffee.partial
  pose -q --resume boxes.jsonl -o out.jsonl.zst
  same p.jsonl out.jsonl.zst; rm out.jsonl.zst
  test $bytes -eq 3 || test -z "$(find . -name '*.partial')"; rm -f .out*
done
head -n 4 p.jsonl | zstd -q > part.zst
pose --resume-from part.zst boxes.jsonl -o out.jsonl 2> err
says '^vremd-pose: 3 frames reused'; same p.jsonl out.jsonl
# Stopped by a signal: a whole file.
vremd-track -q slow -o stopped.jsonl.zst & child=$!
exec 7> slow; head -n 4 p.jsonl >&7; sleep 0.5
kill $child; status=0; wait $child || status=$?; test $status -eq 143
exec 7>&-
whole .stopped.jsonl.zst.*.partial
test "$(zstdcat .stopped.jsonl.zst.*.partial | wc -l)" -ge 3; rm .stopped*

# Truncated and damaged: one line with the place, status 1.
head -c $((2 * size / 3)) p.jsonl.zst > cut.zst
whole_lines=$(zstdcat cut.zst 2> /dev/null | wc -l); test $whole_lines -ge 1
fails 1 "^vremd-track: warning: cut.zst:$whole_lines: truncated input: no end record\$" vremd-track cut.zst t.jsonl
test "$(wc -l < out)" -eq $whole_lines; test "$(grep -c truncated err)" -eq 1
head -c -3 p.jsonl.zst > cut.zst
fails 1 '^vremd-track: warning: cut.zst:8: truncated input$' vremd-track cut.zst
{ head -c $((size - 1)) p.jsonl.zst; printf '\0'; } > bad.zst
fails 1 '^vremd-track: bad.zst:[0-9]*: damaged zstd data (.*)$' vremd-track bad.zst
fails 1 '^vremd-convert: bad.zst: damaged zstd data (.*)$' vremd-convert bad.zst --to csv
{ cat p.jsonl.zst; echo more; } > bad.zst
fails 1 '^vremd-pose: bad.zst:9: damaged zstd data (Unknown frame descriptor)$' pose bad.zst
