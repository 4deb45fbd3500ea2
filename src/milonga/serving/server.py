"""The server process: KServe's own ModelServer around an ONNX Runtime model, REST only, on one address.

`python -m milonga.serving --model-dir DIR --name NAME --port PORT`. Liveness is `/v2/health/live`, readiness
`/v2/models/NAME/ready`, inference `/v2/models/NAME/infer`; gRPC is off, since it would listen on every address.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import uuid
from pathlib import Path
from typing import Any

from milonga.errors import MilongaError, MissingExtra, ServingError
from milonga.serving.requests import DATATYPE, Tensor, read_samples
from milonga.serving.served_model import INPUT_NAME, OUTPUT_NAME, Predictor, read_served_model

GRACE_S = 5
CLASS_OUTPUT = "class"


def main(arguments: list[str] | None = None) -> None:
    """Serve until a signal ends it; an error goes to stderr and ends the process with status 1."""
    parser = argparse.ArgumentParser(prog="python -m milonga.serving", description="Serve one compiled model.")
    parser.add_argument("--model-dir", type=Path, required=True, help="folder with compiled.json and model.onnx")
    parser.add_argument("--name", required=True, help="name of the model in request paths")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    options = parser.parse_args(arguments)
    try:
        serve(options.model_dir, name=options.name, host=options.host, port=options.port)
    except MilongaError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(1)


def serve(model_folder: Path, *, name: str, host: str, port: int) -> None:
    """Serve one model in this process until a signal ends it.

    Args:
        model_folder: holds `compiled.json` and `model.onnx`.
        name: of the model in request paths.
        host: address to listen on.
        port: TCP port.

    Raises:
        ServingError: E710 to E714, the folder cannot be served.
        MissingExtra: kserve or onnxruntime is not installed.
    """
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    predictor = Predictor(read_served_model(model_folder))
    kserve = _import_kserve()
    model = _make_model(kserve, name, predictor)
    model.load()
    server = _make_server(kserve, host=host, port=port)
    server.start([model])


def _import_kserve() -> Any:
    # kserve parses the command line of whatever process imports it.
    arguments, sys.argv = sys.argv, sys.argv[:1]
    try:
        import kserve
        import kserve.errors
        import kserve.model_server
    except ImportError as reason:
        raise MissingExtra.of("kserve", "serve", "serving a model") from reason
    finally:
        sys.argv = arguments
    return kserve


def _make_server(kserve: Any, *, host: str, port: int) -> Any:
    from fastapi import Request
    from fastapi.exceptions import RequestValidationError
    from fastapi.responses import JSONResponse

    class BoundServer(kserve.ModelServer):  # type: ignore[misc]
        """KServe's server on one address: its own address is always all of them (kserve 0.21, rest/server.py)."""

        async def _serve(self) -> None:
            self._rest_server.config.host = host
            await super()._serve()

    async def refuse(_: Request, error: Exception) -> JSONResponse:
        """A body that is no v2 request is the client's mistake: 400 as everywhere else in the protocol, not 422."""
        findings = error.errors() if isinstance(error, RequestValidationError) else []
        text = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in findings[:3])
        return JSONResponse(status_code=400, content={"error": f"this is no inference request: {text}"})

    kserve.model_server.app.add_exception_handler(RequestValidationError, refuse)
    return BoundServer(http_port=port, workers=1, enable_grpc=False, enable_latency_logging=False, grace_period=GRACE_S)


def _make_model(kserve: Any, name: str, predictor: Predictor) -> Any:
    served = predictor.model
    shape = list(served.sample_shape)

    class OnnxModel(kserve.Model):  # type: ignore[misc]
        """A compiled model behind KServe's protocol."""

        def get_input_types(self) -> list[dict[str, Any]]:
            """What the metadata endpoint says about the input."""
            return [{"name": INPUT_NAME, "datatype": DATATYPE, "shape": [-1, *shape]}]

        def get_output_types(self) -> list[dict[str, Any]]:
            """What the metadata endpoint says about the outputs."""
            return [
                {"name": OUTPUT_NAME, "datatype": DATATYPE, "shape": [-1, len(served.classes)]},
                {"name": CLASS_OUTPUT, "datatype": "BYTES", "shape": [-1]},
            ]

        async def predict(self, payload: Any, headers: Any = None) -> Any:
            """Answer one request; other requests and health checks go on meanwhile."""
            if not isinstance(payload, kserve.InferRequest):
                raise kserve.errors.InvalidInput("this server speaks the Open Inference Protocol v2 only")
            tensors = [Tensor(item.name, list(item.shape), item.datatype, _data(item)) for item in payload.inputs]
            try:
                samples = read_samples(tensors, served)
            except ServingError as error:
                text = f"{error.code}: {error.message}; got {error.got}, expected {error.expected}"
                raise kserve.errors.InvalidInput(text) from None
            probabilities = await asyncio.to_thread(predictor.predict, samples)
            return _answer(kserve, name, payload, probabilities, served.classes)

    return OnnxModel(name)


def _data(tensor: Any) -> Any:
    return tensor.data if tensor.data is not None else tensor.as_numpy()


def _answer(kserve: Any, name: str, request: Any, probabilities: Any, classes: tuple[str, ...]) -> Any:
    import numpy as np

    names = np.array([classes[index] for index in probabilities.argmax(axis=1)], dtype=np.object_)
    outputs = [
        kserve.InferOutput(OUTPUT_NAME, list(probabilities.shape), DATATYPE, data=probabilities),
        kserve.InferOutput(CLASS_OUTPUT, [len(names)], "BYTES", data=names),
    ]
    return kserve.InferResponse(
        # The id is optional in a request, and kserve 0.21 fails on an answer without one.
        response_id=request.id or str(uuid.uuid4()),
        model_name=name,
        infer_outputs=outputs,
        use_binary_outputs=request.use_binary_outputs,
        requested_outputs=request.request_outputs,
    )


if __name__ == "__main__":
    main()
