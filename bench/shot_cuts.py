#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""How well vremd-detect finds cuts: precision and recall on videos joined from CLIPS.

usage: bench/shot_cuts.py [--videos N] [--seed S] CLIP...

Each video has twelve parts: pieces of the clips, of 8 to 39 frames or of one, some with a flash of
one to three frames, some as a fast pan (6 to 22 % of the width a frame), some joined by a dissolve
or through black. Needs vremd-detect and ffmpeg on PATH, and numpy.
"""
import argparse, json, subprocess, tempfile
import numpy as np

WIDTH, HEIGHT = 320, 180
KINDS = ["plain", "plain", "plain", "one frame", "flash", "pan", "dissolve", "black"]


def read(path):
    raw = subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-i", path, "-vf", f"scale={WIDTH}:{HEIGHT}",
         "-frames:v", "300", "-pix_fmt", "rgb24", "-f", "rawvideo", "-"],
        check=True, capture_output=True).stdout
    return np.frombuffer(raw, np.uint8).reshape(-1, HEIGHT, WIDTH, 3)


def write(path, frames):
    subprocess.run(
        ["ffmpeg", "-nostdin", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s",
         f"{WIDTH}x{HEIGHT}", "-r", "25", "-i", "-", "-c:v", "libx264", "-preset", "ultrafast",
         "-crf", "23", "-y", path], check=True, input=frames.tobytes())


class Maker:
    """Joins pieces of clips; knows the cuts (first frames) and the fades (first, last frame)."""

    def __init__(self, clips, random):
        self.clips, self.random = clips, random

    def piece(self, length, other_than):
        while True:
            which = int(self.random.integers(len(self.clips)))
            if which != other_than or len(self.clips) == 1:
                break
        clip = self.clips[which]
        length = min(length, len(clip))
        first = int(self.random.integers(len(clip) - length + 1))
        return clip[first:first + length].astype(np.float32), which

    def flash(self, part):
        at, length = int(self.random.integers(2, len(part) - 3)), int(self.random.integers(1, 4))
        strength = self.random.uniform(0.4, 1)
        part[at:at + length] = part[at:at + length] * (1 - strength) + 330 * strength
        return part.clip(0, 255)

    def pan(self, part):
        wide = np.concatenate([part[0], part[0][:, ::-1]], 1)
        speed = self.random.uniform(0.06, 0.22) * WIDTH
        return np.stack([np.roll(wide, -int(i * speed), 1)[:, :WIDTH] for i in range(len(part))])

    def video(self):
        parts, cuts, fades, total, last = [], [], [], 0, -1
        for kind in self.random.choice(KINDS, 12):
            part, last = self.piece(1 if kind == "one frame" else int(self.random.integers(8, 40)), last)
            if kind == "flash" and len(part) > 6:
                part = self.flash(part)
            if kind == "pan":
                part = self.pan(part)
            room = min(len(parts[-1]), len(part)) if parts else 0
            if kind == "dissolve" and room >= 14:
                n = int(self.random.integers(6, 13))
                weight = (np.arange(1, n + 1) / (n + 1))[:, None, None, None]
                parts[-1][-n:] = parts[-1][-n:] * (1 - weight) + part[:n] * weight
                part = part[n:]
                fades.append((total - n, total))
            elif kind == "black" and room >= 10:
                weight = np.linspace(1, 0, 6)[:, None, None, None]
                parts[-1][-6:] *= weight
                part[:6] *= weight[::-1]
                fades.append((total - 6, total + 6))
            elif parts:
                cuts.append(total)
            parts.append(part)
            total += len(part)
        return np.concatenate(parts).astype(np.uint8), cuts, fades


def found_cuts(path):
    records = subprocess.run(
        ["vremd-detect", "-q", "--device", "cpu", "--every", "100000", "--input-size", "32", path],
        check=True, capture_output=True, text=True).stdout
    return [r["frame"] for r in map(json.loads, records.splitlines()) if r.get("cut")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("clips", nargs="+")
    parser.add_argument("--videos", type=int, default=25)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    clips = [read(path) for path in options.clips]
    maker = Maker(clips, np.random.default_rng(options.seed))
    right = wrong = missed = fades_found = fades = frames = 0
    with tempfile.TemporaryDirectory() as folder:
        for i in range(options.videos):
            video, cuts, faded = maker.video()
            path = f"{folder}/{i}.mp4"
            write(path, video)
            found = set(found_cuts(path))
            in_fade = {t for first, last in faded for t in range(first - 1, last + 2)}
            right += len(found & set(cuts))
            missed += len(set(cuts) - found)
            wrong += len(found - set(cuts) - in_fade)
            fades += len(faded)
            fades_found += sum(any(a - 1 <= t <= b + 1 for t in found) for a, b in faded)
            frames += len(video)
        alone = 0
        for i, clip in enumerate(clips):
            path = f"{folder}/clip{i}.mp4"
            write(path, clip)
            alone += len(found_cuts(path))
    precision, recall = right / max(1, right + wrong), right / max(1, right + missed)
    print(f"{frames} frames, {right + missed} cuts: {right} found, {missed} missed, {wrong} wrong; "
          f"precision {precision:.3f}, recall {recall:.3f}, "
          f"F1 {2 * precision * recall / max(1e-9, precision + recall):.3f}")
    print(f"{fades} fades: a cut in {fades_found}")
    print(f"{len(clips)} clips alone, {sum(map(len, clips))} frames: {alone} cuts")


main()
