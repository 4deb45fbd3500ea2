"""The part of Vertex AI's v1 REST API that a client needs, with state, and the service that gives access tokens.

Bodies of jobs are read by the JSON Schema of the published client's fields, where it is at hand, and the pipeline in
them by kfp's own protobuf message, strictly. Schedules have the fields of `projects.locations.schedules`.
"""

from __future__ import annotations

import base64
import functools
import json
import os
import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from recording_server import Answer, RecordingServer, Refused, Request

SHARED = Path(os.environ.get("MILONGA_SHARED", Path(__file__).parents[3] / "shared"))
SCHEMA = SHARED / "schemas" / "vertex" / "PipelineJob.create.v1.schema.json"
PARENT = "projects/my-project/locations/europe-west4"
JOB_ID = r"[a-z][-a-z0-9]{0,127}"
OF_A_SCHEDULE = {
    *("displayName", "cron", "startTime", "endTime", "maxRunCount", "allowQueueing"),
    *("maxConcurrentRunCount", "maxConcurrentActiveRunCount", "createPipelineJobRequest"),
}


@functools.cache
def private_key() -> Any:
    """One key for all tests: it takes a while to find one."""
    from cryptography.hazmat.primitives.asymmetric import rsa

    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class VertexServer(RecordingServer):
    """Vertex AI in one project and region. `scenes` is what a job shows at each look."""

    def __init__(self, certificate: Path | None = None) -> None:
        super().__init__(certificate)
        self.key = private_key()
        self.tokens: list[str] = []
        self.is_revoked = False
        self.scenes: list[dict[str, Any]] = [{"state": "PIPELINE_STATE_SUCCEEDED"}]
        self.jobs: dict[str, dict[str, Any]] = {}
        self.looks: dict[str, int] = {}
        self.schedules: dict[str, dict[str, Any]] = {}

    def key_file(self, folder: Path) -> Path:
        """A service-account key as Google writes it, whose token service is this server."""
        from cryptography.hazmat.primitives import serialization

        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ).decode()
        path = folder / "key.json"
        document = {
            "type": "service_account",
            "project_id": "my-project",
            "private_key_id": "1",
            "private_key": pem,
            "client_email": "robot@my-project.iam.gserviceaccount.com",
            "client_id": "1",
            "token_uri": f"{self.address}/token",
        }
        path.write_text(json.dumps(document))
        return path

    def handle(self, request: Request) -> Answer:
        if request.path == "/token":
            return self.new_token(request)
        if request.headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            raise Refused(401, "Request had invalid authentication credentials.")
        base = f"/v1/{PARENT}"
        return self.route(
            request,
            {
                ("POST", f"{base}/pipelineJobs"): self.create_job,
                ("GET", f"{base}/pipelineJobs/({JOB_ID})"): self.get_job,
                ("POST", f"{base}/pipelineJobs/({JOB_ID}):cancel"): self.cancel_job,
                ("POST", f"{base}/schedules"): self.create_schedule,
                ("GET", f"{base}/schedules"): self.list_schedules,
                ("POST", f"{base}/schedules/(\\d+):(pause|resume)"): self.switch_schedule,
                ("DELETE", f"{base}/schedules/(\\d+)"): self.delete_schedule,
            },
        )

    def new_token(self, request: Request) -> Answer:
        """RFC 7523: a token for a signed assertion."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import padding

        if self.is_revoked:
            return Answer(400, {"error": "invalid_grant", "error_description": "Invalid JWT Signature."})
        form = parse_qs(request.body.decode())
        head, claims, signature = form["assertion"][0].split(".")
        self.key.public_key().verify(
            decoded(signature), f"{head}.{claims}".encode(), padding.PKCS1v15(), hashes.SHA256()
        )
        said = json.loads(decoded(claims))
        self.require(
            said["aud"] == "https://oauth2.googleapis.com/token" and said["exp"] > time.time(), f"claims: {said}"
        )
        self.require("cloud-platform" in said["scope"], f"scope: {said}")
        self.tokens.append(f"ya29.token-{len(self.tokens)}")
        return Answer(200, {"access_token": self.tokens[-1], "expires_in": 3600, "token_type": "Bearer"})

    def read_job(self, body: Any) -> dict[str, Any]:
        """A job that a caller may create, or a refusal."""
        from google.protobuf import json_format
        from kfp.pipeline_spec import pipeline_spec_pb2

        if SCHEMA.is_file():
            import jsonschema

            schema = json.loads(SCHEMA.read_text("utf-8"))
            found = [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(body)]
            self.require(not found, f"PipelineJob: {found}")
        specification = body["pipelineSpec"]
        json_format.ParseDict(specification, pipeline_spec_pb2.PipelineSpec())
        declared = specification["root"].get("inputDefinitions", {})
        runtime = body["runtimeConfig"]
        unknown = set(runtime.get("parameterValues", {})) - set(declared.get("parameters", {}))
        unknown |= set(runtime.get("inputArtifacts", {})) - set(declared.get("artifacts", {}))
        self.require(not unknown, f"unknown inputs: {unknown}")
        return body

    def create_job(self, request: Request) -> Any:
        body = self.read_job(request.json)
        self.require(len(body["displayName"]) <= 128, "displayName")
        id = request.query.get("pipelineJobId", "")
        self.require(bool(re.fullmatch(JOB_ID, id)), f"job id: {id}")
        if id in self.jobs:
            raise Refused(409, f"The PipelineJob {id} already exists")
        self.jobs[id] = {**body, "name": f"{PARENT}/pipelineJobs/{id}", "state": "PIPELINE_STATE_PENDING"}
        return self.jobs[id]

    def get_job(self, request: Request, id: str) -> Any:
        if id not in self.jobs:
            raise Refused(404, f"The PipelineJob {id} does not exist")
        look = self.looks.get(id, 0)
        self.looks[id] = look + 1
        return {**self.jobs[id], **self.scenes[min(look, len(self.scenes) - 1)]}

    def cancel_job(self, request: Request, id: str) -> Any:
        if id not in self.jobs:
            raise Refused(404, f"The PipelineJob {id} does not exist")
        if self.scenes[-1]["state"].endswith(("SUCCEEDED", "FAILED", "CANCELLING", "CANCELLED")):
            raise Refused(400, "The PipelineJob is already in a terminal state")
        self.scenes = [{"state": "PIPELINE_STATE_CANCELLING"}]
        self.looks.clear()
        return {}

    def ended(self) -> None:
        """The jobs that were asked to end have ended."""
        self.scenes = [{"state": "PIPELINE_STATE_CANCELLED"}]

    def create_schedule(self, request: Request) -> Any:
        body = request.json
        self.require(set(body) <= OF_A_SCHEDULE, f"Schedule: unknown {set(body) - OF_A_SCHEDULE}")
        self.require(set(body["createPipelineJobRequest"]) == {"parent", "pipelineJob"}, "createPipelineJobRequest")
        self.require(body["createPipelineJobRequest"]["parent"] == PARENT, "parent")
        self.read_job(body["createPipelineJobRequest"]["pipelineJob"])
        self.require(len(body["cron"].removeprefix("TZ=").split()[-5:]) == 5, f"cron: {body['cron']}")
        self.require(body["maxConcurrentRunCount"].isdigit(), "maxConcurrentRunCount")
        id = str(1000 + len(self.schedules))
        self.schedules[id] = {**body, "name": f"{PARENT}/schedules/{id}", "state": "ACTIVE"}
        return self.schedules[id]

    def list_schedules(self, request: Request) -> Any:
        """Pages of two, so that a client that reads the first page only is found out."""
        found = list(reversed(self.schedules.values()))
        begin = int(request.query.get("pageToken") or 0)
        following = {"nextPageToken": str(begin + 2)} if begin + 2 < len(found) else {}
        return {"schedules": found[begin : begin + 2], **following} if found else {}

    def switch_schedule(self, request: Request, id: str, verb: str) -> Any:
        if id not in self.schedules:
            raise Refused(404, f"Schedule {id} does not exist")
        self.schedules[id]["state"] = {"pause": "PAUSED", "resume": "ACTIVE"}[verb]
        return {}

    def delete_schedule(self, request: Request, id: str) -> Any:
        if self.schedules.pop(id, None) is None:
            raise Refused(404, f"Schedule {id} does not exist")
        return {"name": f"{PARENT}/operations/1", "done": True}


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
