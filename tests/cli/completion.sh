#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Shells complete options, their values and files.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
tools="detect pose track draw train eval convert"
for tool in $tools; do
  for shell in bash zsh fish; do vremd-$tool --completion $shell > $tool.$shell; done
  bash -n $tool.bash
  # Every option that --help lists, and no other.
  options='--[a-z][a-z-]*'
  vremd-$tool --help | grep -oE "^ +(-., )?$options" | grep -oE -e "$options" | sort -u > help
  grep -oE "compgen -W \"[^\"]*\" -- \"\\\$cur\"\)\) ;;" $tool.bash | grep -oE -e "$options" | sort -u > bash
  sed -n 's/.* -l \([a-z-]*\).*/--\1/p' $tool.fish | sort -u > fish
  diff help bash
  diff help fish
  if type -P zsh > /dev/null; then zsh -n $tool.zsh; fi
  if type -P fish > /dev/null; then fish -n $tool.fish; fi
done

# words WORD...: what bash offers for the last one.
words() {
  COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
  _vremd_pose; echo "${COMPREPLY[*]}"
}
compopt() { :; }  # only while completing
. ./pose.bash
test "$(words vremd-pose --dec)" = --decode
test "$(words vremd-pose --decode dark)" = 'dark dark_udp' || test "$(words vremd-pose --decode dark)" = 'dark_udp dark'
test "$(words vremd-pose --resu)" = '--resume= --resume-from' || test "$(words vremd-pose --resu)" = '--resume-from --resume='
test -z "$(words vremd-pose -o po)"  # a file: bash's own completion
test -z "$(words vremd-pose box)"
complete -p vremd-pose | grep -q -e '-o default -F _vremd_pose'

status=0; vremd-pose --completion tcsh > out 2> err || status=$?
test $status -eq 2; test ! -s out
grep -q '^vremd-pose: --completion must be bash, zsh or fish$' err

# Unknown options are answered with the nearest; underscores are dashes; --help has headings.
unknown() { status=0; vremd-$1 $2 x 2> err || status=$?; test $status -eq 2; grep -q -- "$3" err || { cat err; exit 1; }; }
unknown pose --wieghts 'unknown option --wieghts; did you mean --weights?'
unknown detect --conf 'unknown option --conf; did you mean --min-score?'
unknown eval --ground_trut 'did you mean --ground-truth?'
unknown track --zzz 'zzz'
status=0; vremd-detect --min_score=7 x.mp4 2> err || status=$?
test $status -eq 2; grep -q -e '--min-score' err
vremd-pose --help | grep -q '^ Detection options:$'
test "$(vremd-pose --help | grep -c ' options:$')" -ge 5
