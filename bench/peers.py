# SPDX-License-Identifier: Apache-2.0
"""peers.py - run ViTPose in PyTorch and ONNX Runtime for vremd-bench: each line of standard input is a
question, each line of standard output its answer, both JSON objects.

  {"do": "make", "size": "b", "folder": DIR, "threads": N}
      Makes a network with random weights and crops; the answer names the checkpoint, the crops, and
      the engines, each with the error that its heatmaps may have, or why it is missing.
  {"do": "heatmaps", "size": "b", "engine": NAME}
      Writes the heatmaps of the crops; the answer names the file.
  {"do": "run", "size": "b", "engine": NAME, "seconds": S}
      Runs it for about that time; the answer is the rate, in crops per second.
"""
import json
import pathlib
import sys
import time

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "tests" / "parity"))
import vitpose_layouts as layouts  # noqa: E402

CROPS = 4


class Heatmaps(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, crops):
        return self.model(crops).heatmaps


class Engines:
    """The network of one size by each library."""

    def __init__(self, size, folder):
        self.folder, self.size = pathlib.Path(folder), size
        self.model = Heatmaps(layouts.random_model(size, "classic")).eval()
        generator = torch.Generator().manual_seed(1)
        self.crops = torch.randn(CROPS, 3, 256, 192, generator=generator)
        layouts.give_peaks(self.model.model, self.crops.numpy())
        self.run_of, self.missing = {}, {}
        self.add("PyTorch, fp32", 1e-4, self.eager)
        self.add("PyTorch, bf16", 3e-2, self.eager_bf16)
        self.add("ONNX Runtime, fp32", 1e-4, self.onnx)

    def add(self, name, bound, make):
        try:
            self.run_of[name] = (bound, make())
        except Exception as error:  # whatever stands in the way of a library is reported
            self.missing[name] = f"{type(error).__name__}: {error}".splitlines()[0]

    def eager(self):
        def run(crop):
            with torch.inference_mode():
                return self.model(crop).numpy()
        return run

    def eager_bf16(self):
        def run(crop):
            with torch.inference_mode(), torch.autocast("cpu", torch.bfloat16):
                return self.model(crop).float().numpy()
        return run

    def onnx(self):
        import onnxruntime
        path = self.folder / f"vitpose-{self.size}.onnx"
        torch.onnx.export(self.model, (self.crops[:1],), str(path), input_names=["crops"],
                          output_names=["heatmaps"], dynamo=False)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        session = onnxruntime.InferenceSession(str(path), options,
                                               providers=["CPUExecutionProvider"])
        return lambda crop: session.run(None, {"crops": crop.numpy()})[0]

    def made(self):
        checkpoint = self.folder / f"vitpose-{self.size}.pth"
        torch.save({"state_dict": layouts.official(self.model.model)}, checkpoint)
        crops = self.folder / "crops.f32"
        self.crops.numpy().tofile(crops)
        engines = [{"name": name, "bound": bound} for name, (bound, _) in self.run_of.items()]
        engines += [{"name": name, "missing": why} for name, why in self.missing.items()]
        return {"checkpoint": str(checkpoint), "crops": str(crops), "engines": engines}

    def heatmaps(self, engine):
        run = self.run_of[engine][1]
        path = self.folder / "heatmaps.f32"
        np.concatenate([run(crop[None]) for crop in self.crops]).astype(np.float32).tofile(path)
        return {"heatmaps": str(path)}

    def rate(self, engine, seconds):
        run = self.run_of[engine][1]
        count, start = 0, time.monotonic()
        while count < 2 or time.monotonic() - start < seconds:
            run(self.crops[count % CROPS][None])
            count += 1
        return {"rate": count / (time.monotonic() - start)}


def main():
    engines = {}
    for line in sys.stdin:
        question = json.loads(line)
        try:
            what, size = question["do"], question["size"]
            if what == "make":
                torch.set_num_threads(question["threads"])
                engines[size] = Engines(size, question["folder"])
                answer = engines[size].made()
            elif what == "heatmaps":
                answer = engines[size].heatmaps(question["engine"])
            else:
                answer = engines[size].rate(question["engine"], question["seconds"])
        except Exception as error:  # the other side says it and ends
            answer = {"error": f"{type(error).__name__}: {error}".splitlines()[0]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
