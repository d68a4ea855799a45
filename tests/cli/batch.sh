#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Lists, shares, what --resume keeps, several inputs at a time, the manifest and its summary.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
vremd_pose_files weights paper tiny.safetensors
mkdir -p in/day1 'in/day two'
vremd_pose_files clip 4 in/day1/a.mkv
vremd_pose_files clip 5 in/day1/b.mkv
vremd_pose_files clip 3 'in/day two/c.mkv'
vremd_pose_files clip 6 'in/day two/d;#é.mkv'
echo nothing > in/day1/bad.mkv
names=(day1/a.mkv day1/b.mkv 'day two/c.mkv' 'day two/d;#é.mkv')
detect() { vremd-detect --device cpu --input-size 32 --root in "$@"; }
pose() { vremd-pose --device cpu -w tiny.safetensors --root in "$@"; }
files() { (cd "$1"; find . -type f | sort); }
says() { grep -q -e "$1" err || { echo "no message: $1"; cat err; exit 1; }; }
refused() {  # status, message, command ...
  local want=$1 text=$2 status=0; shift 2
  "$@" > out 2> err || status=$?
  test $status -eq $want || { cat err; exit 1; }
  says "$text"
}

# A list with comments, empty lines and CRLF; one that ends with zero bytes; standard input.
detect -q --output-dir whole "${names[@]}"
{ printf '# clips\r\n\r\n'; printf '%s\r\n' "${names[@]:0:3}"; printf '%s' "${names[3]}"; } > list
detect -q --files-from list --output-dir boxes; diff -r whole boxes; rm -r boxes
printf '%s\0' "${names[@]}" | detect -q --files-from - -0 --output-dir boxes; diff -r whole boxes; rm -r boxes
detect -q --files-from <(printf '%s\n' "${names[@]:1}") --output-dir boxes day1/a.mkv; diff -r whole boxes; rm -r boxes
printf '%s\n' day1/a.mkv day1/a.mkv | detect --files-from - --output-dir boxes 2> err
says 'warning: 1 names are listed more than once'; rm -r boxes
refused 1 'gone: cannot open: No such file or directory$' detect --files-from gone --output-dir boxes
: > empty; refused 1 'empty: no names$' detect --files-from empty --output-dir boxes
printf 'a\n\377\n' > latin
refused 1 'latin:2: the name is not UTF-8' detect --files-from latin --output-dir boxes
refused 2 '--null requires --files-from' detect -0 --output-dir boxes day1/a.mkv

# Shares: together they are the list; the outputs are those of one run.
for shares in 2 3 7; do
  for i in $(seq $shares); do detect -q --shard $i/$shares --files-from list --output-dir boxes; done
  diff -r whole boxes; rm -r boxes
done
export SLURM_ARRAY_TASK_COUNT=2 SLURM_ARRAY_TASK_MIN=5 SLURM_ARRAY_TASK_MAX=6 SLURM_NTASKS=2
for task in 5 6; do
  for process in 0 1; do
    SLURM_ARRAY_TASK_ID=$task SLURM_PROCID=$process \
      detect -q --shard auto --files-from list --output-dir boxes
  done
done
diff -r whole boxes; rm -r boxes
unset SLURM_ARRAY_TASK_COUNT SLURM_ARRAY_TASK_MIN SLURM_ARRAY_TASK_MAX SLURM_NTASKS
refused 2 '--shard must be I/N' detect --shard 3/2 --files-from list --output-dir boxes

# Several inputs at a time.
detect -q --videos 3 -j 3 --files-from list --output-dir boxes; diff -r whole boxes
refused 2 '--videos requires --output-dir' detect --videos 2 day1/a.mkv

# What agrees is kept; other settings or another input are done again, with the reason.
before=$(stat -c %i.%Y boxes/day1/a.mkv.jsonl)
detect --resume --files-from list --output-dir boxes 2> err
says '^vremd-detect: 4 of 4 inputs were already done$'
test $before = $(stat -c %i.%Y boxes/day1/a.mkv.jsonl)
detect --resume --min-score 0.7 --files-from list --output-dir boxes 2> err
says '^vremd-detect: boxes/day1/a.mkv.jsonl: made with a different setting (min_score); redoing it$'
detect -q --min-score 0.7 --output-dir other "${names[@]}"; diff -r other boxes
detect --resume=names --files-from list --output-dir boxes 2> err
says '^vremd-detect: 4 of 4 inputs were already done$'; diff -r other boxes
detect -q --resume --files-from list --output-dir boxes; diff -r whole boxes
cp in/day1/b.mkv kept.mkv; cp in/day1/a.mkv in/day1/b.mkv
detect --resume --files-from list --output-dir boxes 2> err
says 'boxes/day1/b.mkv.jsonl: made with a different video file; redoing it$'
says '^vremd-detect: 3 of 4 inputs were already done$'
cp kept.mkv in/day1/b.mkv; detect -q --resume --files-from list --output-dir boxes; diff -r whole boxes
refused 1 'boxes/day1/a.mkv.jsonl: already exists, made with a different tool; --force' \
  vremd-track --resume whole/day1/a.mkv.jsonl -o boxes/day1/a.mkv.jsonl
refused 2 '--resume must be no, matching or names' detect --resume=all --output-dir boxes day1/a.mkv

