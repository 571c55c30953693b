"""Judges an exported model folder: whether a classifier recognises the requested images."""

import argparse
import random
from pathlib import Path

import torch

from captions import HELD_OUT, noun, wording
from classes import NAMES
from classifier import Classifier, Gallery, augment, pool, probabilities
from data import WORK, sheet
from loop import start_weights
from sample import Folder
from vae import VAE

SAMPLES = 128
SEED = 20_262_411  # of the judged samples and captions, and of nothing else


def to_tensor(drawn):
    return torch.from_numpy(drawn).permute(0, 3, 1, 2).float() / 127.5 - 1


class Judge:
    def __init__(self, weights: Path):
        self.gallery = Gallery()
        names = self.gallery.names
        self.model = start_weights(Classifier(len(names)), weights).eval()
        member = torch.zeros(len(names), len(NAMES))
        for row in self.gallery.dit:
            member[names.index(row["short"][0]), row["class"]] = 1
        self.member = member
        self.kind = dict(zip(names, self.gallery.kinds))

    def classes(self, x):
        """The DiT class with the largest total probability of its images."""
        return (probabilities(self.model, x) @ self.member).argmax(1)

    def named(self, x) -> list[str]:
        """The most probable image, including those that the text model has not learned."""
        found = probabilities(self.model, x).argmax(1)
        return [self.gallery.names[i] for i in found.tolist()]

    def accuracy(self, vae: VAE) -> None:
        """Accuracy on augmentations that were not used for training."""
        renders, labels = pool(self.gallery, vae, seed=3)
        x = augment(renders)
        right = probabilities(self.model, x).argmax(1) == labels
        held = self.member.sum(1)[labels] > 0
        wanted = self.member[labels[held]].argmax(1)
        print(f"classifier on held-out augmentations: image {right.float().mean():.1%}", end=", ")
        print(f"DiT class {(self.classes(x[held]) == wanted).float().mean():.1%}")


def judge_dit(judge: Judge, folder: Folder, guidance: float) -> None:
    labels = [i % len(NAMES) for i in range(SAMPLES)]
    drawn = folder.draw(labels, SEED, guidance)
    right = judge.classes(to_tensor(drawn)) == torch.tensor(labels)
    missed = sorted({NAMES[k][0] for k, ok in zip(labels, right) if not ok})
    print(f"guidance {guidance}: {right.sum()} of {SAMPLES} = {right.float().mean():.1%}; missed {missed}")
    ordered = sorted(range(SAMPLES), key=lambda i: labels[i])
    sheet([drawn[i] for i in ordered], 18, WORK / f"judge_dit_{guidance}.png")


def judge_texts(judge: Judge, folder: Folder, guidance: float, title: str, asked: list) -> None:
    """`asked`: pairs of a text and the images that match it."""
    drawn = folder.draw([text for text, _ in asked], SEED, guidance)
    named = judge.named(to_tensor(drawn))
    exact = [name in wanted for name, (_, wanted) in zip(named, asked)]
    kinds = [
        judge.kind[name] in {judge.kind[w] for w in wanted} for name, (_, wanted) in zip(named, asked)
    ]
    share, close = sum(exact) / len(asked), sum(kinds) / len(asked)
    print(f"guidance {guidance}, {title}: group {close:.1%}, image itself {share:.1%}")
    for (text, _), name, ok in zip(asked, named, exact):
        if not ok:
            print(f"    {text!r} looks like {name}")
    sheet(list(drawn), 16, WORK / f"judge_sd_{title.split()[0]}_{guidance}.png")


def training_captions(judge: Judge) -> list:
    rng, asked = random.Random(SEED), []
    rows = judge.gallery.sd
    for row in rng.choices(rows, k=SAMPLES):
        name = noun(row, rng)
        wanted = {r["id"] for r in rows if name in r["nouns"] or name == r["group"]}
        asked.append((wording(row, name, rng), wanted))
    return asked


def judge_sd(judge: Judge, folder: Folder, guidance: float) -> None:
    judge_texts(judge, folder, guidance, "training captions", training_captions(judge))
    held = list(HELD_OUT.items())
    asked = [held[i % len(held)] for i in range(SAMPLES)]
    judge_texts(judge, folder, guidance, "held-out wordings", asked)


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--judge", type=Path, default=WORK / "judge.pt")
    parser.add_argument("--vae", type=Path, default=WORK / "vae.pt")
    parser.add_argument("--guidance_scale", type=float, nargs="*")
    args = parser.parse_args()
    torch.set_num_threads(1)
    judge, folder = Judge(args.judge), Folder(args.folder)
    judge.accuracy(start_weights(VAE().eval(), args.vae))
    for guidance in args.guidance_scale or dict.fromkeys([folder.guidance, 4.0]):
        (judge_dit if folder.is_dit else judge_sd)(judge, folder, guidance)


if __name__ == "__main__":
    main()
