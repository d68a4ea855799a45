#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# --resume continues a killed run: the bytes of a single run, and no partial files.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
vremd_pose_files weights paper tiny.safetensors
vremd_pose_files clip 6 a.mkv
vremd_pose_files clip 5 b.mkv
vremd_pose_files records 6 a.mkv > boxes.jsonl
detect() { vremd-detect --device cpu --input-size 32 "$@"; }
pose() { vremd-pose --device cpu -w tiny.safetensors "$@"; }
plain() { jq -c 'del(.command)' "$@"; }
same() { cmp <(plain "$1") <(plain "$2"); }
no_debris() { test -z "$(find . -name '*.partial')" || { find . -name '*.partial'; exit 1; }; }
partials() { find . -name '*.partial' | wc -l; }
says() { grep -q -e "$1" err || { echo "no message: $1"; cat err; exit 1; }; }

# Killed while it waits for input, after some frames.
pose -q boxes.jsonl -o whole.jsonl
mkfifo slow
killed() {  # INPUT LINES OUTPUT OPTIONS...: a killed run that has written as many frames as it could
  local input=$1 lines=$2 output=$3; shift 3
  vremd-pose --device cpu -w tiny.safetensors -q -j 1 --batch-size 1 "$@" slow -o $output & local child=$!
  exec 7> slow; head -n $lines $input >&7
  for _ in $(seq 300); do
    test "$(cat .$output.*.partial 2> /dev/null | wc -l)" -ge $((lines - 2)) && break; sleep 0.1
  done
  kill -9 $child; status=0; wait $child 2> out || status=$?; test $status -eq 137
  exec 7>&-
}
killed boxes.jsonl 5 out.jsonl
test $(partials) -eq 1
pose boxes.jsonl -o never.jsonl 2> err; same whole.jsonl never.jsonl; rm never.jsonl
pose --frames 0:1 boxes.jsonl -o out.jsonl 2> err  # without --resume
says '^vremd-pose: out.jsonl: a stopped run left .out.jsonl.*.partial (see --resume)$'
rm out.jsonl
pose --resume boxes.jsonl -o out.jsonl 2> err
says '^vremd-pose: [2-4] frames reused from the interrupted run$'
same whole.jsonl out.jsonl; no_debris
before=$(stat -c %i.%Y out.jsonl)
pose --resume boxes.jsonl -o out.jsonl 2> err
says '^vremd-pose: 1 of 1 inputs were already done$'
test $before = $(stat -c %i.%Y out.jsonl)
# A complete output of other settings, weights or input is made anew, and a message says why.
pose --resume --flip boxes.jsonl -o out.jsonl 2> err
says '^vremd-pose: out.jsonl: made with a different setting (flip); redoing it$'
pose -q --flip boxes.jsonl > flipped.jsonl; same flipped.jsonl out.jsonl
vremd_pose_files weights table4_baseline other.safetensors
vremd-pose --device cpu -w other.safetensors --resume boxes.jsonl -o out.jsonl 2> err
says '^vremd-pose: out.jsonl: made with a different model; redoing it$'
before=$(stat -c %i.%Y out.jsonl); pose -q --resume=names boxes.jsonl -o out.jsonl
test $before = $(stat -c %i.%Y out.jsonl)
rm out.jsonl
refused() {  # MESSAGE COMMAND...
  local text=$1 status=0; shift
  "$@" 2> err || status=$?
  test $status -eq 1; says "$text"
}

# Partial files of any length, one that is itself being resumed, and one without its end record.
left=.out.jsonl.elsewhere.1.00c0ffee.partial
for lines in 0 1 2 4 7 8; do
  head -n $lines whole.jsonl > $left
  cp $left .out.jsonl.elsewhere.1.0000beef.partial
  head -n 2 whole.jsonl > .out.jsonl.elsewhere.2.0000beef.partial
  pose -q --resume boxes.jsonl -o out.jsonl
  same whole.jsonl out.jsonl; no_debris; rm out.jsonl
