#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# The CPU as a device with streams, which does its work in another order for every seed: the same bytes.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
vremd_pose_files weights paper tiny.safetensors
vremd_pose_files weights table4_baseline single.safetensors
vremd_pose_files clip 20 clip.mkv
vremd_pose_files records 20 clip.mkv > boxes.jsonl
pose() { vremd-pose -q -w tiny.safetensors "$@"; }
plain() { jq -c 'del(.command, .from[]?.command)' "$@"; }

pose --device cpu boxes.jsonl > cpu.jsonl
for seed in 0 1 2 3 4 5 6 7; do
  VREMD_HOST_ASYNC_SEED=$seed pose --device host-async --batch-size $((seed + 1)) -j $((1 + seed % 3)) boxes.jsonl |
    cmp <(plain cpu.jsonl) <(plain)
done
# Options that change the work of the device, and several inputs at a time, which share its batches.
same() {
  pose --device cpu "$@" -o expected.jsonl --force 2> err
  pose --device host-async "$@" 2> err | cmp <(plain expected.jsonl) <(plain)
}
same --flip boxes.jsonl
same --precision bf16 boxes.jsonl
same --decode dark --joints nose,left_knee boxes.jsonl
same --frames 3:9 --nms oks:0.5 boxes.jsonl
same -w single.safetensors boxes.jsonl
same --detect --track --input-size 160 --max-people 2 --frames 0:6 $SOURCE_DIR/examples/street.mp4
for n in 1 2 3; do cp boxes.jsonl boxes$n.jsonl; done
VREMD_HOST_ASYNC_SEED=9 pose --device host-async --videos 3 --output-dir out boxes[123].jsonl
for n in 1 2 3; do cmp <(plain cpu.jsonl | sed 1d) <(plain out/boxes$n.jsonl | sed 1d); done
pose --device cpu --dump dump.cpu boxes.jsonl > out.jsonl
pose --device host-async --dump dump.device boxes.jsonl > out.jsonl
diff -r dump.cpu dump.device
test $(ls dump.device | wc -l) -eq 20

# Memory that runs out halves the batches, which is said once, and loses nobody.
for allocation in 0 30 45; do
  VREMD_HOST_ASYNC_FAIL=$allocation vremd-pose -w tiny.safetensors --device host-async boxes.jsonl \
    > out.jsonl 2> err
  cmp <(plain cpu.jsonl) <(plain out.jsonl)
  test $(grep -c 'warning: not enough memory on the device: the network is given 4 people at a time' err) -eq 1
done
if VREMD_HOST_ASYNC_FAIL=45 pose --device host-async --batch-size 1 boxes.jsonl > out.jsonl 2> err; then exit 1; fi
grep -q 'out of memory; .*try a smaller --batch-size' err
if VREMD_HOST_ASYNC_SEED=x pose --device host-async boxes.jsonl > out.jsonl 2> err; then exit 1; fi
grep -q "VREMD_HOST_ASYNC_SEED: 'x' is not a number" err

if vremd-pose --help | grep -q host-async; then exit 1; fi  # for tests only
