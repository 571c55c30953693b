"""Writes a random Stable Diffusion checkpoint of full size in the single-file layout; needs numpy.

    python random_checkpoint.py FILE [--kind sd15|sd21|sdxl] [--dtype fp16|fp32] [--ema] [--seed N]

The bytes depend on the arguments only: each tensor is drawn from a PCG64 stream seeded by its name
and the seed, uniform, with a spread that keeps activations near 1. Tensors are written one by one,
so memory stays small. Prints the number of tensors, the size and the SHA-256.
"""

import argparse
import hashlib
import json
import struct
import zlib

import numpy as np

SCHEDULE = ("alphas_cumprod", "betas", "sqrt_alphas_cumprod", "sqrt_one_minus_alphas_cumprod")


class Shapes(dict):
    """Shapes by tensor name; the methods add the tensors of a layer."""

    def conv(self, name, inputs, outputs, kernel=3):
        self[f"{name}.weight"], self[f"{name}.bias"] = (outputs, inputs, kernel, kernel), (outputs,)

    def linear(self, name, inputs, outputs, bias=True):
        self[f"{name}.weight"] = (outputs, inputs)
        if bias:
            self[f"{name}.bias"] = (outputs,)

    def norm(self, name, channels):
        self[f"{name}.weight"] = self[f"{name}.bias"] = (channels,)

    def under(self, prefix):
        return {prefix + name: shape for name, shape in self.items()}


class Unet(Shapes):
    """`attention`: transformer depth of each level, 0 for none. The middle has the last depth."""

    LAYERS = 2

    def __init__(self, widths, attention, context, linear_projection, addition=None):
        self.context, self.linear_projection, self.time = context, linear_projection, 4 * widths[0]
        self.linear("time_embed.0", widths[0], self.time)
        self.linear("time_embed.2", self.time, self.time)
        if addition:
            self.linear("label_emb.0.0", addition, self.time)
            self.linear("label_emb.0.2", self.time, self.time)
        self.conv("input_blocks.0.0", 4, widths[0])
        kept = self.down(widths, attention)
        self.resnet("middle_block.0", widths[-1], widths[-1])
        self.transformer("middle_block.1", widths[-1], attention[-1] or max(attention))
        self.resnet("middle_block.2", widths[-1], widths[-1])
        self.up(widths, attention, kept)
        self.norm("out.0", widths[0])
        self.conv("out.2", widths[0], 4)

    def down(self, widths, attention):
        kept, channels, block = [widths[0]], widths[0], 1
        for level, width in enumerate(widths):
            for _ in range(self.LAYERS):
                self.resnet(f"input_blocks.{block}.0", channels, width)
                channels = width
                self.transformer(f"input_blocks.{block}.1", width, attention[level])
                kept.append(width)
                block += 1
            if level + 1 < len(widths):
                self.conv(f"input_blocks.{block}.0.op", width, width)
                kept.append(width)
                block += 1
        return kept

    def up(self, widths, attention, kept):
        channels, block = widths[-1], 0
        for level in reversed(range(len(widths))):
            for layer in range(self.LAYERS + 1):
                self.resnet(f"output_blocks.{block}.0", channels + kept.pop(), widths[level])
                channels = widths[level]
                self.transformer(f"output_blocks.{block}.1", channels, attention[level])
                if layer == self.LAYERS and level:
                    place = 2 if attention[level] else 1
                    self.conv(f"output_blocks.{block}.{place}.conv", channels, channels)
                block += 1

    def resnet(self, name, inputs, outputs):
        self.norm(f"{name}.in_layers.0", inputs)
        self.conv(f"{name}.in_layers.2", inputs, outputs)
        self.linear(f"{name}.emb_layers.1", self.time, outputs)
        self.norm(f"{name}.out_layers.0", outputs)
        self.conv(f"{name}.out_layers.3", outputs, outputs)
        if inputs != outputs:
            self.conv(f"{name}.skip_connection", inputs, outputs, 1)

    def transformer(self, name, width, depth):
        if depth == 0:
            return
        self.norm(f"{name}.norm", width)
        for end in ("proj_in", "proj_out"):
            if self.linear_projection:
                self.linear(f"{name}.{end}", width, width)
            else:
                self.conv(f"{name}.{end}", width, width, 1)
        for i in range(depth):
            block = f"{name}.transformer_blocks.{i}"
            for attention, source in (("attn1", width), ("attn2", self.context)):
                for part, inputs in (("to_q", width), ("to_k", source), ("to_v", source)):
                    self.linear(f"{block}.{attention}.{part}", inputs, width, bias=False)
                self.linear(f"{block}.{attention}.to_out.0", width, width)
            self.linear(f"{block}.ff.net.0.proj", width, 8 * width)
            self.linear(f"{block}.ff.net.2", 4 * width, width)
            for i in (1, 2, 3):
                self.norm(f"{block}.norm{i}", width)


