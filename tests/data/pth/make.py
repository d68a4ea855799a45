# SPDX-License-Identifier: Apache-2.0
"""Wrote the .pth files of this folder, with PyTorch 2.14.1 and numpy 2.4.6:

    python3 make.py

Every number is told by its place, so that the tests need no second copy of them."""
import argparse
import collections

import numpy
import torch

whole = torch.arange(12, dtype=torch.float32).reshape(3, 4)
state = torch.nn.BatchNorm1d(2).state_dict()  # an OrderedDict with _metadata, a counter in it
state["whole"] = whole
state["rows"] = whole[1:]             # shares its storage
state["columns"] = whole[:, 1::2]     # strides 4, 2
state["turned"] = whole.t()
state["half"] = torch.tensor([0.5, -2.0, 65504.0]).half()
state["bfloat16"] = torch.tensor([[1.5], [-3.0]]).bfloat16()
state["double"] = torch.tensor(0.25, dtype=torch.float64)
state["empty"] = torch.zeros(0, 3)
state["parameter"] = torch.nn.Parameter(torch.tensor([7.0, 8.0]))
state["array"] = numpy.arange(3)
state["number"] = 5
checkpoint = {
    "meta": {"config": "model = dict(type='TopDown')", "epoch": 210, "seed": numpy.int64(3),
             "arguments": argparse.Namespace(lr=0.1), "tuple": (1, 2.5, None, True)},
    "state_dict": state,
    "optimizer": {"state": collections.defaultdict(dict), "param_groups": [{"lr": 5e-4}]},
}
torch.save(checkpoint, "zip.pth")
torch.save(checkpoint, "legacy.pth", _use_new_zipfile_serialization=False)
torch.serialization.set_crc32_options(False)
torch.save({"model": {"module.a": torch.ones(2), "module.b": whole}}, "no_crc.pth")
torch.serialization.set_crc32_options(True)
torch.save(torch.nn.Linear(1, 1), "module.pth")
