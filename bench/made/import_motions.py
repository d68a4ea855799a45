# SPDX-License-Identifier: Apache-2.0
"""Makes motions.npz from the CMU motion capture data (BVH of cgspeed's skeleton, or the 117-number
exponential maps of the same skeleton) and from DeepMimic's motion files. Only needed to add motions.

    python3 -m made.import_motions OUT.npz FILE...

For every motion and frame (at most 30 a second) the file holds 22 world rotations as int16
quaternions, each relative to the body at rest, and the position of the hips divided by the length of the legs.
Motions are cut where the data flips (a joint that turns by more than about 48 degrees between frames) and where
a knee or an elbow bends the wrong way; pieces shorter than 1.3 s are left out."""
import json
import os
import re
import sys

import numpy as np

from . import quat

JOINTS = ['hips', 'lowback', 'spine', 'chest', 'neck', 'head',
          'clavicle.L', 'arm.L', 'forearm.L', 'hand.L', 'clavicle.R', 'arm.R', 'forearm.R', 'hand.R',
          'thigh.L', 'shin.L', 'foot.L', 'toe.L', 'thigh.R', 'shin.R', 'foot.R', 'toe.R']
BVH = ['Hips', 'LowerBack', 'Spine', 'Spine1', 'Neck1', 'Head',
       'LeftShoulder', 'LeftArm', 'LeftForeArm', 'LeftHand', 'RightShoulder', 'RightArm', 'RightForeArm', 'RightHand',
       'LeftUpLeg', 'LeftLeg', 'LeftFoot', 'LeftToeBase', 'RightUpLeg', 'RightLeg', 'RightFoot', 'RightToeBase']
FPS = 30.0


def read_bvh(text):
    names, parents, offsets, stack = [], [], [], []
    lines = text.split('\n')
    n = 0
    for n, line in enumerate(lines):
        t = line.split()
        if not t:
            continue
        if t[0] in ('ROOT', 'JOINT', 'End'):
            names.append(t[1] if t[0] != 'End' else names[stack[-1]] + 'End')
            parents.append(stack[-1] if stack else -1)
            offsets.append(None)
        elif t[0] == '{':
            stack.append(len(names) - 1)
        elif t[0] == '}':
            stack.pop()
        elif t[0] == 'OFFSET':
            offsets[-1] = [float(x) for x in t[1:4]]
        elif t[0] == 'MOTION':
            break
    dt = float(lines[n + 2].split(':')[1])
    data = np.array([[float(x) for x in l.split()] for l in lines[n + 3:] if l.strip()])
    offsets = np.array(offsets)
    local = np.tile(np.eye(3), (len(data), len(names), 1, 1))
    k = 3
    for j, name in enumerate(names):
        if name.endswith('End'):
            continue
        r = np.radians(data[:, k:k + 3])
        k += 3
        c, s = np.cos(r), np.sin(r)
        one, zero = np.ones(len(data)), np.zeros(len(data))
        rz = np.stack([c[:, 0], -s[:, 0], zero, s[:, 0], c[:, 0], zero, zero, zero, one], -1).reshape(-1, 3, 3)
        ry = np.stack([c[:, 1], zero, s[:, 1], zero, one, zero, -s[:, 1], zero, c[:, 1]], -1).reshape(-1, 3, 3)
        rx = np.stack([one, zero, zero, zero, c[:, 2], -s[:, 2], zero, s[:, 2], c[:, 2]], -1).reshape(-1, 3, 3)
        local[:, j] = rz @ ry @ rx
    return names, parents, offsets, local, data[:, :3], dt


def global_rotations(local, parents):
    g = local.copy()
    for j, p in enumerate(parents):
        if p >= 0:
            g[:, j] = g[:, p] @ local[:, j]
    return g


