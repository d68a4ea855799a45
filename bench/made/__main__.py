# SPDX-License-Identifier: Apache-2.0
"""python3 -m made --clips N --seed S --out DIR: makes a set of clips with their annotation DIR/made.json."""
import argparse
import hashlib
import json
import multiprocessing
import os
import re
import shutil
import sys
import time

import numpy as np

SLOTS = ['nose', 'head_bottom', 'head_top', 'left_ear', 'right_ear', 'left_shoulder', 'right_shoulder', 'left_elbow',
         'right_elbow', 'left_wrist', 'right_wrist', 'left_hip', 'right_hip', 'left_knee', 'right_knee', 'left_ankle',
         'right_ankle']
SKELETON = [[16, 14], [14, 12], [17, 15], [15, 13], [12, 13], [6, 12], [7, 13], [6, 7], [6, 8], [7, 9], [8, 10],
            [9, 11], [2, 3], [1, 2], [1, 3], [1, 4], [1, 5], [4, 6], [5, 7]]
here = os.path.dirname(os.path.abspath(__file__))


def share(text):
    a, b = (float(x) for x in text.split(':'))
    return a, b


def unit(name):
    """A number in [0, 1) from a motion's name; pieces of one take (07_01a, 07_01b) share it."""
    name = re.sub(r'(\d)[a-z]$', r'\1', name)
    return int(hashlib.md5(name.encode()).hexdigest()[:8], 16) / 2 ** 32


def work(args, todo, say):
    from . import body, clothes, motion, pictures, scene
    model = body.Model()
    layout = clothes.Layout(model)
    motions = motion.Motions(args.motions)
    low, high = args.motion_share
    names = [n for n in motions.names if low <= unit(n) < high and motions.seconds(n) > 0.8]
    if not names:
        sys.exit('no motions in --motion-share %g:%g' % (low, high))
    photos = pictures.Photos(args.photos, args.boxes, args.photo_share)
    stage = scene.Stage(model, layout, motions, names, photos)
    for k in todo:
        name = '%05d' % k
        done = os.path.join(args.out, 'parts', name + '.json')
        if os.path.exists(done):
            continue
        t = time.time()
        video = os.path.join(args.out, 'clips', name + '.mp4')
        d = scene.make_clip(stage, [args.seed, k], video)
        rows = []
        for f in d['frames']:
            row = []
            for p in f:
                kp = []
                for s in range(17):
                    kp += [round(float(p['x'][s]), 1), round(float(p['y'][s]), 1), 1] if p['inside'][s] else [0, 0, 0]
                hidden = [SLOTS[s] for s in range(17) if p['inside'][s] and p['hidden'][s]]
                row.append(dict(track=int(p['track']), keypoints=kp, occluded=hidden,
                                bbox=[round(float(v), 1) for v in p['bbox']], visible=[float(v) for v in p['visible']],
                                area=round(p['area']), size=p['size'],
                                head=[[float(p['x'][s]), float(p['y'][s])] for s in (1, 2)]))
            rows.append(row)
        d['frames'] = rows
        with open(done + '.tmp', 'w') as o:
            json.dump(d, o)
        os.replace(done + '.tmp', done)
        if say:
            print('%s %d frames %d people %.1f s %d kB %s' % (name, len(rows), len(d['motions']), time.time() - t,
                  os.path.getsize(video) // 1000, ' '.join(d['motions'])), flush=True)


def merge(args):
    images, annotations = [], []
    tracks = 0
    for k in range(args.clips):
        name = '%05d' % k
        path = os.path.join(args.out, 'parts', name + '.json')
        if not os.path.exists(path):
            continue
        d = json.load(open(path))
        top = -1
        for i, row in enumerate(d['frames']):
            image = (args.seed * 100000 + k) * 1000 + i
            images.append(dict(id=image, file_name='clips/%s.mp4' % name, frame_id=i,
                               vid_id='made%d_%s' % (args.seed, name), nframes=len(d['frames']), is_labeled=True,
                               width=d['width'], height=d['height']))
            for p in row:
                (bx, by), (tx, ty) = p['head']
                L = float(np.hypot(tx - bx, ty - by))
                cx, cy = (bx + tx) / 2, (by + ty) / 2
                head = [cx - 0.388 * L, cy - 0.488 * L, 0.776 * L, 0.976 * L]
                annotations.append(dict(id=len(annotations) + 1, image_id=image, track_id=tracks + p['track'],
                                        category_id=1, iscrowd=0, bbox=p['bbox'], bbox_visible=p['visible'],
                                        bbox_head=[round(v, 1) for v in head], area=p['area'],
                                        num_keypoints=sum(p['keypoints'][2::3]), keypoints=p['keypoints'], scores=[],
                                        occluded=p['occluded']))
                top = max(top, p['track'])
        tracks += top + 1
    out = dict(images=images, annotations=annotations,
               categories=[dict(supercategory='person', id=1, name='person', keypoints=SLOTS, skeleton=SKELETON)])
    path = os.path.join(args.out, 'made.json')
    with open(path + '.tmp', 'w') as o:
        json.dump(out, o, separators=(',', ':'))
    os.replace(path + '.tmp', path)


def main():
    p = argparse.ArgumentParser(prog='python3 -m made', description=__doc__)
    p.add_argument('--clips', type=int, default=10)
    p.add_argument('--seed', type=int, default=1)
    p.add_argument('--out', required=True)
    p.add_argument('--jobs', type=int, default=1, help='processes (default 1)')
    p.add_argument('--photos', action='append', default=[], metavar='FOLDER',
                   help='pictures for backgrounds and prints; without, made ones')
    p.add_argument('--boxes', action='append', default=[], metavar='FILE',
                   help='COCO file that lists the people in these pictures: they are painted over, and only listed '
                        'pictures are used')
    p.add_argument('--photo-share', type=share, default=(0.0, 1.0), metavar='A:B',
                   help='only pictures whose name hashes into [A, B) of [0, 1)')
    p.add_argument('--motion-share', type=share, default=(0.0, 1.0), metavar='A:B', help='the same for motions')
    p.add_argument('--motions', default=os.path.join(here, 'motions.npz'))
    p.add_argument('--keep-parts', action='store_true', help='keep DIR/parts, one description a clip')
    args = p.parse_args()
    for d in 'clips', 'parts':
        os.makedirs(os.path.join(args.out, d), exist_ok=True)
    if args.jobs <= 1:
        work(args, range(args.clips), True)
    else:
        jobs = [multiprocessing.Process(target=work, args=(args, range(j, args.clips, args.jobs), True))
                for j in range(args.jobs)]
        for j in jobs:
            j.start()
        for j in jobs:
            j.join()
        if any(j.exitcode for j in jobs):
            sys.exit('a process failed')
    merge(args)
    if not args.keep_parts:
        shutil.rmtree(os.path.join(args.out, 'parts'))


if __name__ == '__main__':
    main()
