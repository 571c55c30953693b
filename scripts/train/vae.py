"""A small VAE: 64x64x3 images to 8x8x4 latents and back."""

import torch
import torch.nn.functional as F
from torch import nn


# 1 / the standard deviation of the published encoder's latents.
SCALING_FACTOR = 1.0127


class Residual(nn.Module):
    def __init__(self, channels: int):
        super().__init__()
        self.norm1 = nn.GroupNorm(8, channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm2 = nn.GroupNorm(8, channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.conv2.weight)  # starts as the identity
        nn.init.zeros_(self.conv2.bias)

    def forward(self, x):
        h = self.conv1(F.silu(self.norm1(x)))
        return x + self.conv2(F.silu(self.norm2(h)))


def _conv(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1, stride=stride)


def _head(channels: int, outputs: int) -> list[nn.Module]:
    return [nn.GroupNorm(8, channels), nn.SiLU(), _conv(channels, outputs)]


class VAE(nn.Module):
    """Pixel shuffles instead of strided first and last convolutions, which are slower on a CPU."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.PixelUnshuffle(4), _conv(48, 64), Residual(64),
            _conv(64, 128, 2), Residual(128), Residual(128), *_head(128, 8),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            _conv(4, 160), Residual(160), Residual(160), _conv(160, 96 * 4), nn.PixelShuffle(2),
            Residual(96), Residual(96), _conv(96, 48 * 4), nn.PixelShuffle(2),
            Residual(48), *_head(48, 12), nn.PixelShuffle(2),
        )  # fmt: skip

    def encode(self, x):
        """Mean and log-variance of the latent, unscaled."""
        mean, log_variance = self.encoder(x).chunk(2, 1)
        return mean, log_variance.clamp(-12, 4)

    def decode(self, z):
        """Decodes the unscaled latent, z / scaling_factor."""
        return self.decoder(z)

    def forward(self, x):
        mean, log_variance = self.encode(x)
        z = mean + torch.randn_like(mean) * (0.5 * log_variance).exp()
        return self.decode(z), mean, log_variance


@torch.no_grad()
def latents(vae: VAE, images: torch.Tensor):
    """Means and standard deviations of the latents of all images, unscaled."""
    encoded = [vae.encode(images[i : i + 64]) for i in range(0, len(images), 64)]
    mean = torch.cat([m for m, _ in encoded])
    deviation = (0.5 * torch.cat([v for _, v in encoded])).exp()
    return mean, deviation
