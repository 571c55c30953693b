"""Noise schedules, the v parametrisation, and the DDIM sampler of the trainers' previews."""

import torch
from torch import nn


def betas(kind: str, steps: int = 1000) -> torch.Tensor:
    """`linear`: 1e-4 to 0.02 (DiT). `scaled_linear`: 0.00085 to 0.012 in square roots (SD v1.5)."""
    if kind == "linear":
        return torch.linspace(1e-4, 0.02, steps, dtype=torch.float64)
    return torch.linspace(0.00085**0.5, 0.012**0.5, steps, dtype=torch.float64) ** 2


class Schedule:
    """Gathers coefficients by timestep, shaped to multiply [B, C, H, W]."""

    def __init__(self, kind: str):
        self.beta = betas(kind)
        self.alpha_bar = (1 - self.beta).cumprod(0)
        self.signal = self.alpha_bar.sqrt().float()
        self.noise = (1 - self.alpha_bar).sqrt().float()

    def noisy(self, clean, noise, t):
        signal, sigma = self.at(t)
        return signal * clean + sigma * noise

    def velocity(self, clean, noise, t):
        signal, sigma = self.at(t)
        return signal * noise - sigma * clean

    def epsilon(self, v, x, t):
        signal, sigma = self.at(t)
        return signal * v + sigma * x

    def at(self, t):
        return self.signal[t].view(-1, 1, 1, 1), self.noise[t].view(-1, 1, 1, 1)


class EpsilonFromV(nn.Module):
    """Converts a v-network to epsilon prediction, as in DiT and SD v1.5; other channels are kept."""

    def __init__(self, network: nn.Module, kind: str):
        super().__init__()
        schedule = Schedule(kind)
        self.network = network
        self.register_buffer("signal", schedule.signal, persistent=False)
        self.register_buffer("noise", schedule.noise, persistent=False)

    def forward(self, x, t, condition):
        out = self.network(x, t, condition)
        signal, noise = self.signal[t].view(-1, 1, 1, 1), self.noise[t].view(-1, 1, 1, 1)
        epsilon = signal * out[:, :4] + noise * x
        return epsilon if out.shape[1] == 4 else torch.cat([epsilon, out[:, 4:]], 1)
