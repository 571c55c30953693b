"""Checkpoints of full size with random weights and what PyTorch makes of them, for tests/full/convert.ts.

    python convert_reference.py dit XL FOLDER [--export]     checkpoint.pt, case.safetensors, exported.onnx
    python convert_reference.py vae FOLDER [--export]        config.json, the .bin, case.safetensors, exported_*.onnx
"""

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from dit_torch import SIZES, DiT, randomise, sensitivity

torch.set_num_threads(1)


def export(module, inputs, output, path, dynamic):
    with torch.no_grad():
        torch.onnx.export(
            module,
            tuple(inputs.values()),
            str(path),
            input_names=list(inputs),
            output_names=[output],
            dynamic_axes={name: {axis: f"axis{axis}" for axis in dynamic} for name in inputs},
            opset_version=17,
            dynamo=False,
        )


def save_case(folder, **tensors):
    save_file({k: v.detach().contiguous() for k, v in tensors.items()}, folder / "case.safetensors")


def dit(size, folder, exported):
    model = randomise(DiT(*SIZES[size]), 0)
    generator = torch.Generator().manual_seed(0)
    inputs = {
        "sample": torch.randn(4, 4, 32, 32, generator=generator),
        "timestep": torch.tensor([999, 501, 20, 0]),
        "class_labels": torch.tensor([207, 1000, 0, 999]),
    }
    output, moved = sensitivity(model, inputs)
    torch.save(model.state_dict(), folder / "checkpoint.pt")
    save_case(folder, **inputs, out_sample=output)
    if exported:
        export(model, inputs, "out_sample", folder / "exported.onnx", [0])
    zeros = sum(not p.any() for p in model.parameters())
    report = {"parameters": sum(p.numel() for p in model.parameters()), "zeros": zeros, "moved": moved}
    print(json.dumps(report))


def vae(folder, exported):
    from vae_torch import SD15, Decode, Encode, random_vae

    model = random_vae(0, **SD15)
    generator = torch.Generator().manual_seed(0)
    latent = torch.randn(1, 4, 32, 32, generator=generator)
    image = torch.rand(1, 3, 256, 256, generator=generator) * 2 - 1
    with torch.no_grad():
        decoded, parameters = Decode(model)(latent), Encode(model)(image)
    torch.save(model.state_dict(), folder / "diffusion_pytorch_model.bin")
    config = {key: value for key, value in model.config.items() if not key.startswith("_")}
    (folder / "config.json").write_text(json.dumps(config))
    save_case(folder, latent_sample=latent, decoded=decoded, sample=image, latent_parameters=parameters)
    if exported:
        for module, name, value, output in (
            (Decode(model), "latent_sample", latent, "sample"),
            (Encode(model), "sample", image, "latent_parameters"),
        ):
            export(module, {name: value}, output, folder / f"exported_{output}.onnx", [0, 2, 3])
    print(json.dumps({"parameters": sum(p.numel() for p in model.parameters())}))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=["dit", "vae"])
    parser.add_argument("rest", nargs="+")
    parser.add_argument("--export", action="store_true")
    args = parser.parse_args()
    folder = Path(args.rest[-1])
    folder.mkdir(parents=True, exist_ok=True)
    if args.kind == "dit":
        dit(args.rest[0], folder, args.export)
    else:
        vae(folder, args.export)
