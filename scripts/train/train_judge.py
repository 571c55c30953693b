"""Trains the judge's classifier on augmented renders of the training images."""

import torch
import torch.nn.functional as F

from classifier import Classifier, Gallery, augment, pool, probabilities
from loop import Run, Shuffle, arguments, low_precision, start_weights
from vae import VAE


def main():
    args = arguments(__doc__, average=0.995, steps=2500, batch=64, rate=2e-3, vae=None)
    gallery = Gallery()
    vae = start_weights(VAE().eval(), args.vae)
    images, labels = pool(gallery, vae, seed=1)
    model = Classifier(len(gallery.names)).to(memory_format=torch.channels_last)
    run = Run(model, model.parameters(), args, weight_decay=0.02)
    shuffle = Shuffle(len(images), args.batch)
    print(f"{len(gallery.names)} images by name, {len(images)} renders", flush=True)
    for _ in run:
        picked = shuffle.next()
        with low_precision(args):
            logits = model(augment(images[picked]).contiguous(memory_format=torch.channels_last))
        loss = F.cross_entropy(logits.float(), labels[picked], label_smoothing=0.05)
        run.update(loss, right=(logits.argmax(1) == labels[picked]).float().mean())
    # Held-out data: other latent noise, other augmentations.
    images, labels = pool(gallery, vae, seed=2)
    found = probabilities(run.average.model, augment(images)).argmax(1)
    print(f"held-out augmentations: {(found == labels).float().mean():.1%} named right", flush=True)


if __name__ == "__main__":
    main()
