#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Each frame is written immediately. Signals and an exiting reader: completed frames are kept.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
records() {
  echo '{"type":"header","video":"a.mp4"}'
  for f in $(seq 0 $(($1 - 1))); do
    echo "{\"type\":\"frame\",\"frame\":$f,\"instances\":[{\"box\":[$f,0,50,100]},{\"box\":[$((f * 80)),200,50,100]}]}"
  done
  echo '{"type":"end"}'
}
records 6 > boxes.jsonl

# SIGTERM while waiting for input.
for signal in TERM INT; do
  mkfifo slow
  # A shell ignores SIGINT in background jobs; a subshell with -m does not.
  (set -m; vremd-track slow -o stopped.jsonl 2> err & echo $! > pid; status=0; wait $! || status=$?; echo $status > status) &
  exec 7> slow
  head -n 4 boxes.jsonl >&7
  for _ in $(seq 300); do
    test "$(cat .stopped.jsonl.*.partial 2> /dev/null | wc -l)" -eq 4 && break
    sleep 0.1
  done
  kill -$signal $(cat pid)
  wait
  exec 7>&-
  test "$(cat status)" -eq $(test $signal = TERM && echo 143 || echo 130) || { cat status err; exit 1; }
  test ! -e stopped.jsonl
  partial=$(ls .stopped.jsonl.*.partial)
  grep -q "^vremd-track: stopped after 3 frames: $partial$" err || { cat err; exit 1; }
  test $(wc -l < $partial) -eq 4
  rm -f slow $partial
done

# The reader has exited: silent, by SIGPIPE.
records 3000 > long.jsonl
{ vremd-track -q long.jsonl 2> err || echo $? > code; } | head -n 1 > first
test "$(cat code)" -eq 141
test ! -s err

# Memory does not grow with the video: a new person enters every few frames.
peak() { records $1 | vremd-track 2>&1 > out | sed -nE "s/.*: $1 frames, .* ([0-9]+) MiB$/\1/p"; }
short=$(peak 300) long=$(peak 6000)
echo "$short MiB, $long MiB"
test $((long * 10)) -le $((short * 11 + 20))  # the peak is rounded to MiB
