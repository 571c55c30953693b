"""Checks an exported file: batches against torch, and that rows do not depend on their batch."""

from pathlib import Path

import numpy as np
import onnxruntime
import torch

BATCHES = (1, 2, 8, 20, 100, 200)


def session(path: Path, threads: int = 1) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def check(path: Path, module, make) -> None:
    """Prints the largest error and every batch that differs. `make(rows)` returns inputs by name."""
    largest = max(_error(path, module, make(rows)) for rows in (5, 100))
    whole = {name: value.numpy() for name, value in make(max(BATCHES)).items()}
    one = session(path)
    reference = one.run(None, whole)[0]
    differing = []
    for threads in (1, 2):
        runner = session(path, threads)
        for batch in BATCHES:
            rows = [
                runner.run(None, {n: v[i : i + batch] for n, v in whole.items()})[0]
                for i in range(0, len(reference), batch)
            ]
            unequal = ~np.all(np.concatenate(rows) == reference, (*range(1, reference.ndim),))
            if unequal.any():
                gap = np.abs(np.concatenate(rows) - reference).max()
                differing.append(f"batch {batch} threads {threads}: {unequal.sum()} rows, {gap:.1e}")
    name = f"{path.parent.parent.name}/{path.parent.name}"
    size = sum(file.stat().st_size for file in path.parent.glob("model.*"))
    print(f"{name}: {size / 1e6:.2f} MB, largest error {largest:.1e}", end="; ")
    print("rows identical" if not differing else f"ROWS DIFFER {differing}", flush=True)


@torch.no_grad()
def _error(path, module, inputs) -> float:
    wanted = module(*inputs.values())
    wanted = wanted if isinstance(wanted, tuple) else (wanted,)
    made = session(path).run(None, {name: value.numpy() for name, value in inputs.items()})
    return max(float(np.abs(m - w.numpy()).max()) for m, w in zip(made, wanted))
