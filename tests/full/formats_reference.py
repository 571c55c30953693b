"""What the Python readers make of a file of fuzz inputs: one JSON line per input, null where they refuse it.

    python3 formats_reference.py safetensors|npy|png|torch CASES

CASES holds each input after its length as a little-endian uint32.
"""
import io
import json
import struct
import sys
import tempfile
import zlib


def read_safetensors(data):
    from safetensors import deserialize, safe_open

    tensors = sorted(
        [name, t["dtype"], ",".join(map(str, t["shape"])), zlib.crc32(t["data"])]
        for name, t in deserialize(data)
    )
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        with safe_open(file.name, framework="numpy") as opened:
            metadata = opened.metadata() or {}
    return [tensors, sorted(metadata.items())]


def read_npy(data):
    import numpy

    array = numpy.load(io.BytesIO(data), allow_pickle=False)
    if not isinstance(array, numpy.ndarray):
        raise ValueError("not an npy file")
    return [array.dtype.str, list(array.shape), zlib.crc32(array.tobytes())]


def read_png(data):
    from PIL import Image, ImageFile

    # Pillow decodes pixels, which we leave alone: let it take what it can, and no image too large.
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    Image.MAX_IMAGE_PIXELS = 1000
    image = Image.open(io.BytesIO(data), formats=["PNG"])
    image.load()
    return sorted([key, str(text)] for key, text in image.text.items())


DTYPES = {
    "torch.float64": "F64",
    "torch.float32": "F32",
    "torch.float16": "F16",
    "torch.bfloat16": "BF16",
    "torch.int64": "I64",
    "torch.int32": "I32",
    "torch.int16": "I16",
    "torch.int8": "I8",
    "torch.uint8": "U8",
    "torch.bool": "BOOL",
}


def read_torch(data):
    """The same part of a checkpoint as TorchFile takes."""
    import argparse
    import warnings

    import torch

    warnings.simplefilter("ignore")
    # Dropped by us, and made of plain data there.
    with torch.serialization.safe_globals([argparse.Namespace]):
        root = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    part = next((key for key in ["ema", "state_dict", "model"] if isinstance(root.get(key), dict)), None)
    state = root if part is None else root[part]
    tensors = []
    for name, tensor in state.items():
        if not isinstance(name, str) or not isinstance(tensor, torch.Tensor):
            continue
        # contiguous() would keep whatever stride a tensor of one element has, and bytes cannot be viewed through it.
        flat = torch.empty(tensor.numel(), dtype=tensor.dtype).copy_(tensor.detach().reshape(-1))
        raw = flat.view(torch.uint8).numpy().tobytes() if flat.numel() > 0 else b""
        shape = ",".join(map(str, tensor.shape))
        tensors.append([name, DTYPES[str(tensor.dtype)], shape, zlib.crc32(raw)])
    return tensors


def main():
    readers = {"safetensors": read_safetensors, "npy": read_npy, "png": read_png, "torch": read_torch}
    read = readers[sys.argv[1]]
    with open(sys.argv[2], "rb") as file:
        while size := file.read(4):
            data = file.read(struct.unpack("<I", size)[0])
            try:
                print(json.dumps(read(data)))
            except Exception:
                print("null")


main()
