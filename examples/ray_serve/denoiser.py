"""Serves a denoiser by the Open Inference Protocol on Ray Serve.

    pip install "ray[serve]" onnxruntime grpcio-tools
    parataa convert triton --model_path models/dit-emoji --output_path triton
    python examples/ray_serve/denoiser.py triton/dit_emoji_05000ff0a81d --local --replicas 2 --port 9000
    parataa dit --devices grpc://127.0.0.1:9000/dit_emoji_05000ff0a81d*2

Ray's gRPC proxy listens on every interface: put a firewall or TLS in front of it.
"""
import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

import grpc
import numpy as np
import onnxruntime as ort
import ray
from ray import serve
from ray.serve.config import HTTPOptions, gRPCOptions
from ray.serve.grpc_util import RayServegRPCContext

PROTO = "open_inference.proto"
VERSION = "1"
TYPES = {
    "tensor(float)": ("FP32", np.float32),
    "tensor(float16)": ("FP16", np.float16),
    "tensor(double)": ("FP64", np.float64),
    "tensor(int64)": ("INT64", np.int64),
    "tensor(int32)": ("INT32", np.int32),
}
DATATYPES = dict(TYPES.values())
NAMES = {dtype: name for name, dtype in DATATYPES.items()}


def generate_messages() -> str:
    """The folder of the protocol's Python modules, which every replica imports."""
    folder = tempfile.mkdtemp(prefix="open_inference_")
    here = pathlib.Path(__file__).parent
    command = ["-m", "grpc_tools.protoc", f"-I{here}", f"--python_out={folder}", f"--grpc_python_out={folder}", PROTO]
    subprocess.run([sys.executable, *command], check=True)
    return folder


class Denoiser:
    """One replica. Its methods are those of the service."""

    def __init__(self, folder: str, threads: int):
        import open_inference_pb2

        self.messages = open_inference_pb2
        self.name = pathlib.Path(folder).name
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        providers = [name for name in ("CUDAExecutionProvider", "CPUExecutionProvider")
                     if name in ort.get_available_providers()]
        self.session = ort.InferenceSession(os.path.join(folder, VERSION, "model.onnx"), options, providers)
        self.outputs = [output.name for output in self.session.get_outputs()]

    def ServerMetadata(self, request):
        return self.messages.ServerMetadataResponse(name="ray serve", version=ray.__version__)

    def ModelReady(self, request):
        return self.messages.ModelReadyResponse(ready=request.name == self.name)

    def ModelMetadata(self, request, grpc_context: RayServegRPCContext):
        answer = self.messages.ModelMetadataResponse(name=self.name, versions=[VERSION], platform="onnxruntime")
        if request.name != self.name:
            grpc_context.set_code(grpc.StatusCode.NOT_FOUND)
            grpc_context.set_details(f"unknown model {request.name}, this is {self.name}")
            return answer
        declare(self.session.get_inputs(), answer.inputs)
        declare(self.session.get_outputs(), answer.outputs)
        return answer

    def ModelInfer(self, request):
        feeds = {tensor.name: np.frombuffer(raw, DATATYPES[tensor.datatype]).reshape(tuple(tensor.shape))
                 for tensor, raw in zip(request.inputs, request.raw_input_contents)}
        answer = self.messages.ModelInferResponse(model_name=self.name, model_version=VERSION)
        for name, value in zip(self.outputs, self.session.run(self.outputs, feeds)):
            answer.outputs.add(name=name, datatype=NAMES[value.dtype.type], shape=value.shape)
            answer.raw_output_contents.append(value.tobytes())
        return answer


def declare(tensors, declared) -> None:
    for tensor in tensors:
        shape = [dim if isinstance(dim, int) else -1 for dim in tensor.shape]
        declared.add(name=tensor.name, datatype=TYPES[tensor.type][0], shape=shape)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", help="folder of the model in a repository that `convert triton` made")
    parser.add_argument("--replicas", type=int, default=1)
    parser.add_argument("--gpus", type=float, default=0, help="GPUs of a replica, such as 1 or 0.5")
    parser.add_argument("--threads", type=int, default=0, help="threads of a replica; 0 for all cores")
    parser.add_argument("--local", action="store_true", help="start Ray on this machine's loopback")
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--http_port", type=int, default=8000)
    args = parser.parse_args()
    modules = generate_messages()
    sys.path.insert(0, modules)
    os.environ["PYTHONPATH"] = os.pathsep.join([modules, os.environ.get("PYTHONPATH", "")])
    if args.local:
        ray.init(include_dashboard=False, _node_ip_address="127.0.0.1", object_store_memory=2**29)
    else:
        ray.init()
    add_servicer = "open_inference_pb2_grpc.add_GRPCInferenceServiceServicer_to_server"
    serve.start(
        http_options=HTTPOptions(host="127.0.0.1", port=args.http_port),
        grpc_options=gRPCOptions(port=args.port, grpc_servicer_functions=[add_servicer]),
    )
    deployment = serve.deployment(
        Denoiser,
        num_replicas=args.replicas,
        # A replica evaluates one call, and the next one is on its way.
        max_ongoing_requests=2,
        max_queued_requests=64,
        ray_actor_options={"num_cpus": 0.5, "num_gpus": args.gpus},
    )
    serve.run(deployment.bind(os.path.abspath(args.model), args.threads), route_prefix="/")
    print("ready", flush=True)
    serve_forever()


def serve_forever() -> None:
    import signal

    signal.sigwait({signal.SIGINT, signal.SIGTERM})
    serve.shutdown()
    ray.shutdown()


if __name__ == "__main__":
    main()
