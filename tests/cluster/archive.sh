#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# An archive on a real Slurm cluster of three nodes (on this machine): a killed task, a node that
# crashes, time limits and job arrays of several sizes. In the end everything is done once, every
# output is that of a run without Slurm, and nothing is left over.
PATH=$PATH:/usr/sbin
for program in slurmctld slurmd munged sbatch; do
  type -P $program > /dev/null || { echo "skipped: $program is not installed"; exit 77; }
done
cluster=$SOURCE_DIR/tests/cluster/slurm.sh
bin=$(dirname "$(type -P vremd-detect)")
work=$(mktemp -d /tmp/vremd.XXXXXX); chmod 755 $work  # for munged
trap 'test ! -v KEEP || exit; $cluster stop $work/slurm || true; rm -rf $work' EXIT
cd $work
within() {  # SECONDS COMMAND...
  local end=$((SECONDS + $1)); shift
  until "$@"; do
    test $SECONDS -lt $end || { echo "not within time: $*"; tail -n 20 log.* || true; exit 1; }
    sleep 0.3
  done
}

vremd_pose_files weights paper tiny.safetensors
mkdir -p in/day1 in/day2
for i in 1 2 3 4 5; do vremd_pose_files clip $((i * 6)) in/day1/$i.mkv; vremd_pose_files clip $((40 - i * 5)) "in/day2/clip $i.mkv"; done
vremd_pose_files clip 300 in/long.mkv
vremd_pose_files clip 1 in/short.mkv
(cd in; find . -name '*.mkv' | sed 's|^./||' | sort) > list
test "$(wc -l < list)" -eq 12
export DETECT="--device cpu --input-size 320 --min-score 0.01 --max-people 2" POSE="--device cpu -w $work/tiny.safetensors"

# Without Slurm.
vremd-detect -q $DETECT --root $work/in --files-from list --output-dir whole/boxes
(cd whole/boxes; sed 's/$/.jsonl/' ../../list |
  vremd-pose -q $POSE --root $work/in --files-from - --output-dir ../poses)

$cluster start $work/slurm
eval "$($cluster env $work/slurm)"
submit() {  # OPTIONS
  BIN=$bin sbatch --parsable "$@" --cpus-per-task=1 --time=20 \
    --output=$work/log.%A_%a --export=ALL \
    $SOURCE_DIR/examples/slurm_array.sbatch $work/in $work/list $work/out
}
over() { test -z "$(squeue -h -o %A)"; }
process_of_long() {  # the process that writes the boxes of the long clip
  ls -l /proc/[0-9]*/fd 2> err | awk '/^\/proc/ {split($0, a, "/")}
    /out\/boxes\/\.long\.mkv\.jsonl/ {print a[3]; exit}' | grep .
}
lines_of_long() { cat out/boxes/.long.mkv.jsonl.*.partial 2> err | wc -l; }
at_work() { process_of_long > long && test $(lines_of_long) -ge $1; }
summary() { vremd-convert --summary list out/manifest.jsonl > summary; }

# A task is killed; the others go on.
submit --array=0-2 > job
within 60 at_work 20
kill -9 $(cat long)
within 120 over
# The node of a task crashes; Slurm runs the task again on another.
submit --array=0-1 > job
within 60 at_work $(($(lines_of_long) + 20))
node=$($cluster ps $work/slurm | awk -v process=$(cat long) '$1 == process {print $3}')
$cluster crash $work/slurm $node
within 90 at_work $(($(lines_of_long) + 20))
$cluster revive $work/slurm $node
# The signal before a time limit: the task stops, is requeued, and goes on.
within 60 at_work $(($(lines_of_long) + 20))
scancel --batch --signal=USR1 $(cat job)
within 60 grep -q '"status":"stopped"' out/manifest.jsonl
within 240 over
# What failed is retried with other numbers of tasks.
for tasks in 3 1; do
  ! summary || break
  submit --array=0-$tasks > job
  within 240 over
done
cat summary
summary
# Several processes per task, one GPU each: each has a share, and finds it done.
submit --array=0-1 --ntasks=2 --gpus-per-task=1 > job
within 120 over
test $(cat log.$(cat job)_* | grep -c 'share [1-4] of 4: ') -eq 8
summary
diff -r whole/boxes out/boxes
diff -r whole/poses out/poses
test -z "$(find out -name '.*')" || { find out -name '.*'; exit 1; }
test "$(cd out; echo *)" = 'boxes boxes.list manifest.jsonl poses'
cat log.* | grep -q ' frames reused from the interrupted run'
