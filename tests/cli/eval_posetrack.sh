#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# PoseTrack's official files and tables, from files and records; errors.
cases=$TEST_DIR/data/eval-cases
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work

# Directory names with and without '/', one and several threads.
case=$cases/p6_synth_pt18
vremd-eval -g $case/gt -p $case/pred/ -e -s -o ap -j 1 > ap.txt
diff -r $case/expected/AP ap
grep '^&' $case/expected/AP_stdout.txt | diff - <(grep '^&' ap.txt)
grep -q '^# gt frames  : 160$' ap.txt
grep -q "^ground truth: PoseTrack18's form, no known release; 160 frames, " ap.txt
vremd-eval -g $case/gt/ -p $case/pred -e -t -s -o both -j 3 > both.txt
diff -r ap both | diff - <(cd both && ls | grep MOT | sed 's/^/Only in both: /')
grep '^&' $case/expected/MOT_motmetrics-1.0.2_stdout.txt | diff - <(grep '^&' both.txt | tail -n 3)
grep -q '^as with py-motmetrics 1.0.2$' both.txt
vremd-eval -g $case/gt -p $case/pred -t --mot-compat 1.4.0 > mot.txt
grep '^&' $case/expected/MOT_motmetrics-1.4.0_stdout.txt | diff - <(grep '^&' mot.txt)
# Existing files are overwritten, like the official program does.
vremd-eval -g $case/gt -p $case/pred -e -s -o ap > again.txt
diff ap.txt again.txt

# NaN is not JSON.
case=$cases/p4_edge/e13_no_gt_for_joint
vremd-eval -g $case/gt -p $case/pred -e -o nan > out
cmp $case/expected/AP/total_AP_metrics.json nan/total_AP_metrics.json
vremd-eval -g $case/gt -p $case/pred -e -o nan --json-nan null > out
test "$(jq -c '.ap[12:]' nan/total_AP_metrics.json)" = '[68.75,null,0,63.839285714285715]'
vremd-eval -g $case/gt -p $case/pred -e -t --json all.json | diff <(vremd-eval -g $case/gt -p $case/pred -e -t) -
test "$(jq -c '[.ap.table.Head, .ap.table.Shou, .ap.table.Mean7, .ap.ap.head_bottom, .mot.counts.nose.objects]' all.json)" = '[null,68.75,68.75,68.75,0]'
test "$(jq -c '[.mot_compat, .frames, .people, .sequences.scored]' all.json)" = '["1.0.2",4,4,1]'
test "$(vremd-eval -g $case/gt -p $case/pred -e --json - | jq .each_sequence.'"000001_mpii"'.ap.ap.Total)" = 63.839285714285715

# The analysis adds up, and the plots are XML.
case=$cases/p6_synth_pt18
vremd-eval -g $case/gt -p $case/pred -e -s --plots plots -f --json all.json > text
grep -q '^right_wrist  .* 585  ' text
grep -q '^joints found by head size in pixels: below 20 ' text
test "$(tail -n 4 text | awk '{print $1}' | sort -n | tr '\n' ' ')" = "$(tail -n 4 text | awk '{print $1}' | tr '\n' ' ')"
test "$(jq -c '[.analysis.by_visibility[].annotated] | add' all.json)" = "$(jq -c '[.analysis.by_head_size[].annotated] | add' all.json)"
# Head joints at shoulders, and people by overlap: the numbers of an independent implementation.
grep -q '^head_bottom      85.5       498       17 (3.4 %)               1$' text
grep -q '^from 0.3         79.0       102  1.9 % of 1181 joints$' text
test "$(jq -c '[.analysis.head_joints[] | [.compared, .near_shoulder, .of_these_wrong]]' all.json)" = '[[497,1,1],[498,17,1],[487,3,3]]'
test "$(jq -c '[.analysis.by_overlap[] | [.people, .nearer_to_another.compared, .nearer_to_another.nearer]]' all.json)" = '[[352,4349,12],[171,2093,17],[102,1181,23]]'
test "$(jq '[.analysis.nearer_to_another[].nearer] | add' all.json)" -eq 52
test "$(jq -c '[.each_sequence[].analysis.by_overlap["0"].people] | add' all.json)" -eq 352
for plot in precision_recall ap_per_joint; do
  python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' plots/$plot.svg
done
status=0; vremd-eval -g $case/gt -p $case/pred -e --plots plots > out 2> err || status=$?
test $status -eq 1
grep -q 'plots/precision_recall.svg: already exists; --force overwrites it$' err

