#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""eval_set.py DIR [--form 17|18] - write synthetic annotations and predictions of the size of the
PoseTrack18 validation set (74 sequences, 4002 frames, 19 thousand annotated and 24 thousand predicted
people) to DIR/gt and DIR/pred. The random numbers are seeded: every run writes the same bytes."""
import argparse
import json
import os
import random

SEQUENCES, FRAMES, ANNOTATED, PREDICTED = 74, 4002, 19000, 24000
NAMES = ['nose', 'head_bottom', 'head_top', 'left_ear', 'right_ear', 'left_shoulder', 'right_shoulder',
         'left_elbow', 'right_elbow', 'left_wrist', 'right_wrist', 'left_hip', 'right_hip', 'left_knee',
         'right_knee', 'left_ankle', 'right_ankle']
# Joint positions of a person of height 1, relative to the top of the head.
SHAPE = [(0, .10), (0, .17), (0, 0), (0, 0), (0, 0), (.12, .2), (-.12, .2), (.17, .36), (-.17, .36),
         (.19, .5), (-.19, .5), (.08, .52), (-.08, .52), (.09, .75), (-.09, .75), (.09, .97), (-.09, .97)]
ID_17 = [13, 12, 14, None, None, 9, 8, 10, 7, 11, 6, 3, 2, 4, 1, 5, 0]


def keypoints(rng, x, y, size, noise, missing):
    points = []
    for slot, (dx, dy) in enumerate(SHAPE):
        if ID_17[slot] is None or rng.random() < missing:
            points.append(None)
            continue
        points.append((round(x + size * (dx + rng.gauss(0, noise)), 3),
                       round(y + size * (dy + rng.gauss(0, noise)), 3)))
    return points


def sequence(rng, frames, annotated, predicted):
    """Lists of (track, points, scores, head box) of each frame, annotated and predicted."""
    people = [[rng.uniform(100, 1800), rng.uniform(50, 400), rng.uniform(150, 500)] for _ in range(12)]
    truth, guess = [[] for _ in range(frames)], [[] for _ in range(frames)]
    for k in range(frames):
        for person in people:
            person[0] += rng.gauss(0, 3)
            person[1] += rng.gauss(0, 2)
        for track in range(annotated // frames + (k < annotated % frames)):
            x, y, size = people[track]
            head = [x - .06 * size, y, .12 * size, .16 * size]
            truth[k].append((track, keypoints(rng, x, y, size, .004, .12), None, [round(v, 2) for v in head]))
        for track in range(predicted // frames + (k < predicted % frames)):
            x, y, size = people[track] if rng.random() < .97 else rng.choice(people)
            points = keypoints(rng, x, y, size, rng.choice([.01, .01, .05]), .03)
            guess[k].append((track + 20 * (rng.random() < .03), points, [round(rng.random(), 6) for _ in points], None))
    return truth, guess


def write_18(path, number, frames):
    images, annotations = [], []
    for k, people in enumerate(frames):
        image = 10**10 + number * 10**4 + k
        images.append({'file_name': f'images/val/{number:06}_mpii_test/{k:06}.jpg', 'id': image, 'frame_id': image,
                       'is_labeled': True, 'nframes': len(frames), 'vid_id': f'{number:06}',
                       'ignore_regions_x': [[0, 200, 200, 0]], 'ignore_regions_y': [[0, 0, 60, 60]]})
        for n, (track, points, scores, head) in enumerate(people):
            one = {'image_id': image, 'id': image * 100 + n, 'category_id': 1, 'track_id': track,
                   'keypoints': [v for p in points for v in ((*p, 1) if p else (0, 0, 0))]}
            if head:
                one['bbox_head'] = head
            if scores:
                one['scores'] = [s if p else 0 for s, p in zip(scores, points)]
            annotations.append(one)
    categories = [{'id': 1, 'name': 'person', 'supercategory': 'person', 'keypoints': NAMES}]
    with open(path, 'w') as out:
        json.dump({'images': images, 'annotations': annotations, 'categories': categories}, out)


def write_17(path, number, frames):
    annolist = []
    for k, people in enumerate(frames):
        rects = []
        for track, points, scores, head in people:
            rect = {'track_id': [track], 'annopoints': [{'point': []}]}
            if head:
                x, y, w, h = head
                rect.update(x1=[x], y1=[y], x2=[round(x + w, 2)], y2=[round(y + h, 2)])
            for slot, point in enumerate(points):
                if point:
                    one = {'id': [ID_17[slot]], 'x': [point[0]], 'y': [point[1]]}
                    one.update({'score': [scores[slot]]} if scores else {'is_visible': [1]})
                    rect['annopoints'][0]['point'].append(one)
            rects.append(rect)
        annolist.append({'image': [{'name': f'images/bonn_5sec/{number:06}_mpii/{k + 1:08}.jpg'}],
                         'imgnum': [k + 1], 'annorect': rects})
    with open(path, 'w') as out:
        json.dump({'annolist': annolist}, out)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('folder')
    parser.add_argument('--form', choices=['17', '18'], default='18')
    options = parser.parse_args()
    rng = random.Random(1)
    write, suffix = (write_18, '_mpii_test') if options.form == '18' else (write_17, '_mpii')
    for side in ('gt', 'pred'):
        os.makedirs(f'{options.folder}/{side}')
    share = lambda total, i: total // SEQUENCES + (i < total % SEQUENCES)
    for i in range(SEQUENCES):
        truth, guess = sequence(rng, share(FRAMES, i), share(ANNOTATED, i), share(PREDICTED, i))
        write(f'{options.folder}/gt/{i + 1:06}{suffix}.json', i + 1, truth)
        write(f'{options.folder}/pred/{i + 1:06}{suffix}.json', i + 1, guess)


main()
