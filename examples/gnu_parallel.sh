#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# gnu_parallel.sh ROOT LIST DIR [JOBS]: process an archive on one machine, JOBS videos at a time.
#
# LIST contains the video paths relative to ROOT, one per line. DIR gets boxes/, poses/ and
# manifest.jsonl. After an interruption, run the same command again to process the rest. Needs GNU
# parallel, or runs one share after the other without it. Set BIN to the directory of the tools if
# they are not in PATH.
set -euo pipefail
test $# -ge 3 || { echo "usage: $0 ROOT LIST DIR [JOBS]" >&2; exit 2; }
PATH=${BIN:+$(cd "$BIN" && pwd):}$PATH
root=$(cd "$1" && pwd)
list=$(realpath -e "$2")
mkdir -p "$3/boxes" "$3/poses"
dir=$(cd "$3" && pwd)
jobs=${4:-$(nproc)}
export root list dir jobs

share() {  # I: both steps for the I-th share
  local common=(-j 1 --shard "$1/$jobs" --resume --root "$root" --manifest "$dir/manifest.jsonl") status=0
  vremd-detect "${common[@]}" --files-from "$list" --output-dir "$dir/boxes" || status=$?
  cd "$dir/boxes"
  sed -e 's/\r$//' -e '/^#/d' -e '/^$/d' -e 's/$/.jsonl/' "$list" |
    vremd-pose "${common[@]}" --files-from - --output-dir "$dir/poses" || status=$?
  return $status
}
export -f share

status=0
if command -v parallel > /dev/null; then
  SHELL=$(command -v bash) parallel --line-buffer -j "$jobs" share ::: $(seq "$jobs") || status=1
else
  for i in $(seq "$jobs"); do (share "$i") || status=1; done
fi
vremd-convert --summary "$list" "$dir/manifest.jsonl" || status=1
exit $status
