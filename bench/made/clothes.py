# SPDX-License-Identifier: Apache-2.0
"""Paints bodies: skin, hair and clothes as a texture in the model's own layout, loose garments as
vertices moved outwards, skirts and long hair as extra meshes."""
import colorsys

import numpy as np
from scipy import ndimage

from .body import PARTS, vertex_normals

SIZE = 384
P = {p: i for i, p in enumerate(PARTS)}


def smooth(x, a, b):
    t = np.clip((x - a) / (b - a), 0, 1)
    return t * t * (3 - 2 * t)


def noise(rng, size, cells, octaves=3):
    """Smooth noise in [-1, 1], size x size."""
    out = np.zeros((size, size), np.float32)
    amp = 1.0
    for o in range(octaves):
        n = int(cells * 2 ** o) + 3
        g = rng.standard_normal((n, n)).astype(np.float32)
        z = ndimage.zoom(g, size / (n - 3) + 0.01, order=1)[:size, :size]
        out += amp * z
        amp *= 0.5
    return np.clip(out / 2.2, -1, 1)


class Layout:
    """What is where in the texture: for every texel face and barycentric weights, and per-vertex
    coordinates along limbs."""

    def __init__(self, model):
        v, h = model.template
        I = model.index
        S = SIZE
        uv = model.uv * np.array([S, -S]) + np.array([0, S])
        self.uv = np.ascontiguousarray(uv, np.float32)
        face = np.full((S, S), -1, np.int32)
        bary = np.zeros((S, S, 3), np.float32)
        tri = self.uv[model.uvfaces]
        lo, hi = np.floor(tri.min(1)).astype(int), np.ceil(tri.max(1)).astype(int)
        for t in range(len(tri)):
            a, b, c = tri[t]
            d = (b[0]-a[0])*(c[1]-a[1]) - (b[1]-a[1])*(c[0]-a[0])
            if abs(d) < 1e-12:
                continue
            x0, y0 = max(lo[t, 0], 0), max(lo[t, 1], 0)
            x1, y1 = min(hi[t, 0], S - 1), min(hi[t, 1], S - 1)
            if x1 < x0 or y1 < y0:
                continue
            yy, xx = np.mgrid[y0:y1 + 1, x0:x1 + 1]
            px, py = xx + 0.5, yy + 0.5
            w0 = ((b[0]-px)*(c[1]-py) - (b[1]-py)*(c[0]-px)) / d
            w1 = ((c[0]-px)*(a[1]-py) - (c[1]-py)*(a[0]-px)) / d
            w2 = 1 - w0 - w1
            ok = (w0 >= -0.02) & (w1 >= -0.02) & (w2 >= -0.02)
            if ok.any():
                face[yy[ok], xx[ok]] = t
                bary[yy[ok], xx[ok]] = np.stack([w0[ok], w1[ok], w2[ok]], -1)
        empty = face < 0
        i = ndimage.distance_transform_edt(empty, return_distances=False, return_indices=True)
        self.face, self.bary = face[i[0], i[1]], bary[i[0], i[1]]
        self.tri = model.faces[self.face]
        # coordinates along limbs
        n = len(v)
        hb = lambda b: h[I[b]].astype(np.float64)

        def along(points, keep):
            best, s = np.full(n, 1e9), np.zeros(n)
            for k in range(len(points) - 1):
                a, b = points[k], points[k + 1]
                t = (v - a) @ (b - a) / ((b - a) @ (b - a))
                tc = np.clip(t, 0 if k else -0.6, 1 if k < len(points) - 2 else 1.4)
                d = np.linalg.norm(v - (a + tc[:, None] * (b - a)), axis=1)
                u = d < best
                best[u], s[u] = d[u], (k + tc[u])
            return np.where(keep, s, -1)
        ps = model.partsums
        self.arm = np.full(n, -1.0)
        self.leg = np.full(n, -1.0)
        for s in '.L', '.R':
            armw = ps[:, P['upperarm' + s]] + ps[:, P['forearm' + s]] + ps[:, P['hand' + s]]
            a = along([hb('upperarm01' + s), hb('lowerarm01' + s), hb('wrist' + s)], armw > 0.25)
            self.arm = np.maximum(self.arm, a / 2)
            legw = ps[:, P['thigh' + s]] + ps[:, P['shin' + s]] + ps[:, P['foot' + s]]
            a = along([hb('upperleg01' + s), hb('lowerleg01' + s), hb('foot' + s)], legw > 0.25)
            self.leg = np.maximum(self.leg, a / 2)
        self.foot = ps[:, P['foot.L']] + ps[:, P['foot.R']]
        self.hand = ps[:, P['hand.L']] + ps[:, P['hand.R']]
        self.armw = sum(ps[:, P[k + s]] for k in ('upperarm', 'forearm', 'hand') for s in ('.L', '.R'))
        self.legw = sum(ps[:, P[k + s]] for k in ('thigh', 'shin', 'foot') for s in ('.L', '.R'))
        self.head = ps[:, P['head']]
        self.neck = ps[:, P['neck']]
        zh, zn = hb('upperleg01.L')[2], hb('neck01')[2]
        self.torso = (v[:, 2] - zh) / (zn - zh)
        hd = hb('head')
        self.headz = (v[:, 2] - hd[2])
        self.heady = v[:, 1] - hd[1]
        self.headx = v[:, 0]
        self.eyes = [hb('eye.L'), hb('eye.R')]
        self.x, self.y, self.z = v.T
        self.texel = {}

    def at(self, name):
        """A per-vertex array by name, at every texel."""
        if name not in self.texel:
            a = np.asarray(getattr(self, name), np.float32)
            self.texel[name] = (a[self.tri] * self.bary).sum(-1)
        return self.texel[name]


