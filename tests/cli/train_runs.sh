#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# vremd-train: a dry run, a run, kill -9 and --resume, two processes.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
cp $SOURCE_DIR/examples/street.mp4 .

# toy LAST: two people in each of the frames 0...LAST, labelled on nose, shoulders and hips.
toy() {
  jq -n --argjson last $1 '
    def joints($x; $y): [range(17) |
      if . == 0 then [$x + 20, $y + 10, 1] elif . == 5 then [$x + 30, $y + 30, 1]
      elif . == 6 then [$x + 10, $y + 30, 1] elif . == 11 then [$x + 26, $y + 70, 1]
      elif . == 12 then [$x + 14, $y + 70, 1] else [0, 0, 0] end] | add;
    {images: [range($last + 1) | {id: (. + 1), file_name: "street.mp4", frame_id: .,
       vid_id: "street", nframes: 95, is_labeled: true, width: 768, height: 576}],
     annotations: [range($last + 1) as $f | range(2) as $p | (100 + 200 * $p + $f) as $x |
       {id: (2 * $f + $p + 1), image_id: ($f + 1), track_id: $p, category_id: 1, iscrowd: 0,
        bbox: [$x, 80, 40, 100], bbox_head: [$x + 12, 82, 16, 16], keypoints: joints($x; 80), scores: []}],
     categories: [{id: 1, name: "person", keypoints: ("nose head_bottom head_top left_ear " +
       "right_ear left_shoulder right_shoulder left_elbow right_elbow left_wrist right_wrist " +
       "left_hip right_hip left_knee right_knee left_ankle right_ankle" | split(" "))}]}'
}
toy 11 > toy.json
cat > run.json <<'END'
{
  "model": {"backbone": {"size": "tiny"}, "input": {"size": [96, 64]}, "hm": {"channels": 8}},
  "data": [{"annotations": "toy.json"}],
  "validate": "toy.json",
  "train": {"epochs": 3, "batch": 8, "micro_batch": 4, "amp": "fp32", "lr": 1e-3}
}
END

# Comments are allowed; invalid JSON and duplicate keys are reported with their line.
sed '1a // a network small enough for a test' run.json > remarks.json
vremd-train --config remarks.json -o remarks --dry-run > /dev/null
sed '3a ]' run.json > broken.json
status=0; vremd-train --config broken.json -o remarks 2> err || status=$?
test $status -eq 2
grep -q 'vremd-train: broken.json:4: not valid JSON' err
sed 's/"epochs": 3,/& "epochs": 4,/' run.json > twice.json
status=0; vremd-train --config twice.json -o remarks 2> err || status=$?
test $status -eq 2
grep -q 'vremd-train: twice.json:5: train.epochs: duplicate key' err

# A dry run counts and draws samples without training.
vremd-train --config run.json -o dry --dry-run > counts 2> err
grep -q '  24 persons in 1 videos and stills' counts
grep -q ' nose 24 ' counts
grep -q 'an epoch: 24 persons, 3 steps of 8; in all 9 steps' counts
grep -q 'no labels for left_knee' counts
test "$(ls dry)" = samples.png
test "$(head -c 4 dry/samples.png | tail -c 3)" = PNG

grep -Eq '^trains [0-9]+ of [0-9]+ parameters, the backbone is frozen$' counts

# The command line can say what a configuration would.
vremd_pose_files weights table4_baseline tiny.safetensors
vremd-train --start tiny.safetensors --data toy.json --set train.epochs=2 --set train.amp=fp32 \
  --set train.micro_batch=4 -o dry_keys --dry-run > counts
grep -q 'an epoch: 24 persons, 1 steps of 16; in all 2 steps' counts || { cat counts; exit 1; }
mkdir elsewhere; cp toy.json elsewhere/
vremd-train --config run.json --data elsewhere/toy.json --images . --set train.batch=4 -o dry_images --dry-run > counts
grep -q 'an epoch: 24 persons, 6 steps of 4; in all 18 steps' counts || { cat counts; exit 1; }

# ... and reports missing files before a long run.
jq '.images[].file_name |= "gone.mp4"' toy.json > gone.json
jq -n '{data: [{annotations: "gone.json"}], model: {backbone: {size: "tiny"}}}' > gone-run.json
status=0; vremd-train --config gone-run.json -o gone --dry-run > /dev/null 2> err || status=$?
test $status -eq 1
grep -q 'vremd-train: gone.mp4: no such file' err
test ! -e gone

jq '.train.epochs = 0.01' run.json > short.json
status=0; vremd-train --config short.json -o dry --dry-run > counts 2> err || status=$?
test $status -eq 1
grep -q 'train.epochs = 0.01 gives no optimizer steps$' err

