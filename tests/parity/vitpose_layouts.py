# SPDX-License-Identifier: Apache-2.0
"""A ViTPose of transformers with random weights, and its tensors under the names of the official
repository (mmpose 0.x), of MMPose 1.x, and of timm."""
import argparse
import collections

import numpy as np
import torch
from transformers import VitPoseBackboneConfig, VitPoseConfig, VitPoseForPoseEstimation

SIZES = {"s": (384, 12, 12), "b": (768, 12, 12), "l": (1024, 24, 16), "h": (1280, 32, 16)}
PARTS = {"s": 96, "b": 192, "l": 256, "h": 320}  # features of an expert of ViTPose+


def random_model(size, head, experts=1, seed=0, ln_eps=1e-6):
    dim, depth, heads = SIZES[size]
    backbone = VitPoseBackboneConfig(
        hidden_size=dim, num_hidden_layers=depth, num_attention_heads=heads, layer_norm_eps=ln_eps,
        out_indices=[depth], num_experts=experts, part_features=PARTS[size] if experts > 1 else 0)
    config = VitPoseConfig(backbone_config=backbone, num_labels=17,
                           use_simple_decoder=head == "simple")
    model = VitPoseForPoseEstimation(config).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if not tensor.is_floating_point():
                continue
            tensor.normal_(generator=generator)
            if name.endswith("running_var"):
                tensor.abs_().add_(0.5)
            elif "norm" in name and name.endswith("weight"):
                tensor.mul_(0.2).add_(1)
            elif tensor.dim() == 1:
                tensor.mul_(0.1)
            elif "position" in name:
                tensor.mul_(0.3)
            elif "deconv" in name:
                tensor.copy_(smooth_kernels(tensor, generator))
            else:
                tensor.mul_(tensor[0].numel() ** -0.5)
    return model


def smooth_kernels(noise, generator):
    """Kernels that upsample bilinearly, each with a random gain and some noise: trained heatmaps are
    smooth, and only smooth ones have peaks that can be located with sub-pixel accuracy."""
    ramp = torch.tensor([0.25, 0.75, 0.75, 0.25])
    gain = torch.randn(noise.shape[0], noise.shape[1], 1, 1, generator=generator)
    return (gain * ramp[:, None] * ramp + 0.1 * noise) * noise.shape[0] ** -0.5


def forward(model, crops, expert=0):
    index = torch.full((1,), expert) if model.config.backbone_config.num_experts > 1 else None
    with torch.no_grad():
        return np.concatenate(
            [model(torch.from_numpy(crop)[None], dataset_index=index).heatmaps for crop in crops])


def give_peaks(model, crops, expert=0):
    """Scales the last layer so that each joint's heatmap ranges from about 0.1 to 0.9 on the crops:
    random weights detect nobody, but the decoder should get values in the range of heatmaps."""
    heatmaps = forward(model, crops, expert)
    low = torch.from_numpy(np.quantile(heatmaps, 0.01, axis=(0, 2, 3)))
    high = torch.from_numpy(heatmaps.max(axis=(0, 2, 3)))
    gain = (0.8 / (high - low)).float()
    with torch.no_grad():
        layer = model.head.conv
        layer.weight.mul_(gain[:, None, None, None])
        layer.bias.sub_(low.float()).mul_(gain).add_(0.1)


def official(model):
    """Names of the official repository; those of experts too."""
    theirs = model.state_dict()
    dim = model.config.backbone_config.hidden_size
    result = collections.OrderedDict()
    result["backbone.cls_token"] = torch.randn(1, 1, dim)  # present but unused
    for name, tensor in theirs.items():
        name = name.replace("embeddings.patch_embeddings.projection", "patch_embed.proj")
        name = name.replace("embeddings.position_embeddings", "pos_embed")
        name = name.replace("encoder.layer.", "blocks.")
        name = name.replace("attention.output.dense", "attn.proj")
        name = name.replace("layernorm_before", "norm1").replace("layernorm_after", "norm2")
        name = name.replace("backbone.layernorm", "backbone.last_norm")
        name = name.replace("head.deconv1", "head.deconv_layers.0")
        name = name.replace("head.batchnorm1", "head.deconv_layers.1")
        name = name.replace("head.deconv2", "head.deconv_layers.3")
        name = name.replace("head.batchnorm2", "head.deconv_layers.4")
        name = name.replace("head.conv", "head.final_layer")
        if name.startswith("head."):
            name = "keypoint_" + name
        if ".attention.attention." in name:
            if ".query." not in name:
                continue
            ending = name.rsplit(".", 1)[1]
            original = name.replace("blocks.", "encoder.layer.")
            parts = [theirs[original.replace("query", part)] for part in ("query", "key", "value")]
            name = name.replace("attention.attention.query." + ending, "attn.qkv." + ending)
            tensor = torch.cat(parts)
        result[name] = tensor
    return result


def mmpose(model):
    """Names of MMPose 1.x, whose converter adds the first position row to the others."""
    result = collections.OrderedDict()
    for name, tensor in official(model).items():
        if name == "backbone.cls_token":
            continue
        name = name.replace("keypoint_head.", "head.").replace("blocks.", "layers.")
        name = name.replace("patch_embed.proj", "patch_embed.projection")
        name = name.replace(".norm1.", ".ln1.").replace(".norm2.", ".ln2.")
        name = name.replace("mlp.fc1", "ffn.layers.0.0").replace("mlp.fc2", "ffn.layers.1")
        name = name.replace("backbone.last_norm", "backbone.ln1")
        if name == "backbone.pos_embed":
            tensor = tensor[:, 1:] + tensor[:, :1]
        result[name] = tensor
    return result


def plain(model, generator):
    """Names of timm: no head, positions of a class token and of 14 x 14 patches."""
    result = collections.OrderedDict()
    for name, tensor in official(model).items():
        if name.startswith("keypoint_head."):
            continue
        result[name.removeprefix("backbone.").replace("last_norm", "norm")] = tensor
    dim = model.config.backbone_config.hidden_size
    result["pos_embed"] = 0.3 * torch.randn(1, 197, dim, generator=generator)
    result["head.weight"] = torch.randn(10, dim)
    return result


def checkpoint(state):
    """A checkpoint with the other contents that such files have."""
    return {"meta": {"mmpose_version": "0.24.0", "config": "model = dict()", "epoch": 210,
                     "seed": np.int64(1), "arguments": argparse.Namespace(lr=5e-4)},
            "state_dict": state,
            "optimizer": {"param_groups": [{"lr": 5e-4}],
                          "state": {0: {"step": 1, "exp_avg": torch.ones(3)}}}}
