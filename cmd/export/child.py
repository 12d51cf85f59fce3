"""A child that export wrote as a folder of numpy files, in PyTorch: made of its
config.json and of nothing else. An example, and a judge of that file.

    python3 child.py FOLDER INPUT

INPUT is raw float32 [N, 3, R, R], normalised; the logits are printed as JSON.
"""
import json
import os
import sys

import numpy as np
import torch
import torch.nn.functional as F


class Child:
    def __init__(self, folder):
        with open(os.path.join(folder, "config.json")) as f:
            self.config = json.load(f)
        self.tensors = {t["name"]: torch.from_numpy(np.load(os.path.join(folder, t["file"])).astype("f4"))
                        for t in self.config["tensors"]}
        self.blocks = {}
        for layer in self.config["layers"]:
            if layer["stage"] >= 0:
                self.blocks.setdefault((layer["stage"], layer["block"]), {})[layer["kind"]] = layer

    def bn(self, x, name):
        mean, variance, gamma, beta = (self.tensors[f"{name}.bn.{part}"].view(1, -1, 1, 1) for part in ("mean", "variance", "gamma", "beta"))
        return (x - mean) / torch.sqrt(variance + self.config["epsilon"]) * gamma + beta

    def pointwise(self, x, name):
        return F.conv2d(x, self.tensors[name].t()[:, :, None, None])

    def linear(self, x, name):
        return x @ self.tensors[name + ".weight"] + self.tensors[name + ".bias"]

    def block(self, x, prefix, layers):
        y, depthwise = x, layers["depthwise"]
        stride = depthwise["size"] // depthwise["outSize"]
        if "expand" in layers:
            y = F.silu(self.bn(self.pointwise(y, prefix + "expand"), prefix + "expand"))
        w = self.tensors[prefix + "depthwise"].permute(2, 0, 1)[:, None]
        y = F.conv2d(y, w, stride=stride, padding=depthwise["kernel"] // 2, groups=w.shape[0])
        y = F.silu(self.bn(y, prefix + "depthwise"))
        if "se" in layers:
            v = F.silu(self.linear(y.mean((2, 3)), prefix + "se.reduce"))
            y = y * torch.sigmoid(self.linear(v, prefix + "se.expand"))[:, :, None, None]
        y = self.bn(self.pointwise(y, prefix + "project"), prefix + "project")
        if "shortcut" in layers:
            x = self.pointwise(F.avg_pool2d(x, 2) if stride == 2 else x, prefix + "shortcut")
        elif stride > 1 or x.shape != y.shape:
            return y
        return y + x

    def forward(self, x):
        x = F.conv2d(x, self.tensors["stem.conv"].permute(3, 2, 0, 1), stride=2, padding=1)
        x = F.silu(self.bn(x, "stem.conv"))
        for (stage, index), layers in sorted(self.blocks.items()):
            x = self.block(x, f"s{stage + 1}.{index}.", layers)
        x = F.silu(self.bn(self.pointwise(x, "head.conv"), "head.conv"))
        return self.linear(x.mean((2, 3)), "classifier")


if __name__ == "__main__":
    child = Child(sys.argv[1])
    side = child.config["resolution"]
    with torch.no_grad():
        x = torch.from_numpy(np.fromfile(sys.argv[2], "<f4").reshape(-1, 3, side, side))
        print(json.dumps(child.forward(x).flatten().tolist()))
