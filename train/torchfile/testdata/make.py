# Writes the files of this folder: /usr/bin/python3 make.py, with Debian's python3-torch 1.13.1.
# torchfile_test.go computes the same values.
import argparse
import collections
import torch

base = torch.arange(24.).reshape(2, 3, 4) / 7
ramp = torch.arange(10.) / 3 - 1
state = collections.OrderedDict([
    ("turned", base.transpose(0, 2)),
    ("every_other", base[:, 1:, ::2]),
    ("row", base[1, 2]),
    ("repeated", torch.tensor([1.5]).expand(2, 3)),
    ("nothing", torch.zeros(0, 3)),
    ("half", ramp.half()),
    ("brain", ramp.bfloat16()),
    ("long", torch.tensor([-1, 1 << 40])),
    ("parameter", torch.nn.Parameter(ramp)),
    ("steps", torch.tensor(7)),
])
layer = torch.nn.Linear(2, 1)
optimiser = torch.optim.Adam(layer.parameters())
layer(torch.ones(1, 2)).sum().backward()
optimiser.step()
training = {
    "epoch": 3, "loss": 0.5, "history": [1.0, None, True], "arguments": argparse.Namespace(lr=0.1),
    "state_dict": collections.OrderedDict(("module." + k, v) for k, v in state.items()),
    "optimizer": optimiser.state_dict(),
}
torch.save(training, "legacy.pth", _use_new_zipfile_serialization=False)
torch.save(training, "zip.pth")
torch.save(state, "legacy-protocol1.pth", _use_new_zipfile_serialization=False, pickle_protocol=1)
torch.save(state, "zip-protocol4.pth", pickle_protocol=4)
