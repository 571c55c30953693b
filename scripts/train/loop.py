"""Shared parts of the trainers: rate schedule, moving average, checkpoints, log lines."""

import argparse
import copy
import math
import os
import signal
import time
from pathlib import Path

import torch
from torch import nn


def arguments(description: str, average: float = 0.999, **defaults) -> argparse.Namespace:
    """Flags of a trainer; `defaults` sets steps, batch and rate, and adds further flags."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--out", type=Path, required=True, help="checkpoint; resumed if it is there")
    parser.add_argument("--start", type=Path, help="weights to start from instead of random ones")
    parser.add_argument("--warmup", type=int, default=150)
    parser.add_argument("--minutes_per_save", type=float, default=5)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--bf16", action="store_true", help="faster where the CPU has avx512_bf16")
    for name, value in {"average": average, **defaults}.items():
        if value is False:
            parser.add_argument(f"--{name}", action="store_true")
        else:
            parser.add_argument(f"--{name}", type=Path if value is None else type(value), default=value)
    return parser.parse_args()


class Average:
    """Exponential moving average of the weights, with a ramp at the start."""

    def __init__(self, model: nn.Module, decay: float):
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.source, self.decay, self.count = model, decay, 0

    @torch.no_grad()
    def update(self):
        self.count += 1
        decay = min(self.decay, (1 + self.count) / (10 + self.count))
        mine, new = list(self.model.parameters()), list(self.source.parameters())
        torch._foreach_lerp_(mine, new, 1 - decay)


class Run:
    """Trains a model by a cosine schedule over steps, so that it can be interrupted and resumed."""

    def __init__(self, model, groups, args, betas=(0.9, 0.99), weight_decay=0.0):
        torch.set_num_threads(1)  # two trainers side by side beat one with two threads
        self.model, self.args = model, args
        self.average = Average(model, args.average)
        self.optimizer = torch.optim.AdamW(
            groups, args.rate, betas, weight_decay=weight_decay, fused=True
        )
        for group in self.optimizer.param_groups:
            group.setdefault("factor", 1.0)
        self.step, self.sums, self.saved = 0, {}, time.time()
        self.began, self.stopped = time.time(), False
        if args.out.exists():
            self._resume(torch.load(args.out, weights_only=True))

    def _resume(self, state):
        self.model.load_state_dict(state["model"])
        self.average.model.load_state_dict(state["average"])
        self.average.count = self.step = state["step"]
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["random"])
        print(f"resumed at step {self.step}", flush=True)

    def save(self):
        state = {
            "model": self.model.state_dict(),
            "average": self.average.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "random": torch.get_rng_state(),
            "step": self.step,
        }
        part = self.args.out.with_suffix(".part")
        torch.save(state, part)
        os.replace(part, self.args.out)
        self.saved = time.time()

    def __iter__(self):
        """Yields once per step; the caller then calls update(). SIGTERM saves and ends."""
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "stopped", True))
        while self.step < self.args.steps and not self.stopped:
            yield self.step
        self.save()
        print(f"{'stopped' if self.stopped else 'done'} at step {self.step}", flush=True)

    def update(self, loss: torch.Tensor, **seen: torch.Tensor):
        done = self.step / self.args.steps
        warm = min(1.0, (self.step + 1) / self.args.warmup)
        rate = self.args.rate * warm * 0.5 * (1 + math.cos(math.pi * done))
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["factor"]
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.optimizer.zero_grad()
        self.average.update()
        self.step += 1
        for name, value in {"loss": loss, **seen}.items():
            self.sums[name] = self.sums.get(name, 0.0) + value.item()
        if self.step % 100 == 0:
            self._log(rate)
        if time.time() - self.saved > 60 * self.args.minutes_per_save:
            self.save()

    def _log(self, rate):
        seen = " ".join(f"{name} {total / 100:.4f}" for name, total in self.sums.items())
        print(f"{self.step} {time.time() - self.began:.0f}s rate {rate:.1e} {seen}", flush=True)
        self.sums = {}


def low_precision(args):
    """Matrix products in bfloat16 with --bf16; everything else is float32."""
    return torch.autocast("cpu", torch.bfloat16, enabled=args.bf16)


def start_weights(model: nn.Module, path: Path | None):
    """Loads the averaged weights of a checkpoint, if one is given."""
    if path:
        model.load_state_dict(torch.load(path, weights_only=True)["average"])
    return model


class Shuffle:
    """Endless batches of indices, each image once per epoch."""

    def __init__(self, count: int, batch: int):
        self.count, self.batch, self.order = count, batch, torch.empty(0, dtype=torch.long)

    def next(self) -> torch.Tensor:
        if len(self.order) < self.batch:
            self.order = torch.cat([self.order, torch.randperm(self.count)])
        picked, self.order = self.order[: self.batch], self.order[self.batch :]
        return picked
