"""Weights as stored by the converter: large ones in fp16, for computation in fp32."""

import numpy as np
from torch import nn

STORED_SMALLER = 1024  # elements; shorter tables and biases stay fp32


def round_weights(module: nn.Module) -> nn.Module:
    """Rounds the weights that are stored as fp16, so that torch computes with the same values."""
    for p in module.parameters():
        if len(p.shape) >= 2 and int(np.prod(p.shape)) >= STORED_SMALLER:
            p.data = p.data.half().float()
    return module
