#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Where outputs go, who may write them, and messages that cannot be written.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
records() {
  echo '{"type":"header","video":"a.mp4"}'
  for f in $(seq 0 $(($1 - 1))); do
    echo "{\"type\":\"frame\",\"frame\":$f,\"instances\":[{\"box\":[$f,0,50,100]}]}"
  done
  echo '{"type":"end"}'
}
records 3 > a.jsonl
plain() { jq -c 'del(.command)' "$@"; }
vremd-track -q a.jsonl > whole.jsonl
same() { cmp <(plain whole.jsonl) <(plain "$1"); }
no_debris() { test -z "$(find . -name '*.partial')"; }
refused() {  # status, message, command ...
  local want=$1 text=$2 status=0; shift 2
  "$@" > out 2> err || status=$?
  test $status -eq $want && grep -q -e "$text" err || { echo "status $status: $*"; cat err; exit 1; }
}

# The standard streams: a full disk, no descriptor, no reader.
vremd-track a.jsonl -o full.jsonl 2> /dev/full; same full.jsonl
vremd-track a.jsonl -o closed.jsonl 2>&-; same closed.jsonl
vremd-track a.jsonl -o all.jsonl <&- 2>&- >&-; same all.jsonl
{ sleep 0.2; vremd-track a.jsonl -o unread.jsonl; } 2> >(true); same unread.jsonl
for command in 'vremd-track --max-age 0' 'vremd-convert --to nothing' 'vremd-eval --none'; do
  for to in '2> /dev/full' '2>&-'; do
    status=0; eval "$command $to" < a.jsonl > out || status=$?
    test $status -eq 2 || { echo "$command $to: status $status"; exit 1; }
  done
done
vremd-convert a.jsonl --to csv -o a.csv 2> /dev/full; test -s a.csv
refused 1 'standard output: cannot write' bash -c 'vremd-track a.jsonl >&-'

# Links are followed; what is no file is written in place.
mkdir disk
ln -s disk/target.jsonl link.jsonl
vremd-track -q a.jsonl -o link.jsonl; test -L link.jsonl; same disk/target.jsonl
refused 1 '^vremd-track: link.jsonl: already exists' vremd-track a.jsonl -o link.jsonl
vremd-track -q -f --max-age 9 a.jsonl -o link.jsonl; test -L link.jsonl
head -n 1 disk/target.jsonl | jq -e '.settings.max_age == 9' > out
vremd-track -q a.jsonl -o /dev/stdout | plain | cmp <(plain whole.jsonl) -
echo first > log; vremd-track -q a.jsonl -o /dev/stdout >> log
test "$(head -n 1 log)" = first; same <(tail -n +2 log)
vremd-track -q a.jsonl -o >(cat > substituted.jsonl)
for _ in $(seq 100); do test "$(wc -l < substituted.jsonl)" -eq 5 && break; sleep 0.1; done
same substituted.jsonl
mkfifo pipe; cat pipe > piped.jsonl & vremd-track -q a.jsonl -o pipe; wait $!; same piped.jsonl; test -p pipe
refused 1 '^vremd-track: new/a.jsonl: no directory new$' vremd-track a.jsonl -o new/a.jsonl
no_debris

# The longest name.
long=$(printf 'w%.0s' $(seq 249)).jsonl
vremd-track -q a.jsonl -o $long; same $long
mkdir by; cp a.jsonl by/$long; vremd-track -q --output-dir long by/$long; same long/by/$long
no_debris

# Of two processes with one target, one ends with an error at once, whatever their options are.
mkfifo slow
vremd-track -q slow -o two.jsonl & first=$!
exec 7> slow; head -n 2 a.jsonl >&7
for _ in $(seq 100); do test -n "$(find . -name '.two.jsonl.*')" && break; sleep 0.1; done
for options in '' -f --resume; do
  refused 1 '^vremd-track: two.jsonl: is being written by process [0-9]* on ' vremd-track $options a.jsonl -o two.jsonl