# An option instead of the configuration key; it requires a frozen backbone.
vremd-train --config run.json --cache-features 2 -o kept -q
test "$(jq .train.cache_features kept/config.json)" = 2
jq '.model.backbone.freeze = false' run.json > learns.json
status=0; vremd-train --config learns.json --cache-features 2 -o learns 2> err || status=$?
test $status -eq 2
grep -q 'train.cache_features: needs backbone.freeze$' err
test ! -e learns

jq 'del(.annotations[].bbox_head)' toy.json > headless.json
jq '.validate = "headless.json" | .validate_by = "ap"' run.json > headless-run.json
status=0; vremd-train --config headless-run.json -o headless 2> err || status=$?
test $status -eq 1
grep -q 'headless.json: frame 0 (.*street.mp4): person without head box$' err
test ! -s headless/metrics.jsonl

vremd-train --config run.json -o whole -j 2 2> err
cp whole/samples.png people.png
status=0; vremd-train --config run.json -o whole --dry-run 2> err || status=$?
test $status -eq 1
grep -q 'whole: contains a training run' err
cmp whole/samples.png people.png
test "$(ls whole | tr '\n' ' ')" = 'best.safetensors checkpoint.safetensors config.json last.safetensors metrics.jsonl report.html samples.png '
test "$(jq -c 'select(.epoch) | [.epoch, .step]' whole/metrics.jsonl | tr '\n' ' ')" = '[1,3] [2,6] [3,9] '

