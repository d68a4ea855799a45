# SPDX-License-Identifier: Apache-2.0
"""python3 -m made.stats DIR/made.json...: what a set holds."""
import json
import sys

import numpy as np


def main(paths):
    for path in paths:
        d = json.load(open(path))
        a = d['annotations']
        joints = sum(x['num_keypoints'] for x in a)
        hidden = sum(len(x['occluded']) for x in a)
        h = np.array([x['bbox'][3] for x in a])
        by = {}
        for x in a:
            by[x['image_id']] = by.get(x['image_id'], 0) + 1
        n = np.array(list(by.values()) + [0] * (len(d['images']) - len(by)))
        print('%s: %d clips, %d frames, %d people in frames, %d tracks, %d joints, %.1f %% hidden; people a frame %.2f '
              '(at most %d); height of boxes, px: 5 %% %.0f, median %.0f, 95 %% %.0f'
              % (path, len({i['vid_id'] for i in d['images']}), len(d['images']), len(a),
                 len({x['track_id'] for x in a}), joints, 100 * hidden / joints, n.mean(), n.max(),
                 *np.percentile(h, [5, 50, 95])))
        total, occ = np.zeros(17, int), np.zeros(17, int)
        names = d['categories'][0]['keypoints']
        for x in a:
            total += np.array(x['keypoints'][2::3])
            for o in x['occluded']:
                occ[names.index(o)] += 1
        print('  hidden by joint: ' + ', '.join('%s %.0f %%' % (names[s], 100 * occ[s] / max(1, total[s]))
                                                for s in range(17)))


if __name__ == '__main__':
    main(sys.argv[1:])
