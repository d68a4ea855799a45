#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# vremd-draw --report: what the page contains, and that it is complete or not there.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
vremd_pose_files clip 40 a.mkv
vremd_pose_files clip 12 b.mkv
report() { vremd-draw --report "$@"; }
data() { sed -n 's|^<script id="data" type="application/json">\(.*\)</script>$|\1|p' $1/index.html; }
says() { grep -q -e "$1" err || { echo "no message: $1"; cat err; exit 1; }; }
fails() {  # STATUS MESSAGE COMMAND...
  local want=$1 text=$2 status=0; shift 2
  "$@" > out 2> err || status=$?
  test $status -eq $want || { echo "status $status"; cat err; exit 1; }
  says "$text"
}

# records VIDEO FRAMES: two tracks; a jump at frame 20, damage at 25 and 26, a cut at 30
records() {
  echo "{\"type\":\"header\",\"video\":\"$1\",\"width\":64,\"height\":48,\"fps\":[25,1],\"tool\":\"test\"}"
  for ((i = 0; i < $2; ++i)); do
    x=$((i < 20 ? 5 : 45)) more=
    case $i in 25 | 26) more='"damaged":true,';; 30) more='"cut":true,';; esac
    echo "{\"type\":\"frame\",\"frame\":$i,\"time\":$((i / 25)).$(printf %02d $((4 * i % 100))),$more\"instances\":[{\"box\":[$x,5,12,20],\"score\":0.8,\"track\":1},{\"box\":[20,20,12,20],\"score\":0.6,\"track\":2}]}"
  done
  echo '{"type":"end","seconds":{"network":4,"decode":1}}'
}
records a.mkv 40 > a.jsonl
records b.mkv 12 > b.jsonl

report r a.jsonl b.jsonl 2> err
says '^vremd-draw: 13 frames of 2 videos, '
test "$(ls r)" = "$(printf 'index.html\nstills')"
data r > data.json
jq -e '.videos | length == 2 and .[0].name == "a.mkv" and .[1].frames == 12' data.json > out
jq -e '.videos[0] | .frames == 40 and .people == 80 and .tracks == 2 and .duration == 1.6 and
  .damaged == 2 and .cuts == [30] and .seconds == {"network": 4, "decode": 1} and .complete' data.json > out
jq -e '[.videos[0].moments[] | [.kind, .first, .last, .track]] ==
  [["jump", 20, 20, 1], ["damaged", 25, 26, null]]' data.json > out
jq -e '.videos[1].moments == [] and .videos[1].problems == []' data.json > out
jq -e '.videos[0].stills | length == 6' data.json > out
# Exactly the pictures that it names, each a JPEG named after its content.
diff <(ls r/stills) <(jq -r '.videos[] | (.stills[], .moments[]) | .file // empty' data.json | sort -u)
for file in r/stills/*; do
  test "$(od -An -tx1 -N2 $file)" = ' ff d8'
  test "$(basename $file .jpg)" = "$(sha256sum $file | head -c 16)"
done
# One page, without addresses other than the name of SVG.
test "$(grep -o 'http[s]*://[^"]*' r/index.html | sort -u)" = http://www.w3.org/2000/svg
test $(grep -c '<script' r/index.html) -eq 2
grep -q '{{' r/index.html && exit 1

# The same bytes with any number of threads, and from compressed records.
report one -j 1 a.jsonl b.jsonl 2> err
report four -j 4 a.jsonl b.jsonl 2> err
diff -r one four; diff -r one r

# Without pictures, no video is needed.
mkdir empty; (cd empty; report ../none --stills 0 ../a.jsonl 2> err)
test "$(ls none)" = index.html

# An existing report is not replaced without --force; with it, pictures that are no longer used go.
before=$(sha256sum r/index.html)
fails 1 '^vremd-draw: r/index.html: already exists; --force overwrites it$' report r b.jsonl
echo kept > r/stills/notes.txt
report r -f b.jsonl 2> err
test "$before" != "$(sha256sum r/index.html)"
diff <(ls r/stills) <(data r | jq -r '.videos[].stills[].file' | sort -u; echo notes.txt)

# A stopped run leaves the report that was there, and none where there was none.
before=$(sha256sum r/index.html)
mkfifo slow
for folder in r new; do
  vremd-draw --report $folder -f a.jsonl slow 2> err & child=$!
  exec 7> slow; head -n 5 b.jsonl >&7
  for _ in $(seq 100); do test $(ls $folder/stills 2> /dev/null | wc -l) -ge 7 && break; sleep 0.1; done
  kill -TERM $child; status=0; wait $child || status=$?; exec 7>&-
  test $status -eq 143
done
test "$before" = "$(sha256sum r/index.html)"
for file in $(data r | jq -r '.videos[].stills[].file'); do test -e r/stills/$file; done
test ! -e new/index.html
report new a.jsonl 2> err; test -e new/index.html

# What cannot be read is in the page, too, and the rest is complete.
head -n 6 a.jsonl > cut.jsonl
{ head -n 4 b.jsonl; echo '{"type":'; } > broken.jsonl
sed 's/b.mkv/gone.mkv/' b.jsonl > gone.jsonl
status=0; report bad a.jsonl cut.jsonl broken.jsonl gone.jsonl no.jsonl b.jsonl 2> err || status=$?
test $status -eq 1
says '^vremd-draw: warning: cut.jsonl:6: truncated input: no end record$'
says '^vremd-draw: broken.jsonl:5: not valid JSON'
says '^vremd-draw: gone.mkv: cannot open: No such file'
says '^vremd-draw: no.jsonl: cannot open: No such file'
test "$(data bad | jq -r '.videos[] | [.name, .frames // 0, (.problems | length)] | @csv' | tr -d '"' | xargs)" = \
  'a.mkv,40,0 a.mkv,5,1 b.mkv,3,1 gone.mkv,12,1 no.jsonl,0,1 b.mkv,12,0'
data bad | jq -e '.videos[1].complete == false and .videos[2].problems[0] == (.videos[2].problems[0] | tostring)' > out
fails 1 'none2: no records to report' report none2 no.jsonl
test ! -e none2

# Names are text.
sed 's|b.mkv|</script><script>alert(1)</script>\&amp;.mkv|' b.jsonl > script.jsonl
fails 1 'cannot open' report script script.jsonl
grep -q '<script>alert' script/index.html && exit 1
test "$(data script | jq -r '.videos[0].name')" = '</script><script>alert(1)</script>&amp;.mkv'

fails 2 '--report cannot be used with --output' report x -o y.mp4 a.jsonl
fails 2 '--report and --sheet are mutually exclusive' report x --sheet a.jsonl
fails 2 '--stills must be in \[0, 1000\]' report x --stills -1 a.jsonl