def color(rng, kind='cloth'):
    if kind == 'skin':
        tones = np.array([[236, 196, 172], [224, 178, 150], [205, 155, 125], [180, 130, 100], [150, 105, 80],
                          [115, 78, 58], [85, 58, 44], [240, 205, 185], [220, 170, 140]])
        return np.clip(tones[rng.integers(len(tones))] * rng.uniform(0.9, 1.08) + rng.normal(0, 4, 3), 0, 255)
    if kind == 'hair':
        tones = np.array([[25, 22, 20], [35, 27, 22], [60, 42, 30], [90, 62, 40], [150, 110, 65], [190, 160, 105],
                          [120, 115, 110], [190, 188, 185], [110, 50, 30]])
        p = np.array([5, 4, 4, 3, 2, 2, 1.5, 1, 0.7])
        return tones[rng.choice(len(tones), p=p / p.sum())] * rng.uniform(0.8, 1.1)
    r = rng.random()
    if r < 0.22:
        g = rng.uniform(15, 60)
        return np.clip(np.array([g, g, g]) + rng.normal(0, 6, 3), 0, 255)
    if r < 0.4:
        g = rng.uniform(170, 245)
        return np.clip(np.array([g, g, g]) + rng.normal(0, 6, 3), 0, 255)
    if r < 0.52:
        h, s, v = rng.uniform(0.57, 0.66), rng.uniform(0.3, 0.7), rng.uniform(0.2, 0.6)
        return np.array(colorsys.hsv_to_rgb(h, s, v)) * 255
    return np.array(colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.1, 0.85) ** 1.1, rng.uniform(0.25, 0.92))) * 255


def pattern(rng, pu, pv, shape, photos):
    """Colours of a cloth, pu and pv in metres."""
    a, b = color(rng), color(rng)
    r = rng.random()
    out = np.empty(shape + (3,), np.float32)
    out[:] = a
    if r < 0.42:
        pass
    elif r < 0.56:                                   # stripes
        period = rng.uniform(0.02, 0.14)
        t = pv if rng.random() < 0.7 else pu
        m = (t / period) % 1 < rng.uniform(0.25, 0.6)
        out[m] = b
    elif r < 0.66:                                   # checks
        p = rng.uniform(0.03, 0.12)
        m = ((pu / p) % 1 < 0.5).astype(np.float32) + ((pv / p) % 1 < 0.5)
        out[:] = a + (b - a) * (m / 2)[..., None]
    elif r < 0.78:                                   # blotches
        n = noise(rng, SIZE, rng.uniform(10, 40), 2)
        iu, iv = (pu * 500).astype(int) % SIZE, (pv * 500).astype(int) % SIZE
        m = n[iv, iu]
        out[m > 0.15] = b
        if rng.random() < 0.5:
            out[m < -0.35] = color(rng)
    elif r < 0.88 and photos is not None:            # printed with a picture
        ph = photos(rng)
        s = rng.uniform(200, 700)
        iv = (pv * s + rng.integers(1000)).astype(int) % ph.shape[0]
        iu = (pu * s + rng.integers(1000)).astype(int) % ph.shape[1]
        out[:] = ph[iv, iu]
    else:                                            # a block of another colour
        z = rng.uniform(-0.2, 0.45)
        out[pv > z] = b
        if rng.random() < 0.5:
            out[np.abs(pv - z) < 0.02] = color(rng)
    return out


