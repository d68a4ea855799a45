#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# resume.sh COMMAND...: repeat a command with --resume until it succeeds, at most TRIES times (10).
#
#   TRIES=5 resume.sh vremd-detect --resume --files-from list --output-dir boxes
#
# For machines that stop jobs at any time. It ends at once with a usage error (status 2), and when
# it is itself stopped.
set -uo pipefail
test $# -ge 1 || { echo "usage: $0 COMMAND..." >&2; exit 2; }
trap 'exit 130' INT TERM
for ((try = 1; ; ++try)); do
  "$@" && exit 0
  status=$?
  test $status -ne 2 && test $try -lt "${TRIES:-10}" || exit $status
  echo "$0: status $status, try $((try + 1))" >&2
  sleep "$((try < 6 ? try * 10 : 60))"
done
