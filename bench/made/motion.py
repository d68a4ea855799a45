# SPDX-License-Identifier: Apache-2.0
"""Motions: loads motions.npz and poses a body."""
import numpy as np

from . import quat
from .import_motions import JOINTS

_J = {j: i for i, j in enumerate(JOINTS)}


class Motions:
    def __init__(self, path):
        z = np.load(path, allow_pickle=False)
        self.names = [str(n) for n in z['names']]
        start = np.concatenate([[0], np.cumsum(z['length'])])
        self.data = {}
        for i, n in enumerate(self.names):
            s = slice(start[i], start[i + 1])
            q = np.cumsum(z['rotations'][s].astype(np.int64), 0) / 32767
            q /= np.linalg.norm(q, axis=-1, keepdims=True)
            self.data[n] = (q, z['hips'][s].astype(np.float64), float(z['fps'][i]))

    def seconds(self, name):
        q, _, fps = self.data[name]
        return (len(q) - 1) / fps

    def at(self, name, times):
        """rotations (T, 22, 4) and hip positions (T, 3) at times in seconds."""
        q, p, fps = self.data[name]
        x = np.clip(np.asarray(times) * fps, 0, len(q) - 1.001)
        i = x.astype(int)
        f = x - i
        return quat.slerp(q[i], q[i + 1], f[:, None]), p[i] * (1 - f[:, None]) + p[i + 1] * f[:, None]


def bone_rotations(bones, q):
    """(T, 22, 4) -> rotations (T, B, 4) of every bone of the model, relative to the body at rest."""
    T = len(q)
    mix = lambda a, b, t: quat.slerp(q[:, _J[a]], q[:, _J[b]], np.full(T, t))
    out = np.empty((T, len(bones), 4))
    for k, b in enumerate(bones):
        s = b[-2:] if b[-2:] in ('.L', '.R') else ''
        n = b[:-2] if s else b
        if n in ('root', 'pelvis'):
            v = q[:, 0]
        elif n == 'spine05':
            v = mix('hips', 'lowback', 0.6)
        elif n == 'spine04':
            v = q[:, _J['lowback']]
        elif n == 'spine03':
            v = mix('lowback', 'spine', 0.7)
        elif n == 'spine02':
            v = mix('spine', 'chest', 0.5)
        elif n == 'spine01':
            v = q[:, _J['chest']]
        elif n == 'neck01':
            v = mix('chest', 'neck', 0.5)
        elif n == 'neck02':
            v = q[:, _J['neck']]
        elif n == 'neck03':
            v = mix('neck', 'head', 0.5)
        elif n in ('head', 'eye'):
            v = q[:, _J['head']]
        elif n == 'clavicle':
            v = mix('chest', 'clavicle' + s, 0.8)
        elif n == 'shoulder01':
            v = mix('clavicle' + s, 'arm' + s, 0.25)
        elif n.startswith('upperarm'):
            v = q[:, _J['arm' + s]]
        elif n.startswith('lowerarm'):
            v = q[:, _J['forearm' + s]]
        elif n.startswith(('wrist', 'finger', 'metacarpal')):
            v = q[:, _J['hand' + s]]
        elif n.startswith('upperleg'):
            v = q[:, _J['thigh' + s]]
        elif n.startswith('lowerleg'):
            v = q[:, _J['shin' + s]]
        elif n == 'foot':
            v = q[:, _J['foot' + s]]
        elif n.startswith('toe'):
            v = q[:, _J['toe' + s]]
        else:
            raise KeyError(b)
        out[:, k] = v
    return out


def pose(parents, heads, rot):
    """rot (T, B, 3, 3) -> bone matrices (T, B, 3, 4) for rest vertices, root head at the origin; heads posed."""
    T, B = rot.shape[:2]
    pos = np.zeros((T, B, 3))
    for b in range(B):
        p = parents[b]
        if p >= 0:
            pos[:, b] = pos[:, p] + np.einsum('tij,j->ti', rot[:, p], heads[b] - heads[p])
    m = np.empty((T, B, 3, 4), np.float32)
    m[..., :3] = rot
    m[..., 3] = pos - np.einsum('tbij,bj->tbi', rot, heads)
    return m, pos
