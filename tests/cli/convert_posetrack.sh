#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Annotated boxes as records: stills, a video, a folder of pictures with global frame numbers.
cd $TEST_DIR/cli/golden
work=$(mktemp -d); trap 'rm -rf $work' EXIT
# Without keypoints and annotation keys, which other tests check.
plain() {
  jq -c 'del(.format, .tool, .version, .command, .joint_set, .joints, .is_labeled) |
    if .type == "frame" then .instances[] |= del(.keypoints, .visibility, .bbox_head, .area)
    else . end'
}
cat > $work/want << 'END'
{"type":"header","video":"images/park.jpg","width":400,"height":300,"vid_id":"set_park"}
{"type":"frame","frame":0,"time":0,"image_id":7,"instances":[{"track":0,"id":11,"box":[10,20,60,120],"box_score":1,"score":1},{"track":1,"id":12,"box":[200,30,50,100],"box_score":1,"score":1}]}
{"type":"end","frames":1,"people":2,"damaged":0,"missing":0}
{"type":"header","video":"clips/run.avi","width":320,"height":240,"frames_expected":2,"vid_id":"run"}
{"type":"frame","frame":0,"time":0,"image_id":3,"instances":[{"track":5,"id":14,"box":[100.13,50,40,80],"box_score":0.75,"score":0.75}]}
{"type":"frame","frame":1,"time":0,"image_id":4,"instances":[]}
{"type":"end","frames":2,"people":1,"damaged":0,"missing":0}
END
normal() { jq -c . | sed -E 's/([0-9])\.0([],}])/\1\2/g'; }
vremd-convert --from posetrack18 annotations.json 2> $work/err | plain | normal | diff $work/want -
grep -q '^vremd-convert: warning: crowd regions skipped: 1$' $work/err
vremd-convert -q --from posetrack18 - < annotations.json | plain | normal | diff $work/want -
vremd-convert -q --from posetrack18 -o $work/out.jsonl annotations.json
plain < $work/out.jsonl | normal | diff $work/want -
vremd-convert -q --from posetrack18 annotations.json annotations.json > $work/twice
test "$(grep -c '"type":"header"' $work/twice)" -eq 4

# Names are relative to the JSON file or to --root.
cd $work
mkdir deep
cp $TEST_DIR/cli/golden/annotations.json deep
videos() { vremd-convert -q --from posetrack18 "$@" | jq -r 'select(.video).video' | tr '\n' ' '; }
test "$(videos deep/annotations.json)" = 'deep/images/park.jpg deep/clips/run.avi '
test "$(videos --root /data deep/annotations.json)" = '/data/images/park.jpg /data/clips/run.avi '

# The form of the PoseTrack18 files themselves: no sizes, frame_id is a global number.
cat > pt18.json << 'END'
{"images":[
{"id":10128340003,"file_name":"images/val/012834_mpii_test/000003.jpg","vid_id":"012834","frame_id":10128340003,"nframes":9,"is_labeled":true},
{"id":10128340004,"file_name":"images/val/012834_mpii_test/000004.jpg","vid_id":"012834","frame_id":10128340004,"nframes":9,"is_labeled":false}],
"annotations":[{"id":1012834000300,"image_id":10128340003,"track_id":2,"category_id":1,"bbox":[1,2,3,4],"keypoints":[],"scores":[]}]}
END
vremd-convert -q --from posetrack18 --root set pt18.json | plain | normal > out
cat > want << 'END'
{"type":"header","video":"set/images/val/012834_mpii_test","width":0,"height":0,"frames_expected":9,"vid_id":"012834"}
{"type":"frame","frame":3,"time":0,"file":"000003.jpg","image_id":10128340003,"instances":[{"track":2,"id":1012834000300,"box":[1,2,3,4],"box_score":1,"score":1}]}
{"type":"frame","frame":4,"time":0,"file":"000004.jpg","image_id":10128340004,"instances":[]}
{"type":"end","frames":2,"people":1,"damaged":0,"missing":0}
END
diff want out
