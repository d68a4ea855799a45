#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# vremd-bench: one part, its report in three forms, and bad options.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work

vremd-bench -o report --only start --rounds 1 > printed
diff printed report/*.md
grep -q '^# vremd-bench' printed
jq -se '.[0].type == "machine" and (.[0] | has("threads"))' report/report.jsonl > out
jq -se 'map(select(.type == "figure")) | length > 0 and all(.amount.median > 0)' report/report.jsonl > out
grep -q '</html>' report/report.html

status=0; vremd-bench -o other --only nothing 2> err || status=$?
test $status -eq 2
grep -q 'no part "nothing"' err
status=0; vremd-bench 2> err || status=$?
test $status -eq 2
test ! -e other
