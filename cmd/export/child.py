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


ACTIVATIONS = {"swish": F.silu, "hardswish": F.hardswish, "relu": F.relu, "sigmoid": torch.sigmoid, "hardsigmoid": F.hardsigmoid}


class Child:
    def __init__(self, folder):
        with open(os.path.join(folder, "config.json")) as f:
            self.config = json.load(f)
        self.tensors = {t["name"]: torch.from_numpy(np.load(os.path.join(folder, t["file"])).astype("f4"))
                        for t in self.config["tensors"]}

    def bn(self, x, name):
        mean, variance, gamma, beta = (self.tensors[f"{name}.bn.{part}"].view(1, -1, 1, 1) for part in ("mean", "variance", "gamma", "beta"))
        return (x - mean) / torch.sqrt(variance + self.config["epsilon"]) * gamma + beta

    def pointwise(self, x, name):
        return F.conv2d(x, self.tensors[name].t()[:, :, None, None])

    def linear(self, x, name):
        return x @ self.tensors[name + ".weight"] + self.tensors[name + ".bias"]

    def block(self, x, block):
        y, name, act = x, block["name"], ACTIVATIONS[block["activation"]]
        if name + "expand" in self.tensors:
            y = act(self.bn(self.pointwise(y, name + "expand"), name + "expand"))
        w = self.tensors[name + "depthwise"].permute(2, 0, 1)[:, None]
        y = F.conv2d(y, w, stride=block["stride"], padding=w.shape[2] // 2, groups=w.shape[0])
        y = act(self.bn(y, name + "depthwise"))
        if "gate" in block:
            v = ACTIVATIONS[block["inside"]](self.linear(y.mean((2, 3)), name + "se.reduce"))
            y = y * ACTIVATIONS[block["gate"]](self.linear(v, name + "se.expand"))[:, :, None, None]
        y = self.bn(self.pointwise(y, name + "project"), name + "project")
        if block["shortcut"] == "none":
            return y
        if block["stride"] == 2:
            x = F.avg_pool2d(x, 2)
        if block["shortcut"] == "project":
            x = self.pointwise(x, name + "shortcut")
        return y + x

    def forward(self, x):
        act = ACTIVATIONS[self.config["activation"]]
        x = F.conv2d(x, self.tensors["stem.conv"].permute(3, 2, 0, 1), stride=2, padding=1)
        x = act(self.bn(x, "stem.conv"))
        for block in self.config["blocks"]:
            x = self.block(x, block)
        if "head.expand" in self.tensors:  # before the pool, and head.conv behind it
            x = act(self.bn(self.pointwise(x, "head.expand"), "head.expand"))
            x = act(x.mean((2, 3)) @ self.tensors["head.conv"])
        else:
            x = act(self.bn(self.pointwise(x, "head.conv"), "head.conv")).mean((2, 3))
        return self.linear(x, "classifier")


if __name__ == "__main__":
    child = Child(sys.argv[1])
    side = child.config["resolution"]
    with torch.no_grad():
        x = torch.from_numpy(np.fromfile(sys.argv[2], "<f4").reshape(-1, 3, side, side))
        print(json.dumps(child.forward(x).flatten().tolist()))
