#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Runs that are killed at random moments, and run again until one ends, give the bytes of a single run and leave
# nothing behind; nor do two runs with one output, full disks, closed streams and read-only directories.
# VREMD_KILLS=200 repeats each case so many times, with a longer clip, and prints the counts.
rounds=${VREMD_KILLS:-1}
frames=40; test -z "${VREMD_KILLS:-}" || frames=150
RANDOM=${VREMD_SEED:-1}
work=$(mktemp -d); trap 'chmod -R u+w $work; rm -rf $work' EXIT; cd $work
vremd_pose_files weights table4_baseline tiny.safetensors
vremd_pose_files clip $frames a.mkv
vremd_pose_files records $frames a.mkv > boxes.jsonl
for _ in {1..40}; do cat boxes.jsonl; done > many.jsonl
quiet=-q run=
detect() { $run vremd-detect $quiet --device cpu -j 1 --input-size 32 a.mkv "$@"; }
pose() { $run vremd-pose $quiet --device cpu -j 1 -w tiny.safetensors boxes.jsonl "$@"; }
track() { $run vremd-track $quiet many.jsonl "$@"; }
draw() { $run vremd-draw $quiet -j 1 boxes.jsonl "$@"; }
declare -A file=([detect]=out.jsonl [pose]=out.jsonl [track]=out.jsonl [draw]=out.mp4)
same() {
  case $1 in
    draw) cmp whole.draw out.mp4 ;;
    *) cmp <(jq -c 'del(.command)' whole.$1) <(jq -c 'del(.command)' out.jsonl) ;;
  esac
}
nothing_left() {
  test -z "$(find . -name '*.partial')" || { echo "$1: left:"; find . -name '*.partial' -size -9999k; exit 1; }
}
milliseconds() { date +%s%3N; }

declare -A lasts kills halves
for tool in detect pose track draw; do
  begin=$(milliseconds)
  $tool -o ${file[$tool]}
  lasts[$tool]=$(($(milliseconds) - begin + 20))
  mv ${file[$tool]} whole.$tool
  kills[$tool]=0 halves[$tool]=0
done
kill_after() {  # MILLISECONDS|writes COMMAND...: its status
  local wait=$1 child status=0; shift
  (run="exec"; "$@") & child=$!
  if test $wait = writes; then
    until compgen -G '.out.*.partial' || ! kill -0 $child; do sleep 0.01; done > /dev/null 2>&1
  else
    sleep $(printf '%d.%03d' $((wait / 1000)) $((wait % 1000)))
  fi
  kill -9 $child 2> /dev/null || true
  wait $child 2> /dev/null || status=$?
  return $status
}
for ((round = 0; round < rounds; ++round)); do
  for tool in detect pose track draw; do
    options=(--resume); test $tool != draw || options=()
    for try in 1 2 3; do
      # The first time, as soon as it writes, so that each tool is killed.
      moment=$((RANDOM % lasts[$tool])); test $round$try != 01 || moment=writes
      kill_after $moment $tool "${options[@]}" -o ${file[$tool]} 2>> log && break
      kills[$tool]=$((kills[$tool] + 1))
      test -z "$(find . -name '*.partial')" || halves[$tool]=$((halves[$tool] + 1))
      # Killed after the rename: vremd-draw has no other run that would clear up.
      test ! -e ${file[$tool]} || { same $tool; touch ${file[$tool]}.by_kill; break; }
    done
    test -e ${file[$tool]} || $tool "${options[@]}" -o ${file[$tool]}
    # Killed between the rename and the end: the next run clears up.
    test $tool = draw || $tool --resume -o ${file[$tool]}
    same $tool
    test -e out.mp4.by_kill || nothing_left $tool
    rm -f ${file[$tool]} ${file[$tool]}.by_kill .out*
  done
done

# Two runs with one output: at least one ends well, and the output is a whole one.
declare -A refused
for tool in detect pose track draw; do
  refused[$tool]=0
  for ((round = 0; round < rounds; ++round)); do
    first=0 second=0
    $tool -o ${file[$tool]} 2> err1 & child=$!
    $tool -o ${file[$tool]} 2> err2 || second=$?
    wait $child || first=$?
    test $first -eq 0 || test $second -eq 0 || { cat err1 err2; exit 1; }
    same $tool
    nothing_left $tool
    for status in $first $second; do
      case $status in
        0) ;;
        1) refused[$tool]=$((refused[$tool] + 1)) ;;
        *) cat err1 err2; exit 1 ;;
      esac
    done
    test $((first + second)) -eq 1 || { echo "$tool: both runs have written ${file[$tool]}"; exit 1; }
    grep -q -E 'is being written by process|already exists|has appeared' err1 err2
    rm ${file[$tool]}
  done
done

# A disk that is full after some kilobytes: an error with the cause; what was written is of use.
for tool in detect pose track draw; do
  status=0 limit=8; case $tool in detect | draw) limit=2 ;; esac
  (trap '' XFSZ; ulimit -f $limit; $tool -o ${file[$tool]} 2> err) || status=$?
  test $status -eq 1
  grep -q "^vremd-$tool: ${file[$tool]}: cannot write: File too large" err || { cat err; exit 1; }
  test ! -e ${file[$tool]}
  case $tool in
    draw) nothing_left draw; draw -o out.mp4 ;;
    *)
      test "$(find . -name '*.partial' | wc -l)" -eq 1
      grep -q "^vremd-$tool: incomplete output left in .out.jsonl.*.partial$" err
      test "$(wc -l < .out.jsonl.*.partial)" -gt 9
      $tool --resume -o out.jsonl ;;
  esac
  same $tool; nothing_left $tool; rm ${file[$tool]}
done

# Closed streams: messages are lost, nothing else.
for tool in detect pose track draw; do
  (quiet=; $tool -o ${file[$tool]} 2>&-)
  same $tool; rm ${file[$tool]}
  (quiet=; $tool -o ${file[$tool]} >&- 2>&- <&-)
  same $tool; nothing_left $tool; rm ${file[$tool]}
done
for tool in detect pose track; do
  status=0; $tool >&- 2> err || status=$?
  test $status -eq 1; grep -q "^vremd-$tool: standard output: cannot write: Bad file descriptor$" err || { cat err; exit 1; }
  status=0; $tool > /dev/full 2> err || status=$?
  test $status -eq 1; grep -q "^vremd-$tool: standard output: cannot write: No space left on device$" err
done

# A directory that cannot be written.
mkdir shut; chmod 555 shut
as_nobody=(); test "$(id -u)" -ne 0 || as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
chmod 755 .
if test "$(id -u)" -ne 0 || "${as_nobody[@]}" true 2> /dev/null; then
  status=0; "${as_nobody[@]}" $(command -v vremd-track) -q boxes.jsonl -o shut/out.jsonl 2> err || status=$?
  test $status -eq 1; grep -q '^vremd-track: shut/out.jsonl: cannot open: Permission denied$' err || { cat err; exit 1; }
fi
for tool in detect pose track draw; do
  echo "$tool: ${kills[$tool]} kills, ${halves[$tool]} with a partial file, ${refused[$tool]} of $rounds second runs refused"
done
