"""Writes the model folders dit-emoji, flow-emoji and sd-emoji from checkpoints, and checks them in
ONNX Runtime."""

import argparse
import json
import shutil
import subprocess
import tempfile
from pathlib import Path

import torch
from torch import nn

from checks import check
from classes import NAMES
from data import CLASSES, TOKENIZER
from diffusion import EpsilonFromV
from dit import DiT
from stored_weights import round_weights
from sd import TOKENS, WIDTH, Generator
from vae import SCALING_FACTOR, VAE


ROOT = Path(__file__).parents[2]


class Encode(nn.Module):
    def __init__(self, vae):
        super().__init__()
        self.vae = vae

    def forward(self, sample):
        return torch.cat(self.vae.encode(sample), 1)


class Decode(Encode):
    def forward(self, latent_sample):
        return self.vae.decode(latent_sample)


class Text(nn.Module):
    def __init__(self, encoder):
        super().__init__()
        self.encoder = encoder

    def forward(self, input_ids):
        out = self.encoder(input_ids)
        return out.last_hidden_state, out.pooler_output


class Velocity(nn.Module):
    def __init__(self, generator):
        super().__init__()
        self.unet = generator.unet

    def forward(self, sample, timestep, states):
        return self.unet(sample, timestep, states, return_dict=False)[0]


def save_json(path: Path, **values) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values, indent=2) + "\n")


def scheduler(folder: Path, **differences) -> None:
    save_json(
        folder / "scheduler" / "scheduler_config.json",
        _class_name="DDIMScheduler",
        num_train_timesteps=1000,
        clip_sample=False,
        prediction_type="epsilon",
        timestep_spacing="leading",
        trained_betas=None,
        **differences,
    )


def export_vae(weights: Path, folder: Path) -> None:
    vae = VAE().eval()
    vae.load_state_dict(torch.load(weights, weights_only=True)["average"])
    round_weights(vae)
    config = {
        "_class_name": "AutoencoderKL",
        "in_channels": 3,
        "out_channels": 3,
        "latent_channels": 4,
        "sample_size": 64,
        "block_out_channels": [48, 96, 160, 160],  # four entries: one latent pixel is 8 wide
        "scaling_factor": SCALING_FACTOR,
    }
    image, latent = torch.rand(2, 3, 64, 64) * 2 - 1, torch.randn(2, 4, 8, 8)
    parts = (
        ("vae_encoder", Encode(vae), {"sample": image}),
        ("vae_decoder", Decode(vae), {"latent_sample": latent}),
    )
    for name, _, _ in parts:
        save_json(folder / name / "config.json", **config)
    run_converter("emoji_vae.ts", {"vae": vae}, folder)
    for name, module, inputs in parts:
        check(folder / name / "model.onnx", module, _random_inputs(inputs))


def run_converter(script: str, modules: dict[str, nn.Module], folder: Path) -> None:
    """Runs a script of this folder on the modules' weights and a model folder."""
    with tempfile.TemporaryDirectory() as scratch:
        files = [Path(scratch) / f"{name}.pt" for name in modules]
        for file, module in zip(files, modules.values()):
            torch.save(module.state_dict(), file)
        path = ROOT / "scripts" / "train" / script
        subprocess.run(["deno", "run", "-A", path, *files, folder], check=True)


def _random_inputs(inputs, scale={}):
    """Returns a function from rows to input values like the example; normal ones are scaled."""

    def make(rows):
        out = {}
        for name, example in inputs.items():
            shape = (rows, *example.shape[1:])
            if example.dtype == torch.int64:
                out[name] = torch.randint(0, int(example.max()) + 1, shape)
            else:
                out[name] = scale.get(name, 1) * torch.randn(shape)
        return out

    return make


def convert(model: DiT, folder: Path, prediction: str) -> None:
    """Network, weights, configuration and schedule by parataa's converter."""
    for old in ("transformer/model.onnx", "transformer/model.safetensors"):
        (folder / old).unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        checkpoint = Path(scratch) / "weights.pt"
        torch.save(model.state_dict(), checkpoint)
        subprocess.run(
            [
                *("deno", "run", "--no-prompt", f"--allow-read={scratch},{folder}"),
                *(f"--allow-write={folder}", str(ROOT / "scripts" / "convert.ts"), "dit"),
                *("--checkpoint_path", str(checkpoint), "--output_path", str(folder)),
                *("--num_heads", "4", "--prediction_type", prediction, "--weights", "fp16"),
            ],
            check=True,
        )


