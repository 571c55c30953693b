"""What the Python readers make of a file of fuzz inputs: one JSON line per input, null where they refuse it.

    python3 formats_reference.py safetensors|npy|png CASES

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

    # Pillow decodes pixels, which we leave alone: let it take what it can, and no picture too large.
    ImageFile.LOAD_TRUNCATED_IMAGES = True
    Image.MAX_IMAGE_PIXELS = 1000
    image = Image.open(io.BytesIO(data), formats=["PNG"])
    image.load()
    return sorted([key, str(text)] for key, text in image.text.items())


def main():
    read = {"safetensors": read_safetensors, "npy": read_npy, "png": read_png}[sys.argv[1]]
    with open(sys.argv[2], "rb") as file:
        while size := file.read(4):
            data = file.read(struct.unpack("<I", size)[0])
            try:
                print(json.dumps(read(data)))
            except Exception:
                print("null")


main()
