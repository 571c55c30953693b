"""Rectified flow: x = (1 - sigma) clean + sigma noise, and the network learns noise - clean.

Liu, Gong and Liu, "Flow straight and fast", 2022; Esser et al., "Scaling rectified flow
transformers for high-resolution image synthesis", 2024. As in their models the network is told
1000 sigma.
"""

import numpy as np
import torch

TIMESTEPS = 1000  # what the network is told at sigma = 1


def levels(batch: int, uniform: float = 0.1) -> torch.Tensor:
    """Sigma of every row: logit-normal, stratified in the batch, and a share of rows uniform.

    Sampling begins at sigma = 1, which a logit-normal draw hardly ever comes near.
    """
    u = (torch.rand(batch) + torch.randperm(batch)) / batch
    middle = torch.sigmoid(torch.special.ndtri(u.clamp(1e-6, 1 - 1e-6)))
    return torch.where(torch.rand(batch) < uniform, torch.rand(batch), middle)


def noisy(clean: torch.Tensor, noise: torch.Tensor, sigma: torch.Tensor) -> torch.Tensor:
    """`clean` [B, C, H, W] at the levels `sigma` [B]."""
    return torch.lerp(clean, noise, sigma.view(-1, 1, 1, 1))


def sigmas(steps: int, shift: float) -> np.ndarray:
    """Levels of Euler's method from 1 down to 0, as diffusers' scheduler spaces them.

    It shifts even levels whose lowest one is shifted already.
    """

    def shifted(sigma):
        return shift * sigma / (1 + (shift - 1) * sigma)

    return np.append(shifted(np.linspace(1, shifted(1 / TIMESTEPS), steps)), 0.0)
