# SPDX-License-Identifier: Apache-2.0
"""Compares ViTPose in vremd-convert and vremd-pose with transformers, on random weights.

For every size and head, a network of transformers with random weights is written in each file
layout, imported, and run by vremd-pose on the people of a picture. transformers processes the crops
that vremd-pose dumped. These must agree:
  - the heatmaps, to 1e-4;
  - the peaks: the output of vremd-pose --decode argmax, and that of transformers' functions for the
    peak and its mapping to the picture, to 0.05 pixels of the picture;
  - the keypoints with sub-pixel refinement, to the same accuracy. One difference between the two is
    removed first, the blur before the refinement: transformers' Gaussian of sigma 0.8 is replaced
    with that of ViTPose and mmpose (sigma 2 for kernel 11, mirrored without the edge pixel).
    Heatmaps of random weights are rough; if there is no hill around a peak, its refinement is
    meaningless and can have any length. Only refinements of at most one heatmap pixel are compared,
    and their number is reported.
The deviation caused by transformers' own crops is reported as well, without a limit.
"""
import argparse
import pathlib
import shutil
import tempfile

import numpy as np
import torch
import transformers.models.vitpose.image_processing_pil_vitpose as processing
from PIL import Image
from safetensors import safe_open
from scipy.ndimage import gaussian_filter
from transformers import VitPoseForPoseEstimation
from transformers.utils import logging

import vitpose_layouts as layouts
from tools import Failure, Table, Tools

HEATMAP_BOUND, JOINT_BOUND, EXPORT_BOUND = 1e-4, 0.05, 1e-5
HEATMAP = (64, 48)
STD = np.array([0.229, 0.224, 0.225])
LEAST_HILLS = 0.2  # of all joints must have one, or nothing was compared
BOXES = [(40, 60, 90, 220), (300, 100, 60, 200), (500, 80, 200, 150), (200.5, 30.25, 33, 71.5)]


def official_blur(heatmap, sigma, radius, axes):
    del sigma
    return gaussian_filter(heatmap, sigma=0.3 * (radius[0] - 1) + 0.8, radius=radius, axes=axes,
                           mode="mirror")  # OpenCV's rule for a kernel of 2 radius + 1


def regions(boxes):
    placed = [processing.box_to_center_and_scale(box, 192, 256) for box in boxes]
    return [np.stack(values) for values in zip(*placed)]


def to_picture(points, boxes):
    """Points of the heatmaps in pixels of the picture, by transformers."""
    return np.stack([processing.transform_preds(one, centre, scale, HEATMAP)
                     for one, centre, scale in zip(points, *regions(boxes))])


def steps_of(heatmaps, blur):
    """transformers' peaks, and its keypoints in heatmap pixels, with this blur."""
    peaks = processing.get_keypoint_predictions(heatmaps)[0]
    own = processing.gaussian_filter
    processing.gaussian_filter = blur
    try:
        step = processing.post_dark_unbiased_data_processing
        return peaks, step(peaks.copy(), heatmaps, kernel=11)
    finally:
        processing.gaussian_filter = own


def with_hill(peaks, keypoints):
    return np.linalg.norm(keypoints - peaks, axis=-1) <= 1


def distances(a, b):
    return np.linalg.norm(a[..., :2] - b[..., :2], axis=-1)