done
head -n 3 whole.jsonl | sed 's/"score":0[0-9.]*/"score":0.125/' > $left  # copied, not computed
pose -q --resume boxes.jsonl -o out.jsonl
grep -q '"score":0.125' out.jsonl; no_debris; rm out.jsonl
{ head -n 4 whole.jsonl; sed -n 5p whole.jsonl | head -c 50; } > out.jsonl  # of a redirection
pose --resume boxes.jsonl -o out.jsonl 2> err
says '^vremd-pose: 3 frames reused'; same whole.jsonl out.jsonl; no_debris; rm out.jsonl

# An output of a redirection that ends with the first of two videos is not complete.
cat boxes.jsonl boxes.jsonl > two.jsonl; pose -q two.jsonl -o both.jsonl
head -n 8 both.jsonl > out.jsonl
pose --resume two.jsonl -o out.jsonl 2> err; says '^vremd-pose: 6 frames reused'
same both.jsonl out.jsonl; no_debris; rm out.jsonl
mkdir pictures; vremd-draw -q boxes.jsonl -o pictures/
detect -q --stills pictures -o stills.jsonl; head -n 9 stills.jsonl > out.jsonl
detect --resume --stills pictures -o out.jsonl 2> err; says '^vremd-detect: 3 frames reused'
same stills.jsonl out.jsonl
detect --resume --stills pictures -o out.jsonl 2> err; says '1 of 1 inputs were already done'
rm out.jsonl

# What was left of an output that is complete by now is removed.
for folder in . sub; do
  mkdir -p $folder; pose -q boxes.jsonl -o $folder/out.jsonl
  head -n 4 whole.jsonl > $folder/$left; sed 's/"x"/"y"/' $folder/$left > $folder/.out.jsonl.elsewhere.3.0000beef.partial
  sed -i 's/"frame":1,/"frame":1,"other":1,/' $folder/.out.jsonl.elsewhere.3.0000beef.partial
  pose --resume boxes.jsonl -o $folder/out.jsonl 2> err; says '1 of 1 inputs were already done'
  test ! -e $folder/$left; rm $folder/.out.jsonl.elsewhere.3.0000beef.partial
  rm $folder/out.jsonl
done

# Another setting, other weights, another input: starts over and says why.
head -n 4 whole.jsonl > $left
pose --resume --flip boxes.jsonl -o out.jsonl 2> err
says "^vremd-pose: warning: $left: made with a different setting (flip); not used$"
test -e $left; pose -q --flip boxes.jsonl > flipped.jsonl; same flipped.jsonl out.jsonl; rm out.jsonl
vremd-pose --device cpu -w other.safetensors --resume boxes.jsonl -o out.jsonl 2> err
says "$left: made with a different model; not used$"; rm out.jsonl
sed '4s/"box":\[[0-9.]*/"box":[30/' boxes.jsonl > moved.jsonl
pose --resume moved.jsonl -o out.jsonl 2> err
says "^vremd-pose: warning: $left:4: frame 2 differs from the input; not used from there on$"
says '^vremd-pose: 2 frames reused'
pose -q moved.jsonl > fresh.jsonl; same fresh.jsonl out.jsonl; test -e $left; rm out.jsonl
cp a.mkv kept.mkv; { cat kept.mkv; echo; } > a.mkv
pose --resume boxes.jsonl -o out.jsonl 2> err
says "$left:1: made with a different video file; starting over$"; mv kept.mkv a.mkv
rm out.jsonl $left

# vremd-detect, with boxes that are held, and two videos in one output.
detect -q --every 2 a.mkv b.mkv -o people.jsonl
for lines in 1 2 3 4 7 8 9 11 14 15; do
  head -n $lines people.jsonl > .again.jsonl.elsewhere.1.00c0ffee.partial
  detect --resume --every 2 a.mkv b.mkv -o again.jsonl 2> err
  test $lines -lt 2 || says ' frames reused '
  same people.jsonl again.jsonl; no_debris; rm again.jsonl
