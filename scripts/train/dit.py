"""A diffusion transformer with adaLN-zero, under the parameter names of the official checkpoint.

Peebles and Xie, "Scalable Diffusion Models with Transformers", 2023. The network here predicts v;
`EpsilonFromV` gives the exported graph the official outside (epsilon and the learned variance).
"""

import math

import torch
import torch.nn.functional as F
from torch import nn


def shift_scale(x, shift, scale):
    return x * (1 + scale[:, None]) + shift[:, None]


class PatchEmbed(nn.Module):
    def __init__(self, channels: int, width: int, patch: int):
        super().__init__()
        self.proj = nn.Conv2d(channels, width, patch, patch)

    def forward(self, x):
        return self.proj(x).flatten(2).transpose(1, 2)


class TimestepEmbedder(nn.Module):
    def __init__(self, width: int, size: int = 256):
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(size, width), nn.SiLU(), nn.Linear(width, width))
        half = size // 2
        frequencies = torch.exp(-math.log(10000) * torch.arange(half) / half)
        self.register_buffer("frequencies", frequencies, persistent=False)

    def forward(self, t):
        angles = t.float()[:, None] * self.frequencies
        return self.mlp(torch.cat([angles.cos(), angles.sin()], 1))


class LabelEmbedder(nn.Module):
    """One row per class, and a last one for the null class."""

    def __init__(self, classes: int, width: int):
        super().__init__()
        self.embedding_table = nn.Embedding(classes + 1, width)
        nn.init.normal_(self.embedding_table.weight, std=0.5)

    def forward(self, labels):
        return self.embedding_table(labels)


class Attention(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x):
        batch, tokens, width = x.shape
        split = self.qkv(x).reshape(batch, tokens, 3, self.heads, width // self.heads)
        q, k, v = split.permute(2, 0, 3, 1, 4).unbind(0)
        # No fused kernel: its rows would depend on the batch, and 16 tokens do not need it.
        weights = (q * (width // self.heads) ** -0.5) @ k.transpose(-1, -2)
        mixed = weights.softmax(-1) @ v
        return self.proj(mixed.transpose(1, 2).reshape(batch, tokens, width))


class Mlp(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x), approximate="tanh"))


def _norm(width: int) -> nn.LayerNorm:
    return nn.LayerNorm(width, 1e-6, elementwise_affine=False)


def _modulation(width: int, count: int) -> nn.Sequential:
    linear = nn.Linear(width, count * width)
    nn.init.zeros_(linear.weight)  # adaLN-zero: every block starts as the identity
    nn.init.zeros_(linear.bias)
    return nn.Sequential(nn.SiLU(), linear)


class Block(nn.Module):
    def __init__(self, width: int, heads: int):
        super().__init__()
        self.norm1, self.norm2 = _norm(width), _norm(width)
        self.attn = Attention(width, heads)
        self.mlp = Mlp(width)
        self.adaLN_modulation = _modulation(width, 6)

    def forward(self, x, condition):
        shift1, scale1, gate1, shift2, scale2, gate2 = self.adaLN_modulation(condition).chunk(6, 1)
        x = x + gate1[:, None] * self.attn(shift_scale(self.norm1(x), shift1, scale1))
        return x + gate2[:, None] * self.mlp(shift_scale(self.norm2(x), shift2, scale2))


class FinalLayer(nn.Module):
    def __init__(self, width: int, outputs: int):
        super().__init__()
        self.norm_final = _norm(width)
        self.linear = nn.Linear(width, outputs)
        self.adaLN_modulation = _modulation(width, 2)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, x, condition):
        shift, scale = self.adaLN_modulation(condition).chunk(2, 1)
        return self.linear(shift_scale(self.norm_final(x), shift, scale))


def positions(width: int, side: int) -> torch.Tensor:
    """Sine and cosine of the column in the first half of the width, of the row in the second."""
    frequencies = 1 / 10000 ** (torch.arange(width // 4) / (width // 4))
    angles = torch.arange(side).float()[:, None] * frequencies
    line = torch.cat([angles.sin(), angles.cos()], 1)
    columns = line[None].expand(side, side, -1)
    rows = line[:, None].expand(side, side, -1)
    return torch.cat([columns, rows], -1).reshape(1, side * side, width)


class DiT(nn.Module):
    """[B, 4, size, size], t [B], class [B] -> [B, outputs, size, size].

    With 8 outputs: v and the variance's fraction. With 4: v alone, as a flow needs it.
    """

    def __init__(self, size=8, patch=2, width=192, depth=8, heads=4, classes=41, outputs=8):
        super().__init__()
        self.size, self.patch, self.classes, self.outputs = size, patch, classes, outputs
        self.x_embedder = PatchEmbed(4, width, patch)
        self.t_embedder = TimestepEmbedder(width)
        self.y_embedder = LabelEmbedder(classes, width)
        self.pos_embed = nn.Parameter(positions(width, size // patch), requires_grad=False)
        self.blocks = nn.ModuleList(Block(width, heads) for _ in range(depth))
        self.final_layer = FinalLayer(width, patch * patch * outputs)
        for name, module in self.named_modules():
            if isinstance(module, nn.Linear) and not name.endswith(("modulation.1", "layer.linear")):
                nn.init.xavier_uniform_(module.weight)
                nn.init.zeros_(module.bias)

    def forward(self, x, t, labels):
        hidden = self.x_embedder(x) + self.pos_embed
        condition = self.t_embedder(t) + self.y_embedder(labels)
        for block in self.blocks:
            hidden = block(hidden, condition)
        hidden = self.final_layer(hidden, condition)
        side, patch = self.size // self.patch, self.patch
        grid = hidden.reshape(-1, side, side, patch, patch, self.outputs)
        return grid.permute(0, 5, 1, 3, 2, 4).reshape(-1, self.outputs, self.size, self.size)
