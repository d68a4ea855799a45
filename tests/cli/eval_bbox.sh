#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Box AP in cocoapi's twelve lines; annotated boxes from a pipe score 1.
cd $TEST_DIR/cli/golden
work=$(mktemp -d); trap 'rm -rf $work' EXIT
cat > $work/want << 'END'
 Average Precision  (AP) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.899
 Average Precision  (AP) @[ IoU=0.50      | area=   all | maxDets=100 ] = 1.000
 Average Precision  (AP) @[ IoU=0.75      | area=   all | maxDets=100 ] = 1.000
 Average Precision  (AP) @[ IoU=0.50:0.95 | area= small | maxDets=100 ] = -1.000
 Average Precision  (AP) @[ IoU=0.50:0.95 | area=medium | maxDets=100 ] = 0.899
 Average Precision  (AP) @[ IoU=0.50:0.95 | area= large | maxDets=100 ] = -1.000
 Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=  1 ] = 0.567
 Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets= 10 ] = 0.900
 Average Recall     (AR) @[ IoU=0.50:0.95 | area=   all | maxDets=100 ] = 0.900
 Average Recall     (AR) @[ IoU=0.50:0.95 | area= small | maxDets=100 ] = -1.000
 Average Recall     (AR) @[ IoU=0.50:0.95 | area=medium | maxDets=100 ] = 0.900
 Average Recall     (AR) @[ IoU=0.50:0.95 | area= large | maxDets=100 ] = -1.000
END
vremd-eval --bbox -g annotations.json -p poses.jsonl | tail -n 12 | diff $work/want -
ap=$(vremd-convert -q --from posetrack18 annotations.json | vremd-eval --bbox -g annotations.json -p - --json - | jq -c '[.bbox.AP, .bbox.AR1, .bbox.APsmall]')
test "$(jq -c 'map(. * 1000 | round)' <<< "$ap")" = '[1000,667,-1000]'