class Vae(Shapes):
    LAYERS = 2
    LATENT = 4

    def __init__(self, widths=(128, 256, 512, 512)):
        channels = widths[0]
        self.conv("encoder.conv_in", 3, channels)
        for level, width in enumerate(widths):
            for layer in range(self.LAYERS):
                self.resnet(f"encoder.down.{level}.block.{layer}", channels, width)
                channels = width
            if level + 1 < len(widths):
                self.conv(f"encoder.down.{level}.downsample.conv", width, width)
        self.middle("encoder", channels, 2 * self.LATENT)
        self.conv("decoder.conv_in", self.LATENT, channels)
        for level in reversed(range(len(widths))):
            for layer in range(self.LAYERS + 1):
                self.resnet(f"decoder.up.{level}.block.{layer}", channels, widths[level])
                channels = widths[level]
            if level:
                self.conv(f"decoder.up.{level}.upsample.conv", channels, channels)
        self.middle("decoder", widths[-1], 3, channels)
        self.conv("quant_conv", 2 * self.LATENT, 2 * self.LATENT, 1)
        self.conv("post_quant_conv", self.LATENT, self.LATENT, 1)

    def resnet(self, name, inputs, outputs):
        self.norm(f"{name}.norm1", inputs)
        self.conv(f"{name}.conv1", inputs, outputs)
        self.norm(f"{name}.norm2", outputs)
        self.conv(f"{name}.conv2", outputs, outputs)
        if inputs != outputs:
            self.conv(f"{name}.nin_shortcut", inputs, outputs, 1)

    def middle(self, name, channels, outputs, last=None):
        """The blocks in the middle and, since every network has them, the last layers."""
        self.resnet(f"{name}.mid.block_1", channels, channels)
        self.norm(f"{name}.mid.attn_1.norm", channels)
        for part in ("q", "k", "v", "proj_out"):
            self.conv(f"{name}.mid.attn_1.{part}", channels, channels, 1)
        self.resnet(f"{name}.mid.block_2", channels, channels)
        self.norm(f"{name}.norm_out", last or channels)
        self.conv(f"{name}.conv_out", last or channels, outputs)


class Clip(Shapes):
    """ViT-L's text encoder, with transformers' names."""

    def __init__(self, width=768, layers=12, vocabulary=49408):
        model = "text_model."
        self[f"{model}embeddings.token_embedding.weight"] = (vocabulary, width)
        self[f"{model}embeddings.position_embedding.weight"] = (77, width)
        self[f"{model}embeddings.position_ids"] = "position_ids"
        for i in range(layers):
            layer = f"{model}encoder.layers.{i}"
            for part in ("q_proj", "k_proj", "v_proj", "out_proj"):
                self.linear(f"{layer}.self_attn.{part}", width, width)
            self.linear(f"{layer}.mlp.fc1", width, 4 * width)
            self.linear(f"{layer}.mlp.fc2", 4 * width, width)
            self.norm(f"{layer}.layer_norm1", width)
            self.norm(f"{layer}.layer_norm2", width)
        self.norm(f"{model}final_layer_norm", width)


class OpenClip(Shapes):
    """ViT-H's and bigG's text encoders."""

    def __init__(self, width, layers, vocabulary=49408):
        self["token_embedding.weight"], self["positional_embedding"] = (vocabulary, width), (77, width)
        self["text_projection"], self["logit_scale"] = (width, width), ()
        for i in range(layers):
            block = f"transformer.resblocks.{i}"
            self[f"{block}.attn.in_proj_weight"] = (3 * width, width)
            self[f"{block}.attn.in_proj_bias"] = (3 * width,)
            self.linear(f"{block}.attn.out_proj", width, width)
            self.linear(f"{block}.mlp.c_fc", width, 4 * width)
            self.linear(f"{block}.mlp.c_proj", 4 * width, width)
            self.norm(f"{block}.ln_1", width)
            self.norm(f"{block}.ln_2", width)
        self.norm("ln_final", width)


