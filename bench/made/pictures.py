# SPDX-License-Identifier: Apache-2.0
"""Pictures for backgrounds, prints and objects: photographs from folders, with the people in them painted over, and
made ones."""
import hashlib
import json
import os

import numpy as np
from PIL import Image
from scipy import ndimage


def fill(image, mask):
    """Replaces the masked pixels by a smooth continuation of the others (push-pull), with a little noise."""
    levels = [(image * (1 - mask)[..., None], 1 - mask)]
    while min(levels[-1][1].shape) > 4:
        c, w = levels[-1]
        h2, w2 = (c.shape[0] + 1) // 2, (c.shape[1] + 1) // 2
        pc = np.zeros((h2 * 2, w2 * 2, 3), np.float32)
        pw = np.zeros((h2 * 2, w2 * 2), np.float32)
        pc[:c.shape[0], :c.shape[1]], pw[:w.shape[0], :w.shape[1]] = c, w
        c = pc.reshape(h2, 2, w2, 2, 3).sum((1, 3))
        w = pw.reshape(h2, 2, w2, 2).sum((1, 3))
        k = np.minimum(1, w) / np.maximum(w, 1e-6)
        levels.append((c * k[..., None], w * k))
    cur = levels[-1][0] / np.maximum(levels[-1][1], 1e-6)[..., None]
    for c, w in levels[-2::-1]:
        up = np.repeat(np.repeat(cur, 2, 0), 2, 1)[:w.shape[0], :w.shape[1]]
        up = ndimage.uniform_filter(up, (3, 3, 0))
        cur = c + up * (1 - np.minimum(w, 1))[..., None]
    rng = np.random.default_rng(0)
    return np.clip(cur + rng.normal(0, 4, image.shape) * mask[..., None], 0, 255)


def made_picture(rng, w=640, h=480):
    """A made scene: bands, boxes, noise."""
    from .clothes import color, noise
    out = np.empty((h, w, 3), np.float32)
    a, b = color(rng), color(rng)
    t = np.linspace(0, 1, h)[:, None, None]
    out[:] = a * (1 - t) + b * t
    for _ in range(rng.integers(3, 30)):
        x, y = rng.integers(w), rng.integers(h)
        dx, dy = int(rng.exponential(60)) + 4, int(rng.exponential(60)) + 4
        out[y:y + dy, x:x + dx] = color(rng) * rng.uniform(0.6, 1.1)
    n = noise(rng, max(w, h), rng.uniform(3, 50), 4)[:h, :w]
    out *= 1 + rng.uniform(0.05, 0.35) * n[..., None]
    return np.clip(ndimage.gaussian_filter(out, (rng.uniform(0.3, 2),) * 2 + (0,)), 0, 255).astype(np.uint8)


def made_ground(rng, size=512):
    from .clothes import color, noise
    r = rng.random()
    yy, xx = np.mgrid[0:size, 0:size]
    base = color(rng) if rng.random() < 0.3 else np.array([rng.uniform(60, 190)] * 3) + rng.normal(0, 12, 3)
    if r < 0.3:                      # asphalt, sand
        out = base * (1 + 0.1 * noise(rng, size, 6, 3) + 0.12 * noise(rng, size, 120, 1))[..., None]
    elif r < 0.5:                    # grass
        base = np.array([rng.uniform(50, 110), rng.uniform(80, 140), rng.uniform(30, 70)])
        out = base * (1 + 0.2 * noise(rng, size, 8, 3) + 0.3 * noise(rng, size, 150, 1))[..., None]
    elif r < 0.75:                   # tiles
        p = int(rng.choice([32, 64, 128]))
        gap = ((xx % p) < 2) | ((yy % p) < 2)
        tone = rng.normal(0, 0.06, (size // p, size // p))[yy // p % (size // p), xx // p % (size // p)]
        out = base * (1 + tone + 0.06 * noise(rng, size, 30, 3))[..., None]
        out[gap] *= 0.7
    else:                            # planks
        p = int(rng.choice([24, 48]))
        base = np.array([rng.uniform(110, 190), rng.uniform(80, 140), rng.uniform(50, 100)])
        tone = rng.normal(0, 0.1, size // p + 1)[xx // p]
        grain = ndimage.zoom(rng.standard_normal((size // 32, size // 2)), (32, 2), order=1)
        out = base * (1 + tone + 0.06 * grain)[..., None]
        out[(xx % p) < 1] *= 0.6
    return np.clip(out, 0, 255).astype(np.uint8)


def pyramid(a):
    out = [np.ascontiguousarray(a)]
    for _ in range(3):
        b = out[-1].astype(np.float32)
        b = b[:b.shape[0] // 2 * 2, :b.shape[1] // 2 * 2]
        b = b.reshape(b.shape[0] // 2, 2, b.shape[1] // 2, 2, 3).mean((1, 3))
        out.append(np.ascontiguousarray(b.astype(np.uint8)))
    return out


class Photos:
    """folders: where *.jpg, *.png lie. boxes: files that list people as COCO annotations with
    images[].file_name; they are painted over, and pictures mostly of people are left out.
    share (a, b): only pictures whose name hashes into [a, b) of [0, 1)."""

    def __init__(self, folders, boxes=(), share=(0.0, 1.0)):
        people = {}
        for path in boxes:
            d = json.load(open(path))
            names = {i['id']: os.path.basename(i['file_name']) for i in d['images']}
            for n in names.values():
                people.setdefault(n, [])
            for a in d['annotations']:
                people[names[a['image_id']]].append(a['bbox'])
        self.files = []
        for folder in folders:
            for f in sorted(os.listdir(folder)):
                if not f.lower().endswith(('.jpg', '.jpeg', '.png')):
                    continue
                u = int(hashlib.md5(f.encode()).hexdigest()[:8], 16) / 2 ** 32
                if share[0] <= u < share[1] and (not people or f in people):
                    self.files.append((os.path.join(folder, f), people.get(f, [])))
        self.cache = {}
        good = []
        for path, b in self.files:
            w, h = Image.open(path).size
            cover = np.zeros((h, w), bool)
            for x, y, bw, bh in b:
                cover[max(0, int(y)):int(y + bh) + 1, max(0, int(x)):int(x + bw) + 1] = True
            if cover.mean() < 0.25:
                good.append((path, b))
        self.files = good

    def __len__(self):
        return len(self.files)

    def __call__(self, rng):
        if not self.files:
            return made_picture(rng)
        path, boxes = self.files[rng.integers(len(self.files))]
        if path not in self.cache:
            a = np.asarray(Image.open(path).convert('RGB'), np.float32)
            if boxes:
                m = np.zeros(a.shape[:2], np.float32)
                for x, y, w, h in boxes:
                    mx, my = 0.06 * w + 3, 0.06 * h + 3
                    m[max(0, int(y - my)):int(y + h + my), max(0, int(x - mx)):int(x + w + mx)] = 1
                a = fill(a, m)
            self.cache[path] = np.ascontiguousarray(a.astype(np.uint8))
        return self.cache[path]
