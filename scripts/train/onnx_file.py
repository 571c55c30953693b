"""Writes a module as an ONNX file whose weights are stored as fp16 and computed with as fp32."""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

STORED_SMALLER = 1024  # elements; shorter tables and biases stay fp32


def round_weights(module: nn.Module) -> nn.Module:
    """Rounds what will be stored as fp16, so that torch computes with the very same weights."""
    for p in module.parameters():
        if _shrinks(p.shape):
            p.data = p.data.half().float()
    return module


def _shrinks(shape) -> bool:
    return len(shape) >= 2 and int(np.prod(shape)) >= STORED_SMALLER


def write(module: nn.Module, inputs: dict, outputs: list[str], path: Path) -> None:
    """Exports with a dynamic first dimension named `batch` on every input and output."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = [*inputs, *outputs]
    torch.onnx.export(
        module.eval(),
        tuple(inputs.values()),
        str(path),
        input_names=list(inputs),
        output_names=outputs,
        dynamic_axes={name: {0: "batch"} for name in names},
        opset_version=17,
        dynamo=False,
    )
    model = onnx.load(path)
    _shrink(model.graph)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def _shrink(graph) -> None:
    casts, kept = [], []
    for tensor in graph.initializer:
        if tensor.data_type != TensorProto.FLOAT or not _shrinks(tensor.dims):
            kept.append(tensor)
            continue
        stored = numpy_helper.to_array(tensor).astype(np.float16)
        kept.append(numpy_helper.from_array(stored, f"{tensor.name}.fp16"))
        casts.append(
            helper.make_node("Cast", [kept[-1].name], [tensor.name], to=TensorProto.FLOAT)
        )
    nodes = [*casts, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
