"""What a pod would have beside its image: volumes, shared memory, a workspace."""

from __future__ import annotations

from pathlib import Path

import pytest
from boxes import Box, error_of, log_of

pytestmark = pytest.mark.slow
"""Real processes and containers, one after the other."""


def constant(value: str) -> dict[str, dict[str, str]]:
    return {"runtimeValue": {"constant": value}}


def test_a_secret_lies_in_files_that_are_gone_afterwards(engine, box: Box, play, home: Path) -> None:
    settings = {"secretAsVolume": [{"secretNameParameter": constant("s"), "mountPath": "/etc/hidden"}]}
    script = "for f in /etc/hidden/*; do stat -c '%a %n' $f; cat $f; done; touch /etc/hidden/new || echo read-only"
    graph = box(script, settings=settings)
    secret = {"user": "me\n", "key": "xyzzy"}
    result = play(graph, secrets={"s": secret})
    lines = log_of(result).splitlines()
    assert [line for line in lines if "touch" not in line] == [
        *("400 /etc/hidden/key", "xyzzy400 /etc/hidden/user", "me", "read-only")
    ]
    (result.folder / result.tasks["box"].log).unlink()
    assert not [path for path in home.rglob("*") if path.is_file() and b"xyzzy" in path.read_bytes()]
    assert not [*Path("/dev/shm").glob("milonga-*")]
    assert error_of(play(graph))["code"] == "E443"


def test_an_optional_secret_is_an_empty_folder(engine, box: Box, play) -> None:
    entry = {"secretName": "absent", "mountPath": "/hidden", "optional": True}
    assert log_of(play(box("ls -a /hidden | wc -l", settings={"secretAsVolume": [entry]}))).strip() == "2"


@pytest.mark.parametrize("key", ["../x", "a/b", "..", ""])
def test_a_key_that_is_no_file_name_is_refused(engine, box: Box, play, key: str) -> None:
    settings = {"secretAsVolume": [{"secretName": "s", "mountPath": "/hidden"}]}
    assert error_of(play(box("true", settings=settings), secrets={"s": {key: "x"}}))["code"] == "E445"


def test_a_persistent_volume_is_a_folder_that_stays(engine, box: Box, play, home: Path) -> None:
    settings = {"pvcMount": [{"pvcNameParameter": constant("data"), "mountPath": "/data"}]}
    graph = box("date >> /data/visits; wc -l < /data/visits", settings=settings, cached=True)
    assert [log_of(play(graph)).strip() for _ in range(2)] == ["1", "2"], (
        "and such a step is never taken from the cache"
    )
    assert len((home / "volumes" / "data" / "visits").read_text().splitlines()) == 2


def test_the_name_of_a_persistent_volume_may_be_an_input(engine, box: Box, play, home: Path) -> None:
    mount = {"componentInputParameter": "name", "mountPath": "/data", "subPath": "a/b"}
    graph = box("echo x > /data/f", inputs={"name": "STRING"}, settings={"pvcMount": [mount]})
    for name in ("one", "../two"):
        assert play(graph, {"name": name}).state == "SUCCEEDED"
    assert (home / "volumes" / "one" / "a" / "b" / "f").is_file()
    assert (home / "volumes" / "%.." / "two" / "a" / "b" / "f").is_file(), "a name leads nowhere else"
    assert error_of(play(graph, {"name": ""}))["code"] == "E445"
    mount["subPath"] = "../other"
    again = box("true", inputs={"name": "STRING"}, settings={"pvcMount": [mount]})
    assert error_of(play(again, {"name": "one"}))["code"] == "E445"


def test_empty_and_ephemeral_volumes_are_new_each_time(engine, box: Box, play) -> None:
    settings = {
        "emptyDirMounts": [
            {"volumeName": "a", "mountPath": "/scratch"},
            {"volumeName": "m", "mountPath": "/memory", "medium": "Memory", "sizeLimit": "8Mi"},
        ],
        "genericEphemeralVolume": [{"volumeName": "e", "mountPath": "relative", "size": "1Gi"}],
        "enabledSharedMemory": {"volumeName": "shm", "size": "96Mi"},
    }
    script = (
        "ls /scratch /memory /relative; touch /scratch/x /memory/x /relative/x && echo made;"
        "df -m /memory /dev/shm | tr -s ' ' | while read a b c; do echo $b; done"
    )
    for _ in range(2):
        lines = log_of(play(box(script, settings=settings))).split()
        assert "made" in lines and "x" not in lines and {"8", "96"} <= {*lines}


