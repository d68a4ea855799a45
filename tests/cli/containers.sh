#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# All tools agree on count, index and time of the frames, in any container, with any number of threads.
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
vremd_pose_files weights table4_baseline tiny.safetensors
frames=6
videos=()
for kind in mkv:libx264 mkv:ffv1 mp4:libx264 mp4:mpeg4 mov:mjpeg avi:mpeg4 avi:mjpeg ts:libx264 ts:libx265 ts:mpeg2video \
  mpg:mpeg2video flv:libx264 webm:libvpx-vp9 webm:libvpx ivf:libvpx-vp9 ogv:libtheora h264:libx264 mjpeg:mjpeg nut:libx264 \
  y4m:wrapped_avframe; do
  IFS=: read -r ending codec <<< $kind
  name=$codec-$ending
  vremd_pose_files clip $frames $name.$ending $codec 2> err ||
    { grep -q 'has no encoder' err || { cat err; exit 1; }; echo "no $codec"; continue; }
  videos+=("$name.$ending")
  cat $name.$ending $name.$ending > $name-twice.$ending; videos+=("$name-twice.$ending")
done
test ${#videos[@]} -ge 10
vremd_pose_files packed $frames packed.avi; videos+=(packed.avi)

detect() { vremd-detect -q --device cpu --input-size 32 "$@"; }
pose() { vremd-pose -q --device cpu -w tiny.safetensors "$@"; }
# What has to be the same everywhere.
account() {
  jq -c 'if .type == "header" then .video elif .type == "frame" then [.frame, .time, .pts, .damaged]
    else [.frames, .damaged, .missing] end' "$@"
}
same() { cmp <(account "$1") <(account "$2"); }
detect -j 1 "${videos[@]}" > one.jsonl
detect -j 4 "${videos[@]}" > four.jsonl; same one.jsonl four.jsonl
for video in "${videos[@]}"; do
  expected=$frames; [[ $video = *-twice.* ]] && expected=$((2 * frames))
  account one.jsonl | grep -F -A $((expected + 1)) "\"$video\"" > of_video
  test "$(tail -n 1 of_video)" = "[$expected,0,0]" || { cat of_video; exit 1; }
  jq -es '[.[1:-1][] | .[1]] | length > 1 and . == (sort | unique)' of_video > out ||
    { echo "times do not increase"; cat of_video; exit 1; }
done

# So do pipes.
for video in libx264-{mkv,flv,nut}-twice.* libvpx-vp9-ivf-twice.ivf wrapped_avframe-y4m-twice.y4m; do
  test -e $video || continue
  detect - < $video > piped.jsonl
  cmp <(detect $video | account | tail -n +2) <(account piped.jsonl | tail -n +2)
done

# Somebody in each frame, so that each is read.
jq -c 'if .type == "frame" then .instances = [{box: [20, 40, 24, 48]}] else . end' one.jsonl > boxes.jsonl
pose -j 1 boxes.jsonl > poses.jsonl; same one.jsonl poses.jsonl
pose -j 4 boxes.jsonl > poses4.jsonl; same one.jsonl poses4.jsonl
cmp <(jq -c 'del(.command)' poses.jsonl) <(jq -c 'del(.command)' poses4.jsonl)
vremd-track -q poses.jsonl > tracks.jsonl; same one.jsonl tracks.jsonl

# The drawn videos have the same frames, at the same times.
times() { jq -c 'if .type == "header" then .video | sub(".*/"; "") | sub("[.][^.]*$"; "")
  elif .type == "frame" then [.frame, (.time * 100 | round)] else .frames end' "$@"; }
for threads in 1 4; do
  vremd-draw -j $threads tracks.jsonl -o drawn$threads/ 2> err
  test $(wc -l < err) -eq 1 || { cat err; exit 1; }
  drawn=("${videos[@]%.*}"); drawn=("${drawn[@]/#/drawn$threads/}"); drawn=("${drawn[@]/%/.mp4}")
  detect -j 2 "${drawn[@]}" > drawn.jsonl
  cmp <(times one.jsonl) <(times drawn.jsonl)
done
# And the same pictures.
joined=$(printf '%s\n' "${videos[@]}" | grep -m 1 -e -twice.ts)
detect $joined | vremd-draw -q -j 1 - -o pictures1/
detect $joined | vremd-draw -q -j 4 - -o pictures4/
test $(ls pictures1 | wc -l) -eq $((2 * frames)); diff -r pictures1 pictures4