def rest_directions(body_heads, index):
    """Directions of the model's limbs at rest."""
    h = lambda b: body_heads[index[b]]
    d = {}
    for s in '.L', '.R':
        d['arm' + s] = h('lowerarm01' + s) - h('upperarm01' + s)
        d['forearm' + s] = h('wrist' + s) - h('lowerarm01' + s)
        d['hand' + s] = h('finger3-1' + s) - h('wrist' + s)
        d['thumb' + s] = h('finger1-2' + s) - h('wrist' + s)
        d['thigh' + s] = h('lowerleg01' + s) - h('upperleg01' + s)
        d['shin' + s] = h('foot' + s) - h('lowerleg01' + s)
    return d


def align(d, zero):
    """For each joint the rotation from the model at rest to the source's zero pose; zero gives the
    directions of the limbs there."""
    a = {j: np.eye(3) for j in JOINTS}
    for s in '.L', '.R':
        a['arm' + s] = quat.between(d['arm' + s], zero['arm' + s])
        a['forearm' + s] = quat.between(a['arm' + s] @ d['forearm' + s], zero['forearm' + s]) @ a['arm' + s]
        hand = quat.between(a['forearm' + s] @ d['hand' + s], zero['forearm' + s]) @ a['forearm' + s]
        t = zero['forearm' + s] / np.linalg.norm(zero['forearm' + s])
        now, want = hand @ d['thumb' + s], zero['thumb' + s]
        now, want = now - t * (t @ now), want - t * (t @ want)
        angle = np.arctan2(t @ np.cross(now, want), now @ want)
        a['hand' + s] = quat.axis_angle(t, angle) @ hand
        a['thigh' + s] = quat.between(d['thigh' + s], zero['thigh' + s])
        a['shin' + s] = quat.between(a['thigh' + s] @ d['shin' + s], zero['shin' + s]) @ a['thigh' + s]
        splay = np.arctan2(-zero['shin' + s][0], -zero['shin' + s][2])
        a['foot' + s] = a['toe' + s] = quat.axis_angle([0, 1, 0], splay)
    return a


def resample(q, p, dt):
    step = max(1, int(round(1 / (FPS * dt))))
    return q[::step], p[::step], 1 / (dt * step)


C_BVH = np.array([[1., 0, 0], [0, 0, -1], [0, 1, 0]])
C_DM = np.array([[0., 0, -1], [-1, 0, 0], [0, 1, 0]])


def convert(g, hips, offsets, names, d, conv=C_BVH):
    """World rotations g (T, J, 3, 3) of the named joints -> rotations of JOINTS relative to the body at rest."""
    at = {n: i for i, n in enumerate(names)}
    zero = {}
    for s, side in ('.L', 'Left'), ('.R', 'Right'):
        zero['arm' + s] = conv @ offsets[at[side + 'ForeArm']]
        zero['forearm' + s] = conv @ offsets[at[side + 'Hand']]
        zero['thigh' + s] = conv @ offsets[at[side + 'Leg']]
        zero['shin' + s] = conv @ offsets[at[side + 'Foot']]
        zero['thumb' + s] = np.array([0, -1.0, 0])
    a = align(d, zero)
    out = np.empty((len(g), len(JOINTS), 4))
    for k, (j, b) in enumerate(zip(JOINTS, BVH)):
        out[:, k] = quat.from_matrix(conv @ g[:, at[b]] @ conv.T @ a[j])
    leg = sum(np.linalg.norm(offsets[at[x]]) for x in ('LeftLeg', 'LeftFoot', 'RightLeg', 'RightFoot')) / 2
    return out, hips @ conv.T / leg


def from_bvh(text, d):
    names, parents, offsets, local, pos, dt = read_bvh(text)
    local, pos = local[1:], pos[1:]      # the first frame is the T pose
    q, p = convert(global_rotations(local, parents), pos, offsets, names, d)
    return resample(q, p, dt)


