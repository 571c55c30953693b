"""Trains the class-conditional DiT as a rectified flow, with the images and latents of dit-emoji."""

import torch

from data import fine_classes, load, tensor
from dit import DiT
from flow import TIMESTEPS, levels, noisy
from loop import Run, Shuffle, arguments, low_precision, start_weights
from vae import SCALING_FACTOR, VAE, latents


def main():
    args = arguments(__doc__, steps=40000, batch=32, rate=8e-4, vae=None)
    rows = fine_classes(load())
    vae = start_weights(VAE().eval(), args.vae)
    mean, deviation = latents(vae, tensor(rows))
    labels = torch.tensor([row["class"] for row in rows])
    torch.manual_seed(1)
    model = start_weights(DiT(classes=int(labels.max()) + 1, outputs=4), args.start)
    run = Run(model, [p for p in model.parameters() if p.requires_grad], args)
    step = torch.compile(model) if args.compile else model
    shuffle = Shuffle(len(rows), args.batch)
    for _ in run:
        picked = shuffle.next()
        clean = SCALING_FACTOR * (mean[picked] + deviation[picked] * torch.randn_like(mean[picked]))
        kept = torch.rand(args.batch) >= 0.1  # the rest learn the null class, for guidance
        label = torch.where(kept, labels[picked], model.classes)
        sigma, noise = levels(args.batch), torch.randn_like(clean)
        with low_precision(args):
            velocity = step(noisy(clean, noise, sigma), TIMESTEPS * sigma, label)
        run.update(((velocity.float() - (noise - clean)) ** 2).mean())


if __name__ == "__main__":
    main()
