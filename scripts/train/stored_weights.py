"""Weights as the converter stores them: large ones as fp16, computed with as fp32."""

import numpy as np
from torch import nn

STORED_SMALLER = 1024  # elements; shorter tables and biases stay fp32


def round_weights(module: nn.Module) -> nn.Module:
    """Rounds what is stored as fp16, so that torch computes with the very same weights."""
    for p in module.parameters():
        if len(p.shape) >= 2 and int(np.prod(p.shape)) >= STORED_SMALLER:
            p.data = p.data.half().float()
    return module
