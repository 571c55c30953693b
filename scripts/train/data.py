"""The training images: Noto emoji, 64x64, from the npm package emoji-datasource-google."""

import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image

HERE = Path(__file__).parent
WORK = HERE / "work"
TOKENIZER = HERE.parents[1] / "models" / "sd-emoji" / "tokenizer"
PACKAGE = WORK / "node_modules" / "emoji-datasource-google"

# Subcategories that are not used for the VAE: people, hands, flags, signs.
VAE_SUBCATEGORIES = """
face-smiling face-affection face-tongue face-hand face-hat face-glasses face-neutral-skeptical
face-sleepy face-unwell face-concerned face-negative face-costume cat-face monkey-face heart
animal-mammal animal-bird animal-reptile animal-amphibian animal-marine animal-bug plant-flower
plant-other food-fruit food-vegetable food-prepared food-asian food-sweet drink transport-ground
transport-water transport-air event sport|sky & weather|game award-medal musical-instrument clothing
place-building place-geographic place-other book-paper tool household office geometric
"""
# The generators learn the part of that list before `game`: few images, many epochs.
_PARTS = VAE_SUBCATEGORIES.replace("\n", " ").split("|")
GENERATOR = frozenset(_PARTS[0].split() + [_PARTS[1]])
EVERYTHING = GENERATOR | frozenset(_PARTS[2].split())

CHUNK = 6  # images per fine class
CLASSES = 41


def _image(path: Path) -> np.ndarray:
    """Composites on white, because the generators have no alpha channel."""
    image = Image.open(path).convert("RGBA")
    white = Image.new("RGBA", image.size, (255, 255, 255, 255))
    white.alpha_composite(image)
    return np.array(white.convert("RGB").resize((64, 64), Image.LANCZOS))


def load(subcategories=GENERATOR) -> list[dict]:
    """All images of the subcategories in Unicode's order: name, short names, subcategory, pixels."""
    rows = []
    for entry in json.loads((PACKAGE / "emoji.json").read_text()):
        path = PACKAGE / "img" / "google" / "64" / entry["image"]
        if entry["subcategory"] not in subcategories or not entry["has_img_google"]:
            continue
        if entry["category"] in ("Flags", "Component") or not path.exists():
            continue
        rows.append(
            {
                "name": entry["name"] or entry["short_name"],
                "short": entry["short_names"],
                "subcategory": entry["subcategory"],
                "order": entry["sort_order"],
                "pixels": _image(path),
            }
        )
    return sorted(rows, key=lambda row: row["order"])


def tensor(rows: list[dict]) -> torch.Tensor:
    """[N, 3, 64, 64] in [-1, 1]."""
    pixels = np.stack([row["pixels"] for row in rows])
    return torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1


def fine_classes(rows: list[dict], count: int = CLASSES) -> list[dict]:
    """Rows of `count` classes, each a run of about six neighbours of one subcategory (key `class`)."""
    groups: dict[str, list[dict]] = {}
    for row in rows:
        groups.setdefault(row["subcategory"], []).append(row)
    chunks = []
    for members in groups.values():
        parts = max(1, round(len(members) / CHUNK))
        for i in range(parts):
            chunks.append(members[i * len(members) // parts : (i + 1) * len(members) // parts])
    # Spread the classes over the whole list, so that every kind of image is included.
    kept = [chunks[int(i * 2.5)] for i in range(count)]
    return [{**row, "class": k} for k, chunk in enumerate(kept) for row in chunk]


def to_pixels(batch: torch.Tensor) -> np.ndarray:
    """[N, 64, 64, 3] uint8 of [-1, 1] images."""
    scaled = ((batch.clamp(-1, 1) + 1) * 127.5).round().byte()
    return scaled.permute(0, 2, 3, 1).cpu().numpy()


def sheet(images, columns: int, path: Path, scale: int = 1) -> None:
    """Writes a contact sheet (PNG) of equally large images, row by row."""
    height, width = images[0].shape[:2]
    rows = -(-len(images) // columns)
    canvas = np.full((rows * (height + 2), columns * (width + 2), 3), 200, np.uint8)
    for i, image in enumerate(images):
        top, left = (i // columns) * (height + 2), (i % columns) * (width + 2)
        canvas[top : top + height, left : left + width] = image
    image = Image.fromarray(canvas)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.resize((image.width * scale, image.height * scale), Image.NEAREST).save(path)