def from_expmap(text, d):
    """117 numbers a frame: position and 38 exponential maps of row vectors."""
    rows = np.array([[float(x) for x in l.split(',')] for l in text.split('\n') if l.strip()])
    from scipy.spatial.transform import Rotation
    names = EXP_NAMES
    r = rows[:, 3:117].reshape(-1, 38, 3)
    local = np.swapaxes(Rotation.from_rotvec(r.reshape(-1, 3)).as_matrix().reshape(-1, 38, 3, 3), 2, 3)
    g = global_rotations(local, EXP_PARENTS)
    q, p = convert(g, rows[:, :3], EXP_OFFSETS, names, d)
    q, p, fps = resample(q, p, 1 / 120.0)
    return q[4:], p[4:], fps             # they begin with a T pose


EXP_PARENTS = [int(x) - 1 for x in ('0 1 2 3 4 5 6 1 8 9 10 11 12 1 14 15 16 17 18 19 16 21 22 23 24 25 26 24 28 16 '
                                    '30 31 32 33 34 35 33 37').split()]
EXP_NAMES = ('Hips LHipJoint LeftUpLeg LeftLeg LeftFoot LeftToeBase LeftToeEnd RHipJoint RightUpLeg RightLeg RightFoot '
             'RightToeBase RightToeEnd LowerBack Spine Spine1 Neck Neck1 Head HeadEnd LeftShoulder LeftArm LeftForeArm '
             'LeftHand LeftFingerBase LeftHandIndex1 LeftIndexEnd LThumb LThumbEnd RightShoulder RightArm RightForeArm '
             'RightHand RightFingerBase RightHandIndex1 RightIndexEnd RThumb RThumbEnd').split()
EXP_OFFSETS = np.zeros((38, 3))
for _n, _o in {'LeftLeg': (2.5972, -7.13576, 0), 'LeftFoot': (2.49236, -6.8477, 0), 'RightLeg': (-2.59502, -7.12977, 0),
               'RightFoot': (-2.4678, -6.78024, 0), 'LeftForeArm': (4.86513, 0, 0), 'LeftHand': (3.35554, 0, 0),
               'RightForeArm': (-5.02649, 0, 0), 'RightHand': (-3.36431, 0, 0)}.items():
    EXP_OFFSETS[EXP_NAMES.index(_n)] = _o


def from_deepmimic(text, d):
    f = np.array(json.loads(text)['Frames'], float)
    dt = f[0, 0]
    w = lambda k: quat.to_matrix(f[:, k:k + 4] / np.linalg.norm(f[:, k:k + 4], axis=1, keepdims=True))

    def hinge(k):
        c, s, o, i = np.cos(f[:, k]), np.sin(f[:, k]), np.zeros(len(f)), np.ones(len(f))
        return np.stack([c, -s, o, s, c, o, o, o, i], -1).reshape(-1, 3, 3)
    root = w(4)
    chest = root @ w(8)
    neck = chest @ w(12)
    g = {'hips': root, 'lowback': root, 'spine': chest, 'chest': chest, 'neck': neck, 'head': neck}
    for s, k, kn, an, sh, el in ('.R', 16, 20, 21, 25, 29), ('.L', 30, 34, 35, 39, 43):
        g['thigh' + s] = root @ w(k)
        g['shin' + s] = g['thigh' + s] @ hinge(kn)
        g['foot' + s] = g['toe' + s] = g['shin' + s] @ w(an)
        g['clavicle' + s] = chest
        g['arm' + s] = chest @ w(sh)
        g['forearm' + s] = g['hand' + s] = g['arm' + s] @ hinge(el)
    down = np.array([0, 0, -1.0])
    zero = {k + s: down for s in ('.L', '.R') for k in ('arm', 'forearm', 'thigh', 'shin')}
    zero.update({'thumb.L': np.array([0, -1.0, 0]), 'thumb.R': np.array([0, -1.0, 0])})
    a = align(d, zero)
    # root halfway along the spine joints
    q = np.stack([quat.from_matrix(C_DM @ g[j] @ C_DM.T @ a[j]) for j in JOINTS], 1)
    q[:, 1] = quat.slerp(q[:, 0], q[:, 2], np.full(len(q), 0.5))
    p = f[:, 1:4] @ C_DM.T / 0.83
    return resample(q, p, dt)


