#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# train_toy.sh VIDEO DIR: the shortest way from a video to weights of your own.
#
# The labels are predictions of the bundled model (DIR/labels.json, in PoseTrack18 format). For real
# use, correct or replace them, and train for longer. Writes DIR/run/{best,last}.safetensors,
# report.html and samples.png, and the poses estimated with the new weights to DIR/poses.jsonl.
# Set BIN to the directory of the tools if they are not in PATH.
set -euo pipefail
test $# -eq 2 || { echo "usage: $0 VIDEO DIR" >&2; exit 2; }
PATH=${BIN:+$(cd "$BIN" && pwd):}$PATH
video=$(realpath "$1") folder=$2
mkdir -p "$folder"

test -e "$folder/boxes.jsonl" || vremd-detect "$video" -o "$folder/boxes.jsonl"
if ! test -e "$folder/labels.json"; then
  vremd-pose "$folder/boxes.jsonl" | vremd-convert --to posetrack18 -o "$folder/labels.json"
fi

# Absent keys have their defaults; config.json in the output directory contains every key.
cat > "$folder/train.json" << END
{
  "start": {"weights": "vremd-light"},
  "data": [{"annotations": "$folder/labels.json", "min_score": 0.2}],
  "validate": "$folder/labels.json",
  "validate_most": 16,
  "train": {"epochs": 1, "batch": 8, "lr": 1e-4, "schedule": "cosine", "clip": 1}
}
END
vremd-train --config "$folder/train.json" --dry-run -o "$folder/check"
vremd-train --config "$folder/train.json" --resume -o "$folder/run"
vremd-pose -f -w "$folder/run/last.safetensors" "$folder/boxes.jsonl" -o "$folder/poses.jsonl"