def dress(layout, rng, photos, gender, child=False):
    """Texture, per-vertex move outwards in metres, and what else is worn."""
    L = layout
    shape = (SIZE, SIZE)
    x, y, z = L.at('x'), L.at('y'), L.at('z')
    arm, leg, armw, legw = L.at('arm'), L.at('leg'), L.at('armw'), L.at('legw')
    torso, head, neck, foot, hand = L.at('torso'), L.at('head'), L.at('neck'), L.at('foot'), L.at('hand')
    hz, hy, hx = L.at('headz'), L.at('heady'), L.at('headx')
    fold = noise(rng, SIZE, 14, 3)
    fine = rng.normal(0, 1, shape).astype(np.float32)
    skin = color(rng, 'skin')
    tex = np.empty(shape + (3,), np.float32)
    tex[:] = skin
    tex *= (1 + 0.05 * fold + 0.02 * fine)[..., None]
    # face: eyes, brows, lips, cheeks
    for e in L.eyes:
        d2 = (x - e[0]) ** 2 * 0.45 + (z - e[2]) ** 2 * 1.6
        front = (y < e[1] + 0.02) & (head > 0.5)
        tex[front & (d2 < 0.012 ** 2)] = [225, 222, 218]
        tex[front & ((x - e[0]) ** 2 + (z - e[2]) ** 2 < 0.0065 ** 2)] = [45, 32, 26]
        brow = front & (np.abs(x - e[0]) < 0.024) & (np.abs(z - e[2] - 0.021 + 6 * (x - e[0]) ** 2) < 0.004)
        tex[brow] *= 0.42
    lips = (head > 0.4) & (np.abs(x) < 0.024) & (np.abs(hz + 0.052) < 0.009) & (hy < -0.07)
    tex[lips] = tex[lips] * np.array([0.85, 0.6, 0.6])
    if gender > 0.55 and rng.random() < 0.3:          # beard
        m = (head + neck > 0.5) & (hz < -0.035) & (hz > -0.11) & (hy < -0.005) & ~lips
        tex[m] *= rng.uniform(0.35, 0.75)
    out = {'skin': skin}
    move = np.zeros(len(L.x), np.float32)
    # pattern coordinates
    pu = np.where(armw > 0.5, y * 2, np.where(legw > 0.5, x + 0.7 * y, x + 0.35 * np.sign(x) * y))
    pv = np.where(armw > 0.5, arm * 0.55, z)
    cloth_shade = (1 + rng.uniform(0.05, 0.22) * fold + 0.02 * fine)[..., None]
    # lower garment
    r = rng.random()
    skirt = gender < 0.5 and rng.random() < 0.3
    length = 1.02 if r < 0.62 else rng.uniform(0.28, 0.62)
    if skirt:
        length = rng.uniform(0.05, 0.2)
    waist = rng.uniform(0.1, 0.26)
    lowpat = pattern(rng, pu, pv, shape, photos) if rng.random() < 0.35 else np.broadcast_to(color(rng), shape + (3,))
    lower = (legw > 0.35) & (leg < length)
    lower |= (armw < 0.5) & (torso < waist) & (legw + (torso < waist) > 0.35) & (head < 0.3) & (leg < length)
    lower &= ~((leg >= length) & (legw > 0.35))
    tex = np.where(lower[..., None], lowpat * cloth_shade, tex)
    # upper garment
    r = rng.random()
    sleeve = 0.97 if r < 0.42 else rng.uniform(0.22, 0.46) if r < 0.85 else 0.02
    hem = waist - rng.uniform(-0.04, 0.16)
    bare = rng.random() < (0.06 if gender > 0.5 else 0.0)
    neckline = rng.uniform(0.9, 1.0)
    uppat = pattern(rng, pu, pv, shape, photos)
    front = np.clip(-y * 4, 0, 0.6)
    upper = (torso > hem) & (armw < 0.6) & (legw < 0.6) & (head < 0.3)
    upper &= torso < neckline - 0.12 * front * (np.abs(x) < 0.09)
    upper |= (armw >= 0.4) & (arm < sleeve) & (hand < 0.6)
    if not bare:
        tex = np.where(upper[..., None], uppat * cloth_shade, tex)
        if rng.random() < 0.25:                       # a picture or number on the chest
            side = (y < 0) if rng.random() < 0.6 else (y > 0)
            box = upper & (np.abs(x) < 0.1) & (np.abs(torso - 0.62) < 0.14) & (armw < 0.3) & side
            if rng.random() < 0.5 and photos is not None:
                ph = photos(rng)
                rows = ((0.9 - torso[box]) * 500).astype(int) % ph.shape[0]
                tex[box] = ph[rows, ((x[box] + 0.1) * 500).astype(int) % ph.shape[1]]
            else:
                g = rng.random((7, 5)) < 0.5
                rows = np.clip(((torso - 0.48) * 25).astype(int), 0, 6)
                tex[box & g[rows, np.clip(((x + 0.1) * 25).astype(int), 0, 4)]] = color(rng)
    # shoes
    barefoot = rng.random() < 0.08
    sock = rng.uniform(0.9, 1.0)
    if not barefoot:
        tex[(leg > sock) & (foot < 0.6) & (leg >= length)] = color(rng)
        m = foot > 0.5
        tex[m] = color(rng) * (1 + 0.08 * fold[m][:, None])
        sole = m & (z < L.z.min() + 0.022)
        tex[sole] = color(rng)
    # hair, cap
    hair = color(rng, 'hair')
    bald = gender > 0.6 and rng.random() < 0.1
    line = rng.uniform(0.055, 0.085)
    sides = rng.uniform(-0.06, 0.02)
    cap_rnd = rng.random()
    edge = np.where(hy < -0.045, line, line + (sides - line) * smooth(hy, -0.045, 0.03))
    on_head = (head > 0.5) & (hz > edge)
    ear = (np.abs(np.abs(hx) - 0.08) < 0.02) & (np.abs(hz - 0.02) < 0.035) & (np.abs(hy + 0.005) < 0.03)
    if not bald:
        m = on_head & ~ear
        streak = noise(rng, SIZE, 60, 2)
        tex[m] = hair * (1 + 0.25 * streak[m] + 0.05 * fine[m])[:, None]
    cap = cap_rnd < 0.14
    if cap:
        c = color(rng)
        m = (head > 0.5) & (hz > 0.075)
        tex[m] = c * (1 + 0.06 * fold[m])[:, None]
    # moves outwards
    hairline = np.where(L.heady < -0.045, line, line + (sides - line) * smooth(L.heady, -0.045, 0.03))
    vh = (L.head > 0.5) & (L.headz > hairline + 0.01)
    thick = rng.uniform(0.004, 0.03) if gender < 0.5 else rng.uniform(0.002, 0.018)
    if not bald:
        move += np.where(vh, thick * smooth(L.headz, 0.0, 0.13) * 1.0 + 0.3 * thick, 0)
    vear = (np.abs(np.abs(L.headx) - 0.085) < 0.02) & (np.abs(L.headz - 0.02) < 0.04)
    vear &= np.abs(L.heady + 0.005) < 0.035
    move[vear & (L.head > 0.5)] = 0
    out['hair_move'] = 0.0 if bald else 1.3 * thick
    loose_u, loose_l = rng.uniform(0.004, 0.022) ** 1.0, rng.uniform(0.003, 0.018)
    if not bare:
        vu = (L.torso > hem) & (L.armw < 0.6) & (L.legw < 0.6) & (L.head < 0.3) & (L.torso < 0.93)
        move += np.where(vu, loose_u * smooth(L.torso, 0.98, 0.8), 0)
        covered = (L.armw >= 0.4) & (L.arm < sleeve) & (L.hand < 0.3)
        move += np.where(covered, loose_u * 0.8 * (0.6 + 0.4 * L.arm / max(sleeve, 0.1)), 0)
    vl = ((L.legw > 0.35) & (L.leg < length) & (L.leg > 0.02) & (L.foot < 0.5))
    crotch = smooth(np.abs(L.x), 0.02, 0.08)
    move += np.where(vl, loose_l * crotch * (0.5 + 0.5 * smooth(L.leg, 0.2, 0.9)), 0)
    if not barefoot:
        move += np.where(L.foot > 0.5, 0.006, 0)
    texture = np.ascontiguousarray(np.clip(tex, 0, 255).astype(np.uint8))
    out.update(texture=texture, move=move.astype(np.float32), extra=[])
    if skirt or (not bare and rng.random() < 0.12):
        long = rng.uniform(0.3, 0.62) if skirt else rng.uniform(0.05, 0.28)
        pat = lowpat if skirt and rng.random() < 0.7 else uppat
        out['extra'].append(('skirt', dict(top=waist if skirt else hem, length=long, flare=rng.uniform(0.15, 0.6),
                                           color=pat[SIZE // 3, SIZE // 2].copy(), pattern=rng.integers(1 << 30),
                                           plain=rng.random() < 0.5)))
    if gender < 0.5 and rng.random() < 0.6:
        out['extra'].append(('hair', dict(color=hair, length=rng.uniform(0.08, 0.34), pattern=rng.integers(1 << 30))))
    return out


def tube_faces(n, m, closed):
    f = []
    for j in range(m - 1):
        for i in range(n if closed else n - 1):
            a, b = j * n + i, j * n + (i + 1) % n
            c, d = a + n, b + n
            f += [(a, c, b), (b, c, d)]
    return np.array(f, np.int32)


def skirt(model, layout, verts, heads, spec, photos):
    """A skirt or the lower end of a coat: rings about hips and thighs."""
    rng = np.random.default_rng(spec['pattern'])
    I = model.index
    n, m = 36, 12
    hip, knee, ankle = (heads[I[b]] for b in ('upperleg01.L', 'lowerleg01.L', 'foot.L'))
    zn = heads[I['neck01']][2]
    ztop = hip[2] + spec['top'] * (zn - hip[2])
    leg = np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee)
    zbot = hip[2] - spec['length'] * 0.85 * leg
    centre = np.array([0, heads[I['pelvis.L']][1] * 0.5 + hip[1] * 0.5])
    ang = np.linspace(0, 2 * np.pi, n, endpoint=False)
    near = (layout.armw < 0.3)
    zs = np.linspace(ztop, zbot, m)
    pts, prev = [], np.zeros(n)
    for k, z in enumerate(zs):
        sel = near & (np.abs(verts[:, 2] - z) < 0.035)
        d = verts[sel, :2] - centre
        r = np.zeros(n)
        if len(d):
            for i, a in enumerate(ang):      # support function: no concave waist between the legs
                r[i] = (d @ np.array([np.cos(a), np.sin(a)])).max()
        r = np.maximum(r + 0.012, prev)
        prev = r + spec['flare'] * 0.012 * 2
        pts.append(np.stack([centre[0] + r * np.cos(ang), centre[1] + r * np.sin(ang), np.full(n, z)], 1))
    v = np.concatenate(pts).astype(np.float32)
    below = np.clip((hip[2] + 0.02 - v[:, 2]) / (hip[2] - knee[2]), 0, 1)
    side = smooth(v[:, 0], -0.16, 0.16)
    wl, wr = below * side * 0.95, below * (1 - side) * 0.95
    weight = np.stack([wl, wr, 1 - wl - wr], 1).astype(np.float32)
    index = np.tile(np.array([I['upperleg02.L'], I['upperleg02.R'], I['root']], np.int16), (len(v), 1))
    order = np.argsort(-weight, 1)
    weight, index = np.take_along_axis(weight, order, 1), np.take_along_axis(index, order, 1)
    f = tube_faces(n, m, True)
    S = 128
    yy, xx = np.mgrid[0:S, 0:S]
    tex = np.empty((S, S, 3), np.float32)
    tex[:] = spec['color']
    if not spec['plain']:
        tex = pattern(rng, xx / S * 1.2, yy / S * 0.7, (S, S), photos)
    folds = np.sin(xx / S * 2 * np.pi * rng.integers(8, 20))[..., None] * (yy / S)[..., None]
    tex *= 1 + 0.15 * folds * rng.uniform(0.2, 1)
    j, i = np.divmod(np.arange(n * m), n)
    uv = np.stack([(1 - np.abs(i / n * 2 - 1)) * (S - 1), j / (m - 1) * (S - 1)], 1).astype(np.float32)
    return v, f, index, weight, uv, np.clip(tex, 0, 255).astype(np.uint8)


