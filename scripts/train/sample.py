"""Draws images with an exported model folder through ONNX Runtime alone: DDIM of eta 0 or a flow's
Euler, with guidance."""

import json
from pathlib import Path

import numpy as np

from bpe import Tokenizer
from checks import session
from flow import TIMESTEPS, sigmas

TRAIN_STEPS = 1000


class Folder:
    """A model folder; its VAE may be in the folder beside it."""

    def __init__(self, path: Path):
        self.path = path
        self.scheduler = json.loads((path / "scheduler" / "scheduler_config.json").read_text())
        index = json.loads((path / "model_index.json").read_text())
        decoder = path.parent / index.get("shared_vae", path.name) / "vae_decoder"
        self.decoder = session(decoder / "model.onnx")
        self.scaling_factor = json.loads((decoder / "config.json").read_text())["scaling_factor"]
        self.guidance = index["guidance_scale"]
        self.is_flow = self.scheduler["_class_name"].startswith("FlowMatch")
        self.is_dit = (path / "transformer").exists()
        self.network = session(path / ("transformer" if self.is_dit else "unet") / "model.onnx")

    def conditions(self, wanted: list) -> dict[str, np.ndarray]:
        """The condition input for rows of `wanted` (labels or texts), then for as many empty ones."""
        if self.is_dit:
            null = json.loads((self.path / "transformer" / "config.json").read_text())
            empty = [null["num_embeds_ada_norm"]] * len(wanted)
            return {"class_labels": np.array([*wanted, *empty], np.int64)}
        tokenizer = Tokenizer(self.path / "tokenizer")
        ids = np.array([tokenizer(text) for text in [*wanted, ""]], np.int64)
        encoder = session(self.path / "text_encoder" / "model.onnx")
        states = encoder.run(["last_hidden_state"], {"input_ids": ids})[0]
        empty = np.repeat(states[-1:], len(wanted), 0)
        return {"encoder_hidden_states": np.concatenate([states[:-1], empty])}

    def alpha_bars(self) -> np.ndarray:
        start, end = self.scheduler["beta_start"], self.scheduler["beta_end"]
        if self.scheduler["beta_schedule"] == "linear":
            betas = np.linspace(start, end, TRAIN_STEPS)
        else:
            betas = np.linspace(start**0.5, end**0.5, TRAIN_STEPS) ** 2
        return np.cumprod(1 - betas)

    def draw(self, wanted: list, seed: int, guidance: float, steps: int = 50) -> np.ndarray:
        """[N, 64, 64, 3] uint8."""
        return self.decode(self.latents(wanted, seed, guidance, steps))

    def latents(self, wanted: list, seed: int, guidance: float, steps: int) -> np.ndarray:
        """[N, 4, 8, 8], scaled."""
        rows, conditions = len(wanted), self.conditions(wanted)

        def guided(x, t):
            timestep = np.full(2 * rows, t, np.float32 if self.is_flow else np.int64)
            inputs = {"sample": np.concatenate([x, x]), "timestep": timestep, **conditions}
            out = self.network.run(None, inputs)[0][:, :4]
            return out[rows:] + guidance * (out[:rows] - out[rows:])

        x = np.random.default_rng(seed).standard_normal((rows, 4, 8, 8)).astype(np.float32)
        return (self._euler if self.is_flow else self._ddim)(guided, x, steps)

    def decode(self, x: np.ndarray) -> np.ndarray:
        latent = x / np.float32(self.scaling_factor)
        images = self.decoder.run(None, {"latent_sample": latent})[0]
        scaled = np.round((images.clip(-1, 1) + 1) * 127.5).astype(np.uint8)
        return scaled.transpose(0, 2, 3, 1)

    def _ddim(self, epsilon_at, x, steps: int):
        bars, stride = self.alpha_bars(), TRAIN_STEPS // steps
        last = 1.0 if self.scheduler["set_alpha_to_one"] else bars[0]
        for i in reversed(range(steps)):
            t = i * stride + self.scheduler["steps_offset"]
            epsilon = epsilon_at(x, t)
            bar, before = bars[t], bars[t - stride] if t >= stride else last
            clean = (x - np.sqrt(1 - bar) * epsilon) / np.sqrt(bar)
            x = (np.sqrt(before) * clean + np.sqrt(1 - before) * epsilon).astype(np.float32)
        return x

    def _euler(self, velocity_at, x, steps: int):
        levels = sigmas(steps, self.scheduler["shift"])
        for sigma, after in zip(levels, levels[1:]):
            x = (x + (after - sigma) * velocity_at(x, TIMESTEPS * sigma)).astype(np.float32)
        return x