def layout(kind):
    """Shapes of all tensors of a checkpoint."""
    widths = (320, 640, 1280, 1280)
    unet, text = {
        "sd15": lambda: (
            Unet(widths, (1, 1, 1, 0), 768, False),
            Clip().under("cond_stage_model.transformer."),
        ),
        "sd21": lambda: (
            Unet(widths, (1, 1, 1, 0), 1024, True),
            OpenClip(1024, 24).under("cond_stage_model.model."),
        ),
        "sdxl": lambda: (
            Unet(widths[:3], (0, 2, 10), 2048, True, 2816),
            Clip().under("conditioner.embedders.0.transformer.")
            | OpenClip(1280, 32).under("conditioner.embedders.1.model."),
        ),
    }[kind]()
    shapes = unet.under("model.diffusion_model.") | Vae().under("first_stage_model.") | text
    return shapes if kind == "sdxl" else shapes | dict.fromkeys(SCHEDULE, "schedule")


def averages(shapes):
    """The UNet's averaged weights, whose names have no dots."""
    prefix = "model.diffusion_model."
    names = [name for name in shapes if name.startswith(prefix)]
    return {f"model_ema.{n.removeprefix('model.').replace('.', '')}": shapes[n] for n in names}


def values(name, shape, seed):
    if shape == "position_ids":
        return np.arange(77, dtype=np.int64)[None]
    if shape == "schedule":
        betas = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
        signal = np.cumprod(1 - betas)
        tables = (signal, betas, signal**0.5, (1 - signal) ** 0.5)
        return dict(zip(SCHEDULE, tables))[name].astype(np.float32)
    if shape == ():
        return np.float32(4.6052).reshape(())
    size = int(np.prod(shape))
    bits = np.random.PCG64([zlib.crc32(name.encode()), seed]).random_raw(-(-size // 4))
    x = bits.astype("<u8").view("<u2")[:size].astype(np.float32)
    x -= 32767.5
    x /= 32767.5 / 3**0.5  # uniform with variance 1
    if name.endswith("bias"):
        x *= 0.05
    elif "embedding" in name:
        x *= 0.3
    elif len(shape) == 1:
        x = 1 + 0.1 * x
    else:
        x *= 0.7 / float(np.prod(shape[1:])) ** 0.5
    return x.reshape(shape)


def stored(shape, dtype):
    """Type in the file, and shape."""
    special = {"position_ids": (np.int64, [1, 77]), "schedule": (np.float32, [1000])}
    return special.get(shape) or (dtype, list(shape))


def write(path, shapes, dtype, seed):
    names = {np.int64: "I64", np.float32: "F32", np.float16: "F16"}
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name in sorted(shapes):
        kind, shape = stored(shapes[name], dtype)
        end = at + int(np.prod(shape)) * np.dtype(kind).itemsize
        header[name] = {"dtype": names[kind], "shape": shape, "data_offsets": [at, end]}
        at = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    digest = hashlib.sha256()
    with open(path, "wb") as file:

        def put(data):
            file.write(data)
            digest.update(data)

        put(struct.pack("<Q", len(text)) + text)
        for name in sorted(shapes):
            kind, _ = stored(shapes[name], dtype)
            put(values(name, shapes[name], seed).astype(kind).tobytes())
        size = file.tell()
    print(f"{path}: {len(shapes)} tensors, {size} bytes, sha256 {digest.hexdigest()}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--kind", default="sd15", choices=["sd15", "sd21", "sdxl"])
    parser.add_argument("--dtype", default="fp16", choices=["fp16", "fp32"])
    parser.add_argument("--ema", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    shapes = layout(args.kind)
    if args.ema:
        shapes |= averages(shapes)
    dtype = {"fp16": np.float16, "fp32": np.float32}[args.dtype]
    write(args.file, shapes, dtype, args.seed)
