# SPDX-License-Identifier: Apache-2.0
"""YOLOX in PyTorch, written after the paper (arXiv 2107.08430) with the names and the arithmetic of
the official repository, version 0.3.0: state dicts are exchangeable."""
import numpy as np
import torch
from torch import nn

SIZES = {"nano": (0.33, 0.25), "tiny": (0.33, 0.375), "s": (0.33, 0.5), "m": (0.67, 0.75),
         "l": (1.0, 1.0), "x": (1.33, 1.25)}
STRIDES = (8, 16, 32)


class BaseConv(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride=1, groups=1):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups,
                              bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=1e-3)

    def forward(self, x):
        return nn.functional.silu(self.bn(self.conv(x)))


class DWConv(nn.Module):
    def __init__(self, inputs, outputs, kernel, stride=1):
        super().__init__()
        self.dconv = BaseConv(inputs, inputs, kernel, stride, groups=inputs)
        self.pconv = BaseConv(inputs, outputs, 1)

    def forward(self, x):
        return self.pconv(self.dconv(x))


class Bottleneck(nn.Module):
    def __init__(self, channels, shortcut, conv):
        super().__init__()
        self.conv1 = BaseConv(channels, channels, 1)
        self.conv2 = conv(channels, channels, 3)
        self.shortcut = shortcut

    def forward(self, x):
        y = self.conv2(self.conv1(x))
        return y + x if self.shortcut else y


class CSPLayer(nn.Module):
    def __init__(self, inputs, outputs, count, shortcut, conv):
        super().__init__()
        hidden = outputs // 2
        self.conv1 = BaseConv(inputs, hidden, 1)
        self.conv2 = BaseConv(inputs, hidden, 1)
        self.conv3 = BaseConv(2 * hidden, outputs, 1)
        self.m = nn.Sequential(*[Bottleneck(hidden, shortcut, conv) for _ in range(count)])

    def forward(self, x):
        return self.conv3(torch.cat((self.m(self.conv1(x)), self.conv2(x)), 1))


