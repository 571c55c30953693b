"""Trains the class-conditional DiT on the latents of 41 classes of about six images."""

import torch

from data import fine_classes, load, tensor
from diffusion import Schedule
from dit import DiT
from loop import Run, Shuffle, arguments, low_precision, start_weights
from vae import SCALING_FACTOR, VAE, latents


class VariationalBound:
    """The loss of the learned variance: KL of the reverse step, with a fixed mean."""

    def __init__(self, schedule: Schedule):
        beta, alpha_bar = schedule.beta, schedule.alpha_bar
        before = torch.cat([torch.ones(1, dtype=beta.dtype), alpha_bar[:-1]])
        posterior = beta * (1 - before) / (1 - alpha_bar)
        posterior[0] = posterior[1]  # it is zero there
        self.upper, self.lower = beta.log().float(), posterior.log().float()
        # Factor from the squared error of epsilon to that of the mean.
        self.weight = (beta**2 / ((1 - beta) * (1 - alpha_bar))).float()

    def __call__(self, fraction, squared_error, t):
        upper, lower, weight = (
            table[t].view(-1, 1, 1, 1) for table in (self.upper, self.lower, self.weight)
        )
        share = (fraction + 1) / 2
        log_variance = share * upper + (1 - share) * lower
        spread = (lower - log_variance).exp() + weight * squared_error * (-log_variance).exp()
        return (0.5 * (log_variance - lower - 1 + spread))[t > 0].mean()


def timesteps(batch: int) -> torch.Tensor:
    """Stratified in the batch; three quarters below 650, where the image is decided."""
    u = (torch.rand(batch) + torch.randperm(batch)) / batch
    t = torch.where(u < 0.75, u / 0.75 * 650, 650 + (u - 0.75) / 0.25 * 350)
    return t.long().clamp(0, 999)


def main():
    args = arguments(__doc__, steps=40000, batch=32, rate=1.2e-3, vae=None)
    rows = fine_classes(load())
    vae = start_weights(VAE().eval(), args.vae)
    mean, deviation = latents(vae, tensor(rows))
    labels = torch.tensor([row["class"] for row in rows])
    torch.manual_seed(1)
    model = start_weights(DiT(classes=int(labels.max()) + 1), args.start)
    run = Run(model, [p for p in model.parameters() if p.requires_grad], args)
    step = torch.compile(model) if args.compile else model
    schedule, shuffle = Schedule("linear"), Shuffle(len(rows), args.batch)
    bound = VariationalBound(schedule)
    for _ in run:
        picked = shuffle.next()
        clean = SCALING_FACTOR * (mean[picked] + deviation[picked] * torch.randn_like(mean[picked]))
        kept = torch.rand(args.batch) >= 0.1  # the rest learn the null class, for guidance
        label = torch.where(kept, labels[picked], model.classes)
        t, noise = timesteps(args.batch), torch.randn_like(clean)
        x = schedule.noisy(clean, noise, t)
        with low_precision(args):
            out = step(x, t, label)
        v, fraction = out.float().chunk(2, 1)
        error = ((v - schedule.velocity(clean, noise, t)) ** 2).mean()
        epsilon_error = (schedule.epsilon(v.detach(), x, t) - noise) ** 2
        vb = bound(fraction, epsilon_error, t)
        run.update(error + 1e-3 * vb, v=error, bound=vb)


if __name__ == "__main__":
    main()
