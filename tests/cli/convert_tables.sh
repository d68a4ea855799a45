#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Tables for statistics: csv-wide, csv-tracks, and absent joints in them.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
cat > in.jsonl <<'END'
{"type":"header","format":1,"tool":"t","version":"1","command":"t","video":"a,b.mp4","width":100,"height":100,"joints":["nose","neck"]}
{"type":"frame","frame":3,"time":0.12,"instances":[{"box":[0,0,10,20],"box_score":0.5,"score":0.75,"track":7,"keypoints":[[1,2,0.9],[0,0,0]]}]}
{"type":"frame","frame":4,"time":0.16,"instances":[]}
{"type":"frame","frame":5,"time":0.2,"instances":[{"box":[2,0,10,30],"box_score":0.5,"score":0.25,"track":7,"keypoints":[[3,4,0.2],[5,6,0.8]]},{"box":[50,0,10,30],"box_score":1,"score":1,"keypoints":[[53,4,1],[55,6,1]]}]}
{"type":"end","frames":3,"people":3,"damaged":0,"missing":0}
END
convert() { vremd-convert -q "$@"; }
convert --to csv-wide in.jsonl | diff - <(cat <<'END'
video,frame,time,person,track,id,box_x,box_y,box_w,box_h,box_score,score,nose_x,nose_y,nose_score,neck_x,neck_y,neck_score
"a,b.mp4",3,0.12,0,7,,0,0,10,20,0.5,0.75,1,2,0.9,,,
"a,b.mp4",5,0.2,0,7,,2,0,10,30,0.5,0.25,3,4,0.2,5,6,0.8
"a,b.mp4",5,0.2,1,,,50,0,10,30,1,1,53,4,1,55,6,1
END
)
convert --to csv-tracks in.jsonl | diff - <(cat <<'END'
video,track,first_frame,last_frame,frames,first_time,last_time,mean_score,mean_x,mean_y,mean_height
"a,b.mp4",7,3,5,2,0.12,0.2,0.5,6,12.5,25
END
)
convert --to csv in.jsonl > tidy.csv
grep -q ',neck,,,$' tidy.csv
convert tidy.csv | jq -c 'select(.frame == 3).instances[0].keypoints' > back
test "$(cat back)" = '[[1,2,0.9],[0,0,0]]'
test "$(convert --min-joint-score 0.5 in.jsonl | jq -c 'select(.frame == 5).instances[0].keypoints')" = '[[0,0,0],[5,6,0.8]]'

sed 's/"neck"/"head_top"/' in.jsonl | cat in.jsonl - > mixed.jsonl
status=0; vremd-convert --to csv-wide mixed.jsonl > out 2> err || status=$?
test $status -eq 1; grep -q 'other joints than the video before' err
status=0; vremd-convert --from csv-tracks in.jsonl > out 2> err || status=$?
test $status -eq 2; grep -q -e '--from: csv-tracks is only an output format' err