done
detect -q --every 2 a.mkv > one.jsonl
mkdir boxes; head -n 5 one.jsonl > boxes/.a.mkv.jsonl.elsewhere.1.00c0ffee.partial
detect --resume --every 2 --output-dir boxes a.mkv b.mkv 2> err
says '^vremd-detect: 4 frames reused'; same one.jsonl boxes/a.mkv.jsonl; no_debris
mv a.mkv kept.mkv; cp b.mkv a.mkv
detect --resume --every 2 --output-dir boxes a.mkv b.mkv 2> err
says '^vremd-detect: boxes/a.mkv.jsonl: made with a different video file; redoing it$'
detect --resume --every 2 -o new.jsonl a.mkv 2> err
head -n 3 one.jsonl > .new.jsonl.elsewhere.1.00c0ffee.partial; rm new.jsonl
detect --resume --every 2 -o new.jsonl a.mkv 2> err
says '.partial:1: made with a different video file; starting over$'
same new.jsonl <(detect -q --every 2 a.mkv); rm .new*; mv kept.mkv a.mkv

# A truncated input leaves one file, however often it is tried.
head -n 4 boxes.jsonl > cut.jsonl
for _ in 1 2 3; do
  status=0; pose --resume --output-dir poses cut.jsonl 2> err || status=$?
  test $status -eq 1 && test $(partials) -eq 1
  says "^vremd-pose: incomplete output left in poses/.cut.jsonl.*.partial$"
done
cp boxes.jsonl cut.jsonl; pose -q --resume --output-dir poses cut.jsonl; no_debris

# vremd-track and vremd-convert: complete outputs are skipped, partial files deleted.
vremd-track -q whole.jsonl -o tracks.jsonl
head -n 3 tracks.jsonl > .again.jsonl.elsewhere.1.00c0ffee.partial
vremd-track -q --resume whole.jsonl -o again.jsonl; same tracks.jsonl again.jsonl; no_debris
vremd-track --resume --max-age 3 whole.jsonl -o again.jsonl 2> err
says '^vremd-track: again.jsonl: made with a different setting (max_age); redoing it$'
vremd-track -q --resume whole.jsonl -o again.jsonl; same tracks.jsonl again.jsonl
refused 'again.jsonl: already exists, made with a different tool; --force' pose --resume boxes.jsonl -o again.jsonl
vremd-track --resume whole.jsonl -o again.jsonl 2> err; says '1 of 1 inputs were already done'
vremd-convert -q tracks.jsonl --to csv -o t.csv
head -n 3 t.csv > .u.csv.elsewhere.1.00c0ffee.partial
vremd-convert -q tracks.jsonl --to csv --resume -o u.csv; cmp t.csv u.csv; no_debris
echo kept > u.csv; vremd-convert --resume tracks.jsonl --to csv -o u.csv 2> err
says '^vremd-convert: 1 of 1 inputs were already done$'; test "$(cat u.csv)" = kept

# --resume-from never harms its source, even under the name of a partial file.
head -n 3 whole.jsonl > $left
for option in '' -f; do pose -q $option --resume-from $left boxes.jsonl -o from.jsonl; done
same whole.jsonl from.jsonl; test $(wc -l < $left) -eq 3
ln -s $left linked
for name in $left ./$left linked; do
  status=0; pose -q -f --resume-from $left boxes.jsonl -o $name 2> err || status=$?
  test $status -eq 2; says '^vremd-pose: --resume-from and --output must be different files$'
done
status=0; pose -q --resume --resume-from $left boxes.jsonl -o from.jsonl 2> err || status=$?
test $status -eq 2; says 'mutually exclusive'
test $(wc -l < $left) -eq 3
