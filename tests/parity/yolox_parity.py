# SPDX-License-Identifier: Apache-2.0
"""YOLOX through vremd-convert and vremd-detect against a reimplementation in PyTorch.

For every size a network gets random weights, is written as the official repository writes its
files, imported, and run by vremd-detect on a picture. Boxes must agree to 0.05 pixels and scores
to 1e-4, or to ten times what float32 costs PyTorch itself (against float64) where random weights
make that more; who is found and who is suppressed must be the same. The picture has the network's size
already: random networks answer to single grey levels, and OpenCV's fixed-point scaling is one of
them away from ours at some pixels.
"""
import argparse
import copy
import json
import pathlib
import tempfile

import numpy as np
import torch
from PIL import Image
from safetensors import safe_open

import yolox_reference as reference
from tools import Failure, Table, Tools

BOX_BOUND, SCORE_BOUND = 0.05, 1e-4
ROUNDINGS = 10  # multiple of PyTorch's float32 error, if larger
CELLS = 1000  # number of cells taken as people, before suppression


def threshold(outputs):
    """A score between those of two cells, far from both."""
    scores = (outputs[:, 4] * outputs[:, 5]).sort(descending=True).values[CELLS // 2:CELLS]
    gap = int((scores[:-1] - scores[1:]).argmax())
    return round(float(scores[gap] + scores[gap + 1]) / 2, 6)


def rounding(model, pixels, outputs, width, height):
    """The rounding error of float32 in PyTorch: of boxes within the picture, and of scores. Random
    weights of a deep network amplify it."""
    exact = copy.deepcopy(model).double()(pixels.double())[0]
    cells = (outputs[:, 4] * outputs[:, 5]).sort(descending=True).indices[:CELLS]

    def boxes_and_scores(values):
        values = values[cells].double()
        low, high = values[:, :2] - values[:, 2:4] / 2, values[:, :2] + values[:, 2:4] / 2
        corners = torch.stack([low[:, 0], high[:, 0], low[:, 1], high[:, 1]], 1)
        limits = torch.tensor([width, width, height, height])
        return torch.minimum(corners.clamp_min(0), limits), values[:, 4] * values[:, 5]

    return [(a - b).abs().max().item()
            for a, b in zip(boxes_and_scores(outputs), boxes_and_scores(exact))]


def found_by_us(tools, weights, picture, least):
    lines = tools.run("vremd-detect", "-q", "--device", "cpu", "-w", weights, "--min-score",
                      str(least), picture).splitlines()
    frame = next(one for one in map(json.loads, lines) if one["type"] == "frame")
    people = frame["instances"]
    return (np.array([one["box"] for one in people]).reshape(-1, 4),
            np.array([one["box_score"] for one in people]))


def compare(tools, table, size, picture, work):
    input_size = 416 if size in ("nano", "tiny") else 640
    with Image.open(picture) as image:
        small = image.convert("RGB").resize((input_size, input_size * 3 // 4))
    small.save(work / "picture.png")
    bgr = np.asarray(small)[:, :, ::-1]
    pixels = reference.letterbox(bgr, input_size)
    model = reference.YOLOX(size)
    reference.give_random_weights(model, pixels, seed=5)
    outputs = model(pixels)[0]
    least = threshold(outputs)
    cells = int((outputs[:, 4] * outputs[:, 5] > least).sum())
    torch.save({"start_epoch": 300, "model": model.state_dict(),
                "optimizer": {"state": {}, "param_groups": [{"lr": 0.01}]}}, work / "yolox.pth")
    weights = work / "yolox.safetensors"
    tools.import_weights(work / "yolox.pth", weights, "-f", "--dtype", "fp32")
    with safe_open(weights, "np") as file:
        if file.metadata()["architecture"] != "yolox-" + size:
            raise Failure(f"yolox-{size} was taken for {file.metadata()['architecture']}")
    height, width = bgr.shape[:2]
    boxes, scores = reference.people(outputs, width, height, least, 0.65)
    our_boxes, our_scores = found_by_us(tools, weights, work / "picture.png", least)
    if len(boxes) != len(our_boxes) or len(boxes) < 10 or len(boxes) == cells:
        raise Failure(f"yolox-{size}: {len(our_boxes)} people instead of {len(boxes)} of {cells}")
    # equal scores but for the last digits may change places
    pairs = np.abs(boxes[:, None] - our_boxes).max(2).argmin(1)
    if len(set(pairs)) != len(boxes):
        raise Failure(f"yolox-{size}: the people are others")
    our_boxes, our_scores = our_boxes[pairs], our_scores[pairs]
    own_box, own_score = rounding(model, pixels, outputs, width, height)
    table.add(size, f"{len(boxes)} of {cells} cells",
              table.check(f"yolox-{size}: boxes", np.abs(boxes - our_boxes).max(),
                          max(BOX_BOUND, ROUNDINGS * own_box)), f"{own_box:.1e}",
              table.check(f"yolox-{size}: scores", np.abs(scores - our_scores).max(),
                          max(SCORE_BOUND, ROUNDINGS * own_score)), f"{own_score:.1e}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="folder of the tools")
    parser.add_argument("--picture", required=True)
    parser.add_argument("--sizes", default=",".join(reference.SIZES))
    arguments = parser.parse_args()
    torch.set_grad_enabled(False)
    table = Table("YOLOX", "people", "boxes (px)", "float32 itself", "scores", "float32 itself")
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        for size in arguments.sizes.split(","):
            compare(Tools(arguments.bin), table, size, arguments.picture, work)
    table.finish()


if __name__ == "__main__":
    main()
