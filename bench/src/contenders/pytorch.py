"""The process of PyTorch: `python pytorch.py float64|float32 THREADS`. See protocol.ts."""

import json
import resource
import sys
import time

started = time.perf_counter()
import torch  # noqa: E402
from torch import nn  # noqa: E402

dtype = getattr(torch, sys.argv[1])
torch.set_num_threads(int(sys.argv[2]))
torch.set_default_dtype(dtype)


def say(reply):
    print(json.dumps(reply), flush=True)


def numbers_in(file, shapes):
    with open(file, "rb") as opened:
        values = torch.frombuffer(bytearray(opened.read()), dtype=torch.float64)
    sizes = [torch.Size(shape).numel() for shape in shapes]
    return [part.reshape(shape) for part, shape in zip(values.split(sizes), shapes)]


def module_of(layer):
    kind = layer["kind"]
    if kind == "linear":
        return nn.Linear(layer["inputs"], layer["outputs"])
    if kind == "conv":
        return nn.Conv2d(layer["inputs"], layer["outputs"], layer["size"], padding=layer["padding"])
    if kind == "pool":
        return nn.MaxPool2d(layer["size"])
    return {"relu": nn.ReLU, "flatten": nn.Flatten}[kind]()


class Training:
    def __init__(self, task, arrays):
        self.model = nn.Sequential(*map(module_of, task["layers"]))
        parameters = list(self.model.parameters())
        with torch.no_grad():
            for parameter, value in zip(parameters, arrays):
                parameter.copy_(value)
        data = arrays[len(parameters) :]
        self.batches = [(x.to(dtype), y.long()) for x, y in zip(data[::2], data[1::2])]
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = torch.optim.SGD(parameters, lr=task["learningRate"], momentum=task["momentum"])
        self.steps = 0

    def step(self):
        x, y = self.batches[self.steps % len(self.batches)]
        self.steps += 1
        self.loss = self.criterion(self.model(x), y)
        self.optimizer.zero_grad(set_to_none=True)
        self.loss.backward()
        self.optimizer.step()

    def result(self):
        return [self.loss.item()]


class Product:
    def __init__(self, _task, arrays):
        self.a, self.b = (array.to(dtype) for array in arrays)

    def step(self):
        self.c = torch.matmul(self.a, self.b)

    def result(self):
        c = self.c.double()
        return [c[0, 0].item(), c[-1, -1].item(), c.mean().item()]


def checked(run):
    run.step()
    return run.result()


def timed(run, steps):
    start = time.perf_counter()
    for _ in range(steps):
        run.step()
    return 1e6 * (time.perf_counter() - start) / steps


def memory():
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    peak *= 1 if sys.platform == "darwin" else 1024
    try:
        with open("/proc/self/statm") as statm:
            return {"rss": int(statm.read().split()[1]) * resource.getpagesize(), "peak": peak}
    except FileNotFoundError:
        return {"rss": peak, "peak": peak}


run = None


def answer(request):
    global run
    if request["do"] == "memory":
        return memory()
    if request["do"] == "time":
        return {"micros": [timed(run, request["steps"]) for _ in range(request["samples"])]}
    if request["do"] == "check":
        return {"results": [checked(run) for _ in range(request["steps"])]}
    task = request["task"]
    kind = {"training": Training, "product": Product}[task["kind"]]
    run = kind(task, numbers_in(request["file"], request["shapes"]))
    return {}


say(
    {
        "version": f"PyTorch {torch.__version__}, {sys.argv[1]}",
        "importMilliseconds": 1000 * (time.perf_counter() - started),
    }
)
for line in sys.stdin:
    try:
        say(answer(json.loads(line)))
    except Exception as error:  # what can't be done is said, not fatal
        say({"error": str(error)})
