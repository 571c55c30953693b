"""Trains text encoder and UNet together on emoji and captions."""

import random

import torch

from bpe import Tokenizer
from captions import caption, images
from data import TOKENIZER, tensor
from diffusion import Schedule
from loop import Run, Shuffle, arguments, low_precision, start_weights
from sd import Generator
from vae import SCALING_FACTOR, VAE, latents


class Wordings:
    """Token ids of random captions, cached because texts repeat."""

    def __init__(self, rows, seed: int):
        self.rows, self.random = rows, random.Random(seed)
        self.tokenizer, self.known = Tokenizer(TOKENIZER), {}

    def ids(self, picked: torch.Tensor) -> torch.Tensor:
        texts = [caption(self.rows[i], self.random) for i in picked.tolist()]
        for text in texts:
            if text not in self.known:
                self.known[text] = torch.tensor(self.tokenizer(text))
        return torch.stack([self.known[text] for text in texts])


def main():
    args = arguments(__doc__, steps=40000, batch=16, rate=1e-3, vae=None, average=0.998)
    rows = images()
    vae = start_weights(VAE().eval(), args.vae)
    mean, deviation = latents(vae, tensor(rows))
    torch.manual_seed(1)
    wordings = Wordings(rows, seed=args.steps)
    model = Generator(len(wordings.tokenizer.vocabulary))
    start_weights(model, args.start).unet.to(memory_format=torch.channels_last)
    groups = [
        {"params": list(model.unet.parameters()), "factor": 1.0},
        {"params": list(model.text_encoder.parameters()), "factor": 0.7},
    ]
    run = Run(model, groups, args)
    schedule, shuffle = Schedule("scaled_linear"), Shuffle(len(rows), args.batch)
    for _ in run:
        picked = shuffle.next()
        clean = SCALING_FACTOR * (mean[picked] + deviation[picked] * torch.randn_like(mean[picked]))
        u = (torch.rand(args.batch) + torch.randperm(args.batch)) / args.batch
        t, noise = (u * 1000).long().clamp(0, 999), torch.randn_like(clean)
        x = schedule.noisy(clean, noise, t).contiguous(memory_format=torch.channels_last)
        with low_precision(args):
            v = model(x, t, wordings.ids(picked))
        run.update(((v.float() - schedule.velocity(clean, noise, t)) ** 2).mean())


if __name__ == "__main__":
    main()