@pytest.mark.parametrize("key", ["configMapAsEnv", "configMapAsVolume", "initContainers"])
def test_what_only_a_cluster_has_is_refused_by_name(engine, box: Box, play, key: str) -> None:
    found = error_of(play(box("true", settings={key: [{"mountPath": "/x"}]})))
    assert found["code"] == "E445" and found["got"] == key


@pytest.mark.parametrize("image", ["argostub/createpvc", "argostub/deletepvc"])
def test_a_stand_in_of_kfp_is_no_image_to_pull(engine, box: Box, play, image: str) -> None:
    assert error_of(play(box("true", image=image)))["code"] == "E445"


def test_the_workspace_is_there_and_shared(engine, play, author) -> None:
    flow = author(
        """
        from kfp import dsl

        @dsl.container_component
        def write(folder: str):
            words = ['echo from the box > "$0/note"', folder]
            return dsl.ContainerSpec(image="milonga-test/busybox:1", command=["sh", "-c"], args=words)

        @dsl.component(base_image="python:3.11", install_kfp_package=False)
        def read(folder: str) -> str:
            return open(folder + "/note").read()

        workspace = dsl.WorkspaceConfig(size="1Gi")

        @dsl.pipeline(pipeline_config=dsl.PipelineConfig(workspace=workspace))
        def flow() -> str:
            written = write(folder=dsl.WORKSPACE_PATH_PLACEHOLDER)
            return read(folder=dsl.WORKSPACE_PATH_PLACEHOLDER).after(written).output
        """
    ).flow
    assert play(flow).outputs == {"Output": "from the box\n"}


def test_an_artifact_at_a_path_of_its_own_is_fetched_from_the_container(engine, box: Box, play) -> None:
    report = '{"artifacts": {"m": {"artifacts": [{"name": "m", "uri": "%s", "customPath": "/own/model"}]}}}'
    script = f'mkdir -p /own && echo kept > /own/model && printf \'{report}\' "$0" > "$1"'
    words = ["{{$.outputs.artifacts['m'].uri}}", "{{$.outputs.output_file}}"]
    result = play(box(script, *words, artifacts={"m": "system.Model"}))
    assert Path(result.tasks["box"].output_artifacts["m"].uri).read_text() == "kept\n"


def test_no_place_that_the_container_names_is_read_on_this_machine(engine, box: Box, play, tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("hush")
    dots = "$(dirname $1)/../../../../../../precious"
    for place in (str(tmp_path / "precious"), dots):
        report = '{"artifacts": {"m": {"artifacts": [{"uri": "%s", "KEY": "%s"}]}}}'
        script = f'printf \'{report}\' "$0" "{place}" > "$1"'
        words = ["{{$.outputs.artifacts['m'].uri}}", "{{$.outputs.output_file}}"]
        for key in ("customPath", "custom_path", "uri"):
            result = play(box(script.replace("KEY", key), *words, artifacts={"m": "system.Model"}))
            record = result.tasks["box"].output_artifacts.get("m")
            assert key != "uri" or error_of(result)["code"] == "E416"
            assert record is None or record.size_bytes == 0, "there is no such file in the container"
    assert (tmp_path / "precious").read_text() == "hush" and not (tmp_path / "precious").is_symlink()


def test_variables_of_the_client_reach_the_container_by_a_file_that_is_gone_afterwards(engine, box: Box, play) -> None:
    variables = [
        {"name": "HTTPS_PROXY", "value": "http://me:hush@host '\" x"},
        {"name": "my-key.json", "value": "a b"},
    ]
    lines = log_of(play(box(command=["env"], env=variables))).splitlines()
    assert "HTTPS_PROXY=http://me:hush@host '\" x" in lines
    assert "my-key.json=a b" in lines
    assert not [*Path("/dev/shm").glob("milonga-*")]


def test_a_secret_in_a_command_counts_by_its_name(engine, box: Box, play) -> None:
    settings = {"secretAsEnv": [{"secretName": "s", "keyToEnv": [{"secretKey": "k", "envVar": "TOKEN"}]}]}
    graph = box("echo $(TOKEN)", settings=settings, cached=True)
    assert not play(graph, secrets={"s": {"k": "one"}}).tasks["box"].cached
    assert play(graph, secrets={"s": {"k": "two"}}).tasks["box"].cached
