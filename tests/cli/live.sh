#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# --live: how many frames records are behind, skipped frames, Ctrl-C, connections that end.
type -P python3 > /dev/null || exit 77
server=; work=$(mktemp -d); trap 'kill $server 2> /dev/null; rm -rf $work' EXIT; cd $work
unset http_proxy HTTP_PROXY all_proxy ALL_PROXY
vremd_pose_files weights paper tiny.safetensors
vremd_pose_files clip 60 clip.ts mpeg2video
source() { PYTHONDONTWRITEBYTECODE=1 python3 $TEST_DIR/support/live_source.py "$@"; }
# Boxes in any picture.
detect="vremd-detect --live --device cpu --input-size 64 --min-score 0.001 --max-people 2"
both="vremd-pose --detect ${detect#* } -w tiny.safetensors"
ends() { tail -n 1 "$1" | jq -e "select(.type == \"end\") | $2" > /dev/null || { echo "$1: not $2"; tail -n 1 "$1"; exit 1; }; }

# A stream whose connection is lost twice, and then for good: it takes seconds until that is known.
mkdir www; mv clip.ts www/; vremd_pose_files clip 40 www/clip.mkv
PYTHONDONTWRITEBYTECODE=1 python3 $TEST_DIR/support/http_server.py www port & server=$!
for _ in {1..100}; do test -e port && break; sleep 0.1; done
url=http://me:secret@127.0.0.1:$(cat port)
$detect $url/live/clip.ts -o lost.jsonl 2> lost & losing=$!

# Only what does not wait is live, and is alone.
refused() {  # MESSAGE COMMAND...
  local status=0; "${@:2}" 2> err < /dev/null || status=$?
  test $status -eq 2 || { echo "status $status: ${*:2}"; cat err; exit 1; }
  grep -q -- "$1" err || { cat err; exit 1; }
}
for name in www/clip.ts www 'www/%03d.jpg' none.mkv; do refused "$name is not a pipe" $detect "$name"; done
refused 'a single input' $detect rtsp://a rtsp://b
refused '--live and --resume' $detect --resume -o a rtsp://a
refused '--live and --resume-from' $both --resume-from a rtsp://a
refused '--live and --output-dir' $detect --output-dir a rtsp://a
refused '--live and --stills' $detect --stills rtsp://a
refused '--live requires --detect' vremd-pose --live
status=0; $detect < www/clip.mkv 2> err || status=$?
test $status -eq 2; grep -q 'standard input is not a pipe' err

# The next frame comes when the record of the one so many before it is there.
behind() {  # FRAMES COMMAND...
  source --keep kept.y4m --behind $1 20 64x48 "${@:2}" -q > behind.jsonl || { echo "not $1 behind: ${*:2}"; exit 1; }
  ends behind.jsonl '.frames == 20 and .people == 40 and .skipped == 0 and .reconnects == 0'
}
behind 0 $detect --cuts off
behind 1 $both --cuts off
behind 3 $both
cp behind.jsonl both.jsonl
behind 2 $detect
behind 2 $detect -j 1
# A transport stream shows where a frame ends when the next begins, twice: in packets and in the codec.
source --after 45 --behind 5 60 www/clip.ts $detect -q > ts.jsonl
ends ts.jsonl '.frames + .skipped == 60'

# The records are those of a recording, which a later tool needs.
plain() { jq -c 'select(.type == "frame")' "$@"; }
vremd-detect -q --device cpu --input-size 64 --min-score 0.001 --max-people 2 kept.y4m > file.jsonl
cmp <(plain behind.jsonl) <(plain file.jsonl)
pose() { vremd-pose -q --device cpu -w tiny.safetensors "$@"; }
pose --video kept.y4m behind.jsonl > later.jsonl
cmp <(plain later.jsonl) <(plain both.jsonl)
ends later.jsonl '.skipped == 0'
status=0; sed 's#"video":"-"#"video":"rtsp://camera"#' behind.jsonl | pose 2> err || status=$?
test $status -eq 1; grep -q 'rtsp://camera was read live, and cannot be read again' err
# Records that are piped do not wait for others either.
mkfifo again
source --behind 3 20 64x48 bash -c "tee >(cat > again) | $detect -q |
  vremd-pose -q --device cpu -w tiny.safetensors --video again" > piped.jsonl
cmp <(plain piped.jsonl) <(plain both.jsonl)

# A source that is too fast: frames are skipped, but not the last one; numbers and times go on.
source 300 64x48 $detect --input-size 416 2> err > fast.jsonl
ends fast.jsonl '.frames + .skipped == 300 and .skipped > 100'
grep -q "vremd-detect: .* frames, $(tail -n 1 fast.jsonl | jq .skipped) skipped, " err
plain fast.jsonl | jq -se 'last.frame == 299 and all(.frame == (.time * 25 | round))' > /dev/null
street=$SOURCE_DIR/examples/street.mp4
cat $street | vremd-pose --detect --live -q --device cpu -w tiny.safetensors --input-size 160 > street.jsonl
ends street.jsonl '.frames + .skipped == 95 and .skipped > 0'
# Neighbours are the nearest frames that were not skipped, and other tools accept the records.
plain street.jsonl | jq -se '[., .[1:]] | transpose | map(select(.[1])) |
  all((.[1].frame - .[0].frame) as $gap | all(.[0].instances[]; .neighbours[1] == $gap or .neighbours[1] == 0) and
                                        all(.[1].instances[]; .neighbours[0] == -$gap or .neighbours[0] == 0))' > /dev/null
plain street.jsonl | jq -se 'any(.[].instances[]; .neighbours[1] > 1)' > /dev/null
vremd-track -q street.jsonl > tracks.jsonl
ends tracks.jsonl '.skipped > 0 and .tracks > 0'
vremd-convert -q --to csv tracks.jsonl -o tracks.csv
vremd-draw -q --video $street tracks.jsonl -o drawn.mkv
if python3 -c 'import jsonschema' 2> /dev/null; then
  PYTHONDONTWRITEBYTECODE=1 python3 $TEST_DIR/support/check_records.py $SOURCE_DIR/lib/io/records.schema.json \
    fast.jsonl both.jsonl tracks.jsonl
fi

# Ctrl-C is the end of the video: the file is complete.
for tool in "$detect" "$both"; do
  status=0; source --interrupt --behind 3 20 64x48 $tool -q > stopped.jsonl || status=$?
  test $status -eq 130 || { echo "status $status: $tool"; exit 1; }
  ends stopped.jsonl '.frames + .skipped == 20'
done
mkfifo camera
$both camera -o kept.jsonl 2> err & child=$!
exec 7> camera
cat kept.y4m >&7
for _ in {1..300}; do grep -q '"frame":16' .kept.jsonl.*.partial 2> /dev/null && break; sleep 0.1; done
kill -TERM $child
status=0; wait $child || status=$?
exec 7>&-
test $status -eq 143 || { echo "status $status"; cat err; exit 1; }
ends kept.jsonl '.frames + .skipped == 20'

# Connections that were made again, and the one that was not.
$detect -q $url/break/clip.mkv > broken.jsonl
ends broken.jsonl '.frames + .skipped == 40 and .reconnects == 2'
status=0; wait $losing || status=$?
test $status -eq 1
grep -q 'live/clip.ts: connection lost after frame 59: ' lost || { cat lost; exit 1; }
test ! -e lost.jsonl; test -z "$(grep '"end"' .lost.jsonl.*.partial)"
if grep -q secret lost .lost.jsonl.* broken.jsonl; then echo 'credentials'; exit 1; fi