done
tail -n +3 a.jsonl >&7; exec 7>&-
wait $first; same two.jsonl
no_debris
# Both at the same moment.
for _ in 1 2 3 4 5; do
  rm two.jsonl; pids=""
  for _ in 1 2 3; do { records 1; sleep 0.5; } | vremd-track -q -o two.jsonl 2> /dev/null & pids+=" $!"; done
  good=0; for pid in $pids; do wait $pid && good=$((good + 1)); done
  test $good -eq 1 && test "$(wc -l < two.jsonl)" -eq 3 || { echo "$good of 3 wrote two.jsonl"; exit 1; }
  no_debris
done

# A file that appears meanwhile is left alone, and so is the work.
mkfifo slower
vremd-track -q slower -o late.jsonl 2> err & first=$!
exec 7> slower; head -n 2 a.jsonl >&7
for _ in $(seq 100); do test -n "$(find . -name '.late.jsonl.*')" && break; sleep 0.1; done
echo other > late.jsonl; tail -n +3 a.jsonl >&7; exec 7>&-
status=0; wait $first || status=$?
test $status -eq 1 && test "$(cat late.jsonl)" = other
grep -q '^vremd-track: late.jsonl: was created in the meantime; this output is kept in .late.jsonl.*partial$' err
same .late.jsonl.*.partial; rm .late.jsonl.*

# A failed output is kept if there is something in it.
{ head -n 3 a.jsonl; echo nonsense; } > broken.jsonl
refused 1 '^vremd-track: broken.jsonl:4: not valid JSON' vremd-track broken.jsonl -o failed.jsonl
test ! -e failed.jsonl
grep -q "^vremd-track: incomplete output left in $(ls .failed.jsonl.*.partial)$" err
same <(cat .failed.jsonl.*.partial; tail -n +4 whole.jsonl); rm .failed.jsonl.*
{ head -n 1 a.jsonl; echo nonsense; } > broken.jsonl
refused 1 'not valid JSON' vremd-track broken.jsonl -o failed.jsonl
no_debris

# Names that are not UTF-8 are refused at once by the tools that write records.
name=$(printf 'caf\351.jsonl'); cp a.jsonl "$name"
for tool in vremd-track vremd-convert; do
  refused 2 "^$tool: caf.xe9.jsonl: byte 0xe9 is not UTF-8" $tool -q "$name"
  test ! -s out
done
refused 2 'byte 0xe9 is not UTF-8' vremd-track -q a.jsonl -o "$name.out"
mkdir pictures; printf 'P6 1 1 255\n123' > pictures/$(printf '\351.ppm')
refused 1 'pictures/.xe9.ppm: byte 0xe9 is not UTF-8' vremd-detect -q pictures
refused 1 'pictures/.xe9.ppm: byte 0xe9 is not UTF-8' vremd-detect -q --stills pictures
mkdir people; echo '{"people":[]}' > people/$(printf '\351_000000000000_keypoints.json')
refused 1 'byte 0xe9 is not UTF-8' vremd-convert -q people -o people.jsonl
test ! -e people.jsonl
no_debris

# Headers have the options that can affect the result and one input; the number of all, if they went
# into one file.
cp a.jsonl b.jsonl; vremd-track -q --max-age 9 -o many.jsonl a.jsonl b.jsonl
test "$(jq -r 'select(.command).command' many.jsonl)" = 'vremd-track --max-age 9 a.jsonl  # one of 2 inputs
vremd-track --max-age 9 b.jsonl  # one of 2 inputs'
vremd-track -q -j 1 --output-dir each --files-from <(printf 'a.jsonl\nb.jsonl\n')
jq -e '.command == "vremd-track b.jsonl"' <(head -n 1 each/b.jsonl) > out

# Records do not go on after a truncated input; other files do.
head -n 3 a.jsonl > cut.jsonl
refused 1 'nothing is converted after the truncated video' vremd-convert cut.jsonl b.jsonl -o converted.jsonl
test ! -e converted.jsonl && test "$(wc -l < .converted.jsonl.*.partial)" -eq 3
vremd-convert cut.jsonl b.jsonl > out 2> err || true
test "$(wc -l < out)" -eq 3
