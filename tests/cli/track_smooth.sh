#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# --smooth changes only coordinates, not tracks.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work

# trembling HEADER TIMES: a person whose keypoints and box jitter by 4 pixels, for 40 frames.
trembling() {
  echo "{\"type\":\"header\",\"video\":\"a.mp4\",$1\"joints\":[\"left_wrist\",\"right_wrist\"]}"
  for f in $(seq 0 39); do
    x=$((100 + 4 * (f % 2)))
    echo "{\"type\":\"frame\",\"frame\":$f,$2\"instances\":[{\"box\":[$x,0,99,99],\"keypoints\":[
      [$x,10,0.9],[$((x + 60)),10,0.5]]}]}" | sed "s/TIME/$((f * 40))e-3/" | tr -d '\n'
    echo
  done
  echo '{"type":"end"}'
}
# The range of KEY of the instances after the first second.
range() { jq -s "map(select(.type == \"frame\" and .frame >= 20) | .instances[0] | $1) | max - min" $2; }

trembling '"fps":[25,1],' '' > shaky.jsonl
vremd-track -q shaky.jsonl > plain.jsonl
test "$(range '.keypoints[0][0]' plain.jsonl)" = 4
test "$(range '.box[0]' plain.jsonl)" = 4
vremd-track -q --smooth one-euro shaky.jsonl > smooth.jsonl
for key in '.keypoints[0][0]' '.keypoints[1][0]' '.box[0]'; do
  jq -e '. < 2' <<< "$(range "$key" smooth.jsonl)" > ok
done
same='del(.command, .settings) | if .type == "frame" then .instances |= map(del(.box) |
  .keypoints |= map(.[2])) else . end'
cmp <(jq -c "$same" plain.jsonl) <(jq -c "$same" smooth.jsonl)

# The parameters are in the header and have an effect.
head -n 1 smooth.jsonl | jq -e '.settings == {min_score: 0.4, min_similarity: 0.3, max_age: 15,
  smooth: "one-euro", min_cutoff: 2, beta: 20, derivative_cutoff: 1}' > ok
for option in min-cutoff beta derivative-cutoff; do
  vremd-track -q --smooth one-euro --$option 0.5 shaky.jsonl > other.jsonl
  test "$(range '.box[0]' other.jsonl)" != "$(range '.box[0]' smooth.jsonl)"
  head -n 1 other.jsonl | jq -e ".settings.${option//-/_} == 0.5" > ok
done

# Times are those of the frames, else derived from the frame rate.
trembling '' '"time":TIME,' > timed.jsonl
vremd-track -q --smooth one-euro timed.jsonl > timed.out
cmp <(jq -c .instances smooth.jsonl) <(jq -c .instances timed.out)
trembling '' '' > timeless.jsonl
vremd-track -q timeless.jsonl > ok
status=0; vremd-track -q --smooth one-euro -o out.jsonl timeless.jsonl 2> err || status=$?
test $status -eq 1
test "$(tail -n 1 err)" = \
  "vremd-track: timeless.jsonl:3: --smooth requires the time of the frames or the fps of the header"
test ! -e out.jsonl
