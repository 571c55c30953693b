"""Trains the VAE (or, with --decoder_only, its decoder behind a frozen encoder)."""

import torch

from data import EVERYTHING, GENERATOR, WORK, load, sheet, tensor, to_pixels
from loop import Run, Shuffle, arguments, low_precision, start_weights
from vae import VAE


def edges(x):
    return x[..., 1:, :] - x[..., :-1, :], x[..., :, 1:] - x[..., :, :-1]


def terms(made, x):
    l1 = (made - x).abs().mean()
    edge = sum((a - b).abs().mean() for a, b in zip(edges(made), edges(x)))
    return l1, edge, ((made - x) ** 2).mean()


@torch.no_grad()
def report(vae, images):
    """Prints PSNR per image and writes originals beside reconstructions."""
    made = torch.cat([vae.decode(vae.encode(x)[0]).clamp(-1, 1) for x in images.split(64)])
    psnr = 10 * torch.log10(4 / ((made - images) ** 2).mean((1, 2, 3)))
    print(f"PSNR mean {psnr.mean():.2f} dB, worst {psnr.min():.2f} dB", flush=True)
    print(f"scaling factor {1 / vae.encode(images)[0].std():.4f}: SCALING_FACTOR in vae.py")
    picked = torch.linspace(0, len(images) - 1, 60).long()
    pairs = zip(to_pixels(images[picked]), to_pixels(made[picked]))
    sheet([image for pair in pairs for image in pair], 20, WORK / "vae.png")


def main():
    args = arguments(__doc__, steps=8000, batch=8, rate=1.5e-3, decoder_only=False)
    # The decoder is trained on the generators' images only, without mirroring.
    images = tensor(load(GENERATOR if args.decoder_only else EVERYTHING))
    torch.manual_seed(0)
    vae = start_weights(VAE(), args.start).to(memory_format=torch.channels_last)
    vae.encoder.requires_grad_(not args.decoder_only)
    weights = [p for p in vae.parameters() if p.requires_grad]
    run = Run(vae, weights, args, betas=(0.9, 0.98), weight_decay=1e-3)
    step = torch.compile(vae) if args.compile else vae
    shuffle = Shuffle(len(images), args.batch)
    for _ in run:
        x = images[shuffle.next()]
        if not args.decoder_only:
            mirrored = torch.rand(len(x), 1, 1, 1) < 0.5
            x = torch.where(mirrored, x.flip(-1), x)
        with low_precision(args):
            made, mean, log_variance = step(x.contiguous(memory_format=torch.channels_last))
        l1, edge, mse = terms(made.float(), x)
        kl = 0.5 * (mean**2 + log_variance.exp() - 1 - log_variance).mean()
        run.update(l1 + 0.5 * edge + mse + 5e-4 * kl, l1=l1, edge=edge, psnr=10 * torch.log10(4 / mse))
    report(run.average.model, images)


if __name__ == "__main__":
    main()
