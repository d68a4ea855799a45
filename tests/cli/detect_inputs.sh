#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Several inputs, stills, damaged and invalid ones: readable ones are processed; the status reports failures.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
detect() { vremd-detect -q --device cpu --input-size 96 -j 2 "$@"; }
types() { jq -r .type "$@" | tr '\n' ' '; }

# bmp FILE GREY: 48 x 32 pixels
bmp() {
  { printf 'BM\066\022\0\0\0\0\0\0\066\0\0\0\050\0\0\0\060\0\0\0\040\0\0\0\001\0\030\0'
    printf '\0\0\0\0\0\022\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0'
    head -c 4608 /dev/zero | tr '\0' "\\$(printf %o $2)"; } > $1
}
mkdir photos
for i in 1 2 10; do bmp photos/$i.bmp $((60 + 10 * i)); done

# A directory is one video in natural order; with --stills each image is a video.
detect photos > folder.jsonl
test "$(types folder.jsonl)" = "header frame frame frame end "
jq -s -e '[.[1:4][] | .file] == ["1.bmp","2.bmp","10.bmp"] and .[0].video == "photos"' folder.jsonl > out
detect --stills photos > stills.jsonl
test "$(types stills.jsonl)" = "header frame end header frame end header frame end "
jq -s -e '[.[] | select(.type == "header") | .video] ==
  ["photos/1.bmp","photos/2.bmp","photos/10.bmp"]' stills.jsonl > out
cmp <(jq -c 'del(.command)' stills.jsonl) <(detect --stills 'photos/*.bmp' | jq -c 'del(.command)')
cmp <(jq -c 'del(.command)' stills.jsonl) \
    <(detect photos/1.bmp photos/2.bmp photos/10.bmp | jq -c 'del(.command)')
(cd /; detect --stills --root $work photos | jq -c 'del(.command)') > rooted.jsonl
cmp <(jq -c 'del(.command)' stills.jsonl) rooted.jsonl
vremd-detect --device cpu --frames 5:9 photos > none.jsonl 2> err
grep -q "warning: --frames 5:9: no such frames$" err
test "$(types none.jsonl)" = "header end "
detect --frames 1:2 photos > second.jsonl
jq -s -e '.[1].frame == 1 and .[1].file == "2.bmp" and .[2].frames == 1' second.jsonl > out

# bad STATUS MESSAGE ARGUMENTS...: only this line on standard error
bad() {
  want=$1 message=$2; shift 2
  status=0; detect "$@" > out 2> err || status=$?
  test $status -eq $want && grep -qF "vremd-detect: $message" err ||
    { echo "status $status instead of $want and: $message"; cat err; exit 1; }
}
usage() { bad 2 "$@"; grep -q "Try 'vremd-detect --help'" err; test ! -s out; }
usage '--input-size: 100 is not a multiple of 32' --input-size 100 x.mp4
usage '--min-score: must be in [0, 1]' --min-score 2 x.mp4
usage '--max-people: must not be negative' --max-people -1 x.mp4
usage '--every must be in' --every 0 x.mp4
usage "--precision must be fp32 or bf16, not 'fp8'" --precision fp8 x.mp4
usage '' --frames 5:2 x.mp4
usage "--device must be auto, cpu, cuda or cuda:N, not 'tpu'" --device tpu x.mp4
usage "--device must be auto, cpu, cuda or cuda:N, not 'cudax'" --device cudax x.mp4
bad 1 '--device cuda:77: ' --device cuda:77 x.mp4
bad 1 'none.safetensors: no such weights file' -w none.safetensors x.mp4
bad 1 'some-detector: no such weights in' -w some-detector x.mp4
echo text > text.safetensors
bad 1 'text.safetensors: ' -w text.safetensors x.mp4
bad 1 'none.mp4: ' none.mp4; test ! -s out
bad 1 'text.safetensors: ' text.safetensors; test ! -s out
mkdir empty
bad 1 'empty: ' empty; test ! -s out
: > zero.mp4
bad 1 'zero.mp4: ' zero.mp4 -o zero.jsonl; test ! -e zero.jsonl
test -z "$(ls -A | grep partial || true)"

# An existing file is not overwritten; a full disk is an error.
echo kept > kept.jsonl
bad 1 'kept.jsonl: ' -o kept.jsonl none.mp4; test "$(cat kept.jsonl)" = kept

status=0; detect photos > /dev/full 2> err || status=$?
test $status -eq 1
grep -q 'standard output.*No space left on device' err

