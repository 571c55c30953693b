"""What diffusers computes with a single-file checkpoint, for tests/full/weights.ts.

    python weights_reference.py FILE FOLDER [--kind sd15|sd21|sdxl] [--latent N] [--export]

Writes case.safetensors: inputs and outputs of the UNet (2 rows), the text encoders and the VAE in
fp32. The names of LDM are mapped by diffusers itself. `--export` writes unet.onnx too, by
torch.onnx.export. One network is in memory at a time.
"""

import argparse
import gc
import sys
from pathlib import Path

sys.modules["torchvision"] = None  # not needed, and not always there

import torch  # noqa: E402
from diffusers import AutoencoderKL, UNet2DConditionModel  # noqa: E402
from diffusers.loaders import single_file_utils as ldm  # noqa: E402
from safetensors import safe_open  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection  # noqa: E402

CROSS, PLAIN = "CrossAttnDownBlock2D", "DownBlock2D"
VERSION_1 = dict(
    block_out_channels=(320, 640, 1280, 1280),
    down_block_types=(CROSS, CROSS, CROSS, PLAIN),
    up_block_types=("UpBlock2D", *("CrossAttnUpBlock2D",) * 3),
)
UNETS = {
    "sd15": dict(VERSION_1, cross_attention_dim=768, attention_head_dim=8),
    "sd21": dict(
        VERSION_1,
        cross_attention_dim=1024,
        attention_head_dim=(5, 10, 20, 20),
        use_linear_projection=True,
    ),
    "sdxl": dict(
        block_out_channels=(320, 640, 1280),
        down_block_types=(PLAIN, CROSS, CROSS),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=2048,
        attention_head_dim=(5, 10, 20),
        use_linear_projection=True,
        transformer_layers_per_block=(1, 2, 10),
        addition_embed_type="text_time",
        addition_time_embed_dim=256,
        projection_class_embeddings_input_dim=2816,
    ),
}
VAE = dict(
    block_out_channels=(128, 256, 512, 512),
    down_block_types=("DownEncoderBlock2D",) * 4,
    up_block_types=("UpDecoderBlock2D",) * 4,
    layers_per_block=2,
)
CLIP_L = dict(hidden_size=768, intermediate_size=3072, num_attention_heads=12)
OPEN_CLIP = dict(hidden_act="gelu")
TEXTS = {
    "sd15": [CLIP_L],
    "sd21": [
        dict(
            OPEN_CLIP,
            hidden_size=1024,
            intermediate_size=4096,
            num_attention_heads=16,
            num_hidden_layers=23,
            projection_dim=1024,
        )
    ],
    "sdxl": [
        CLIP_L,
        dict(
            OPEN_CLIP,
            hidden_size=1280,
            intermediate_size=5120,
            num_attention_heads=20,
            num_hidden_layers=32,
            projection_dim=1280,
        ),
    ],
}


def read(path, *prefixes):
    """Tensors under the prefixes, in fp32."""
    with safe_open(path, "pt") as file:
        names = [name for name in file.keys() if name.startswith(prefixes)]
        return {name: file.get_tensor(name).float() for name in names}


def empty(make):
    """A network without weights."""
    with torch.device("meta"):
        return make()


def load(network, weights):
    """The network with the tensors themselves as its weights: no second copy."""
    weights = {k: v for k, v in weights.items() if not k.endswith("position_ids")}
    missing, surplus = network.load_state_dict(weights, strict=False, assign=True)
    missing = [name for name in missing if not name.endswith("position_ids")]
    assert not missing and not surplus, (missing, surplus)
    return network.eval()


def unet_case(path, kind, latent, generator):
    config = UNETS[kind]
    network = empty(lambda: UNet2DConditionModel(**config))
    weights = read(path, "model.diffusion_model.")
    network = load(network, ldm.convert_ldm_unet_checkpoint(weights, network.config))
    draw = lambda *shape: torch.randn(*shape, generator=generator)  # noqa: E731
    inputs = {
        "sample": draw(2, 4, latent, latent),
        "timestep": torch.tensor([999, 20]),
        "encoder_hidden_states": draw(2, 77, config["cross_attention_dim"]),
    }
    if kind == "sdxl":
        size = 8 * latent
        inputs["text_embeds"] = draw(2, 1280)
        inputs["time_ids"] = torch.tensor([[size, size, 0, 0, size, size]] * 2).float()
    return Rows(network), inputs


