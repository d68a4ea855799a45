#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# The pictures that ffmpeg writes into a pipe have their times.
type -P ffmpeg > /dev/null || exit 77
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
bash $SOURCE_DIR/examples/ffmpeg_pipe.sh $SOURCE_DIR/examples/street.mp4 out.jsonl -t 0.5 -vf fps=10,scale=384:-2
jq -s -e '(.[0].width == 384) and (.[-1] | .frames == 5 and .people > 5) and
  ([.[] | select(.type == "frame").time | . * 10 | round] == [range(5)])' out.jsonl > ok
