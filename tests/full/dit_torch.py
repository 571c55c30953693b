"""A DiT in PyTorch for the converter's tests, written from the paper (Peebles and Xie 2023).

It has the official parameter names. Every tensor is random, also those that are zero before
training: otherwise the output would not depend on the input.
"""

import math

import torch
import torch.nn.functional as F
from torch import nn

SIZES = {  # width, depth, heads: table 1 of the paper
    "S": (384, 12, 6),
    "B": (768, 12, 12),
    "L": (1024, 24, 16),
    "XL": (1152, 28, 16),
}


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x):
        b, n, c = x.shape
        q, k, v = self.qkv(x).reshape(b, n, 3, self.heads, c // self.heads).permute(2, 0, 3, 1, 4)
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, c))


def norm(width):
    return nn.LayerNorm(width, 1e-6, elementwise_affine=False)


def _linears(**shapes):
    return nn.ModuleDict({name: nn.Linear(*shape) for name, shape in shapes.items()})


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.norm = norm(width)
        self.attn = Attention(width, heads)
        self.mlp = _linears(fc1=(width, 4 * width), fc2=(4 * width, width))
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 6 * width))

    def forward(self, x, c):
        s1, f1, g1, s2, f2, g2 = self.adaLN_modulation(c)[:, None].chunk(6, -1)
        x = x + g1 * self.attn(self.norm(x) * (1 + f1) + s1)
        h = F.gelu(self.mlp["fc1"](self.norm(x) * (1 + f2) + s2), approximate="tanh")
        return x + g2 * self.mlp["fc2"](h)


class DiT(nn.Module):
    def __init__(self, width, depth, heads, patch=2, size=32, classes=1000, channels=4, out=8):
        super().__init__()
        self.patch, self.side, self.out = patch, size // patch, out
        self.x_embedder = nn.ModuleDict({"proj": nn.Conv2d(channels, width, patch, patch)})
        mlp = nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width))
        self.t_embedder = nn.ModuleDict({"mlp": mlp})
        self.y_embedder = nn.ModuleDict({"embedding_table": nn.Embedding(classes + 1, width)})
        self.pos_embed = nn.Parameter(torch.zeros(1, self.side**2, width))
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.norm = norm(width)
        self.final_layer = nn.ModuleDict(
            {
                "linear": nn.Linear(width, patch * patch * out),
                "adaLN_modulation": nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width)),
            }
        )

    def forward(self, sample, timestep, class_labels):
        half = torch.exp(-math.log(10000) * torch.arange(128, dtype=torch.float32) / 128)
        angles = timestep[:, None].float() * half
        c = self.t_embedder["mlp"](torch.cat([angles.cos(), angles.sin()], -1))
        c = c + self.y_embedder["embedding_table"](class_labels)
        x = self.x_embedder["proj"](sample).flatten(2).transpose(1, 2) + self.pos_embed
        for block in self.blocks:
            x = block(x, c)
        shift, factor = self.final_layer["adaLN_modulation"](c)[:, None].chunk(2, -1)
        x = self.final_layer["linear"](self.norm(x) * (1 + factor) + shift)
        x = x.reshape(-1, self.side, self.side, self.patch, self.patch, self.out)
        x = x.permute(0, 5, 1, 3, 2, 4)
        return x.reshape(-1, self.out, self.side * self.patch, self.side * self.patch)


@torch.no_grad()
def randomise(module, seed):
    """Weights that keep a signal's size through the depth, biases and modulations that are felt."""
    generator = torch.Generator().manual_seed(seed)
    for name, p in module.named_parameters():
        table = name == "pos_embed" or "embedding_table" in name
        scale = 0.1 if p.dim() == 1 else 0.5 if table else p[0].numel() ** -0.5
        p.normal_(0, scale, generator=generator)
    return module.eval()


@torch.no_grad()
def sensitivity(module, inputs):
    """How far the output moves when one input does, relative to its largest value."""
    base = module(*inputs.values())
    moved = {}
    for name, value in inputs.items():
        other = value.flip(0) if value.dim() == 1 else value.roll(1, 0)
        out = module(*{**inputs, name: other}.values())
        moved[name] = float((out - base).abs().max() / base.abs().max())
    return base, moved