def long_hair(model, heads, verts, layout, spec):
    rng = np.random.default_rng(spec['pattern'])
    I = model.index
    hd = heads[I['head']]
    hv = verts[(layout.head > 0.5)]
    top = hv[:, 2].max()
    size = (top - hd[2])
    n, m = 22, 9
    ang = np.linspace(-0.42 * np.pi, 1.42 * np.pi, n)        # around the back, +y is backwards
    rx = np.abs(hv[:, 0]).max() * 1.02
    back, front = hv[:, 1].max(), hv[:, 1].min()
    cy = back * 0.55 + front * 0.45
    ry = back - cy + 0.012
    zs = np.linspace(hd[2] + 0.72 * size, hd[2] - spec['length'], m)
    pts = []
    for k, z in enumerate(zs):
        t = k / (m - 1)
        grow = 1.0 - 0.22 * max(0, 0.25 - t) / 0.25 + 0.10 * t
        opening = 1.0 if t < 0.3 else 1.0
        a = ang * opening
        pts.append(np.stack([rx * grow * np.cos(a), cy + ry * grow * np.sin(a), np.full(n, z)], 1))
    v = np.concatenate(pts).astype(np.float32)
    below = np.clip((hd[2] - 0.06 - v[:, 2]) / 0.25, 0, 0.6)
    weight = np.stack([1 - below, below], 1).astype(np.float32)
    index = np.tile(np.array([I['head'], I['spine01']], np.int16), (len(v), 1))
    order = np.argsort(-weight, 1)
    weight, index = np.take_along_axis(weight, order, 1), np.take_along_axis(index, order, 1)
    f = tube_faces(n, m, False)
    S = 64
    tex = np.empty((S, S, 3), np.float32)
    tex[:] = spec['color']
    tex *= 1 + 0.22 * rng.normal(0, 1, S)[None, :, None] + 0.05 * rng.normal(0, 1, (S, S, 1))
    j, i = np.divmod(np.arange(n * m), n)
    uv = np.stack([i / (n - 1) * (S - 1), j / (m - 1) * (S - 1)], 1).astype(np.float32)
    return v, f, index, weight, uv, np.clip(tex, 0, 255).astype(np.uint8)


