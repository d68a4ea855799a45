#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# The examples work on a part of the demo clip.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
vremd-detect -q --frames 0:6 $SOURCE_DIR/examples/street.mp4 > boxes.jsonl
vremd-draw -q boxes.jsonl -o short.mp4
bash $SOURCE_DIR/examples/pose_one_video.sh short.mp4 out
test "$(jq -r .type out/short.jsonl | sort | uniq -c | tr -s ' \n' ' ')" = " 1 end 6 frame 1 header "
test -s out/short.mp4
test "$(head -c 4 out/short.png | tail -c 3)" = PNG
# Each person has a pose; most joints have high scores.
jq -se '[.[] | select(.type == "frame").instances[]] | length > 0 and all(.keypoints | length > 0)' \
  out/short.jsonl

mkdir -p archive/day1; cp short.mp4 archive/day1
each() { bash $SOURCE_DIR/examples/detect_then_pose.sh archive kept "$@"; }
each day1/short.mp4
cmp <(jq -c 'select(.type == "frame")' kept/poses/day1/short.mp4.jsonl) \
    <(jq -c 'select(.type == "frame")' out/short.jsonl)
before=$(stat -c %Y%i kept/poses/day1/short.mp4.jsonl)
each day1/short.mp4
test "$before" = "$(stat -c %Y%i kept/poses/day1/short.mp4.jsonl)"
status=0; each day1/missing.mp4 2> err || status=$?
test $status -eq 1
grep -q 'missing.mp4' err

# Two tasks of an array process one share each; so do two shares on one machine.
mkdir archive/day2; cp short.mp4 archive/day2
printf 'day1/short.mp4\nday2/short.mp4\n' > list
mkdir fake; printf '#!/bin/sh\nshift\nexec "$@"\n' > fake/srun; chmod +x fake/srun
export SLURM_ARRAY_TASK_COUNT=2 SLURM_ARRAY_TASK_MIN=1 SLURM_ARRAY_TASK_MAX=2 SLURM_JOB_ID=1
for task in 1 2; do
  PATH=$PWD/fake:$PATH SLURM_ARRAY_TASK_ID=$task \
    bash $SOURCE_DIR/examples/slurm_array.sbatch archive list cluster
  test $(find cluster/poses -type f | wc -l) -eq $task
done
unset SLURM_ARRAY_TASK_COUNT SLURM_ARRAY_TASK_MIN SLURM_ARRAY_TASK_MAX SLURM_JOB_ID
vremd-convert --summary list cluster/manifest.jsonl
cmp <(jq -c 'select(.type == "frame")' cluster/poses/day1/short.mp4.jsonl) \
    <(jq -c 'select(.type == "frame")' out/short.jsonl)
bash $SOURCE_DIR/examples/gnu_parallel.sh archive list shares 2
diff -r cluster/poses shares/poses
printf '#!/bin/sh\ntest -e again || { touch again; exit 1; }\n' > flaky; chmod +x flaky
sed 's/^  sleep .*/  sleep 0/' $SOURCE_DIR/examples/resume.sh > resume.sh  # without its pause
bash resume.sh ./flaky; test -e again
status=0; TRIES=2 bash resume.sh false || status=$?; test $status -eq 1

# Training weights from a video.
bash $SOURCE_DIR/examples/train_toy.sh short.mp4 toy > log 2>&1 || { cat log; exit 1; }
test -s toy/run/report.html
test -s toy/run/samples.png
test -s toy/check/samples.png
bash $SOURCE_DIR/examples/train_toy.sh short.mp4 toy > log 2>&1 || { cat log; exit 1; }  # again: all is there
test "$(jq -r .type toy/poses.jsonl | sort | uniq -c | tr -s ' \n' ' ')" = " 1 end 6 frame 1 header "