class Parity:
    def __init__(self, tools, picture, work):
        self.tools, self.picture, self.work = tools, picture, work
        self.table = Table("size", "head", "file", "heatmaps", "peaks (px)", "joints (px)",
                           "of joints")
        self.cropped = Table("size", "head", "crops (grey levels)", "joints (px): median", "90 %")
        self.stored = Table("size", "head", "fp16: heatmaps", "joints (px): median", "largest",
                            "bf16: heatmaps")

    def crops(self):
        """The crops that vremd-pose makes of the boxes, with any weights."""
        model = layouts.random_model("s", "simple")
        torch.save({"state_dict": layouts.official(model)}, self.work / "crops.pth")
        self.tools.import_weights(self.work / "crops.pth", self.work / "crops.safetensors")
        return self.run(self.work / "crops.safetensors")[1]

    def run(self, weights, *options):
        dump = self.work / "dump"
        shutil.rmtree(dump, ignore_errors=True)
        return self.tools.poses(weights, self.picture, BOXES, dump, *options)

    def compare(self, size, head, name, source, model, *options, expert=0):
        """Imports one file, estimates poses, and compares them."""
        weights = self.work / "ours.safetensors"
        self.tools.import_weights(source, weights, "-f", "--dtype", "fp32", *options)
        keypoints, crops, heatmaps = self.run(weights)
        argmax = self.run(weights, "--decode", "argmax")[0]
        expected = layouts.forward(model, crops, expert)[:, :heatmaps.shape[1]]
        peaks, refined = steps_of(expected, official_blur)
        hill = with_hill(peaks, refined)
        what = f"{size} {head} {name}: "
        check = self.table.check
        check(what + "joints without a hill", np.mean(~hill), 1 - LEAST_HILLS)
        self.table.add(
            size.upper(), head, name,
            check(what + "heatmaps", np.abs(heatmaps - expected).max(), HEATMAP_BOUND),
            check(what + "peaks", distances(argmax, to_picture(peaks, BOXES)).max(), JOINT_BOUND),
            check(what + "joints", distances(keypoints, to_picture(refined, BOXES))[hill].max(),
                  JOINT_BOUND),
            f"{hill.sum()} of {hill.size}")
        return keypoints, heatmaps, hill

    def size(self, size, head, every_layout):
        model = layouts.random_model(size, head, seed=1)
        layouts.give_peaks(model, self.crops_of_all)
        work = self.work
        state = layouts.checkpoint(layouts.official(model))
        torch.save(state, work / "zip.pth")
        ours = self.compare(size, head, "official .pth (zip)", work / "zip.pth", model)
        if every_layout:
            torch.save(state, work / "legacy.pth", _use_new_zipfile_serialization=False)
            self.compare(size, head, "official .pth (legacy)", work / "legacy.pth", model)
            torch.save(layouts.checkpoint(layouts.mmpose(model)), work / "mmpose.pth")
            self.compare(size, head, "MMPose 1.x .pth", work / "mmpose.pth", model)
        del state
        self.store(size, head, *ours)
        (work / "zip.pth").unlink()

        shutil.rmtree(work / "hub", ignore_errors=True)
        model.save_pretrained(work / "hub")
        self.compare(size, head, "Hugging Face", work / "hub", model)
        self.own_crops(size, head, model, ours[0])
        self.export(size, head, model)

    def store(self, size, head, keypoints, heatmaps, hill):
        """The effect of reduced precision, in the file written without options."""
        half, bf16 = self.work / "half.safetensors", self.work / "bf16.safetensors"
        self.tools.import_weights(self.work / "zip.pth", half, "-f")
        self.tools.import_weights(self.work / "zip.pth", bf16, "-f", "--dtype", "bf16")
        points, _, maps = self.run(half)
        far = distances(points, keypoints)[hill]
        self.stored.add(size.upper(), head, f"{np.abs(maps - heatmaps).max():.1e}",
                        f"{np.median(far):.3f}", f"{far.max():.2f}",
                        f"{np.abs(self.run(bf16)[2] - heatmaps).max():.1e}")

    def own_crops(self, size, head, model, keypoints):
        processor = processing.VitPoseImageProcessorPil()
        picture = Image.open(self.picture["path"]).convert("RGB")
        boxes = [list(map(float, box)) for box in BOXES]
        crops = np.asarray(processor(picture, boxes=[boxes], return_tensors="np").pixel_values)
        levels = np.abs(crops - self.crops_of_all) * 255 * STD.reshape(3, 1, 1)
        peaks, refined = steps_of(layouts.forward(model, crops.astype(np.float32)), official_blur)
        far = distances(keypoints, to_picture(refined, BOXES))[with_hill(peaks, refined)]
        self.cropped.add(size.upper(), head, f"{levels.mean():.2f} (largest {levels.max():.1f})",
                       f"{np.median(far):.2f}", f"{np.quantile(far, 0.9):.2f}")

    def export(self, size, head, model):
        folder = self.work / "exported"
        shutil.rmtree(folder, ignore_errors=True)
        self.tools.run("vremd-convert", "weights", "-q", "--to", "huggingface",
                       self.work / "ours.safetensors", "-o", folder)
        again, info = VitPoseForPoseEstimation.from_pretrained(folder, output_loading_info=True)
        strange = {key: list(value) for key, value in info.items() if value}
        if strange:
            raise Failure(f"{folder}: transformers says {strange}")
        processor = processing.VitPoseImageProcessorPil.from_pretrained(folder)
        if (processor.size["height"], processor.size["width"]) != (256, 192):
            raise Failure(f"{folder}: preprocessor_config.json: {processor.size}")
        expected = layouts.forward(model, self.crops_of_all)
        far = np.abs(layouts.forward(again.eval(), self.crops_of_all) - expected).max()
        self.table.add(size.upper(), head, "ours, exported to Hugging Face",
                       self.table.check(f"{size} {head} exported", far, EXPORT_BOUND), "", "", "")

    def experts(self, size):
        """ViTPose+: the official file with COCO's and another expert, and transformers' own."""
        model = layouts.random_model(size, "classic", experts=6, seed=2)
        layouts.give_peaks(model, self.crops_of_all)
        model.save_pretrained(self.work / "hub")
        for expert in (0, 3):
            self.compare(size, "classic", f"ViTPose+, Hugging Face, expert {expert}",
                         self.work / "hub", model, "--expert", str(expert), expert=expert)
        state = layouts.official(model)
        for name, tensor in list(state.items()):
            if name.startswith("keypoint_head."):  # the heads of the other data sets
                for i in range(5):
                    other = name.replace("keypoint_head.", f"associate_keypoint_heads.{i}.")
                    state[other] = tensor if i == 2 else torch.zeros_like(tensor)
        torch.save(layouts.checkpoint(state), self.work / "plus.pth")
        for expert in (0, 3):
            self.compare(size, "classic", f"ViTPose+, official, expert {expert}",
                         self.work / "plus.pth", model, "--expert", str(expert), expert=expert)

    def plain(self, size):
        """A backbone: the tensors that vremd-train starts from, against the rules of mmpose."""
        model = layouts.random_model(size, "simple", seed=3)
        state = layouts.plain(model, torch.Generator().manual_seed(4))
        torch.save({"model": state, "epoch": 1599}, self.work / "mae.pth")
        ours = self.work / "ours.safetensors"
        self.tools.import_weights(self.work / "mae.pth", ours, "-f", "--dtype", "fp32", "--heads",
                                  "12")
        rows = state["pos_embed"]
        grid = rows[:, 1:].reshape(1, 14, 14, -1).permute(0, 3, 1, 2)
        grid = torch.nn.functional.interpolate(grid, size=(16, 12), mode="bicubic")
        expected = grid.flatten(2).transpose(1, 2) + rows[:, :1]
        with safe_open(ours, "pt") as file:
            far = (file.get_tensor("backbone.pos_embed")[:, 1:] - expected).abs().max().item()
            for name in file.keys():
                theirs = name.removeprefix("backbone.").replace("last_norm", "norm")
                if theirs != "pos_embed" and not torch.equal(file.get_tensor(name), state[theirs]):
                    raise Failure(f"plain ViT: {name} differs")
        self.table.add(size.upper(), "none", "plain ViT (MAE), positions",
                       self.table.check(f"{size} positions", far, 1e-5), "", "", "")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", required=True, help="folder of the tools")
    parser.add_argument("--picture", required=True)
    parser.add_argument("--sizes", default="s,b", help="of s,b,l,h; the first one in every layout")
    parser.add_argument("--work", help="folder for the files; else a temporary one")
    arguments = parser.parse_args()
    torch.set_grad_enabled(False)
    logging.disable_progress_bar()
    with tempfile.TemporaryDirectory(dir=arguments.work) as folder:
        work = pathlib.Path(folder)
        picture = Image.open(arguments.picture).convert("RGB").resize((768, 432))
        picture.save(work / "picture.png")
        parity = Parity(Tools(arguments.bin), {"path": work / "picture.png", "width": 768,
                                               "height": 432}, work)
        parity.crops_of_all = parity.crops()
        sizes = arguments.sizes.split(",")
        for size in sizes:
            for head in ("classic", "simple"):
                parity.size(size, head, every_layout=size in "sb")
        parity.experts(sizes[0])
        parity.plain(sizes[0])
    parity.stored.print()
    parity.cropped.print()
    parity.table.finish()


if __name__ == "__main__":
    main()
