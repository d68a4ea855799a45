# SPDX-License-Identifier: Apache-2.0
"""The C renderer through ctypes. It is compiled on first use, for the processor at hand, into the folder of
temporary files."""
import ctypes
import hashlib
import os
import subprocess
import tempfile

import numpy as np

_src = os.path.join(os.path.dirname(os.path.abspath(__file__)), 'render.c')
_flags = ['-O3', '-march=native', '-ffast-math', '-shared', '-fPIC']
_cpu = open('/proc/cpuinfo').read().split('\n\n')[0] if os.path.exists('/proc/cpuinfo') else ''
_cpu = ''.join(l for l in _cpu.split('\n') if l.startswith(('model name', 'flags')))
_key = hashlib.sha256((open(_src).read() + _cpu + ' '.join(_flags)).encode()).hexdigest()[:16]
_so = os.path.join(tempfile.gettempdir(), 'made-render-%d-%s.so' % (os.getuid(), _key))
if not os.path.exists(_so):
    _tmp = '%s.%d' % (_so, os.getpid())
    subprocess.check_call([os.environ.get('CC', 'gcc')] + _flags + ['-o', _tmp, _src, '-lm'])
    os.replace(_tmp, _so)
lib = ctypes.CDLL(_so)


class Camera(ctypes.Structure):
    _fields_ = [('r', ctypes.c_float * 9), ('c', ctypes.c_float * 3),
                ('f', ctypes.c_float), ('cx', ctypes.c_float), ('cy', ctypes.c_float)]


class Light(ctypes.Structure):
    _fields_ = [('dir', ctypes.c_float * 3), ('sun', ctypes.c_float * 3),
                ('sky', ctypes.c_float * 3), ('earth', ctypes.c_float * 3)]


def camera(r, c, f, cx, cy):
    return Camera((ctypes.c_float * 9)(*np.asarray(r, float).ravel()), (ctypes.c_float * 3)(*np.asarray(c, float)), f,
                  cx, cy)


def light(direction, sun, sky, earth):
    v = lambda a: (ctypes.c_float * 3)(*[float(x) for x in a])
    return Light(v(direction), v(sun), v(sky), v(earth))


def _p(a):
    assert a is None or a.flags.c_contiguous
    return ctypes.c_void_p(None if a is None else a.ctypes.data)


_f = ctypes.c_float


def skin(rest, normal, index, weight, bone):
    pos, nrm = np.empty_like(rest), np.empty_like(rest)
    assert rest.dtype == np.float32 and bone.dtype == np.float32 and index.dtype == np.int16
    lib.skin(len(rest), index.shape[1], _p(rest), _p(normal), _p(index), _p(weight), _p(np.ascontiguousarray(bone)),
             _p(pos), _p(nrm))
    return pos, nrm


class Frame:
    """A picture at twice the size, with depth, person and part of every pixel."""

    def __init__(self, w, h):
        self.w, self.h = w, h
        self.z = np.empty((2 * h, 2 * w), np.float32)
        self.rgb = np.zeros((2 * h, 2 * w, 3), np.uint8)
        self.who = np.zeros((2 * h, 2 * w), np.uint8)
        self.what = np.zeros((2 * h, 2 * w), np.uint8)

    def clear(self):
        self.z.fill(1e9)
        self.who.fill(0)

    def draw(self, cam, lit, pos, nrm, faces, uvfaces, uv, part, tex, ident, twosided=False, gloss=0.0):
        lib.draw(2 * self.w, 2 * self.h, _p(self.z), _p(self.rgb), _p(self.who), _p(self.what), ctypes.byref(cam),
                 ctypes.byref(lit), len(pos), _p(pos), _p(nrm), len(faces), _p(faces), _p(uvfaces), _p(uv), _p(part),
                 _p(tex), tex.shape[0], ident, int(twosided), _f(gloss))


def shadow(mask, cam, direction, pos, faces):
    d = np.asarray(direction, np.float32)
    lib.shadow(mask.shape[1], mask.shape[0], _p(mask), ctypes.byref(cam), _p(d), len(pos), _p(pos), len(faces),
               _p(faces))


def background(out, cam, mode, photo, axis, scale, pcx, pcy, ground, density, wall, haze, hazeat):
    h, w = out.shape[:2]
    axis = np.ascontiguousarray(axis, np.float32)
    haze = np.asarray(haze, np.float32)
    g = ground if ground is not None else [None] * 4
    gh, gw = g[0].shape[:2] if ground is not None else (0, 0)
    lib.background(w, h, _p(out), ctypes.byref(cam), mode, _p(photo), photo.shape[1], photo.shape[0], _p(axis),
                   _f(scale), _f(pcx), _f(pcy), _p(g[0]), _p(g[1]), _p(g[2]), _p(g[3]), gw, gh, _f(density), _f(wall),
                   _p(haze), _f(hazeat))


def resolve(frame, back, acc, weight):
    lib.resolve(frame.w, frame.h, _p(frame.rgb), _p(frame.who), _p(back), _p(acc), _f(weight))
