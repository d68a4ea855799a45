# SPDX-License-Identifier: Apache-2.0
"""Quaternions (w, x, y, z) and rotations on arrays."""
import numpy as np


def mul(a, b):
    w1, x1, y1, z1 = np.moveaxis(a, -1, 0)
    w2, x2, y2, z2 = np.moveaxis(b, -1, 0)
    return np.stack([w1*w2 - x1*x2 - y1*y2 - z1*z2, w1*x2 + x1*w2 + y1*z2 - z1*y2,
                     w1*y2 - x1*z2 + y1*w2 + z1*x2, w1*z2 + x1*y2 - y1*x2 + z1*w2], -1)


def to_matrix(q):
    w, x, y, z = np.moveaxis(q, -1, 0)
    m = np.stack([1-2*(y*y+z*z), 2*(x*y-w*z), 2*(x*z+w*y), 2*(x*y+w*z), 1-2*(x*x+z*z), 2*(y*z-w*x),
                  2*(x*z-w*y), 2*(y*z+w*x), 1-2*(x*x+y*y)], -1)
    return m.reshape(q.shape[:-1] + (3, 3))


def from_matrix(m):
    from scipy.spatial.transform import Rotation
    q = Rotation.from_matrix(m.reshape(-1, 3, 3)).as_quat()
    return q[:, [3, 0, 1, 2]].reshape(m.shape[:-2] + (4,))


def slerp(a, b, t):
    """Normalised linear interpolation along the shorter arc (steps are small)."""
    t = np.asarray(t)[..., None]
    d = (a * b).sum(-1, keepdims=True)
    q = a * (1 - t) + np.where(d < 0, -b, b) * t
    return q / np.linalg.norm(q, axis=-1, keepdims=True)


def axis_angle(axis, angle):
    axis = np.asarray(axis, float) / np.linalg.norm(axis)
    k = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + np.sin(angle) * k + (1 - np.cos(angle)) * k @ k


def between(a, b):
    """The smallest rotation that takes direction a to direction b."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    c = np.cross(a, b)
    s = np.linalg.norm(c)
    if s < 1e-9:
        return np.eye(3)
    return axis_angle(c / s, np.arctan2(s, a @ b))
