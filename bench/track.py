#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""track.py BIN TRUTH PEOPLE [OPTION...] - measure how well people are tracked.

BIN is the directory of the tools, TRUTH a directory of PoseTrack annotations, PEOPLE a directory of
predictions, or TRUTH itself. The track ids of PEOPLE are removed and assigned again by vremd-track
with the OPTIONs, using poses and using boxes only, and by greedy IoU matching with the boxes of the
previous frame as a baseline. Prints MOTA, identity switches (of all joints) and HOTA (percent) from
vremd-eval; people without a track id are skipped."""
import glob
import json
import os
import subprocess
import sys
import tempfile

MIN_SCORE, MIN_IOU = 0.4, 0.3  # the defaults of vremd-track


def run(*command, **more):
    result = subprocess.run(command, text=True, capture_output=True, **more)
    if result.returncode:
        sys.exit(f'{command[0]}: status {result.returncode}: {result.stderr.strip()}')
    return result.stdout


def iou(a, b):
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    common = w * h if w > 0 and h > 0 else 0
    union = a[2] * a[3] + b[2] * b[3] - common
    return common / union if union > 0 else 0


def greedy(records):
    """Matches the best pair first; unmatched people start a track from MIN_SCORE on."""
    last, count = [], 0
    for record in records:
        if record['type'] == 'header':
            last, count = [], 0
        if record['type'] != 'frame':
            continue
        people = record['instances']
        pairs = sorted(((iou(box, one['box']), -t, -p) for t, (_, box) in enumerate(last)
                        for p, one in enumerate(people)), reverse=True)
        taken = set()
        for overlap, t, p in pairs:
            if overlap >= MIN_IOU and ('track', t) not in taken and 'track' not in people[-p]:
                taken.add(('track', t))
                people[-p]['track'] = last[-t][0]
        for one in people:
            if 'track' not in one and one['score'] >= MIN_SCORE:
                count += 1
                one['track'] = count
        last = [(one['track'], one['box']) for one in people if 'track' in one]


def tracked(tool, records, options, boxes_alone):
    less = {'keypoints', 'joints', 'joint_set'} if boxes_alone else {}
    keep = lambda one: {k: v for k, v in one.items() if k not in less}
    lines = [json.dumps(keep(dict(r, instances=[keep(one) for one in r['instances']])
                             if r['type'] == 'frame' else r)) for r in records]
    output = run(tool, '-q', *options, input='\n'.join(lines) + '\n').splitlines()
    for record, line in zip(records, output, strict=True):
        if record['type'] != 'frame':
            continue
        for one, other in zip(record['instances'], json.loads(line)['instances'], strict=True):
            if 'track' in other:
                one['track'] = other['track']


def score(tool, truth, records, folder):
    path = folder + '/people.jsonl'
    with open(path, 'w') as out:
        for record in records:
            if record['type'] == 'frame':
                people = [one for one in record['instances'] if 'track' in one]
                record = dict(record, instances=people)
            out.write(json.dumps(record) + '\n')
    mot = json.loads(run(tool, '-q', '-t', '-g', truth, '-p', path, '--json', '-'))['mot']
    kit = json.loads(run(tool, '-q', '--kit', 'pt21', '-g', truth, '-p', path, '--json', '-'))
    hota = [row[-1] for row in kit['hota']['combined']['HOTA']]
    switches = sum(joint['switches'] for joint in mot['counts'].values())
    return mot['table']['Total'], switches, 100 * sum(hota) / len(hota)


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    tools, truth, people, options = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:]
    files = lambda folder: sorted(glob.glob(folder + '/*.json'))
    with tempfile.TemporaryDirectory() as folder:
        # PoseTrack21's kit reads one form only.
        run(tools + '/vremd-convert', '-q', *files(truth), '--to', 'posetrack18', '-o', folder + '/truth/')
        lines = run(tools + '/vremd-convert', '-q', *files(people)).splitlines()
        ways = [('vremd-track, poses', lambda r: tracked(tools + '/vremd-track', r, options, False)),
                ('vremd-track, boxes', lambda r: tracked(tools + '/vremd-track', r, options, True)),
                ('greedy IoU', greedy)]
        for name, way in ways:
            records = [json.loads(line) for line in lines]
            for record in records:
                for one in record.get('instances', []) if record['type'] == 'frame' else []:
                    one.pop('track', None)
            way(records)
            mota, switches, hota = score(tools + '/vremd-eval', folder + '/truth', records, folder)
            print(f'{name:<20} MOTA {mota:5.1f}, {switches:4} switches, HOTA {hota:5.1f}')


main()
