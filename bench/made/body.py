# SPDX-License-Identifier: Apache-2.0
"""Bodies: the parametric model `anny` as plain arrays.

World axes: x to the person's left, -y where the person looks, z up, metres."""
import os

import numpy as np

COCO = ['nose', 'left_ear', 'right_ear', 'left_shoulder', 'right_shoulder', 'left_elbow', 'right_elbow',
        'left_wrist', 'right_wrist', 'left_hip', 'right_hip', 'left_knee', 'right_knee', 'left_ankle', 'right_ankle']
PARTS = ['torso', 'head', 'neck', 'upperarm.L', 'upperarm.R', 'forearm.L', 'forearm.R', 'hand.L', 'hand.R',
         'thigh.L', 'thigh.R', 'shin.L', 'shin.R', 'foot.L', 'foot.R', 'skirt']


def part_of(bone):
    side = bone[-2:] if bone[-2:] in ('.L', '.R') else ''
    name = bone[:-2] if side else bone
    if name.startswith(('finger', 'metacarpal', 'wrist')):
        return 'hand' + side
    if name.startswith('lowerarm'):
        return 'forearm' + side
    if name.startswith('upperarm'):
        return 'upperarm' + side
    if name.startswith('upperleg'):
        return 'thigh' + side
    if name.startswith('lowerleg'):
        return 'shin' + side
    if name.startswith(('foot', 'toe')):
        return 'foot' + side
    if name.startswith('neck'):
        return 'neck'
    if name.startswith(('head', 'eye')):
        return 'head'
    return 'torso'


def vertex_normals(v, f):
    n = np.zeros_like(v)
    fn = np.cross(v[f[:, 1]] - v[f[:, 0]], v[f[:, 2]] - v[f[:, 0]])
    for i in range(3):
        np.add.at(n, f[:, i], fn)
    return n / (np.linalg.norm(n, axis=1, keepdims=True) + 1e-12)


class Model:
    """The model's constant part and a function for bodies of a given shape."""

    def __init__(self):
        import torch
        import anny
        torch.set_num_threads(1)
        self.torch = torch
        self.m = m = anny.Anny()
        self.bones = list(m.bone_labels)
        self.index = {b: i for i, b in enumerate(self.bones)}
        self.parents = np.array([int(p) for p in m.bone_parents])
        self.faces = m.faces.numpy().astype(np.int32)
        self.uv = m.texture_coordinates.numpy().astype(np.float32)
        self.uvfaces = m.face_texture_coordinate_indices.numpy().astype(np.int32)
        w = m.vertex_bone_weights.numpy().astype(np.float32)
        i = m.vertex_bone_indices.numpy().astype(np.int16)
        order = np.argsort(-w, axis=1)
        w, i = np.take_along_axis(w, order, 1)[:, :6], np.take_along_axis(i, order, 1)[:, :6]
        self.weights = np.ascontiguousarray(w / w.sum(1, keepdims=True))
        self.windex = np.ascontiguousarray(i)
        part = np.array([PARTS.index(part_of(b)) for b in self.bones])
        # the part of a vertex: the one with the largest summed weight
        sums = np.zeros((len(w), len(PARTS)), np.float32)
        for k in range(self.weights.shape[1]):
            np.add.at(sums, (np.arange(len(w)), part[self.windex[:, k]]), self.weights[:, k])
        self.partsums = sums
        self.vpart = sums.argmax(1)
        self.fpart = self.vpart[self.faces[:, 0]].astype(np.uint8)
        root = os.path.dirname(anny.__file__)
        data = torch.load(os.path.join(root, 'data', 'keypoints', 'coco.pth'), weights_only=True)
        base = m.base_mesh_vertex_indices
        self.regress = []
        for name in COCO:
            r = data[name][base].numpy()
            nz = np.nonzero(np.abs(r) > 1e-6)[0]
            self.regress.append((nz, (r[nz] / r[nz].sum()).astype(np.float32)))
        self.template = self.shape()

    def shape(self, **phenotype):
        """vertices (V, 3), bone heads (B, 3) of a body at rest."""
        t = self.torch
        kw = dict(gender=0.5, age=0.67, muscle=0.5, weight=0.5, height=0.5, proportions=0.5)
        kw.update(phenotype)
        with t.no_grad():
            c = self.m.get_phenotype_blendshape_coefficients(**{k: t.tensor([float(v)]) for k, v in kw.items()})
            r = self.m.get_rest_model(c)
        v = r['rest_vertices'].reshape(-1, 3).numpy().astype(np.float32)
        h = r['rest_bone_heads'].reshape(-1, 3).numpy().astype(np.float32)
        return v, h
