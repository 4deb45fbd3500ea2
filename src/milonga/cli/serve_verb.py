"""`milonga serve`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from milonga.cli.output import message, print_json
from milonga.engine.home import Home
from milonga.errors import ServingError, UsageError
from milonga.lineage import LineageStore
from milonga.lineage.records import ArtifactRecord, flattened


@click.command("serve")
@click.argument("what", required=False)
@click.option(
    "--port", default=8080, show_default=True, type=click.IntRange(0, 65535), help="TCP port; 0 takes a free one."
)
@click.option("--background", is_flag=True, help="Start it, wait until it answers, and leave it running.")
@click.option("--list", "list_only", is_flag=True, help="List the servers that run in the background.")
@click.option("--stop", is_flag=True, help="Stop the server of this name, or all of them.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as one JSON document.")
def command(what: str | None, port: int, background: bool, list_only: bool, stop: bool, as_json: bool) -> None:
    """Serve a deployed model on this machine, over the Open Inference Protocol v2.

    WHAT is a run, or a folder made by the component `deploy`; without it, the newest run that deployed something.
    """
    home = Home.default()
    if list_only:
        _list(home, as_json)
    elif stop:
        _stop(home, what)
    else:
        _serve(home, _deployment(home, what), port=port, background=background, as_json=as_json)


def _serve(home: Home, folder: Path, *, port: int, background: bool, as_json: bool) -> None:
    description = _describe(folder)
    name = str(description["name"])
    if not background:
        from milonga.serving.server import serve

        message(f"serving '{name}' on http://127.0.0.1:{port}; Ctrl-C ends it")
        message(curl_line(f"http://127.0.0.1:{port}", name, folder))
        serve(folder / "model", name=name, host="127.0.0.1", port=port)
        return
    from milonga.serving.daemon import start_server

    server = start_server(
        folder / "model",
        name=name,
        port=port,
        log_path=home.servers / f"{name}.log",
        state_path=home.servers / f"{name}.json",
    )
    line = curl_line(server.url, name, folder)
    if as_json:
        print_json({"name": name, "url": server.url, "pid": server.pid, "curl": line, "folder": str(folder)})
        return
    message(f"serving '{name}' on {server.url} (process {server.pid}); stop it with: milonga serve --stop {name}")
    print(line)


def curl_line(url: str, name: str, folder: Path) -> str:
    """The one line that asks the served model about a real sample."""
    request = folder / "request.json"
    return f"curl -s {url}/v2/models/{name}/infer -H 'Content-Type: application/json' -d @{request}"


def _describe(folder: Path) -> dict[str, Any]:
    path = folder / "deployment.json"
    try:
        description: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ServingError(
            "E720",
            "the folder is no deployment",
            where=str(folder),
            got=str(error),
            expected="deployment.json and model/",
        ) from None
    return description


def _deployment(home: Home, what: str | None) -> Path:
    if what and Path(what).is_dir():
        return Path(what).absolute()
    store = LineageStore(home.database)
    try:
        runs = store.runs(limit=50) if what is None else [run for run in [store.run(what)] if run is not None]
        for run in runs:
            for task in store.tasks(run.id):
                found = [record for value in task.output_artifacts.values() for record in flattened(value)]
                for record in found:
                    if task.state == "SUCCEEDED" and _is_deployment(record):
                        return Path(record.uri)
    finally:
        store.close()
    if what is None:
        raise UsageError(
            "E914", "no run has deployed a model yet", hint="milonga run image-classification --data FOLDER"
        )
    raise UsageError("E914", f"'{what}' is no folder and no run that deployed a model")


def _is_deployment(record: ArtifactRecord) -> bool:
    return record.metadata.get("milonga_type") == "Deployment" and Path(record.uri).is_dir()


def _list(home: Home, as_json: bool) -> None:
    from milonga.serving.daemon import list_servers

    servers = list_servers(home.servers)
    if as_json:
        print_json({"servers": [{"name": item.name, "url": item.url, "pid": item.pid} for item in servers]})
        return
    for item in servers:
        print(f"{item.name}  {item.url}  process {item.pid}")


def _stop(home: Home, name: str | None) -> None:
    from milonga.serving.daemon import list_servers, stop_server

    names = [name] if name else [item.name for item in list_servers(home.servers)]
    for one in names:
        path = home.servers / f"{one}.json"
        if not path.is_file():
            raise UsageError("E915", f"no server '{one}' runs in the background", where=str(home.servers))
        stop_server(path)
        message(f"stopped '{one}'")
    if not names:
        message("no server runs in the background")