# One invalid input of three: the others have records, the status is 1.
status=0; detect photos/1.bmp none.mp4 photos/2.bmp > some.jsonl 2> err || status=$?
test $status -eq 1
test "$(types some.jsonl)" = "header frame end header frame end "
test "$(wc -l < err)" -eq 1
grep -q '^vremd-detect: none.mp4: ' err
status=0; detect photos/1.bmp none.mp4 -o some.out 2> err || status=$?
test $status -eq 1
test ! -e some.out  # not complete: it keeps its temporary name
test "$(types .some.out.*.partial)" = "header frame end "
test "$(tail -n 1 err)" = "vremd-detect: incomplete output left in $(ls .some.out.*.partial)"
status=0; detect --fail-fast photos/1.bmp none.mp4 photos/2.bmp -o fast.jsonl 2> err || status=$?
test $status -eq 1
test ! -e fast.jsonl
grep -q '^vremd-detect: none.mp4: ' err
status=0; detect --stills text.safetensors photos > some.jsonl 2> err || status=$?
test $status -eq 1
grep -q 'text.safetensors: not an image' err
test "$(types some.jsonl)" = "header frame end header frame end header frame end "

# A damaged video: every frame keeps its record and its index.
clip=$SOURCE_DIR/examples/street.mp4
cp $clip hurt.mp4
size=$(stat -c %s hurt.mp4)
head -c 3000 /dev/zero | dd of=hurt.mp4 bs=1 seek=$((size / 2)) conv=notrunc 2> out
detect --input-size 32 hurt.mp4 > hurt.jsonl 2> err || true
jq -s -e '[.[] | select(.type == "frame")] as $f | .[-1] as $e |
  [$f[].frame] == [range($f | length)] and $e.type == "end" and $e.frames == ($f | length) and
  ($e.damaged // 0) + ($e.missing // 0) > 0 and
  ($e.damaged // 0) == ([$f[] | select(.damaged == true)] | length) and
  all($f[] | select(.damaged == "missing"); .instances == [])' hurt.jsonl > out

# Options from a file, which may have comments; the command line wins. Errors: status 2 and the place.
cat > options.json <<'END'
{
  "frames": "2:4",  // two of them
  "min_score": 0.5
}
END
detect --config options.json --frames 2:3 $clip | jq -s -e '
  [.[] | select(.type == "frame") | .frame] == [2] and .[0].settings.min_score == 0.5' > out
refused() {  # MESSAGE
  status=0; detect --config options.json $clip > out 2> err || status=$?
  test $status -eq 2
  grep -q "vremd-detect: --config: options.json$1" err || { cat err; exit 1; }
}
echo '{"frames": "2:4", "frames": "2:5"}' > options.json
refused ':1: frames: duplicate key$'
echo '{"frams": "2:4"}' > options.json
refused ": unknown option 'frams'$"
# Values must have the option's type.
wrong() { echo "{$1}" > options.json; refused ": $2$"; }
wrong '"device": null' 'device must be a string'
wrong '"frames": 2' 'frames must be a string'
wrong '"weights": ["a", "b"]' 'weights must be a string'
wrong '"every": "2"' 'every must be an integer'
wrong '"every": 2.5' 'every must be an integer'
wrong '"every": 99999999999' 'every must be an integer'
wrong '"min_score": "0.5"' 'min_score must be a number'
wrong '"min_score": null' 'min_score must be a number'
wrong '"input-size": [96, 1.5]' 'input-size must be a list of integers'
wrong '"stills": 1' 'stills must be true or false'
wrong '"stills": null' 'stills must be true or false'
echo '{"input_size": [96, 64], "min_score": 1, "every": 2, "stills": false, "frames": "0:3"}' > options.json
vremd-detect -q --device cpu --config options.json $clip | jq -s -e '.[0].settings | .input_size == [96, 64] and
  .min_score == 1 and .every == 2 and .frames == "0:3"' > out
rm options.json
refused ': cannot open: No such file or directory$'

# The reader of a pipe exits: silent, as with SIGPIPE.
echo 0 > status
{ detect $clip 2> err || echo $? > status; } | head -n 1 > out
test "$(cat status)" -eq 141
test ! -s err

# SIGTERM while waiting for input: 143, no end record, the partial file is kept.
mkfifo pipe; sleep 60 > pipe & sleeper=$!
detect - -o late.jsonl < pipe 2> err & tool=$!
sleep 1; kill -TERM $tool
status=0; wait $tool || status=$?
kill $sleeper
test $status -eq 143
test ! -e late.jsonl

# SIGTERM during processing: complete records, no end record.
detect --input-size 640 -j 1 $clip > stopped.jsonl 2> err & tool=$!
until test "$(wc -l < stopped.jsonl)" -ge 3; do sleep 0.05; done
kill -TERM $tool
status=0; wait $tool || status=$?
test $status -eq 143
jq -s -e '.[0].type == "header" and .[-1].type == "frame"' stopped.jsonl > out
