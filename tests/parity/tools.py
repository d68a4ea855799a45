# SPDX-License-Identifier: Apache-2.0
"""Runs the tools under test and collects the results of the comparisons."""
import json
import pathlib
import subprocess
import sys

import numpy as np
from safetensors import safe_open


class Failure(Exception):
    pass


class Tools:
    def __init__(self, bin_folder):
        self.bin = pathlib.Path(bin_folder)

    def run(self, tool, *arguments, **options):
        """The standard output of a tool; its standard error is passed through."""
        command = [str(self.bin / tool), *map(str, arguments)]
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, **options)
        if done.returncode != 0:
            raise Failure(f"{' '.join(command)}: exit status {done.returncode}")
        return done.stdout

    def import_weights(self, source, output, *options):
        self.run("vremd-convert", "weights", "-q", source, "-o", output, *options)

    def poses(self, weights, picture, boxes, dump, *options):
        """The results of vremd-pose for a still picture: keypoints [people, joints, 3] from its
        records; crops [people, 3, H, W] and heatmaps [people, joints, h, w] from its dump."""
        header = {"type": "header", "format": 1, "tool": "parity", "video": str(picture["path"]),
                  "width": picture["width"], "height": picture["height"]}
        frame = {"type": "frame", "frame": 0, "instances": [{"box": list(box)} for box in boxes]}
        end = {"type": "end", "frames": 1, "people": len(boxes)}
        records = "".join(json.dumps(one) + "\n" for one in (header, frame, end))
        lines = self.run("vremd-pose", "-q", "-w", weights, "--dump", dump, *options, input=records)
        answers = [json.loads(line) for line in lines.splitlines()]
        people = [one for one in answers if one["type"] == "frame"][0]["instances"]
        keypoints = np.array([person["keypoints"] for person in people])
        crops, heatmaps = [], []
        for i in range(len(boxes)):
            with safe_open(dump / f"000_000000_{i:02}.safetensors", "np") as file:
                crops.append(file.get_tensor("crops")[-1])
                heatmaps.append(file.get_tensor("heatmaps"))
        return keypoints, np.stack(crops), np.stack(heatmaps)


class Table:
    """The measured values, each with its limit."""

    def __init__(self, *columns):
        self.rows = [columns]
        self.failed = []

    def add(self, *cells):
        self.rows.append(cells)
        print("  ".join(map(str, cells)), flush=True)

    def check(self, what, value, bound):
        if not value <= bound:  # also if it is NaN
            self.failed.append(f"{what}: {value:.3g} is more than {bound:.3g}")
        return f"{value:.1e}" if value else "0"

    def print(self):
        widths = [max(len(str(row[i])) for row in self.rows) for i in range(len(self.rows[0]))]
        print()
        for number, row in enumerate(self.rows):
            cells = [str(cell).ljust(width) for cell, width in zip(row, widths)]
            print("| " + " | ".join(cells) + " |")
            if number == 0:
                print("|" + "|".join("-" * (width + 2) for width in widths) + "|")

    def finish(self):
        self.print()
        for failure in self.failed:
            print("FAILED " + failure)
        sys.exit(1 if self.failed else 0)
