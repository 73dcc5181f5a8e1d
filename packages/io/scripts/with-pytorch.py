"""PyTorch and NumPy read what ndgrad wrote, and the other way round; both must compute the same to 1e-12.

    python3 packages/io/scripts/with-pytorch.py

Needs PyTorch and NumPy, and node_modules. Uses the official library where it is installed (`pip install safetensors`);
otherwise the few lines below, written by hand from the specification.
"""

import json
import pathlib
import struct
import subprocess
import tempfile

import numpy
import torch
from torch import nn

here = pathlib.Path(__file__).parent

models = {
    "mlp": lambda: nn.Sequential(
        nn.Linear(20, 30), nn.BatchNorm1d(30), nn.Tanh(), nn.Dropout(), nn.Linear(30, 5)
    ),
    "convnet": lambda: nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(8, 4, 3, bias=False),
        nn.GELU(),
        nn.Flatten(),
        nn.LayerNorm(16),
        nn.Linear(16, 10),
    ),
}
inputs = {"mlp": (16, 20), "convnet": (6, 3, 8, 8)}

try:
    from safetensors.torch import load_file, save_file

    reader = "the safetensors library"
except ImportError:
    reader = "a reader by hand"
    dtypes = {"F64": torch.float64, "F32": torch.float32, "I64": torch.int64}
    names = {dtype: name for name, dtype in dtypes.items()}

    def load_file(path):
        data = pathlib.Path(path).read_bytes()
        (length,) = struct.unpack("<Q", data[:8])
        header = json.loads(data[8 : 8 + length])
        assert (8 + length) % 8 == 0, "the numbers do not lie aligned"
        tensors, end = {}, 0
        for name, entry in header.items():
            if name == "__metadata__":
                assert all(isinstance(text, str) for text in entry.values())
                continue
            begin, stop = entry["data_offsets"]
            assert begin == end, "the header does not follow the order of the numbers"
            end = stop
            dtype = dtypes[entry["dtype"]]
            flat = torch.frombuffer(bytearray(data[8 + length + begin : 8 + length + stop]), dtype=dtype)
            tensors[name] = flat.reshape(entry["shape"])
        assert 8 + length + end == len(data), "bytes that belong to no tensor"
        return tensors

    def save_file(tensors, path, metadata):
        header, data = {"__metadata__": metadata}, b""
        for name, tensor in tensors.items():
            begin = len(data)
            data += tensor.contiguous().numpy().tobytes()
            offsets = [begin, len(data)]
            header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": offsets}
        text = json.dumps(header).encode()
        text += b" " * (-len(text) % 8)
        pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


def report(what, found, wanted, tolerance):
    assert found.shape == wanted.shape, (what, found.shape, wanted.shape)
    largest = 0.0 if found.size == 0 else float(numpy.abs(found - wanted).max())
    print(f"{what}: shape {list(found.shape)}, largest difference {largest}")
    assert largest <= tolerance, what


def ndgrad(command, folder):
    subprocess.run(["node", "--import", "tsx", str(here / "with-pytorch.ts"), command, folder], check=True)


def from_ndgrad(folder):
    for name, build in models.items():
        state = load_file(folder / f"{name}.safetensors")
        model = build().double()
        model.load_state_dict(state)
        arrays = numpy.load(folder / f"{name}.npz")
        with torch.no_grad():
            y = model.eval()(torch.from_numpy(arrays["x"])).numpy()
        report(f"{name}: {len(state)} tensors of ndgrad in PyTorch", y, arrays["y"], 1e-12)
    stored = numpy.load(folder / "stored.npz")
    compressed = numpy.load(folder / "compressed.npz")
    assert sorted(stored.files) == sorted(compressed.files) == ["a.b", "c/d", "größe"]
    for name in stored.files:
        report(f"array {name}, stored and compressed, in NumPy", compressed[name], stored[name], 0)
    numpy.savez_compressed(folder / "theirs-again.npz", **{name: stored[name] for name in stored.files})
    array = numpy.load(folder / "array.npy")
    numpy.save(folder / "theirs-again.npy", numpy.asfortranarray(array).astype(">f8"))


def for_ndgrad(folder):
    torch.manual_seed(0)
    for name, build in models.items():
        for suffix, dtype in (("", torch.float64), ("-f32", torch.float32)):
            model = build().to(dtype)
            for _ in range(3):
                model(torch.randn(inputs[name], dtype=dtype))
            save_file(model.state_dict(), folder / f"theirs-{name}{suffix}.safetensors", {"format": "pt"})
            x = torch.randn(inputs[name], dtype=torch.float64)
            with torch.no_grad():
                y = model.double().eval()(x)
            numpy.savez(folder / f"theirs-{name}{suffix}.npz", x=x.numpy(), y=y.numpy())


if __name__ == "__main__":
    print(f"PyTorch {torch.__version__}, NumPy {numpy.__version__}, {reader}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        ndgrad("write", temporary)
        from_ndgrad(folder)
        for_ndgrad(folder)
        ndgrad("read", temporary)