# An output that another process is writing is passed over, and skipped once it is there.
rm boxes/day1/a.mkv.jsonl
mkfifo slow
vremd-convert -q --from records slow -o boxes/day1/a.mkv.jsonl & other=$!
exec 7> slow; head -n 2 whole/day1/a.mkv.jsonl >&7
for _ in $(seq 300); do ls boxes/day1/.a.mkv.jsonl.*.partial > out 2>&1 && break; sleep 0.1; done
detect --resume --files-from list --output-dir boxes --manifest try.jsonl 2> err
says '^vremd-detect: boxes/day1/a.mkv.jsonl: is being written by process .*; left to it$'
jq -es 'map(select(.status == "in work")) | length == 1' try.jsonl > out
exec 7>&-; wait $other || true
rm -f boxes/day1/.a*; detect -q --resume --files-from list --output-dir boxes; diff -r whole boxes

# The manifest and its summary. Every try is a line.
cat list <(printf '\n%s\n' day1/bad.mkv never.mkv) > all
refused 1 '1 of 5 inputs failed' detect --manifest m.jsonl --output-dir m "${names[@]}" day1/bad.mkv
test $(wc -l < m.jsonl) -eq 5
jq -es 'map(.status) | sort == ["done", "done", "done", "done", "failed"]' m.jsonl > out
jq -es 'map(.frames) | add == 18' m.jsonl > out
jq -es 'all(.seconds >= 0 and .host != "" and .process > 0 and .started <= .ended and
            .peak_memory_mib > 0 and .device == "cpu" and .version != "")' m.jsonl > out
jq -es '.[4] | .input == "day1/bad.mkv" and (.reason | test("bad.mkv"))' m.jsonl > out
status=0; vremd-convert --summary all m.jsonl > summary || status=$?; test $status -eq 1
grep -q '^vremd-detect: 4 of 6 done, 1 failed, 1 missing; 18 frames, ' summary
grep -q "^failed	vremd-detect	day1/bad.mkv	.*bad.mkv" summary
grep -q "^missing	vremd-detect	never.mkv	not tried$" summary
vremd-convert --summary list m.jsonl > summary; test $(wc -l < summary) -eq 1
detect -q --resume --manifest m.jsonl --files-from list --output-dir m  # skipped: still done
vremd-convert --summary list m.jsonl | grep -q '4 of 4 done, 0 failed, 0 missing; 18 frames'
mv m/day1/a.mkv.jsonl away; printf '{"tool":"vremd-de' >> m.jsonl  # deleted; a writer was killed
status=0; vremd-convert --summary list m.jsonl > summary || status=$?; test $status -eq 1
grep -q '^missing	vremd-detect	day1/a.mkv	.*a.mkv.jsonl is not there$' summary
detect -q --resume --manifest m.jsonl --files-from list --output-dir m
vremd-convert --summary list m.jsonl | grep -q '4 of 4 done'
refused 1 'm.jsonl: cannot open' detect --manifest no/m.jsonl --output-dir x day1/a.mkv
echo '{"tool":1}' > bad.jsonl; refused 1 'bad.jsonl:1: tool: not a string' vremd-convert --summary list bad.jsonl
# Ten processes, one manifest.
for i in $(seq 10); do
  detect -q --shard $i/10 --files-from list --output-dir ten --manifest ten.jsonl & done; wait
test $(jq -c . ten.jsonl | wc -l) -eq 4; diff -r whole ten

# The other tools; all of one pipeline in a manifest.
(cd boxes; vremd-pose -q --device cpu -w $work/tiny.safetensors --root ../in --output-dir ../poses \
  --manifest ../m.jsonl --files-from <(sed 's/\r$//; /^#/d; /^$/d; s/$/.jsonl/' ../list))
test "$(files poses)" = "$(files boxes)"
vremd-convert --summary list m.jsonl > summary; test $(wc -l < summary) -eq 2
cd poses
find . -name '*.jsonl' -print0 > ../null
vremd-track -q -0 --files-from ../null --output-dir ../tracks
test "$(files ../tracks)" = "$(files .)"
vremd-track --resume -0 --files-from ../null --output-dir ../tracks 2> ../err
(cd ..; says '^vremd-track: 4 of 4 inputs were already done$')
vremd-convert -q --to csv -0 --files-from ../null --output-dir ../csv
test "$(files ../csv)" = "$(files . | sed 's/jsonl$/csv/')"
vremd-convert -q day1/a.mkv.jsonl --to csv | cmp - ../csv/day1/a.mkv.csv
sleep 0.01; touch day1/b.mkv.jsonl
vremd-convert --resume --to csv -0 --files-from ../null --output-dir ../csv 2> ../err
(cd ..; says 'csv/day1/b.mkv.csv: older than its input; redoing it'; says '3 of 4 inputs were already done')
vremd-draw -q --videos 2 --root ../in -0 --files-from ../null --output-dir ../drawn
test "$(files ../drawn)" = "$(files . | sed 's/.jsonl$//')"
vremd-draw -q --sheet --root ../in --output-dir ../sheets day1/a.mkv.jsonl; test -s ../sheets/day1/a.mkv.png
vremd-draw --resume --root ../in -0 --files-from ../null --output-dir ../drawn 2> ../err
(cd ..; says '^vremd-draw: 4 of 4 inputs were already done$')
cd ..

# Messages and progress for other programs.
detect -q --log-json log.jsonl --force --output-dir m "${names[@]}" day1/bad.mkv 2> err || true
jq -es 'map(select(.level == "error" and (.message | test("bad.mkv")))) | length >= 1' log.jsonl > out
jq -es 'all(.time != null and .tool == "vremd-detect")' log.jsonl > out
