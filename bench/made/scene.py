# SPDX-License-Identifier: Apache-2.0
"""A clip: who moves how and where, the camera, the light, the pictures and the truth about them."""
import re
import subprocess

import numpy as np
from scipy import ndimage

from . import clothes, motion, pictures, quat, render
from .body import PARTS
from .import_motions import JOINTS

FPS = 25.0
J = {j: i for i, j in enumerate(JOINTS)}
SWAP = [J[j[:-1] + ('R' if j[-1] == 'L' else 'L')] if j[-2:] in ('.L', '.R') else i for i, j in enumerate(JOINTS)]
UPPER = [J[j] for j in JOINTS if j.split('.')[0] in ('lowback', 'spine', 'chest', 'neck', 'head', 'clavicle', 'arm',
                                                     'forearm', 'hand')]
# how much nearer than the joint its own body's surface may be for the joint to count as seen, metres
OWN = np.array([0.05, 0.16, 0.16, 0.05, 0.05, 0.17, 0.17, 0.10, 0.10, 0.08, 0.08, 0.22, 0.22, 0.13, 0.13, 0.11, 0.11])


def rotz(a):
    a = np.asarray(a, float)
    return np.stack([np.cos(a / 2), 0 * a, 0 * a, np.sin(a / 2)], -1)


def rotx(a):
    a = np.asarray(a, float)
    return np.stack([np.cos(a / 2), np.sin(a / 2), 0 * a, 0 * a], -1)


def inv(q):
    return q * np.array([1, -1, -1, -1])


def wander(rng, n, tau):
    """Smooth noise of unit size, n samples, correlated over tau samples."""
    x = rng.standard_normal(int(n + 8 * tau) + 2)
    y = ndimage.gaussian_filter1d(x, max(tau, 0.3))
    s = y.std() + 1e-9
    k = int(4 * tau)
    return y[k:k + n] / s


def heading(q):
    """The angle about z by which the hips are turned."""
    f = quat.to_matrix(q)[..., :, 1]
    return np.arctan2(-f[..., 0], f[..., 1])


