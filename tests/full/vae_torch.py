"""diffusers' AutoencoderKL with random weights, for the converter's tests."""

import sys

sys.modules["torchvision"] = None  # not needed, and not always there

import torch  # noqa: E402
from diffusers import AutoencoderKL  # noqa: E402

SD15 = dict(
    in_channels=3,
    out_channels=3,
    latent_channels=4,
    block_out_channels=(128, 256, 512, 512),
    layers_per_block=2,
    down_block_types=("DownEncoderBlock2D",) * 4,
    up_block_types=("UpDecoderBlock2D",) * 4,
    sample_size=512,
    scaling_factor=0.18215,
)


@torch.no_grad()
def random_vae(seed, **sizes):
    """Every tensor is random, norms around one."""
    vae = AutoencoderKL(**sizes).eval()
    generator = torch.Generator().manual_seed(seed)
    for name, p in vae.named_parameters():
        scale = 0.1 if p.dim() == 1 else p[0].numel() ** -0.5
        p.normal_(1.0 if "norm" in name and "weight" in name else 0.0, scale, generator=generator)
    return vae


class Decode(torch.nn.Module):
    def __init__(self, vae):
        super().__init__()
        self.vae = vae

    def forward(self, latent_sample):
        return self.vae.decode(latent_sample, return_dict=False)[0]


class Encode(Decode):
    def forward(self, sample):
        return self.vae.encode(sample, return_dict=False)[0].parameters
