"""What the Python readers make of a file of fuzz inputs: one JSON line per input, null where they refuse it.

    python3 formats_reference.py safetensors|npy|png|torch CASES

CASES holds each input after its length as a little-endian uint32.
"""
import io
import json
import pickle
import resource
import struct
import sys
import tempfile
import zlib


# Element types that readSafetensors() gives; the others it lists.
READ = ["BOOL", "U8", "I8", "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "F64", "I64", "U64"]


def read_safetensors(data):
    from safetensors import deserialize, safe_open

    tensors = sorted(
        [name, t["dtype"], ",".join(map(str, t["shape"])), zlib.crc32(t["data"])]
        for name, t in deserialize(data)
        if t["dtype"] in READ
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
    "torch.uint16": "U16",
    "torch.uint32": "U32",
    "torch.uint64": "U64",
    "torch.complex64": "C64",
    "torch.float8_e4m3fn": "F8_E4M3",
    "torch.float8_e4m3fnuz": "F8_E4M3FNUZ",
    "torch.float8_e5m2": "F8_E5M2",
    "torch.float8_e5m2fnuz": "F8_E5M2FNUZ",
    "torch.float8_e8m0fnu": "F8_E8M0",
}


# The parts of a checkpoint, as state_dict.ts ranks them.
PARTS = [
    *["ema", "model_ema", "ema_model", "ema_state_dict", "state_dict_ema", "params_ema"],
    *["state_dict", "model_state_dict", "model", "params", "module", "net", "network", "weights"],
]

# What a weight may be made of, as pickle_tensor.ts lists it.
KNOWN = {
    "torch._utils": ["_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_parameter"],
    "torch.storage": ["UntypedStorage"],
    "collections": ["OrderedDict"],
    "argparse": ["Namespace"],
    "torch": [
        *[f"{name}Storage" for name in ["Double", "Float", "Half", "BFloat16", "Long", "Int"]],
        *[f"{name}Storage" for name in ["Short", "Char", "Byte", "Bool", "ComplexFloat"]],
        *["uint16", "uint32", "uint64", "float8_e4m3fn", "float8_e4m3fnuz", "float8_e5m2"],
        *["float8_e5m2fnuz", "float8_e8m0fnu"],
    ],
}


class Inert:
    """Replaces unknown globals: accepts every operation of a pickle, and does nothing."""

    def __new__(cls, *args, **kwargs):
        return object.__new__(cls)

    def nothing(self, *args, **kwargs):
        return None

    __init__ = __setstate__ = append = extend = __setitem__ = nothing

    def __call__(self, *args, **kwargs):
        return self


def is_inert(value):
    return isinstance(value, Inert) or (isinstance(value, type) and issubclass(value, Inert))


def unless_inert(rebuild):
    """A function of PyTorch that makes something inert of anything inert."""

    def wrapped(*args):
        return Inert() if any(map(is_inert, args)) else rebuild(*args)

    return wrapped


class Unpickler(pickle._Unpickler):
    """Python's unpickler. The one in C allocates memory up to the largest memo index."""

    def load(self):
        # PyTorch has replaced both methods by now. Its own treat every name with "Storage" as one
        # of its types.
        find, storage = self.find_class, self.persistent_load

        def find_class(module, name):
            if name not in KNOWN.get(module, []):
                return type("Unknown", (Inert,), {})
            found = find(module, name)
            return unless_inert(found) if name.startswith("_rebuild") else found

        def persistent_load(id):
            return Inert() if isinstance(id, tuple) and is_inert(id[1]) else storage(id)

        self.find_class, self.persistent_load = find_class, persistent_load
        return super().load()


def read_torch(data):
    """The same part of a checkpoint as TorchFile takes, with everything but a weight's own globals made inert."""
    import types
    import warnings

    import torch

    warnings.simplefilter("ignore")
    module = types.SimpleNamespace(__name__="inert", Unpickler=Unpickler, load=pickle.load)
    root = torch.load(io.BytesIO(data), map_location="cpu", weights_only=False, pickle_module=module)

    def has_tensors(part):
        return isinstance(part, dict) and any(
            isinstance(name, str) and isinstance(item, torch.Tensor) for name, item in part.items()
        )

    part = next((key for key in PARTS if has_tensors(root.get(key))), None)
    state = root if part is None else root[part]
    tensors = []
    for name, tensor in state.items():
        if not isinstance(name, str) or not isinstance(tensor, torch.Tensor):
            continue
        # contiguous() keeps any stride of a tensor with one element, which cannot be viewed as
        # bytes.
        flat = torch.empty(tensor.numel(), dtype=tensor.dtype).copy_(tensor.detach().reshape(-1))
        raw = flat.view(torch.uint8).numpy().tobytes() if flat.numel() > 0 else b""
        shape = ",".join(map(str, tensor.shape))
        tensors.append([name, DTYPES[str(tensor.dtype)], shape, zlib.crc32(raw)])
    return tensors


def main():
    # A length that a pickle claims is allocated before it is read.
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
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
