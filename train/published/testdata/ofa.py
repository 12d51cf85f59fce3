#!/usr/bin/env python3
"""The logits of children of Once-for-All's MobileNetV3 supernets with made-up weights, in float64 with the statistics of
the batch. The layers are written down from the description, with torch's own operators and none of the authors' code.

    ofa.py ARCH ... > ofa-mbv3.json
"""
import json
import math
import re
import sys

import numpy as np
import torch
import torch.nn.functional as F

torch.set_grad_enabled(False)


def unit(name, n):
    """n numbers of -1 to 1 that follow from a name: FNV-1a, then lowbias32 of Wellons."""
    h = 2166136261
    for b in name.encode():
        h = ((h ^ b) * 16777619) & 0xffffffff
    x = (np.arange(n, dtype=np.uint64) + h).astype(np.uint32)
    x ^= x >> np.uint32(16)
    x *= np.uint32(0x7feb352d)
    x ^= x >> np.uint32(15)
    x *= np.uint32(0x846ca68b)
    x ^= x >> np.uint32(16)
    return x.astype(np.float64) / 2**31 - 1


def divisible(v):
    n = max(8, int(v + 4) // 8 * 8)
    return n + 8 if n < 0.9 * v else n


class Tensors(dict):
    """The tensors of the whole supernet, which are made when they are asked for."""

    def __missing__(self, key):
        name, shape = key
        n = math.prod(shape)
        if len(shape) > 1:
            v = math.sqrt(6 / math.prod(shape[1:])) * unit(name, n)
        elif name.endswith('bn.weight'):
            v = 1 + 0.25 * unit(name, n)
        else:
            v = 0.1 * unit(name, n)
        self[key] = torch.from_numpy(v.astype(np.float32).reshape(shape)).double()
        return self[key]


tensors = Tensors()
macs = params = 0


def tensor(name, *shape):
    return tensors[name, shape]


def count(outputs, weights, extra=0):
    global macs, params
    macs += outputs * weights
    params += weights + extra


def norm(x, name, widest):
    c = x.shape[1]
    mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), unbiased=False, keepdim=True)
    gamma, beta = tensor(name + '.weight', widest)[:c], tensor(name + '.bias', widest)[:c]
    count(0, 0, 2 * c)
    return (x - mean) / torch.sqrt(var + 1e-5) * gamma.view(1, -1, 1, 1) + beta.view(1, -1, 1, 1)


def pointwise(x, name, out, widest, fan_in, bias=None):
    w = tensor(name, widest, fan_in, 1, 1)[:out, :x.shape[1]]
    count(x.shape[2] * x.shape[3], w.numel(), out if bias else 0)
    return F.conv2d(x, w, tensor(bias, widest)[:out] if bias else None)


def kernel(name, widest, mid, k, biggest):
    """The centre of the biggest kernel, one transform after another."""
    w, side = tensor(name + '.weight', widest, 1, biggest, biggest)[:mid], biggest
    if k != biggest:
        name = name[:-len('.conv')]
    while side > k:
        n = side - 2
        m = tensor('%s.%dto%d_matrix' % (name, side, n), n * n, n * n)
        w, side = F.linear(w[:, :, 1:-1, 1:-1].reshape(mid, n * n), m).view(mid, 1, n, n), n
    return w


def block(x, i, out, k, e, stride, se, act, plain):
    """One inverted-residual block; plain in names and in its kernel, as the first one is."""
    name = 'blocks.%d.mobile_inverted_conv.' % i
    conv, bn = ('.conv', '.bn') if plain else ('.conv.conv', '.bn.bn')
    cin, most = x.shape[1], 1 if plain else 6
    mid, widest, biggest = divisible(cin * e), divisible(cin * most), 3 if plain else 7
    y = x
    if not plain:
        y = act(norm(pointwise(y, name + 'inverted_bottleneck' + conv + '.weight', mid, widest, cin), name + 'inverted_bottleneck' + bn, widest))
    w = kernel(name + 'depth_conv' + conv, widest, mid, k, biggest)
    y = F.conv2d(y, w, stride=stride, padding=k // 2, groups=mid)
    count(y.shape[2] * y.shape[3], w.numel())
    y = act(norm(y, name + 'depth_conv' + bn, widest))
    if se:
        q, most_q = divisible(mid // 4), divisible(widest // 4)
        z = y.mean((2, 3), keepdim=True)
        fc = name + 'depth_conv.se.fc.'
        z = F.relu(pointwise(z, fc + 'reduce.weight', q, most_q, widest, fc + 'reduce.bias'))
        y = y * F.hardsigmoid(pointwise(z, fc + 'expand.weight', mid, widest, most_q, fc + 'expand.bias'))
    y = norm(pointwise(y, name + 'point_linear' + conv + '.weight', out, out, widest), name + 'point_linear' + bn, out)
    return x + y if stride == 1 and cin == out else y


def forward(x, stages, last, classes=1000):
    stem = stages[0][0]
    w = tensor('first_conv.conv.weight', stem, 3, 3, 3)
    x = F.conv2d(x, w, stride=2, padding=1)
    count(x.shape[2] * x.shape[3], w.numel())
    x = F.hardswish(norm(x, 'first_conv.bn', stem))
    i = 0
    for s, (width, kernels, expansions) in enumerate(stages):
        for j, (k, e) in enumerate(zip(kernels, expansions)):
            stride = (1, 2, 2, 2, 1, 2)[s] if j == 0 else 1
            x = block(x, i + j, width, k, e, stride, s in (2, 4, 5), F.relu if s < 3 else F.hardswish, s == 0)
        i += 1 if s == 0 else 4
    wide = divisible(x.shape[1] * 6)
    x = F.hardswish(norm(pointwise(x, 'final_expand_layer.conv.weight', wide, wide, x.shape[1]), 'final_expand_layer.bn', wide))
    x = F.hardswish(pointwise(x.mean((2, 3), keepdim=True), 'feature_mix_layer.conv.weight', last, last, wide)).flatten(1)
    count(1, classes * last, classes)
    return F.linear(x, tensor('classifier.linear.weight', classes, last), tensor('classifier.linear.bias', classes))


def parse(text):
    parts = text.split('-')
    stages = []
    for p in parts[2:-1]:
        width, depth, kernels, expansions = re.fullmatch(r'(\d+)x(\d+)k(\d+)(?:e(\d+))?', p).groups('1')
        each = lambda v: [int(c) for c in (v * int(depth) if len(v) == 1 else v)]
        stages.append((int(width), each(kernels), each(expansions)))
    return int(parts[0][1:]), stages, int(parts[-1][1:])


out = []
for text in sys.argv[1:]:
    r, stages, last = parse(text)
    images = 2
    x = torch.from_numpy((1.7 * unit('input', images * 3 * r * r)).astype(np.float32)).reshape(images, 3, r, r).double()
    macs = params = 0
    y = forward(x, stages, last)
    out.append({'arch': text, 'images': images, 'macs': macs, 'params': params,
                'logits': [[float('%.9g' % v) for v in row[:24]] for row in y.tolist()], 'largest': y.abs().max().item()})
json.dump(out, sys.stdout, indent=0)