# Killed anywhere and resumed with another number of threads: byte-identical weights.
jq '.train.checkpoint_minutes = 0.0001' run.json > often.json
vremd-train --config often.json -o often -q
cmp often/last.safetensors whole/last.safetensors
for epoch in 0 1 2; do  # each hits a run that is in or after that epoch
  rm -rf parts
  vremd-train --config often.json -o parts -j 1 -q & child=$!
  scored() { grep -c '"epoch"' parts/metrics.jsonl 2> /dev/null || true; }
  for _ in $(seq 400); do
    test "0$(scored)" -ge $epoch && test -e parts/checkpoint.safetensors && break
    sleep 0.02
  done
  sleep 0.0$((RANDOM % 10))
  kill -9 $child 2> /dev/null || true
  status=0; wait $child || status=$?
  killed=$((${killed:-0} + (status == 137)))
  vremd-train --config often.json -o parts -j 2 -q --resume
  for file in last best; do cmp parts/$file.safetensors whole/$file.safetensors; done
  # With the steps and scores of an uninterrupted run, each once.
  steps_and_scores() { jq -c 'select(.loss or .epoch) | [.step, .loss, .epoch, .pck]' $1/metrics.jsonl; }
  test "$(steps_and_scores parts | jq -c 'select(.[2])')" = "$(steps_and_scores whole | jq -c 'select(.[2])')"
  test -z "$(jq -r 'select(.loss).step' parts/metrics.jsonl | sort | uniq -d)"
  test -z "$(ls parts | grep tmp || true)" || rm parts/*tmp*
done
test $killed -ge 2

# SIGTERM writes a checkpoint; --resume continues.
rm -rf parts
vremd-train --config run.json -o parts -q & child=$!
for _ in $(seq 200); do test -s parts/metrics.jsonl && break; sleep 0.05; done
kill -TERM $child
status=0; wait $child || status=$?
test $status -eq 0 || test $status -eq 143 || { echo "status $status"; exit 1; }
vremd-train --config run.json -o parts -q --resume
cmp parts/last.safetensors whole/last.safetensors

# Two processes with half the batch each: the same curve.
jq '.train.batch = 4' run.json > half.json
child=()
for rank in 0 1; do
  RANK=$rank WORLD_SIZE=2 MASTER_ADDR=127.0.0.1 MASTER_PORT=$((20000 + $$ % 10000)) \
    vremd-train --config half.json -o two -j 1 -q 2> err.$rank & child+=($!)
done
wait ${child[0]} || { cat err.0; exit 1; }
wait ${child[1]} || { cat err.1; exit 1; }
child=()
for rank in 0 1; do  # the same by Slurm's variables
  SLURM_PROCID=$rank SLURM_STEP_NUM_TASKS=2 SLURM_STEP_NODELIST=localhost SLURM_LOCALID=$rank \
    MASTER_PORT=$((30000 + $$ % 10000)) \
    vremd-train --config half.json -o slurm -j 1 -q 2> err.$rank & child+=($!)
done
wait ${child[0]} || { cat err.0; exit 1; }
wait ${child[1]} || { cat err.1; exit 1; }
cmp two/last.safetensors slurm/last.safetensors
losses() { jq -s '[.[] | select(.loss) | .loss]' $1/metrics.jsonl; }
jq -ne --argjson a "$(losses whole)" --argjson b "$(losses two)" '
  ($a | length) == 3 and ($b | length) == 3 and
  ([range(3) | ($a[.] - $b[.]) / $a[.] | fabs] | max) < 1e-5'

# The scores in the metrics equal those of vremd-eval for the output of vremd-pose, also with two
# workers.
jq '.validate_by = "ap" | .train.epochs = 12 | .train.ema = 0.5' run.json > ap.json
vremd-train --config ap.json -o ap -q -j 2
vremd-convert -q --from posetrack18 toy.json | vremd-pose -q --device cpu --decode dark_udp -w ap/last.safetensors > poses.jsonl
vremd-eval -q -e -g toy.json -p poses.jsonl --json ap-scores.json > /dev/null
vremd-eval -q --pck torso -g toy.json -p poses.jsonl --json pck-scores.json > /dev/null
last=$(jq -c 'select(.epoch == 12)' ap/metrics.jsonl)
jq -ne --argjson m "$last" --slurpfile ap ap-scores.json --slurpfile pck pck-scores.json '
  ($pck[0].pck.rows["12 body joints"].pck - $m.pck | fabs) < 1e-5 and
  ([$m.joint_ap | to_entries[] | .value - $ap[0].ap.ap[.key] | fabs] | max) < 1e-4 and
  $m.pck > 0.3 and ($m.joint_ap.right_hip > 50)'

# Every row of the paper's tables trains a step, and all networks differ.
jq '.train = {epochs: 1, batch: 24, micro_batch: 24}' run.json > row.json
rows="table4_baseline table4_a table4_b table4_c table5_a table5_b table5_c table6_a table6_b table6_c"
for row in $rows; do
  vremd-train --config row.json --preset $row -o rows/$row -q
  jq -ce '.model' rows/$row/config.json
done | sort -u > networks
test $(wc -l < networks) -eq $(wc -w <<< "$rows")

# Invalid training setups are rejected before the first epoch.
expect() {  # MESSAGE ARGUMENTS...: exit 1 and a line with the message
  local message=$1; shift
  status=0; vremd-train "$@" -o refused -q 2> err || status=$?
  test $status -eq 1 || { echo "status $status of $*"; cat err; exit 1; }
  grep -q "$message" err || { cat err; exit 1; }
  test $(wc -l < err) -eq 1 || { cat err; exit 1; }
  rm -rf refused
}
jq '.data[0].annotations = "none.json"' run.json > bad.json
expect 'none.json: cannot open' --config bad.json
jq '.annotations = []' toy.json > empty.json
jq '.data[0].annotations = "empty.json"' run.json > bad.json
expect 'no person with a labelled joint' --config bad.json
jq '.categories = [{id: 1, name: "person", keypoints: ["paw", "tail"]}] |
    .annotations[].keypoints = [120, 100, 1, 130, 110, 1]' toy.json > pets.json
jq '.data[0].annotations = "pets.json"' run.json > bad.json
expect "pets.json: none of its joints is among the model's" --config bad.json
jq '.images[5].frame_id = 500 | .images[5].nframes = 501' toy.json > late.json
jq '.data[0].annotations = "late.json"' run.json > bad.json
expect 'street.mp4: no frame 500: the video has 95' --config bad.json
jq '.train.lr = 10 | .train.clip = 0 | .data[0].repeat = 50 | .model.model.head = "simple"' run.json > bad.json
expect 'the \(loss\|gradient\) is not finite' --config bad.json
RANK=0 WORLD_SIZE=2 expect 'WORLD_SIZE is set, but MASTER_ADDR is not' --config run.json
misused() {  # MESSAGE ARGUMENTS...: exit 2, and nothing done
  local message=$1; shift
  status=0; vremd-train "$@" -o refused -q 2> err || status=$?
  test $status -eq 2 || { echo "status $status of $*"; cat err; exit 1; }
  grep -q -- "$message" err || { cat err; exit 1; }
  test ! -e refused
}
misused '--dataset and --root must be used together' --config run.json --dataset coco
misused 'nothing to train: use --config, --preset or --start'
misused '--images requires --data' --config run.json --images .
misused "--set must be KEY=VALUE, not 'lr'" --config run.json --set lr
misused '--set: validate.x: validate is not an object' --config run.json --set validate.x=1
misused "unknown option --prest; did you mean --preset?" --prest x
misused "--preset 'table7': not one of paper_strict, " --preset table7
misused "--dataset 'mpii': not one of posetrack17, " --config run.json --dataset mpii --root .
misused '--dry-run, --resume and --fit-scores are mutually exclusive' --config run.json --dry-run --resume
jq '.model.backbone.size = "l" | .model.input.size = [256, 192]' run.json > large.json
status=0; (ulimit -v 2500000; vremd-train --config large.json -o large -q -j 1 2> err) || status=$?
test $status -eq 1
grep -Eq 'out of memory' err || { cat err; exit 1; }
