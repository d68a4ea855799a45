#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""knock_outs.py MODEL ANNOTATIONS [PART[,PART]...] - what each part of a trained network is worth: PCK@0.2 of the
torso over the 12 body joints with all parts, and the change without each (vremd-pose --knock-out), in points.

ANNOTATIONS is a PoseTrack18 file; its boxes are used. Joints are hidden where the person lists them under "occluded",
otherwise open. The error is the standard deviation of the change over 500 bootstrap samples of the videos (of the
people, if all are still images). The tools are taken from PATH; parts that the weights lack are left out."""
import argparse
import json
import math
import random
import subprocess
import sys

PARTS = ['hkme', 'human-mask', 'keypoint-mask', 'hk', 'dca', 'ca', 'dca,ca', 'offsets', 'forward', 'backward', 'motion',
         'prior']
BODY = [side + name for name in ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle') for side in ('left_', 'right_')]
GROUPS = ['all', 'hidden', 'open']


def annotated(path, every):
    """{annotation id: (video, torso, {joint: (x, y, hidden)})} of every N-th frame with people that can be scored."""
    data = json.load(open(path))
    names = data['categories'][0]['keypoints']
    images = {image['id']: image for image in data['images']}
    frames, people = {}, {}
    for one in data['annotations']:
        number = frames.setdefault(one['image_id'], len(frames))
        if number % every or one.get('iscrowd'):
            continue
        points = {name: one['keypoints'][3 * i:3 * i + 2] for i, name in enumerate(names) if one['keypoints'][3 * i + 2]}
        torso = max((math.dist(points[a], points[b]) for a, b in (('left_shoulder', 'right_hip'),
                                                                  ('right_shoulder', 'left_hip'))
                     if a in points and b in points), default=0)
        if torso > 0:
            hidden = set(one.get('occluded', []))
            people[one['id']] = (images[one['image_id']]['vid_id'], torso,
                                 {j: (*points[j], j in hidden) for j in BODY if j in points})
    return people


def boxes(path, people):
    """The people as records."""
    lines = subprocess.run(['vremd-convert', '--from', 'posetrack18', path], check=True, capture_output=True,
                           text=True).stdout.splitlines()
    for line in lines:
        record = json.loads(line)
        if record['type'] == 'frame':
            record['instances'] = [one for one in record['instances'] if one.get('id') in people]
            if not record['instances']:
                continue
        yield json.dumps(record)


def score(options, records, people, part):
    """{video: {group: [right, joints]}}; None if the weights lack the part."""
    command = ['vremd-pose', '-q', '-w', options.weights, '--threads', options.threads]
    if part:
        command += ['--knock-out', part]
    run = subprocess.run(command, input=records, capture_output=True, text=True)
    if run.returncode == 2 and 'have no such part' in run.stderr:
        return None
    if run.returncode:
        sys.exit(run.stderr)
    counts = {}
    joints = []
    for line in run.stdout.splitlines():
        record = json.loads(line)
        joints = record.get('joints', joints)
        for one in record.get('instances', []):
            video, torso, truth = people[one['id']]
            count = counts.setdefault(video, {group: [0, 0] for group in GROUPS})
            for name, (x, y, hidden) in truth.items():
                point = one['keypoints'][joints.index(name)]
                right = math.dist(point[:2], (x, y)) <= 0.2 * torso
                for group in ('all', 'hidden' if hidden else 'open'):
                    count[group][0] += right
                    count[group][1] += 1
    return counts


def rate(counts, videos, group):
    right, joints = (sum(counts[video][group][i] for video in videos) for i in (0, 1))
    return 100 * right / joints if joints else math.nan


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('weights')
    parser.add_argument('annotations')
    parser.add_argument('parts', nargs='*', default=PARTS)
    parser.add_argument('--every', type=int, default=1, help='use every N-th frame with people')
    parser.add_argument('--threads', default='0')
    options = parser.parse_args()
    people = annotated(options.annotations, options.every)
    records = '\n'.join(boxes(options.annotations, people)) + '\n'
    whole = score(options, records, people, '')
    videos = sorted(whole)
    groups = [group for group in GROUPS if sum(whole[video][group][1] for video in videos)]
    print(f'{len(people)} people, {len(videos)} videos\n\n| without | {" | ".join(groups)} |\n|---|{"---|" * len(groups)}')
    print(f'| nothing | {" | ".join(f"{rate(whole, videos, group):.1f}" for group in groups)} |', flush=True)
    for part in options.parts:
        less = score(options, records, people, part)
        if less is None:
            continue
        cells = []
        for group in groups:
            rng = random.Random(1)
            changes = []
            for _ in range(500):
                some = rng.choices(videos, k=len(videos))
                changes.append(rate(less, some, group) - rate(whole, some, group))
            middle = sum(changes) / len(changes)
            error = math.sqrt(sum((change - middle) ** 2 for change in changes) / len(changes))
            cells.append(f'{rate(less, videos, group) - rate(whole, videos, group):+.1f} ± {error:.1f}')
        print(f'| {part.replace(",", " + ")} | {" | ".join(cells)} |', flush=True)


main()
