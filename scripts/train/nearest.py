"""Measures the distance of a class-conditional folder's samples to the training images.

Five samples of each class, compared in latents with every training image: whether the nearest one
is of the class, the rms distance to it, and how many different images are the nearest one.
"""

import argparse
from pathlib import Path

import torch

from data import WORK, fine_classes, load, sheet, tensor
from loop import start_weights
from sample import Folder
from vae import VAE, latents

EACH = 5
SEED = 5
FAR = 0.3  # beyond it a sample is a blend of images, or none


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--vae", type=Path, default=WORK / "vae.pt")
    parser.add_argument("--guidance_scale", type=float, default=3)
    parser.add_argument("--steps", type=int, default=28)
    args = parser.parse_args()
    torch.set_num_threads(1)
    folder, rows = Folder(args.folder), fine_classes(load())
    mean, _ = latents(start_weights(VAE().eval(), args.vae), tensor(rows))
    known = folder.scaling_factor * mean.flatten(1)
    owner = torch.tensor([row["class"] for row in rows])
    labels = torch.arange(int(owner.max()) + 1).repeat_interleave(EACH)
    drawn = folder.latents(labels.tolist(), SEED, args.guidance_scale, args.steps)
    distance, nearest = torch.cdist(torch.from_numpy(drawn).flatten(1), known).min(1)
    rms = (distance / known.shape[1] ** 0.5).sort().values
    right = (owner[nearest] == labels).float().mean()
    middle, most = rms[len(rms) // 2], rms[int(0.9 * len(rms))]
    print(f"{len(labels)} samples, {args.steps} steps, guidance {args.guidance_scale}:", end=" ")
    print(f"nearest image of the class {right:.1%}; rms distance {middle:.3f} (median),", end=" ")
    print(f"{most:.3f} (90 %), {rms[-1]:.2f} (worst), {int((rms > FAR).sum())} beyond {FAR};", end=" ")
    print(f"{len(set(nearest.tolist()))} of {len(rows)} images")
    sheet(list(folder.decode(drawn)), 4 * EACH, WORK / f"nearest_{args.folder.name}.png")


if __name__ == "__main__":
    main()
