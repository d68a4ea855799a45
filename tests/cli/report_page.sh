#!/bin/bash -eu
# SPDX-License-Identifier: Apache-2.0
# The page of vremd-draw --report in a browser: report_page.py clicks through it.
browser=$(type -P chromium || type -P chromium-browser || type -P google-chrome) ||
  { echo 'no Chromium'; exit 77; }
type -P python3 > /dev/null || { echo 'no python3'; exit 77; }
work=$(mktemp -d); trap 'rm -rf $work' EXIT; cd $work
for name in 'day 1/a' 'day 1/b' c; do
  mkdir -p "$(dirname "$name")"
  vremd_pose_files clip 40 "$name.mkv"
done
python3 $TEST_DIR/support/report_records.py
vremd-draw -q --report page day1.jsonl c.jsonl odd.jsonl broken.jsonl 2> err && exit 1
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$TEST_DIR/support \
  timeout 300 python3 $TEST_DIR/support/report_page.py "$browser" file://$work/page/index.html "${SCREENSHOTS:-$work}"