class Rows(torch.nn.Module):
    """The UNet with the inputs that our networks have."""

    def __init__(self, unet):
        super().__init__()
        self.unet = unet

    def forward(self, sample, timestep, states, text_embeds=None, time_ids=None):
        added = None if text_embeds is None else {"text_embeds": text_embeds, "time_ids": time_ids}
        args = dict(added_cond_kwargs=added, return_dict=False)
        return self.unet(sample, timestep, states, **args)[0]


def export(network, inputs, path):
    axes = {name: {0: "batch"} for name in inputs} | {"out_sample": {0: "batch"}}
    axes["sample"] |= {2: "height", 3: "width"}
    torch.onnx.export(
        network,
        tuple(inputs.values()),
        str(path),
        input_names=list(inputs),
        output_names=["out_sample"],
        dynamic_axes=axes,
        opset_version=17,
        dynamo=False,
    )


def unet(path, kind, latent, generator, exported):
    network, inputs = unet_case(path, kind, latent, generator)
    output = network(*inputs.values())
    if exported:
        export(network, inputs, exported)
    return {f"unet.in.{k}": v for k, v in inputs.items()} | {"unet.out.out_sample": output}


def texts(path, kind, generator):
    case = {}
    prefixes = {
        "sd15": ["cond_stage_model.transformer."],
        "sd21": ["cond_stage_model.model."],
        "sdxl": ["conditioner.embedders.0.transformer.", "conditioner.embedders.1.model."],
    }[kind]
    for i, (prefix, sizes) in enumerate(zip(prefixes, TEXTS[kind])):
        config = CLIPTextConfig(vocab_size=49408, bos_token_id=49406, eos_token_id=2, **sizes)
        kind_of = CLIPTextModelWithProjection if kind == "sdxl" and i == 1 else CLIPTextModel
        network = kind_of(config)  # its position_ids are made here, so not empty()
        weights = read(path, prefix)
        if prefix.endswith("transformer."):
            weights = {name.removeprefix(prefix): tensor for name, tensor in weights.items()}
        else:
            weights = ldm.convert_open_clip_checkpoint(network, weights, prefix)
        if not any(name.startswith("text_model.") for name in network.state_dict()):
            # CLIPTextModel of transformers 5 has no such prefix.
            weights = {k.removeprefix("text_model."): v for k, v in weights.items()}
        ids = torch.randint(0, 49406, (2, 77), generator=generator)
        ids[0, 9], ids[1, 76] = 49407, 49407
        network = load(network, weights)
        name = "text_encoder" if i == 0 else f"text_encoder_{i + 1}"
        case[f"{name}.in.input_ids"] = ids
        out = network(ids)
        case[f"{name}.out.last_hidden_state"] = out.last_hidden_state
    return case


def vae(path, latent, generator):
    network = empty(lambda: AutoencoderKL(**VAE))
    weights = read(path, "first_stage_model.")
    network = load(network, ldm.convert_ldm_vae_checkpoint(weights, network.config))
    z = torch.randn(1, 4, latent, latent, generator=generator)
    image = torch.rand(1, 3, 8 * latent, 8 * latent, generator=generator) * 2 - 1
    return {
        "vae_decoder.in.latent_sample": z,
        "vae_decoder.out.sample": network.decode(z).sample,
        "vae_encoder.in.sample": image,
        "vae_encoder.out.latent_parameters": network.encode(image).latent_dist.parameters,
    }


@torch.no_grad()
def main(args):
    generator = torch.Generator().manual_seed(0)
    exported = args.folder / "exported" / "unet.onnx"
    if args.export:
        exported.parent.mkdir(parents=True, exist_ok=True)
    case = unet(args.file, args.kind, args.latent, generator, args.export and exported)
    gc.collect()
    case |= texts(args.file, args.kind, generator)
    gc.collect()
    case |= vae(args.file, args.latent, generator)
    save_file({k: v.contiguous() for k, v in case.items()}, args.folder / "case.safetensors")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--kind", default="sd15", choices=list(UNETS))
    parser.add_argument("--latent", type=int, default=32)
    parser.add_argument("--export", action="store_true")
    main(parser.parse_args())
