#!/usr/bin/python3
"""A training step of a child in torch, for `bench training --peer`.

Reads one JSON object a line on stdin and answers each with one on stdout:

  {"op": "build", ...}      builds the network and finds torch's fastest settings; says what it built
  {"op": "check"}           one update; the logits before it, the losses before and after it
  {"op": "steps", "n": k}   k updates; the milliseconds of each

The network is that of core/trainer/forward.go: stem, inverted residual blocks
with squeeze-and-excitation, head; batch normalisation with the statistics of
the batch; cross entropy; SGD with Nesterov momentum.
"""
import base64
import copy
import json
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F

EPSILON = 1e-5  # of batch normalisation, as supernet.Epsilon


class Norm(nn.Module):
    """A convolution without bias, batch normalisation, and swish where act."""

    def __init__(self, cin, cout, kernel=1, stride=1, groups=1, act=True):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, kernel, stride, kernel // 2, groups=groups, bias=False)
        self.bn = nn.BatchNorm2d(cout, eps=EPSILON, track_running_stats=False)
        self.act = act

    def forward(self, x):
        y = self.bn(self.conv(x))
        return F.silu(y) if self.act else y


class Squeeze(nn.Module):
    """Squeeze-and-excitation."""

    def __init__(self, mid, squeeze):
        super().__init__()
        self.reduce, self.expand = nn.Conv2d(mid, squeeze, 1), nn.Conv2d(squeeze, mid, 1)

    def forward(self, x):
        y = F.silu(self.reduce(x.mean((2, 3), keepdim=True)))
        return x * torch.sigmoid(self.expand(y))


class Block(nn.Module):
    """An inverted residual block; b is one entry of the message's blocks."""

    def __init__(self, b):
        super().__init__()
        cin, mid, out = b["in"], b["mid"], b["out"]
        self.expand = Norm(cin, mid) if b["expand"] else nn.Identity()
        self.depthwise = Norm(mid, mid, b["kernel"], b["stride"], mid)
        self.se = Squeeze(mid, b["squeeze"]) if b["squeeze"] else nn.Identity()
        self.project = Norm(mid, out, act=False)
        shortcut = [nn.AvgPool2d(2)] if b["shortcut"] == "project" and b["stride"] == 2 else []
        shortcut += [nn.Conv2d(cin, out, 1, bias=False)] if b["shortcut"] == "project" else []
        self.shortcut = nn.Sequential(*shortcut)
        self.adds = b["shortcut"] != "none"

    def forward(self, x):
        y = self.project(self.se(self.depthwise(self.expand(x))))
        return y.add_(self.shortcut(x)) if self.adds else y


class Net(nn.Module):
    """The child that the message m describes."""

    def __init__(self, m):
        super().__init__()
        self.stem = Norm(3, m["stem"], 3, 2)
        self.blocks = nn.Sequential(*[Block(b) for b in m["blocks"]])
        self.head = Norm(m["blocks"][-1]["out"], m["head"])
        self.classifier = nn.Linear(m["head"], m["classes"])

    def forward(self, x):
        return self.classifier(self.head(self.blocks(self.stem(x))).mean((2, 3)))

    def load(self, m):
        """Takes the weights of m, of which it has each one and no other. Ours are [rows, columns, in, out]."""
        at = {w["name"]: floats(w["data"]).reshape(w["shape"]) for w in m["weights"]}

        def assign(parameter, name):
            w = at.pop(name)
            w = w.permute(-1, *range(w.dim() - 1)) if w.dim() != 4 else w.permute(3, 2, 0, 1)
            parameter.copy_(w.reshape(parameter.shape))

        def norm(layer, name):
            assign(layer.conv.weight, name)
            assign(layer.bn.weight, name + ".bn.gamma")
            assign(layer.bn.bias, name + ".bn.beta")

        with torch.no_grad():
            norm(self.stem, "stem.conv")
            for b, block in zip(m["blocks"], self.blocks):
                for part in ("expand", "depthwise", "project"):
                    if part != "expand" or b["expand"]:
                        norm(getattr(block, part), b["name"] + part)
                if b["squeeze"]:
                    for part in ("reduce", "expand"):
                        layer, name = getattr(block.se, part), f"{b['name']}se.{part}."
                        assign(layer.weight, name + "weight")
                        assign(layer.bias, name + "bias")
                if b["shortcut"] == "project":
                    assign(block.shortcut[-1].weight, b["name"] + "shortcut")
            norm(self.head, "head.conv")
            assign(self.classifier.weight, "classifier.weight")
            assign(self.classifier.bias, "classifier.bias")
        if at:
            raise ValueError(f"no layer takes {sorted(at)}")

    def macs(self, x):
        """Multiply-accumulates of one image by the rule of core/cost."""
        total = 0

        def count(layer, _, y):
            nonlocal total
            w = layer.weight
            total += w.numel() * (y.shape[2] * y.shape[3] if y.dim() == 4 else 1)

        hooks = [l.register_forward_hook(count) for l in self.modules() if isinstance(l, (nn.Conv2d, nn.Linear))]
        with torch.no_grad():
            self(x[:1])
        for h in hooks:
            h.remove()
        return total


