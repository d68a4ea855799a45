#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# Videos of an HTTP server: the same records, no credentials anywhere, connections that break.
type -P python3 > /dev/null || exit 77
work=$(mktemp -d); trap 'kill $server 2> /dev/null; rm -rf $work' EXIT; cd $work
unset http_proxy HTTP_PROXY all_proxy ALL_PROXY
vremd_pose_files weights paper tiny.safetensors
mkdir www; vremd_pose_files clip 40 www/clip.mkv
python3 $TEST_DIR/support/http_server.py www port & server=$!
for _ in {1..100}; do test -e port && break; sleep 0.1; done
place=127.0.0.1:$(cat port)
url=http://me:secret@$place
detect() { vremd-detect --device cpu --input-size 64 "$@"; }
frames() { jq -c 'select(.type != "header")' "$@"; }

detect -q www/clip.mkv > file.jsonl
detect -v $url/clip.mkv > http.jsonl 2> log
cmp <(frames http.jsonl) <(frames file.jsonl)
test "$(jq -r 'select(.video).video' http.jsonl)" = http://$place/clip.mkv
test "$(jq -r 'select(.video).fingerprint' http.jsonl)" = "$(jq -r 'select(.video).fingerprint' file.jsonl)"

# Both tools in one; files, manifest and logs of many inputs.
both() { vremd-pose --detect --device cpu -w tiny.safetensors --input-size 64 --output-dir out "$@"; }
both --manifest manifest --log-json events -v "$url/clip.mkv?token=hush" 2>> log
test -s manifest
test -e out/$place/clip.mkv.jsonl || { find out; exit 1; }
both --resume "$url/clip.mkv?token=hush" 2> err
grep -q '1 of 1 inputs were already done' err || { cat err; exit 1; }
status=0; detect $url/none.mkv 2>> log || status=$?
test $status -eq 1; grep -q "http://$place/none.mkv: cannot open: .*404" log
status=0; detect http://me:wrong@$place/clip.mkv 2>> log || status=$?
test $status -eq 1; grep -q '401' log
if grep -rn -e secret -e wrong -e hush http.jsonl out manifest log events err; then echo 'credentials'; exit 1; fi

# A server without ranges, and one whose connections break twice.
detect -q $url/ranges-off/clip.mkv | frames | cmp - <(frames file.jsonl)
detect -q $url/break/clip.mkv | frames | cmp - <(frames file.jsonl)