class Person:
    """A body with clothes: meshes ready to be skinned, joints as sums over bones."""

    def __init__(self, model, layout, rng, photos):
        g = rng.random()
        child = rng.random() < 0.12
        gender = float(np.clip(rng.normal(0.15, 0.12) if g < 0.5 else rng.normal(0.85, 0.12), 0, 1))
        age = rng.uniform(0.38, 0.6) if child else rng.uniform(0.62, 0.95)
        self.phenotype = dict(gender=gender, age=age, muscle=rng.uniform(0.2, 0.85),
                              weight=float(np.clip(rng.normal(0.5, 0.22), 0.05, 1)),
                              height=float(np.clip(rng.normal(0.45, 0.13), 0.1, 0.8)),
                              proportions=rng.uniform(0.2, 1.0))
        v, heads = model.shape(**self.phenotype)
        self.heads = heads.astype(np.float64)
        I = model.index
        hip, knee, ankle = (heads[I[b]] for b in ('upperleg01.L', 'lowerleg01.L', 'foot.L'))
        self.leg = np.linalg.norm(knee - hip) + np.linalg.norm(ankle - knee)
        self.height = v[:, 2].max() - v[:, 2].min()
        self.worn = w = dress(layout, rng, photos, gender, child)
        n = vertex_normals(v, model.faces)
        outer = (v + n * (w['move'] * (self.height / 1.7))[:, None]).astype(np.float32)
        self.meshes = [dict(v=outer, n=vertex_normals(outer, model.faces), f=model.faces, uf=model.uvfaces,
                            uv=layout.uv, i=model.windex, w=model.weights, part=model.fpart, tex=w['texture'],
                            two=False, gloss=rng.uniform(0, 0.5))]
        for kind, spec in w['extra']:
            if kind == 'skirt':
                a = skirt(model, layout, outer, heads, spec, photos)
                part = P['skirt']
            else:
                a = long_hair(model, heads, outer, layout, spec)
                part = P['head']
            sv, sf, si, sw, suv, stex = a
            self.meshes.append(dict(v=sv, n=vertex_normals(sv, sf), f=sf, uf=sf, uv=suv, i=np.ascontiguousarray(si),
                                    w=np.ascontiguousarray(sw), part=np.full(len(sf), part, np.uint8),
                                    tex=np.ascontiguousarray(stex), two=True, gloss=0.0))
        self.joints(model, v, outer)

    def joints(self, model, v, outer):
        """For each of the 17 slots a matrix (B, 4): joint = sum over bones of bone matrix times it."""
        B = len(model.bones)
        I = model.index
        w = np.zeros((len(v), B), np.float32)
        np.put_along_axis(w, model.windex.astype(int), model.weights, 1)
        one = np.concatenate([v, np.ones((len(v), 1), np.float32)], 1)
        self.slots = np.zeros((17, B, 4), np.float32)
        names = ['nose', 'head_bottom', 'head_top', 'left_ear', 'right_ear'] + \
                [s + k for k in ('shoulder', 'elbow', 'wrist', 'hip', 'knee', 'ankle') for s in ('left_', 'right_')]
        from .body import COCO
        scale = self.height / 1.7
        # people mark shoulders and knees a little further up than the model's own regressors
        shift = {'shoulder': np.array([0.010, 0, 0.010]), 'knee': np.array([0, 0, 0.012])}
        for k, name in enumerate(names):
            if name in COCO:
                i, c = model.regress[COCO.index(name)]
                p = one[i].copy()
                kind = name.split('_')[-1]
                if kind in shift:
                    p[:, :3] += shift[kind] * scale * np.array([1 if name.startswith('left') else -1, 1, 1])
                self.slots[k] = np.einsum('i,ib,ij->bj', c, w[i], p)
        # hips: a little above the centre of the joint
        for k, b in (11, 'upperleg01.L'), (12, 'upperleg01.R'):
            self.slots[k] = 0
            self.slots[k, I[b]] = np.append(self.heads[I[b]] + np.array([0, 0, 0.015]) * scale, 1)
        hv = np.nonzero(model.vpart == P['head'])[0]
        top = v[hv[np.argsort(-v[hv, 2])[:20]]].mean(0)
        self.slots[2, I['head']] = np.append(top, 1)
        p = self.heads[I['neck01']] + np.array([0, -0.012, 0.006]) * scale
        self.slots[1, I['neck01']] = np.append(p, 1)
        # points near the ground: soles, hands, knees, seat, back, head
        ext = []
        for part in ('foot.L', 'foot.R', 'hand.L', 'hand.R', 'shin.L', 'shin.R', 'thigh.L', 'thigh.R', 'torso', 'head',
                     'forearm.L', 'forearm.R'):
            i = np.nonzero(model.vpart == P[part])[0]
            ext.append(i[::max(1, len(i) // 60)])
            for a in range(3):
                o = np.argsort(outer[i, a])
                ext.append(i[o[:4]])
                ext.append(i[o[-4:]])
        self.ground = np.unique(np.concatenate(ext))
        self.gverts = outer[self.ground]
        self.gi, self.gw = model.windex[self.ground].astype(int), model.weights[self.ground]