def continuous(q):
    q = q.copy()
    for t in range(1, len(q)):
        flip = (q[t] * q[t - 1]).sum(-1) < 0
        q[t, flip] *= -1
    return q


def pieces(q, p, fps, d, upright=False):
    """The good parts of a motion. upright: the exponential maps were smoothed where they wrap, so that a body
    that turns round tumbles there; such parts go."""
    at = {j: i for i, j in enumerate(JOINTS)}
    bad = np.zeros(len(q), bool)
    step = np.degrees(2 * np.arccos(np.clip(np.abs((q[1:] * q[:-1]).sum(-1)), 0, 1))) * fps / FPS
    limit = np.array([62.0 if j.split('.')[0] in ('forearm', 'hand', 'foot', 'toe') else 48.0 for j in JOINTS])
    jump = (step > limit).any(1)
    bad[1:] |= jump
    bad[:-1] |= jump
    if upright:
        up = quat.to_matrix(q[:, 0])[:, 2, 2]
        odd = up < 0.5
        odd[1:] |= step[:, 0] > 11
        bad |= np.convolve(odd, np.ones(13), 'same') > 0.5
    unit = lambda v: v / np.linalg.norm(v)
    for s in '.L', '.R':
        m = {j: quat.to_matrix(q[:, at[j + s]]) for j in ('thigh', 'shin', 'arm', 'forearm')}
        shin = np.swapaxes(m['thigh'], 1, 2) @ m['shin'] @ unit(d['shin' + s])
        t = unit(d['thigh' + s])
        shin -= (shin @ t)[:, None] * t
        bad |= (shin[:, 1] < -0.3) | (np.abs(shin[:, 0]) > 0.55)
        u, f = unit(d['arm' + s]), unit(d['forearm' + s])
        bad |= (np.swapaxes(m['arm'], 1, 2) @ m['forearm'] @ f) @ unit(f - (f @ u) * u) < -0.35
    edge = np.diff(np.concatenate([[0], (~bad).astype(int), [0]]))
    return [(q[a:b], p[a:b]) for a, b in zip(np.nonzero(edge == 1)[0], np.nonzero(edge == -1)[0]) if b - a >= 1.3 * fps]


def main(argv):
    from .body import Model
    m = Model()
    d = rest_directions(m.template[1], m.index)
    out = {}
    for path in argv[1:]:
        text = open(path).read()
        name = os.path.splitext(os.path.basename(path))[0]
        if path.endswith('.bvh'):
            q, p, fps = from_bvh(text, d)
        elif 'humanoid3d' in path:
            q, p, fps = from_deepmimic(text, d)
        else:
            q, p, fps = from_expmap(text, d)
        good = pieces(q, p, fps, d, not path.endswith('.bvh') and 'humanoid3d' not in path)
        for k, (a, b) in enumerate(good):
            out[name if len(good) == 1 else name + 'abcdefghijklmnopqrstuvwxyz'[min(k, 25)]] = (continuous(a), b, fps)
    save(argv[0], out)


def save(path, motions):
    """Rotations are kept as differences from frame to frame: these compress well."""
    names = sorted(motions)
    delta = lambda q: np.diff(np.round(q * 32767).astype(np.int32), axis=0, prepend=0).astype(np.int16)
    np.savez_compressed(
        path, names=np.array(names), fps=np.array([motions[n][2] for n in names]),
        length=np.array([len(motions[n][0]) for n in names]),
        rotations=np.concatenate([delta(motions[n][0]) for n in names]),
        hips=np.concatenate([motions[n][1] for n in names]).astype(np.float32))


if __name__ == '__main__':
    main(sys.argv[1:])
