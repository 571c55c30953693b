"""Classifies the training image that a sample shows, for the judge."""

import torch
import torch.nn.functional as F
from torch import nn

from captions import images
from data import fine_classes, load, tensor
from vae import VAE

VARIANTS = 6  # decoded copies per image


class Classifier(nn.Sequential):
    def __init__(self, classes: int):
        widths, layers = [3, 32, 64, 128, 192], []
        for inputs, outputs in zip(widths, widths[1:]):
            layers += [nn.Conv2d(inputs, outputs, 3, 2, 1), nn.GroupNorm(8, outputs), nn.SiLU()]
            if outputs > 32:
                layers += [nn.Conv2d(outputs, outputs, 3, 1, 1), nn.GroupNorm(8, outputs), nn.SiLU()]
        super().__init__(*layers, nn.Flatten(), nn.Dropout(0.2), nn.Linear(192 * 16, classes))


class Gallery:
    """The images of both generators and similar ones; recoloured images keep their name."""

    def __init__(self):
        self.dit = fine_classes(load())
        self.sd = images()
        rows = [{**row, "id": row["short"][0]} for row in self.dit] + images(dropped=())
        kinds = {row["id"]: row["subcategory"] for row in rows}
        self.names, self.kinds = list(kinds), list(kinds.values())
        unique = {(row["id"], row["pixels"].tobytes()): row for row in rows}.values()
        self.images = tensor(list(unique))
        self.labels = torch.tensor([self.names.index(row["id"]) for row in unique])


@torch.no_grad()
def pool(gallery: Gallery, vae: VAE, seed: int):
    """Images and labels: every original, and its VAE reconstruction with noise in the latent."""
    torch.manual_seed(seed)
    copies = [gallery.images]
    for _ in range(VARIANTS):
        for chunk in gallery.images.split(64):
            mean, log_variance = vae.encode(chunk)
            noise = 0.35 * torch.rand(len(chunk), 1, 1, 1) * torch.randn_like(mean)
            copies.append(vae.decode(mean + (0.5 * log_variance).exp() * noise + noise).clamp(-1, 1))
    return torch.cat(copies), gallery.labels.repeat(VARIANTS + 1)


def augment(x: torch.Tensor) -> torch.Tensor:
    """Shift, scale, tilt, colour jitter, blur and noise, different for every row."""
    batch = len(x)

    def spread(amount):
        return amount * (2 * torch.rand(batch) - 1)

    def column(values):
        return values.view(-1, 1, 1, 1)

    angle, size = spread(0.15), 1 + spread(0.15)
    turn = torch.stack([angle.cos() * size, -angle.sin() * size, spread(0.12)], 1)
    rise = torch.stack([angle.sin() * size, angle.cos() * size, spread(0.12)], 1)
    grid = F.affine_grid(torch.stack([turn, rise], 1), x.shape, align_corners=False)
    x = F.grid_sample(x - 1, grid, align_corners=False) + 1  # outside is white
    grey = x.mean(1, keepdim=True)
    x = grey + (x - grey) * column(1 + spread(0.4))
    x = x * column(1 + spread(0.2)) + column(spread(0.15))
    x = x + 0.12 * (2 * torch.rand(batch, 3, 1, 1) - 1)
    blurred = F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1)
    x = torch.lerp(x, blurred, column(torch.rand(batch)))
    return (x + column(0.1 * torch.rand(batch)) * torch.randn_like(x)).clamp(-1, 1)


@torch.no_grad()
def probabilities(model: Classifier, x: torch.Tensor) -> torch.Tensor:
    return torch.cat([model(part).float().softmax(1) for part in x.split(64)])
