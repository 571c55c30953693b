"""The ONNX network beside this file, in Triton's Python backend: PyPI's Triton has no ONNX Runtime backend."""
import json
import os
import time

import numpy as np
import onnxruntime as ort
import triton_python_backend_utils as pb_utils


class TritonPythonModel:
    def initialize(self, args):
        folder = os.path.join(args["model_repository"], args["model_version"])
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        file = os.path.join(folder, "model.onnx")
        self.session = ort.InferenceSession(file, options, providers=["CPUExecutionProvider"])
        self.inputs = [one.name for one in self.session.get_inputs()]
        self.outputs = [one.name for one in self.session.get_outputs()]
        parameters = json.loads(args["model_config"])["parameters"]
        self.wait = float(parameters.get("wait", {"string_value": "0"})["string_value"])

    def execute(self, requests):
        """Triton queues and groups; this backend is given the group as a list."""
        time.sleep(self.wait)
        return [self.answer(request) for request in requests]

    def answer(self, request):
        tensor = lambda name: pb_utils.get_input_tensor_by_name(request, name).as_numpy()
        values = self.session.run(self.outputs, {name: tensor(name) for name in self.inputs})
        outputs = [pb_utils.Tensor(name, value) for name, value in zip(self.outputs, values)]
        return pb_utils.InferenceResponse(outputs)
