"""The part of KFP's v2beta1 API that a client needs, with state, strict about what it is sent.

Bodies are read by the generated models of kfp_server_api, which know every field, and, where the published OpenAPI is
at hand, by its JSON Schema. Uploaded files are read into kfp's own protobuf message. What it answers where was read in
kubeflow/pipelines at 7b70c7b95f: `backend/src/apiserver/server`.
"""

from __future__ import annotations

import email
import email.policy
import json
import os
import re
import uuid
from pathlib import Path
from typing import Any

import yaml
from recording_server import Answer, RecordingServer, Refused, Request

SHARED = Path(os.environ.get("MILONGA_SHARED", Path(__file__).parents[3] / "shared"))
OPENAPI = SHARED / "schemas" / "kfp" / "v2.17" / "kfp-api.v2beta1.schema.json"
TIME = "2026-11-21T10:00:00Z"
API = "/apis/v2beta1"


class KfpServer(RecordingServer):
    """A KFP server. `token` and `cookie` are what it wants to see; `scenes` is what a run shows at each look."""

    def __init__(self, certificate: Path | None = None) -> None:
        super().__init__(certificate)
        self.token = ""
        self.cookie = ""
        self.multi_user = False
        self.scenes: list[dict[str, Any]] = [{"state": "SUCCEEDED"}]
        self.pipelines: dict[str, dict[str, Any]] = {}
        self.versions: dict[str, dict[str, Any]] = {}
        self.texts: dict[str, str] = {}
        self.experiments: dict[str, dict[str, Any]] = {}
        self.runs: dict[str, dict[str, Any]] = {}
        self.looks: dict[str, int] = {}
        self.recurring: dict[str, dict[str, Any]] = {}

    def error_body(self, refused: Refused) -> Any:
        return {"error": refused.message, "code": 3, "message": refused.message, "details": []}

    def handle(self, request: Request) -> Answer:
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            raise Refused(401, "Unauthenticated: who are you?")
        if self.cookie and request.headers.get("cookie") != self.cookie:
            return Answer(302, "", {"Location": "/dex/auth/login?state=1"})
        return self.route(
            request,
            {
                ("GET", f"{API}/healthz"): lambda _: {"multi_user": self.multi_user},
                ("GET", f"{API}/pipelines/names/([^/]+)"): self.pipeline_by_name,
                ("POST", f"{API}/pipelines"): self.create_pipeline,
                ("GET", f"{API}/pipelines/([^/]+)/versions"): self.list_versions,
                ("POST", f"{API}/pipelines/upload_version"): self.upload_version,
                ("GET", f"{API}/pipelines/([^/]+)/versions/([^/]+)"): self.get_version,
                ("GET", f"{API}/experiments"): self.list_experiments,
                ("POST", f"{API}/experiments"): self.create_experiment,
                ("POST", f"{API}/runs"): self.create_run,
                ("GET", f"{API}/runs"): self.list_runs,
                ("GET", f"{API}/runs/([^/:]+)"): self.get_run,
                ("POST", f"{API}/runs/([^/:]+):terminate"): self.terminate_run,
                ("POST", f"{API}/recurringruns"): self.create_recurring,
                ("GET", f"{API}/recurringruns"): self.list_recurring,
                ("POST", f"{API}/recurringruns/([^/:]+):(enable|disable)"): self.switch_recurring,
                ("DELETE", f"{API}/recurringruns/([^/:]+)"): self.delete_recurring,
            },
        )

    def read(self, request: Request, model: str) -> dict[str, Any]:
        """A body that is of `model`, or a refusal."""
        import kfp_server_api

        body = request.json
        self.require(isinstance(body, dict), f"{model}: no object")
        unknown = unknown_keys(body, model)
        self.require(not unknown, f"{model}: unknown {unknown}")
        try:
            kfp_server_api.ApiClient().deserialize(type("Response", (), {"data": request.body}), model)
        except (ValueError, TypeError, kfp_server_api.ApiException) as error:
            self.require(False, f"{model}: {error}")
        if OPENAPI.is_file():
            import jsonschema

            document = json.loads(OPENAPI.read_text("utf-8"))
            name = model[0].lower() + model[1:]
            schema = {**document, "$ref": f"#/$defs/{name}"}
            found = [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(body)]
            self.require(not found, f"{model}: {found}")
        return body

    def pipeline_by_name(self, request: Request, name: str) -> Any:
        found = [item for item in self.pipelines.values() if item["name"] == name and in_namespace(item, request)]
        if not found:
            raise Refused(404, f"Pipeline {name} not found")
        return found[0]

    def create_pipeline(self, request: Request) -> Any:
        body = self.read(request, "V2beta1Pipeline")
        name = body.get("name", "")
        self.require(bool(re.fullmatch(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", name)) and len(name) <= 128, "pipeline name")
        self.require(len(body.get("namespace", "")) <= 63, "Pipeline.Namespace length cannot exceed 63")
        if any(item["name"] == body["name"] for item in self.pipelines.values()):
            raise Refused(409, f"The name {body['name']} already exists")
        return self.keep(self.pipelines, "pipeline_id", body)

    def list_versions(self, request: Request, pipeline: str) -> Any:
        if pipeline not in self.pipelines:
            raise Refused(404, "pipeline not found")
        found = [item for item in self.versions.values() if item["pipeline_id"] == pipeline]
        return {"pipeline_versions": filtered(found, request), "total_size": len(found)}

    def get_version(self, request: Request, pipeline: str, version: str) -> Any:
        found = self.versions.get(version)
        if found is None or found["pipeline_id"] != pipeline:
            raise Refused(404, "version not found")
        return found

    def upload_version(self, request: Request) -> Any:
        head = f"Content-Type: {request.headers['content-type']}\r\n\r\n".encode()
        parts = list(email.message_from_bytes(head + request.body, policy=email.policy.HTTP).iter_parts())
        names = [part.get_param("name", header="content-disposition") for part in parts]
        self.require(names == ["uploadfile"], f"multipart fields: {names}")
        self.require(str(parts[0].get_filename()).endswith((".yaml", ".yml")), "file name")
        text = parts[0].get_content()
        text = text.decode("utf-8") if isinstance(text, bytes) else text
        text = text.replace("\r\n", "\n")
        specification = self.parsed(text)
        pipeline, name = request.query["pipelineid"], request.query["name"]
        self.require(pipeline in self.pipelines, "unknown pipeline")
        if any(item["pipeline_id"] == pipeline and item["name"] == name for item in self.versions.values()):
            raise Refused(409, "Failed to create a pipeline version")
        body = {"pipeline_id": pipeline, "name": name, "display_name": name, "pipeline_spec": specification}
        made = self.keep(self.versions, "pipeline_version_id", body)
        self.texts[made["pipeline_version_id"]] = text
        return made

    def parsed(self, text: str) -> Any:
        """The file as kfp's own messages."""
        from google.protobuf import json_format
        from kfp.pipeline_spec import pipeline_spec_pb2

        documents = list(yaml.safe_load_all(text))
        json_format.ParseDict(documents[0], pipeline_spec_pb2.PipelineSpec())
        for document in documents[1:]:
            json_format.ParseDict(document, pipeline_spec_pb2.PlatformSpec())
        return documents[0]

    def list_experiments(self, request: Request) -> Any:
        found = [item for item in self.experiments.values() if in_namespace(item, request)]
        return {"experiments": filtered(found, request)}

    def create_experiment(self, request: Request) -> Any:
        body = self.read(request, "V2beta1Experiment")
        self.require(len(body["display_name"].encode()) <= 128, "Experiment.Name length cannot exceed 128")
        if any(item["display_name"] == body["display_name"] for item in self.experiments.values()):
            raise Refused(409, "experiment exists")
        return self.keep(self.experiments, "experiment_id", body)

    def create_run(self, request: Request) -> Any:
        body = self.read(request, "V2beta1Run")
        self.require(bool(body.get("display_name")), "The run name is empty")
        self.require("run_id" not in body and "state" not in body, "output fields in a new run")
        self.known(body)
        return self.keep(self.runs, "run_id", {**body, "state": "PENDING"})

    def known(self, body: dict[str, Any]) -> None:
        """Version and experiment exist, and the parameters are the pipeline's, of its types."""
        version = self.versions.get(body.get("pipeline_version_reference", {}).get("pipeline_version_id", ""))
        self.require(version is not None, "unknown pipeline version")
        self.require(body.get("experiment_id") in self.experiments, "unknown experiment")
        kinds = {"NUMBER_INTEGER": int, "NUMBER_DOUBLE": (int, float), "STRING": str, "BOOLEAN": bool, "LIST": list,
                 "STRUCT": dict}  # fmt: skip
        declared = version["pipeline_spec"]["root"].get("inputDefinitions", {}).get("parameters", {})
        for name, value in body.get("runtime_config", {}).get("parameters", {}).items():
            self.require(name in declared, f"unknown parameter {name}")
            self.require(isinstance(value, kinds[declared[name]["parameterType"]]), f"type of {name}: {value!r}")

    def list_runs(self, request: Request) -> Any:
        self.require("experiment_id" in request.query or not self.multi_user, "a namespace or experiment is needed")
        found = [item for item in self.runs.values() if item["experiment_id"] == request.query.get("experiment_id")]
        return {"runs": filtered(found, request)[: int(request.query.get("page_size", 10))]}

    def get_run(self, request: Request, run: str) -> Any:
        if run not in self.runs:
            raise Refused(404, f"Run {run} not found")
        look = self.looks.get(run, 0)
        self.looks[run] = look + 1
        scene = self.scenes[min(look, len(self.scenes) - 1)]
        tasks = scene.get("tasks", {})
        details = [{"task_id": f"{run}-{name}", "display_name": name, "state": state} for name, state in tasks.items()]
        shown = {"state": scene["state"], "run_details": {"task_details": details}}
        if scene.get("error"):
            shown["error"] = {"code": 13, "message": scene["error"]}
        return {**self.runs[run], **shown}

    def terminate_run(self, request: Request, run: str) -> Any:
        if run not in self.runs:
            raise Refused(404, f"Run {run} not found")
        if self.scenes[-1]["state"] in ("SUCCEEDED", "FAILED", "CANCELING", "CANCELED"):
            raise Refused(400, f"Failed to terminate a run {run}. Row not found")
        self.scenes = [{"state": "CANCELING"}]
        self.looks.clear()
        return {}

    def ended(self) -> None:
        """The runs that were asked to end have ended."""
        self.scenes = [{"state": "CANCELED"}]

    def create_recurring(self, request: Request) -> Any:
        body = self.read(request, "V2beta1RecurringRun")
        self.known(body)
        self.require(1 <= int(body["max_concurrency"]) <= 10, "max_concurrency")
        cron = body.get("trigger", {}).get("cron_schedule", {}).get("cron")
        self.require(cron is None or len(cron.split()) == 6, f"cron {cron}")
        status = "ENABLED" if body.get("mode") == "ENABLE" else "DISABLED"
        return self.keep(self.recurring, "recurring_run_id", {**body, "status": status})

    def list_recurring(self, request: Request) -> Any:
        """Pages of two, so that a client that reads the first page only is found out."""
        found = filtered(list(self.recurring.values()), request)
        begin = int(request.query.get("page_token") or 0)
        following = {"next_page_token": str(begin + 2)} if begin + 2 < len(found) else {}
        return {"recurringRuns": found[begin : begin + 2], **following}

    def switch_recurring(self, request: Request, id: str, verb: str) -> Any:
        if id not in self.recurring:
            raise Refused(404, f"Recurring run {id} not found")
        self.recurring[id]["status"] = f"{verb}d".upper()
        return {}

    def delete_recurring(self, request: Request, id: str) -> Any:
        if self.recurring.pop(id, None) is None:
            raise Refused(404, f"Recurring run {id} not found")
        return {}

    def keep(self, place: dict[str, dict[str, Any]], key: str, body: dict[str, Any]) -> dict[str, Any]:
        id = str(uuid.uuid4())
        place[id] = {**body, key: id, "created_at": TIME}
        return place[id]


def in_namespace(item: dict[str, Any], request: Request) -> bool:
    return item.get("namespace") == request.query.get("namespace")


def filtered(items: list[dict[str, Any]], request: Request) -> list[dict[str, Any]]:
    """Newest first, those that pass the request's filter."""
    predicates = json.loads(request.query.get("filter") or "{}").get("predicates", [])
    assert all(item["operation"] in (1, "EQUALS") for item in predicates)
    return [
        item for item in reversed(items) if all(item.get(test["key"]) == test["stringValue"] for test in predicates)
    ]


def unknown_keys(body: Any, model: str) -> list[str]:
    """Keys, at any depth, that the generated model does not have."""
    import kfp_server_api

    listed = re.fullmatch(r"list\[(\w+)\]", model)
    if listed:
        return [key for item in body for key in unknown_keys(item, listed.group(1))]
    found = getattr(kfp_server_api.models, model, None)
    if found is None or not hasattr(found, "attribute_map") or not isinstance(body, dict):
        return []
    types = {wire: found.openapi_types[name] for name, wire in found.attribute_map.items()}
    return [key for key in body if key not in types] + [
        f"{key}.{inner}" for key, item in body.items() if key in types for inner in unknown_keys(item, types[key])
    ]
