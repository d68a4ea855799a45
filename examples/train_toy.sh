#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# train_toy.sh VIDEO FOLDER: the way from a video to weights of your own, as short as it can be.
#
# The labels are what the shipped model finds (FOLDER/labels.json, of PoseTrack18's form): correct
# them, or put your own there, and train for longer. Leaves FOLDER/run/{best,last}.safetensors,
# report.html, samples.png, and the video's poses by the new weights.
# BIN=folder/with/the/tools where they are not on PATH.
set -euo pipefail
test $# -eq 2 || { echo "usage: $0 VIDEO FOLDER" >&2; exit 2; }
PATH=${BIN:+$(cd "$BIN" && pwd):}$PATH
video=$(realpath "$1") folder=$2
mkdir -p "$folder"

test -e "$folder/boxes.jsonl" || vremd-detect "$video" -o "$folder/boxes.jsonl"
if ! test -e "$folder/labels.json"; then
  vremd-pose "$folder/boxes.jsonl" | vremd-convert --to posetrack18 -o "$folder/labels.json"
fi

# What is not said has its default; the run's config.json shows every key.
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