class Actor:
    """A person with a motion: rotations of the joints and hips at given times, before placing."""

    def __init__(self, stage, rng, t):
        self.person = clothes.Person(stage.model, stage.layout, rng, stage.photos)
        names = stage.names
        name = names[rng.choice(len(names), p=stage.weights)]
        speed = rng.uniform(0.8, 1.5) if not name.startswith('humanoid3d') else rng.uniform(0.75, 1.1)
        span = (t[-1] - t[0]) * speed
        total = stage.motions.seconds(name)
        lead = 0.1
        start = rng.uniform(lead, max(lead + 0.01, total - span - lead))
        times = start + (t - t[0]) * speed
        # motions that are too short go back and forth
        if times[-1] > total - 0.02:
            period = 2 * (total - lead - 0.04)
            u = (times - lead) % period
            times = lead + np.where(u > period / 2, period - u, u)
        q, p = stage.motions.at(name, times)
        self.name = name
        if rng.random() < 0.3 and not name.startswith('humanoid3d'):
            other = names[rng.choice(len(names), p=stage.weights)]
            if not other.startswith('humanoid3d'):
                tot = stage.motions.seconds(other)
                s0 = rng.uniform(lead, max(lead + 0.01, tot - span - lead))
                q2, _ = stage.motions.at(other, np.clip(s0 + (t - t[0]) * speed, 0, tot - 0.02))
                rel = quat.mul(q[:, :1], inv(q2[:, :1]))
                q[:, UPPER] = quat.mul(rel, q2[:, UPPER])
        if rng.random() < 0.5:
            q = q[:, SWAP] * np.array([1, 1, -1, -1])
            p = p * np.array([-1, 1, 1])
        self.sits = rng.random() < 0.07 and not name.startswith('humanoid3d')
        if self.sits:
            q, p = self.sit(rng, q, p)
        if rng.random() < 0.6:           # looks elsewhere
            turn = rng.normal(0, 0.35) + 0.25 * wander(rng, len(t), 18)
            nod = rng.normal(0, 0.12)
            for j, k in (('neck', 0.5), ('head', 1.0)):
                look = quat.mul(rotz(k * np.clip(turn, -1.1, 1.1)), rotx(np.full(len(t), k * nod)))
                q[:, J[j]] = quat.mul(q[:, J[j]], look)
        self.q, self.p = q, p * self.person.leg
        h0 = heading(q[len(q) // 2, 0])
        self.turn(-h0)

    def sit(self, rng, q, p):
        n = len(q)
        psi = np.full(n, heading(q[n // 2, 0]))
        base = quat.mul(rotz(psi), rotx(np.full(n, rng.uniform(-0.05, 0.3))))
        rel = quat.mul(base, inv(q[:, 0]))
        lean = quat.mul(rel[:, None], q[:, UPPER])
        q = q.copy()
        q[:, UPPER] = lean
        q[:, 0] = base
        for s, sign in ('.L', 1), ('.R', -1):
            splay = rotz(psi + sign * rng.uniform(0.0, 0.4) + 0.03 * wander(rng, n, 20))
            q[:, J['thigh' + s]] = quat.mul(splay, rotx(rng.uniform(-1.65, -1.3) + 0.03 * wander(rng, n, 20)))
            foot = rotx(rng.uniform(-0.35, 0.3) + 0.05 * wander(rng, n, 15))
            q[:, J['shin' + s]] = quat.mul(splay, foot)
            q[:, J['foot' + s]] = q[:, J['toe' + s]] = splay
        p = np.tile(p[n // 2], (n, 1)) + 0 * p
        return q, p

    def turn(self, angle):
        r = rotz(np.array(angle))
        self.q = quat.mul(r[None, None], self.q)
        self.p = self.p @ quat.to_matrix(r).T

    def finish(self, stage, rng, offset):
        """Bone matrices (T, B, 3, 4) in the world; feet on the ground."""
        m = stage.model
        rot = motion.bone_rotations(m.bones, self.q)
        curl = rng.uniform(0.05, 0.7)
        for s in '.L', '.R':
            axis = stage.curl[s]
            for b, k in m.index.items():
                if b.startswith('finger') and b.endswith(s) and b[6] != '1':
                    c = curl * {'1': 0.7, '2': 1.7, '3': 2.5}[b[8]]
                    rot[:, k] = quat.mul(rot[:, k], np.concatenate([[np.cos(c / 2)], np.sin(c / 2) * axis]))
        R = quat.to_matrix(rot)
        mats, _ = motion.pose(m.parents, self.person.heads, R)
        p = self.p.copy()
        p[:, :2] += offset
        P = self.person
        one = np.concatenate([P.gverts, np.ones((len(P.gverts), 1), np.float32)], 1)
        low = np.empty(len(p))
        lowz = mats[:, :, 2, :]                                   # (T, B, 4)
        w = np.zeros((len(P.gverts), len(m.bones)), np.float32)
        np.put_along_axis(w, P.gi, P.gw, 1)
        used = np.nonzero(w.any(0))[0]
        hb = np.einsum('vb,vi->vbi', w[:, used], one).reshape(len(w), -1)
        low = (hb @ lowz[:, used].reshape(len(p), -1).T).min(0)
        if self.sits:
            p[:, 2] = -np.median(low)
        else:
            z = p[:, 2] + low
            p[:, 2] -= np.percentile(z, 4)
            z = p[:, 2] + low
            p[:, 2] += ndimage.gaussian_filter1d(np.maximum(0, -z), 2.0)
        mats[:, :, :, 3] += p[:, None]
        self.mats, self.hips = mats, p
        return mats


def box_mesh(size):
    x, y, z = np.asarray(size) / 2
    v, n, f, uv = [], [], [], []
    for axis in range(3):
        for s in -1, 1:
            a, b = (axis + 1) % 3, (axis + 2) % 3
            for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1)):
                q = np.zeros(3)
                q[axis], q[a], q[b] = s, i, j
                v.append(q * [x, y, z])
                n.append(np.eye(3)[axis] * s)
                uv.append([(i + 1) / 2, (1 - j) / 2])
            k = len(v) - 4
            f += [(k, k + 1, k + 2), (k, k + 2, k + 3)] if s > 0 else [(k, k + 2, k + 1), (k, k + 3, k + 2)]
    return np.array(v, np.float32), np.array(n, np.float32), np.array(f, np.int32), np.array(uv, np.float32)


def round_mesh(profile, n=20):
    """A body of revolution about z: profile rows (radius, height)."""
    profile = np.asarray(profile, float)
    m = len(profile)
    a = np.linspace(0, 2 * np.pi, n + 1)
    v = np.array([[r * np.cos(t), r * np.sin(t), z] for r, z in profile for t in a], np.float32)
    uv = np.array([[i / n, 1 - j / (m - 1)] for j in range(m) for i in range(n + 1)], np.float32)
    d = np.gradient(profile, axis=0)
    nr = np.stack([d[:, 1], -d[:, 0]], 1)
    nr /= np.linalg.norm(nr, axis=1, keepdims=True) + 1e-9
    nn = np.array([[p[0] * np.cos(t), p[0] * np.sin(t), p[1]] for p in nr for t in a], np.float32)
    f = []
    for j in range(m - 1):
        for i in range(n):
            q = j * (n + 1) + i
            f += [(q, q + 1, q + n + 1), (q + 1, q + n + 2, q + n + 1)]
    return v, nn, np.array(f, np.int32), uv


class Thing:
    """Something that is no person."""

    def __init__(self, stage, rng, kind, where, t, moving, size=None):
        S = 128
        ph = stage.photos(rng)
        y0, x0 = rng.integers(max(1, ph.shape[0] - S)), rng.integers(max(1, ph.shape[1] - S))
        tex = np.zeros((S, S, 3), np.uint8)
        crop = ph[y0:y0 + S, x0:x0 + S]
        tex[:crop.shape[0], :crop.shape[1]] = crop
        if rng.random() < 0.4:
            tex[:] = np.clip(clothes.color(rng) * (1 + 0.1 * clothes.noise(rng, S, 8, 3))[..., None], 0, 255)
        if kind == 'box':
            size = size if size is not None else rng.uniform([0.3, 0.3, 0.3], [1.4, 0.8, 1.3])
            v, n, f, uv = box_mesh(size)
            v[:, 2] += size[2] / 2
        elif kind == 'pole':
            r, h = rng.uniform(0.03, 0.14), rng.uniform(1.5, 4)
            v, n, f, uv = round_mesh([(r, 0), (r, h * 0.5), (r, h)], 14)
        elif kind == 'ball':
            r = rng.uniform(0.1, 0.25)
            a = np.linspace(-np.pi / 2, np.pi / 2, 12)
            v, n, f, uv = round_mesh(np.stack([r * np.cos(a), r * np.sin(a) + r], 1), 18)
        else:
            size = np.array([rng.uniform(0.3, 1.6), 0.02, rng.uniform(0.3, 1.6)])
            v, n, f, uv = box_mesh(size)
            v[:, 2] += size[2] / 2 + rng.uniform(0, 0.8)
        c, s = np.cos(where[2]), np.sin(where[2])
        R = np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]], np.float32)
        self.v, self.n = np.ascontiguousarray(v @ R.T), np.ascontiguousarray(n @ R.T)
        self.f, self.uv, self.tex = f, np.ascontiguousarray(uv * (S - 1)), tex
        path = np.zeros((len(t), 3))
        path[:, :2] = where[:2]
        if moving:
            u = t - t.mean()
            path[:, 0] += rng.normal(0, 1.2) * u
            path[:, 1] += rng.normal(0, 0.3) * u
            if kind == 'ball':
                g = rng.uniform(0.5, 1.1)
                ph0 = rng.uniform(0, 1)
                x = ((t / g + ph0) % 1)
                path[:, 2] = 4 * x * (1 - x) * g * g * 9.8 / 8
        self.path = path.astype(np.float32)


class Stage:
    """What all clips share."""

    def __init__(self, model, layout, motions, names, photos):
        self.model, self.layout, self.motions, self.names, self.photos = model, layout, motions, names, photos
        # dull walks are many: let kinds, not files, be equally likely
        kind = [k.split('_')[0] if k[0].isdigit() else re.sub(r'_t?\d+[a-z]?$', '', k) for k in names]
        self.weights = np.array([1 / kind.count(k) ** 0.7 for k in kind])
        for i, n in enumerate(names):
            if 'walk' in n:
                self.weights[i] *= 0.6
            if n.startswith('humanoid3d'):
                self.weights[i] *= 0.5
        self.weights /= self.weights.sum()
        h, I = model.template[1], model.index
        self.curl = {}
        for s in '.L', '.R':
            d = h[I['finger3-1' + s]] - h[I['wrist' + s]]
            a = h[I['finger5-1' + s]] - h[I['finger2-1' + s]]
            d, a = d / np.linalg.norm(d), a / np.linalg.norm(a)
            a -= d * (a @ d)
            a /= np.linalg.norm(a)
            # the palm looks down and inwards at rest
            inward = np.array([-1.0 if s == '.L' else 1.0, 0, -0.6])
            sign = np.sign(np.cross(a, d) @ inward)
            self.curl[s] = a * sign


def look_matrix(yaw, pitch, roll):
    """Rows right, down, forward of a camera; yaw 0 looks along +y, positive pitch looks down."""
    f = np.array([np.sin(yaw) * np.cos(pitch), np.cos(yaw) * np.cos(pitch), -np.sin(pitch)])
    r = np.array([np.cos(yaw), -np.sin(yaw), 0.0])
    d = np.cross(f, r)
    c, s = np.cos(roll), np.sin(roll)
    return np.stack([c * r + s * d, -s * r + c * d, f])


def make_clip(stage, seed, path, preview=None):
    """Renders one clip to path and returns its description: images and annotations without numbers."""
    rng = np.random.default_rng(seed)
    w, h = ((480, 360), (640, 360), (640, 480))[rng.choice(3, p=[0.8, 0.1, 0.1])]
    frames = int(rng.integers(40, 61))
    blur = rng.random() < 0.45
    sub = int(rng.choice([3, 5])) if blur else 1      # odd: the middle of the shutter is a sub-frame
    shutter = rng.uniform(0.3, 0.9) / FPS
    open_for = shutter * (sub - 1) / sub if blur else 0
    t = (np.arange(frames)[:, None] / FPS + np.linspace(-0.5, 0.5, sub)[None] * open_for).ravel()
    mid = np.arange(frames) * sub + sub // 2          # the sub-frame that the truth belongs to
    n = len(t)
    count = int(rng.choice(np.arange(1, 7), p=[0.1, 0.22, 0.26, 0.2, 0.13, 0.09]))
    f0 = rng.uniform(0.95, 1.9) * w
    hc = float(np.exp(rng.uniform(np.log(0.7), np.log(3.5)))) if rng.random() < 0.5 else rng.uniform(1.2, 1.9)
    size = float(np.exp(rng.uniform(np.log(110), np.log(335)))) * h / 360
    z0 = max(2.2, f0 * 1.7 / size)
    # who and where
    actors, paths, offsets = [], [], []
    tries = 0
    half = 0.5 * w / f0
    spread = rng.choice([0.35, 0.7, 1.0])
    while len(actors) < count and tries < 60 * count:
        tries += 1
        if tries % 20 == 1:
            a = Actor(stage, rng, t)
            travel = np.linalg.norm(np.ptp(a.p[:, :2], axis=0))
        view = rng.uniform(-np.pi, np.pi)
        if travel > 0.8 and rng.random() < 0.65:      # crosses the view: moves to the left or right
            d = a.p[-1, :2] - a.p[0, :2]
            view = rng.choice([0, np.pi]) + rng.normal(0, 0.45) - np.arctan2(d[1], d[0])
        q0, p0 = a.q, a.p
        a.turn(view)
        depth = z0 * float(np.exp(rng.normal(0, 0.2)))
        lateral = float(np.clip(rng.normal(0, 0.45), -1.15, 1.15)) * spread * half * depth
        when = int(rng.uniform(0.2, 0.8) * (n - 1))
        off = np.array([lateral, depth]) - a.p[when, :2]
        path2 = a.p[:, :2] + off
        ok = path2[:, 1].min() > max(1.6, 0.9 * f0 * 1.7 / (345 * h / 360))
        for other in paths:
            if np.linalg.norm(path2 - other, axis=1).min() < 0.5:
                ok = False
        screen = np.abs(path2[:, 0] / np.maximum(path2[:, 1], 0.5)) / half
        if (screen < 1.0).mean() < 0.4:
            ok = False
        if not ok:
            a.q, a.p = q0, p0
            continue
        actors.append(a)
        paths.append(path2)
        offsets.append(off)
        tries = 20 * ((tries + 19) // 20)
    for a, off in zip(actors, offsets):
        a.finish(stage, rng, off)
    # camera
    yaw = np.zeros(n)
    follow = rng.random() < 0.4
    if follow:
        k = rng.integers(len(actors))
        target = np.arctan2(paths[k][:, 0], paths[k][:, 1])
        yaw += rng.uniform(0.4, 1.0) * (ndimage.gaussian_filter1d(target, 6 * sub) - target.mean())
    if rng.random() < 0.6:
        yaw += rng.normal(0, 0.04) * (t - t.mean()) + rng.normal(0, 0.02) * wander(rng, n, 12 * sub)
    yaw += rng.normal(0, 0.12) * half
    aim = rng.uniform(0.75, 1.05)
    pitch = np.full(n, np.arctan2(hc - aim, z0) + rng.normal(0, 0.03))
    if rng.random() < 0.5:
        pitch += rng.normal(0, 0.02) * (t - t.mean())
    roll = np.full(n, rng.normal(0, 0.015) if rng.random() < 0.9 else rng.normal(0, 0.12))
    shake = rng.choice([0, 0.0015, 0.004, 0.01], p=[0.35, 0.3, 0.25, 0.1])
    yaw += shake * wander(rng, n, 2.5 * sub)
    pitch += shake * wander(rng, n, 2.5 * sub)
    roll += 0.5 * shake * wander(rng, n, 4 * sub)
    zoom = np.ones(n)
    if rng.random() < 0.3:
        zoom *= np.exp(rng.normal(0, 0.12) * (t - t.mean()))
    drift = np.zeros((n, 3))
    if rng.random() < 0.3:                            # the camera itself moves
        drift += np.outer(t - t.mean(), rng.normal(0, [0.25, 0.2, 0.05]))
    mode = int(rng.random() < 0.6)
    if mode == 0:
        drift *= 0                                    # a photograph at infinity has no parallax
    # light
    elev, az = rng.uniform(0.4, 1.35), rng.uniform(0, 2 * np.pi)
    ldir = np.array([np.cos(elev) * np.cos(az), np.cos(elev) * np.sin(az) * 1.0, np.sin(elev)])
    if ldir[1] > 0 and rng.random() < 0.6:
        ldir[1] *= -1                                 # more often from behind the camera
    sun = rng.uniform(0.1, 0.95)
    warm = 1 + rng.normal(0, 0.06, 3)
    amb = rng.uniform(0.65, 1.0) - 0.32 * sun
    lit = render.light(ldir, sun * warm, amb * (1 + rng.normal(0, 0.05, 3)) * 1.25,
                       amb * (1 + rng.normal(0, 0.05, 3)) * 0.75)
    # things
    things = []
    for a in actors:
        if a.sits:
            i = mid[frames // 2]
            hip = a.hips[i]
            seat = max(0.2, hip[2] - 0.12 * a.person.height / 1.7)
            ang = heading(a.q[i, 0])
            back = np.array([-np.sin(ang), np.cos(ang)]) * 0.1
            things.append(Thing(stage, rng, 'box', (hip[0] + back[0], hip[1] + back[1], ang), t, False,
                                np.array([0.5, 0.45, seat])))
            if rng.random() < 0.5:
                b2 = np.array([-np.sin(ang), np.cos(ang)]) * 0.36
                things.append(Thing(stage, rng, 'box', (hip[0] + b2[0], hip[1] + b2[1], ang), t, False,
                                    np.array([0.5, 0.06, seat + 0.45])))
    if rng.random() < 0.45:
        for _ in range(rng.integers(1, 4)):
            for _ in range(10):
                kind = rng.choice(['box', 'pole', 'ball', 'panel'])
                moving = rng.random() < (0.9 if kind == 'ball' else 0.4)
                depth = z0 * rng.uniform(0.6, 1.6)
                where = (rng.uniform(-1, 1) * half * depth, depth, rng.uniform(0, np.pi))
                th = Thing(stage, rng, kind, where, t, moving)
                if depth > 1.5 and all(np.linalg.norm(p - th.path[:, :2], axis=1).min() > 0.75 for p in paths):
                    things.append(th)
                    break
    # background
    real = rng.random() < 0.85
    photo = stage.photos(rng) if real else pictures.made_picture(rng)
    if rng.random() < 0.5:
        photo = np.ascontiguousarray(photo[:, ::-1])
    ground = None
    if mode == 1:
        g = pictures.made_ground(rng) if rng.random() < 0.7 else stage.photos(rng)[:512, :512]
        gl = pictures.pyramid(g)
        axis = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0.0]])
        density = rng.uniform(90, 250)
        wall = z0 * 1.3 + rng.uniform(1.5, 14) + max(0, max(p[:, 1].max() for p in paths) + 0.6 - z0 * 1.3)
        scale = photo.shape[0] / rng.uniform(3, 3 + 0.7 * wall)
        ground = gl
    else:
        axis = look_matrix(yaw.mean(), pitch.mean(), roll.mean())
        density = wall = 1.0
        scale = photo.shape[1] / (w / f0) / rng.uniform(1.0, 1.5)
    gain = np.clip((sun * 0.5 + amb) * rng.uniform(0.8, 1.15), 0.5, 1.2)
    haze = clothes.color(rng) * 0.5 + 90
    hazeat = rng.uniform(15, 80) if rng.random() < 0.5 else 0.0
    defocus = rng.uniform(0.5, 1.6) if rng.random() < 0.22 else 0.0
    backblur = rng.uniform(0.6, 3.0) if rng.random() < 0.5 else 0.0
    noise = rng.uniform(0.5, 5.0) if rng.random() < 0.6 else 0.0
    gamma = rng.uniform(0.8, 1.2)
    contrast = rng.uniform(0.85, 1.15)
    tint = 1 + rng.normal(0, 0.03, 3)
    softness = rng.uniform(1.0, 4.0)
    strength = 0.65 * sun / (sun + amb) + 0.05
    crf = int(rng.integers(20, 31))
    if noise > 2:                                     # grain is dear
        crf = max(crf, 27)
    enc = subprocess.Popen(['ffmpeg', '-v', 'error', '-y', '-f', 'rawvideo', '-pix_fmt', 'rgb24',
                            '-s', '%dx%d' % (w, h), '-r', '25', '-i', '-', '-an', '-c:v', 'libx264',
                            '-preset', 'medium', '-threads', '1', '-crf', str(crf), '-pix_fmt', 'yuv420p',
                            '-movflags', '+faststart', path], stdin=subprocess.PIPE)
    frame = render.Frame(w, h)
    back = np.empty((h, w, 3), np.float32)
    mask = np.zeros((h // 2, w // 2), np.uint8)
    out = []
    base_noise = rng.standard_normal((h + 64, w + 64)).astype(np.float32)
    cx, cy = (w - 1) / 2, (h - 1) / 2
    for k in range(frames):
        acc = np.zeros((h, w, 3), np.float32)
        truth = None
        for s in range(sub):
            i = k * sub + s
            R = look_matrix(yaw[i], pitch[i], roll[i])
            c = np.array([0, 0, hc]) + drift[i]
            f = f0 * zoom[i]
            cam1 = render.camera(R, c, f, cx, cy)
            cam2 = render.camera(R, c, 2 * f, w - 0.5, h - 0.5)
            camh = render.camera(R, c, f / 2, cx / 2 - 0.25, cy / 2 - 0.25)
            render.background(back, cam1, mode, photo, axis, scale, photo.shape[1] / 2, photo.shape[0] / 2, ground,
                              density, wall, haze, hazeat)
            back *= gain
            if backblur:
                back[:] = ndimage.gaussian_filter(back, (backblur, backblur, 0), truncate=2)
            frame.clear()
            mask.fill(0)
            for a, actor in enumerate(actors):
                for m in actor.person.meshes:
                    x, nr = render.skin(m['v'], m['n'], m['i'], m['w'], actor.mats[i])
                    frame.draw(cam2, lit, x, nr, m['f'], m['uf'], m['uv'], m['part'], m['tex'], a + 1, m['two'],
                               m['gloss'] * 0.1)
                    render.shadow(mask, camh, ldir, x, m['f'])
                    if i == mid[k] and m is actor.person.meshes[0]:
                        actor.now = x
            for th in things:
                v = np.ascontiguousarray(th.v + th.path[i])
                frame.draw(cam2, lit, v, th.n, th.f, th.f, th.uv, None, th.tex, 255, True)
                render.shadow(mask, camh, ldir, v, th.f)
            sh = ndimage.gaussian_filter(mask.astype(np.float32), softness / 2)
            sh = np.repeat(np.repeat(sh, 2, 0), 2, 1) / 255 * strength
            sh = np.pad(sh, ((0, h - sh.shape[0]), (0, w - sh.shape[1])), mode='edge')
            back *= (1 - sh)[..., None]
            render.resolve(frame, back, acc, 1.0 / sub)
            if i == mid[k]:
                truth = annotate(actors, frame, R, c, f, cx, cy, w, h, i)
        if defocus:
            acc = ndimage.gaussian_filter(acc, (defocus, defocus, 0), truncate=2.5)
        if noise:
            for ch in range(3):
                oy, ox = rng.integers(64), rng.integers(64)
                acc[..., ch] += noise * (0.6 * base_noise[oy:oy + h, ox:ox + w])
        x = np.clip(acc * tint, 0, 255) / 255
        x = (x - 0.5) * contrast + 0.5
        x = np.clip(x, 0, 1) ** gamma
        pic = (x * 255 + 0.5).astype(np.uint8)
        enc.stdin.write(pic.tobytes())
        if preview is not None:
            preview(k, pic, truth, frame)
        out.append(truth)
    enc.stdin.close()
    if enc.wait() != 0:
        raise RuntimeError('ffmpeg failed: ' + path)
    return dict(width=w, height=h, frames=out, motions=[a.name for a in actors], background=mode, blur=bool(blur),
                crf=crf, things=len(things))


def annotate(actors, frame, R, c, f, cx, cy, w, h, i):
    out = []
    H2, W2 = frame.who.shape
    for a, actor in enumerate(actors):
        P = actor.person
        j = np.einsum('bij,sbj->si', actor.mats[i], P.slots)
        q = (j - c) @ R.T
        z = q[:, 2]
        if z.min() < 0.3:
            continue
        x, y = f * q[:, 0] / z + cx, f * q[:, 1] / z + cy
        inside = (x >= 0) & (y >= 0) & (x <= w - 1) & (y <= h - 1)
        hidden = np.zeros(17, bool)
        for s in np.nonzero(inside)[0]:
            u, v = int(round(2 * x[s] + 0.5)), int(round(2 * y[s] + 0.5))
            v0, v1, u0, u1 = max(0, v - 1), min(H2, v + 2), max(0, u - 1), min(W2, u + 2)
            who, zb, what = frame.who[v0:v1, u0:u1], frame.z[v0:v1, u0:u1], frame.what[v0:v1, u0:u1]
            own = who == a + 1
            slack = np.where((what == PARTS.index('skirt')) & (s >= 11), 0.45, OWN[s] * P.height / 1.7)
            bad = (~own & (who > 0) & (zb < z[s] + 0.02)) | (own & (z[s] - zb > slack))
            hidden[s] = bad.mean() > 0.5
        v3 = (actor.now - c) @ R.T
        ok = v3[:, 2] > 0.3
        px, py = f * v3[ok, 0] / v3[ok, 2] + cx, f * v3[ok, 1] / v3[ok, 2] + cy
        x0, y0, x1, y1 = max(0, px.min()), max(0, py.min()), min(w - 1, px.max()), min(h - 1, py.max())
        area = float((frame.who == a + 1).sum()) / 4
        seen = int((inside & ~hidden).sum())
        if x1 <= x0 or y1 <= y0 or area < 20 or seen < 4:
            continue
        ys, xs = np.nonzero(frame.who == a + 1)
        vis = [xs.min() / 2, ys.min() / 2, (xs.max() - xs.min()) / 2, (ys.max() - ys.min()) / 2]
        out.append(dict(track=a, x=x, y=y, inside=inside, hidden=hidden, bbox=[x0, y0, x1 - x0, y1 - y0], visible=vis,
                        area=area, size=float(py.max() - py.min())))
    return out
