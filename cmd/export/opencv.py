"""Runs ONNX files in OpenCV's dnn, with the messages of onnxruntime.mjs."""
import json
import sys

import cv2
import numpy as np

net = None


def load(request):
    global net
    net = cv2.dnn.readNetFromONNX(request["file"])
    return {"version": cv2.__version__}


def run(request):
    values = np.fromfile(request["input"], {"uint8": "u1", "float32": "<f4"}[request["type"]])
    net.setInput(values.reshape(request["dims"]))
    return {"logits": net.forward().flatten().tolist()}


for line in sys.stdin:
    try:
        request = json.loads(line)
        reply = {"load": load, "run": run}[request["op"]](request)
    except Exception as e:
        reply = {"error": str(e).strip()}
    print(json.dumps(reply), flush=True)