# The same poses as records: one file, several, with a directory, and from a pipe.
case=$cases/p6_synth_pt18
to_records='
  .images as $images | .annotations as $people |
  ["nose","head_bottom","head_top","left_ear","right_ear","left_shoulder","right_shoulder",
   "left_elbow","right_elbow","left_wrist","right_wrist","left_hip","right_hip","left_knee",
   "right_knee","left_ankle","right_ankle"] as $names |
  {type: "header", video: ("somewhere/" + $name + ".mp4"), joints: $names, tool: "made",
   from: [{tool: "boxer"}]},
  ($images | to_entries[] | .key as $i | .value.id as $id |
   {type: "frame", frame: $i, instances: [$people[] | select(.image_id == $id) |
     {track: .track_id, box: [0, 0, 1, 1], keypoints: [range(17) as $k |
       if .keypoints[3*$k:3*$k+3] == [0, 0, 0] then [0, 0, 0]
       else [.keypoints[3*$k], .keypoints[3*$k+1], .scores[$k]] end]}]}),
  {type: "end"}'
mkdir records
for file in $case/pred/*.json; do
  name=$(basename $file .json)
  jq -c --arg name $name "$to_records" $file > records/$name.jsonl
done
vremd-eval -g $case/gt -p records/900001_mpii_test.jsonl records/900002* records/900003* records/900004* -e -t -s -o from_records > records.txt
diff -r both from_records
grep -q 'boxes: boxer$' records.txt
cat records/*.jsonl | vremd-eval --gt $case/gt -e -t -s -o piped - > out
diff -r both piped
vremd-eval -g $case/gt -p records -e -t -s -o folder > out
diff -r both folder
mkdir half
cp $case/pred/90000[12]* half
vremd-eval -g $case/gt -p half -e -t -s -o mixed records/900003* records/900004* > out
diff -r both mixed

# Hidden files are not sequences.
cp -r $case/gt $case/pred .
echo oops > gt/._900001_mpii_test.json
vremd-eval -g gt -p pred -e -t -s -o hidden > out
diff -r both hidden

# Sequences without records count as having no people; additional ones are ignored.
sed 's/900004_mpii_test/else/' records/900004_mpii_test.jsonl > else.jsonl
vremd-eval -g $case/gt -p half -e -o some else.jsonl > out 2> err
grep -q '^sequences: 4 scored, 0 without annotated frames, 2 without predictions, 1 superfluous$' out
grep -q 'warning: 2 sequences without predictions: 900003_mpii_test, 900004_mpii_test$' err
grep -q 'warning: 1 predicted sequences that are not in the ground truth: somewhere/else.mp4$' err
status=0; head -n 4 records/900001* | vremd-eval -g $case/gt -p - -e half/900002* > out 2> err || status=$?
test $status -eq 1
grep -q '^& Head' out
grep -q 'truncated input: no end record$' err

# One-line errors without output files.
refused() {
  message=$1; shift
  status=0; vremd-eval "$@" -o left > out 2> err || status=$?
  test $status -eq 1 && test ! -s out && test ! -e left && test "$(cat err)" = "vremd-eval: $message" ||
    { echo "status $status instead of 1 and: $message"; cat out err; exit 1; }
}
cp -r $cases/p4_edge/x0* .
refused 'x01_frame_count_mismatch/pred/000001_mpii.json: 2 frames, but x01_frame_count_mismatch/gt/000001_mpii.json has 3' \
  -g x01*/gt -p x01*/pred -e -t
refused 'x04_no_track_id_in_predictions/pred/000001_mpii.json: frame 0 (images/bonn_5sec/000001_mpii/00000001.jpg): person without track_id, required for tracking' \
  -g x04*/gt -p x04*/pred -e -t
vremd-eval -g x04*/gt -p x04*/pred -e > out
refused 'none: cannot open: No such file or directory' -g none -p x04*/pred -e
refused 'none: cannot open: No such file or directory' -g x04*/gt -p none -e
mkdir empty
refused 'empty: no JSON files in this directory' -g empty -p x04*/pred -e
refused 'empty: no JSON files in this directory' -g x04*/gt -p empty -e
refused "$case/gt/900003_mpii_test.json: no 900003_mpii_test.json among the predictions" -g $case/gt -p half -e
refused "half/900001_mpii_test.json: duplicate predictions of sequence 900001_mpii_test (also in $case/pred/900001_mpii_test.json)" \
  -g $case/gt -p $case/pred -e half/
refused "records/900001_mpii_test.jsonl:1: video somewhere/900001_mpii_test.mp4: duplicate predictions of sequence 900001_mpii_test (also in half/900001_mpii_test.json)" \
  -g $case/gt -p half -e records/900001*
refused 'else.jsonl: no video matches a sequence of the ground truth (for example somewhere/else.mp4; the ground truth has 900001_mpii_test)' \
  -g $case/gt -p else.jsonl -e
jq -c 'if .type == "frame" then .instances = [] else . end' records/900001* > nobody.jsonl
vremd-eval -q -g $case/gt -p nobody.jsonl -e > out
mkdir cut
head -c 5000 half/900001_mpii_test.json > cut/900001_mpii_test.json
refused 'cut/900001_mpii_test.json:1: not valid JSON: unexpected end of input' -g cut -p half -e
