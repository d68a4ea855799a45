#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""ablations.py VREMD_TRAIN CONFIG.json [PRESET...] - train each row of the paper's tables 4, 5 and 6 briefly on the
same data, and print the scores.

CONFIG.json is a configuration of vremd-train with data, validation and schedule; the preset determines only the
modules. --runs names the directory of the runs, which are kept; finished runs are not repeated. With one seed and little
data, the order of the rows shows how the implementation behaves, not the result on PoseTrack. See ablations.md for
results."""
import argparse
import json
import os
import subprocess
import sys
import time

# The rows, with the mAP on PoseTrack17 in the paper.
PAPER = {'table4_baseline': 80.2, 'table4_a': 85.3, 'table4_b': 85.6, 'table4_c': 87.6, 'table5_a': 85.9,
         'table5_b': 86.5, 'table5_c': 86.8, 'table6_a': 84.7, 'table6_b': 85.8, 'table6_c': 87.1}
MEANING = {'table4_baseline': 'one frame, head only', 'table4_a': 'HKME', 'table4_b': 'BMD',
           'table4_c': 'HKME + BMD (complete)', 'table5_a': 'HKME without masks', 'table5_b': 'human mask only',
           'table5_c': 'keypoint mask only', 'table6_a': 'deformable convolutions', 'table6_b': 'deformable attention',
           'table6_c': 'DCA, one stream'}


def parameters(path):
    """Parameters of modules and heads: everything except the backbone and batch statistics."""
    with open(path, 'rb') as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), 'little')))
    total = 0
    for name, tensor in header.items():
        if name == '__metadata__' or name.startswith('backbone.') or '.running_' in name:
            continue
        count = 1
        for side in tensor['shape']:
            count *= side
        total += count
    return total


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('vremd_train')
    parser.add_argument('config')
    parser.add_argument('presets', nargs='*', default=list(PAPER))
    parser.add_argument('--runs', default='ablations')
    parser.add_argument('--threads', default='0')
    options = parser.parse_args()
    rows = []
    for preset in options.presets:
        folder = os.path.join(options.runs, preset)
        begin = time.monotonic()
        if not os.path.exists(os.path.join(folder, 'done')):
            command = [options.vremd_train, '--config', options.config, '--preset', preset, '-o', folder, '-q', '-j',
                       options.threads]
            if os.path.exists(os.path.join(folder, 'checkpoint.safetensors')):
                command.append('--resume')
            subprocess.run(command, check=True)
            open(os.path.join(folder, 'done'), 'w').close()
        lines = [json.loads(line) for line in open(os.path.join(folder, 'metrics.jsonl'))]
        scores = [line['pck'] for line in lines if 'pck' in line]
        losses = [line['loss'] for line in lines if 'loss' in line]
        rows.append((preset, parameters(os.path.join(folder, 'last.safetensors')), losses[-1], scores[-1]))
        print(f'{preset}: {time.monotonic() - begin:.0f} s', file=sys.stderr, flush=True)
    print('| preset | | parameters | last loss | PCK | paper, PT17 mAP |\n|---|---|---|---|---|---|')
    for preset, count, loss, score in rows:
        print(f'| {preset} | {MEANING.get(preset, "")} | {count:,} | {loss:.4f} | {100 * score:.1f} '
              f'| {PAPER.get(preset, "")} |')


main()
