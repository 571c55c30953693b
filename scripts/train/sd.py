"""The text encoder and UNet of a miniature Stable Diffusion v1.5."""

import sys

sys.modules["torchvision"] = None  # neither library below needs it, both look for it

from diffusers import UNet2DConditionModel  # noqa: E402
from torch import nn  # noqa: E402
from transformers import CLIPTextConfig, CLIPTextModel  # noqa: E402

WIDTH = 128
TOKENS = 77


def text_encoder(vocabulary: int) -> CLIPTextModel:
    """CLIP's text transformer, 128 wide, two layers; the last two ids are the start and end tokens."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocabulary,
            hidden_size=WIDTH,
            intermediate_size=2 * WIDTH,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=TOKENS,
            projection_dim=WIDTH,
            bos_token_id=vocabulary - 2,
            eos_token_id=vocabulary - 1,
            pad_token_id=vocabulary - 1,
            hidden_act="quick_gelu",
            attn_implementation="eager",
        )
    )


def unet() -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=8,
        in_channels=4,
        out_channels=4,
        down_block_types=("CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D"),
        block_out_channels=(64, 128),
        layers_per_block=1,
        cross_attention_dim=WIDTH,
        attention_head_dim=4,
        norm_num_groups=16,
    )


class Generator(nn.Module):
    """Both networks in one module, for one optimiser and one average."""

    def __init__(self, vocabulary: int):
        super().__init__()
        self.text_encoder = text_encoder(vocabulary)
        self.unet = unet()

    def forward(self, x, t, ids):
        """v of x [B, 4, 8, 8] at t [B] under token ids [B, 77]."""
        return self.velocity(x, t, self.text_encoder(ids)[0])

    def velocity(self, x, t, states):
        return self.unet(x, t, states, return_dict=False)[0]
