#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""read_records.py POSES.jsonl: poses as lists, without a package.

Prints the mean position of each joint over the people of a video, as an example.
"""
import json
import sys


def poses(path):
    """(video, frame, time, joint names, person) of each person; the person is a dictionary."""
    with open(path) as lines:
        for record in map(json.loads, lines):
            if record['type'] == 'header':
                header = record
            elif record['type'] == 'frame':
                for person in record['instances']:
                    yield header['video'], record['frame'], record.get('time'), header.get('joints'), person


if __name__ == '__main__':
    seen = {}
    for video, frame, time, joints, person in poses(sys.argv[1]):
        for joint, (x, y, score) in zip(joints or (), person.get('keypoints', ())):
            if score > 0:
                seen.setdefault((video, joint), []).append((x, y))
    for (video, joint), points in seen.items():
        x, y = (sum(axis) / len(points) for axis in zip(*points))
        print(f'{video}\t{joint}\t{len(points)}\t{x:.1f}\t{y:.1f}')