class SPPBottleneck(nn.Module):
    def __init__(self, channels):
        super().__init__()
        hidden = channels // 2
        self.conv1 = BaseConv(channels, hidden, 1)
        self.conv2 = BaseConv(4 * hidden, channels, 1)

    def forward(self, x):
        x = self.conv1(x)
        pools = [nn.functional.max_pool2d(x, size, 1, size // 2) for size in (5, 9, 13)]
        return self.conv2(torch.cat([x, *pools], 1))


class Focus(nn.Module):
    def __init__(self, outputs):
        super().__init__()
        self.conv = BaseConv(12, outputs, 3)

    def forward(self, x):
        corners = [x[..., row::2, column::2] for row, column in ((0, 0), (1, 0), (0, 1), (1, 1))]
        return self.conv(torch.cat(corners, 1))


class CSPDarknet(nn.Module):
    def __init__(self, base, depth, conv):
        super().__init__()
        self.stem = Focus(base)

        def stage(width, count):
            return [conv(width // 2, width, 3, 2), CSPLayer(width, width, count, True, conv)]

        self.dark2 = nn.Sequential(*stage(2 * base, depth))
        self.dark3 = nn.Sequential(*stage(4 * base, 3 * depth))
        self.dark4 = nn.Sequential(*stage(8 * base, 3 * depth))
        self.dark5 = nn.Sequential(conv(8 * base, 16 * base, 3, 2), SPPBottleneck(16 * base),
                                   CSPLayer(16 * base, 16 * base, depth, False, conv))

    def forward(self, x):
        dark3 = self.dark3(self.dark2(self.stem(x)))
        dark4 = self.dark4(dark3)
        return dark3, dark4, self.dark5(dark4)


class YOLOPAFPN(nn.Module):
    def __init__(self, base, depth, conv):
        super().__init__()
        w3, w4, w5 = 4 * base, 8 * base, 16 * base
        self.backbone = CSPDarknet(base, depth, conv)
        self.lateral_conv0 = BaseConv(w5, w4, 1)
        self.C3_p4 = CSPLayer(2 * w4, w4, depth, False, conv)
        self.reduce_conv1 = BaseConv(w4, w3, 1)
        self.C3_p3 = CSPLayer(2 * w3, w3, depth, False, conv)
        self.bu_conv2 = conv(w3, w3, 3, 2)
        self.C3_n3 = CSPLayer(2 * w3, w4, depth, False, conv)
        self.bu_conv1 = conv(w4, w4, 3, 2)
        self.C3_n4 = CSPLayer(2 * w4, w5, depth, False, conv)

    def forward(self, x):
        def up(y):
            return nn.functional.interpolate(y, scale_factor=2, mode="nearest")

        dark3, dark4, dark5 = self.backbone(x)
        top = self.lateral_conv0(dark5)
        middle = self.reduce_conv1(self.C3_p4(torch.cat([up(top), dark4], 1)))
        out3 = self.C3_p3(torch.cat([up(middle), dark3], 1))
        out4 = self.C3_n3(torch.cat([self.bu_conv2(out3), middle], 1))
        return out3, out4, self.C3_n4(torch.cat([self.bu_conv1(out4), top], 1))


class YOLOXHead(nn.Module):
    def __init__(self, base, classes, conv):
        super().__init__()
        hidden = 4 * base

        def convs():
            return nn.ModuleList(nn.Sequential(conv(hidden, hidden, 3), conv(hidden, hidden, 3))
                                 for _ in STRIDES)

        def predictions(channels):
            return nn.ModuleList(nn.Conv2d(hidden, channels, 1) for _ in STRIDES)

        self.stems = nn.ModuleList(BaseConv(hidden << k, hidden, 1) for k in range(3))
        self.cls_convs, self.reg_convs = convs(), convs()
        self.cls_preds, self.reg_preds, self.obj_preds = map(predictions, (classes, 4, 1))

    def forward(self, maps):
        """[N, cells, 5 + classes]: centre and size in network pixels, probabilities."""
        outputs = []
        for k, (x, stride) in enumerate(zip(maps, STRIDES)):
            x = self.stems[k](x)
            regression = self.reg_convs[k](x)
            output = torch.cat([self.reg_preds[k](regression),
                                self.obj_preds[k](regression).sigmoid(),
                                self.cls_preds[k](self.cls_convs[k](x)).sigmoid()], 1)
            rows, columns = output.shape[-2:]
            grid = torch.stack(torch.meshgrid(torch.arange(columns), torch.arange(rows),
                                              indexing="xy"))
            centres = (output[:, :2] + grid) * stride
            output = torch.cat([centres, output[:, 2:4].exp() * stride, output[:, 4:]], 1)
            outputs.append(output.flatten(2).transpose(1, 2))
        return torch.cat(outputs, 1)


class YOLOX(nn.Module):
    def __init__(self, size, classes=80):
        super().__init__()
        depth, width = SIZES[size]
        base, count = int(64 * width), max(round(3 * depth), 1)
        conv = DWConv if size == "nano" else BaseConv
        self.backbone = YOLOPAFPN(base, count, conv)
        self.head = YOLOXHead(base, classes, conv)

    def forward(self, x):
        return self.head(self.backbone(x))


def letterbox(picture_bgr, size):
    """Official preprocessing since 0.1.1 of a picture that needs no scaling."""
    box = np.full((size, size, 3), 114.0)
    box[:picture_bgr.shape[0], :picture_bgr.shape[1]] = picture_bgr
    return torch.from_numpy(box).permute(2, 0, 1)[None].float()


def people(outputs, width, height, least, iou_limit):
    """Boxes x, y, w, h in pixels of the picture, clipped to it, and scores, best first, of the
    first class only, after the official program's NMS within a class."""
    outputs = outputs.double().numpy()
    scores = outputs[:, 4] * outputs[:, 5]
    corners = np.concatenate([outputs[:, :2] - outputs[:, 2:4] / 2,
                              outputs[:, :2] + outputs[:, 2:4] / 2], 1)
    corners = np.clip(corners, 0, [width, height, width, height])
    area = np.prod(corners[:, 2:] - corners[:, :2], 1)
    left = [i for i in np.argsort(-scores, kind="stable") if scores[i] >= least and area[i] > 0]
    kept = []
    while left:
        best, *left = left
        kept.append(best)

        def overlap(other):
            sides = (np.minimum(corners[best, 2:], corners[other, 2:]) -
                     np.maximum(corners[best, :2], corners[other, :2]))
            shared = np.prod(np.maximum(sides, 0))
            return shared / (area[best] + area[other] - shared)

        left = [other for other in left if overlap(other) <= iou_limit]
    boxes = np.concatenate([corners[kept, :2], corners[kept, 2:] - corners[kept, :2]], 1)
    return boxes, scores[kept]


def give_random_weights(model, pixels, seed):
    """Random weights, and batch norm statistics computed on these pixels, so that the outputs have
    the magnitude of a trained network's. The activations stay where SiLU is nearly linear: a deep,
    strongly non-linear random network amplifies the last bit of a pixel without limit."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, tensor in model.state_dict().items():
            if not tensor.is_floating_point():
                continue
            tensor.normal_(generator=generator)
            if name.endswith("bn.weight"):
                tensor.mul_(0.02).add_(0.2)
            elif tensor.dim() == 1:
                tensor.mul_(0.1)
            else:
                gain = 6 if "reg_preds" in name else 16 if "_preds" in name else 1
                tensor.mul_(gain * tensor[0].numel() ** -0.5)
        for module in model.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.momentum = 1.0
        model.train()(pixels)
        model.eval()