def export_dit(weights: Path, vae: Path, folder: Path, guidance: float) -> None:
    model = DiT(classes=CLASSES)
    model.load_state_dict(torch.load(weights, weights_only=True)["average"])
    module = EpsilonFromV(round_weights(model), "linear").eval()
    inputs = {
        "sample": torch.randn(2, 4, 8, 8),
        "timestep": torch.tensor([5, 999]),
        "class_labels": torch.tensor([1, CLASSES]),
    }
    convert(model, folder, "v_prediction")
    check(folder / "transformer" / "model.onnx", module, _random_inputs(inputs))
    export_vae(vae, folder)
    class_index(folder, "DDIMScheduler", guidance_scale=guidance)


def class_index(folder: Path, scheduler: str, **own) -> None:
    save_json(
        folder / "model_index.json",
        _class_name="DiTPipeline",
        name=folder.name,
        **own,
        id2label={str(i): ", ".join(names) for i, names in enumerate(NAMES)},
        scheduler=["diffusers", scheduler],
        transformer=["diffusers", "DiTTransformer2DModel"],
        vae=["diffusers", "AutoencoderKL"],
    )


def configs(model: Generator, folder: Path) -> None:
    model.text_encoder.config.architectures = ["CLIPTextModel"]
    path = folder / "text_encoder" / "config.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(model.text_encoder.config.to_json_string(use_diff=False))
    config = {k: v for k, v in model.unet.config.items() if not k.startswith("_")}
    save_json(folder / "unet" / "config.json", _class_name="UNet2DConditionModel", **config)


def export_flow(weights: Path, _vae, folder: Path, guidance: float) -> None:
    """Writes the transformer; the VAE is that of the folder dit-emoji."""
    model = DiT(classes=CLASSES, outputs=4)
    model.load_state_dict(torch.load(weights, weights_only=True)["average"])
    inputs = {
        "sample": torch.randn(2, 4, 8, 8),
        "timestep": torch.tensor([0.5, 999.5]),
        "class_labels": torch.tensor([1, CLASSES]),
    }
    convert(round_weights(model).eval(), folder, "flow_prediction")
    check(folder / "transformer" / "model.onnx", model, _random_inputs(inputs, scale={"timestep": 500}))
    scheduler_class = "FlowMatchEulerDiscreteScheduler"
    class_index(folder, scheduler_class, guidance_scale=guidance, shared_vae="dit-emoji")


def export_sd(weights: Path, vae: Path, folder: Path, guidance: float) -> None:
    vocabulary = len(json.loads((TOKENIZER / "vocab.json").read_text()))
    model = Generator(vocabulary)
    model.load_state_dict(torch.load(weights, weights_only=True)["average"])
    round_weights(model).eval()
    configs(model, folder)
    run_converter("convert_sd.ts", {"unet": model.unet, "text": model.text_encoder}, folder)
    inputs = {"input_ids": torch.randint(0, vocabulary, (2, TOKENS))}
    inputs["input_ids"][:, -1] = vocabulary - 1
    text = Text(model.text_encoder).eval()
    check(folder / "text_encoder" / "model.onnx", text, _random_inputs(inputs))
    inputs = {
        "sample": torch.randn(2, 4, 8, 8),
        "timestep": torch.tensor([5, 999]),
        "encoder_hidden_states": torch.randn(2, TOKENS, WIDTH),
    }
    module = EpsilonFromV(Velocity(model), "scaled_linear").eval()
    check(folder / "unet" / "model.onnx", module, _random_inputs(inputs))
    export_vae(vae, folder)
    if folder / "tokenizer" != TOKENIZER:
        shutil.copytree(TOKENIZER, folder / "tokenizer", dirs_exist_ok=True)
    scheduler(
        folder, beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear",
        set_alpha_to_one=False, steps_offset=1,
    )  # fmt: skip
    save_json(
        folder / "model_index.json",
        _class_name="StableDiffusionPipeline",
        name="sd-emoji",
        guidance_scale=guidance,
        feature_extractor=[None, None],
        safety_checker=[None, None],
        scheduler=["diffusers", "DDIMScheduler"],
        text_encoder=["transformers", "CLIPTextModel"],
        tokenizer=["transformers", "CLIPTokenizer"],
        unet=["diffusers", "UNet2DConditionModel"],
        vae=["diffusers", "AutoencoderKL"],
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", choices=["dit", "flow", "sd"], required=True)
    parser.add_argument("--weights", type=Path, required=True)
    parser.add_argument("--vae", type=Path, help="not for a flow, which shares that of dit-emoji")
    parser.add_argument("--out", type=lambda path: Path(path).resolve(), required=True)
    parser.add_argument("--guidance_scale", type=float, required=True)
    args = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    export = {"dit": export_dit, "flow": export_flow, "sd": export_sd}[args.model]
    with torch.no_grad():
        export(args.weights, args.vae, args.out, args.guidance_scale)
    size = sum(f.stat().st_size for f in args.out.rglob("*") if f.is_file())
    print(f"{args.out}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