def floats(text):
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=torch.float32)


class Training:
    """One way to train a network: the layout of its tensors, traced or not."""

    def __init__(self, net, x, labels, lr, momentum, layout, traced):
        self.name = ("channels last" if layout is torch.channels_last else "contiguous") + traced * ", traced"
        self.net = net.to(memory_format=layout)
        self.x, self.labels = x.contiguous(memory_format=layout), labels
        self.run = torch.jit.trace(self.net, self.x, check_trace=False) if traced else self.net
        self.optimiser = torch.optim.SGD(self.net.parameters(), lr=lr, momentum=momentum, nesterov=True, foreach=True)

    def step(self):
        self.optimiser.zero_grad(set_to_none=True)
        logits = self.run(self.x)
        loss = F.cross_entropy(logits, self.labels)
        loss.backward()
        self.optimiser.step()
        return logits, loss

    def ms(self, n):
        all = []
        for _ in range(n):
            start = time.perf_counter()
            self.step()
            all.append(1e3 * (time.perf_counter() - start))
        return all


def fastest(net, x, labels, *recipe):
    """The settings with the quickest step, on copies of net that take turns at a quarter of the batch."""
    n = -(-len(labels) // 4)
    settings = [{"layout": layout, "traced": traced}
                for layout, traced in ((torch.channels_last, False), (torch.channels_last, True), (torch.contiguous_format, False))]
    tasks = [Training(copy.deepcopy(net), x[:n], labels[:n], *recipe, **s) for s in settings]
    for t in tasks:
        t.ms(3)  # a traced network is optimised in its first runs
    times = [t.ms(2) for _ in range(2) for t in tasks]
    best = [min(sum(times[i::len(tasks)], [])) for i in range(len(tasks))]
    return settings[best.index(min(best))]


class Peer:
    """Answers the messages."""

    def build(self, m):
        torch.set_num_threads(m["threads"])
        torch.set_flush_denormal(True)
        net = Net(m).train()
        net.load(m)
        x = floats(m["images"]).reshape(m["batch"], m["size"], m["size"], 3).permute(0, 3, 1, 2)
        task = x, torch.tensor(m["labels"]), m["lr"], m["momentum"]
        self.training = Training(net, *task, **fastest(net, *task))
        return {"version": torch.__version__, "settings": self.training.name,
                "params": sum(p.numel() for p in net.parameters()), "macs": net.macs(self.training.x)}

    def check(self, m):
        t = self.training
        logits, before = t.step()
        with torch.no_grad():
            after = F.cross_entropy(t.run(t.x), t.labels)
        return {"logits": logits.flatten().tolist(), "before": before.item(), "after": after.item()}

    def steps(self, m):
        return {"ms": self.training.ms(m["n"])}


def main():
    peer = Peer()
    for line in sys.stdin:
        m = json.loads(line)
        try:
            answer = {"build": peer.build, "check": peer.check, "steps": peer.steps}[m["op"]](m)
        except Exception as e:  # the other side shows it
            answer = {"error": f"{type(e).__name__}: {e}"}
        print(json.dumps(answer), flush=True)


main()
