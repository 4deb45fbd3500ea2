"""A secret counts by its name: its value is in no key, and changing it makes no result another one."""

from __future__ import annotations

from pathlib import Path

from milonga import component, pipeline


@component(secrets={"TOKEN": "registry/token"}, environment={"LEVEL": "info"})
def ask() -> int:
    import os

    return len(os.environ["TOKEN"])


@pipeline
def asking() -> int:
    return ask()


@pipeline
def asking_elsewhere() -> int:
    return ask.options(secrets={"TOKEN": "other/token"})()


SECRETS = {"registry": {"token": "s3cret"}, "other": {"token": "s3cret"}}


def test_a_new_value_of_the_same_secret_is_a_hit(play) -> None:
    assert not play(asking, secrets=SECRETS).tasks["ask"].cached
    rotated = {**SECRETS, "registry": {"token": "a longer one"}}
    assert play(asking, secrets=rotated).tasks["ask"].cached


def test_another_secret_is_a_miss(play) -> None:
    play(asking, secrets=SECRETS)
    assert not play(asking_elsewhere, secrets=SECRETS).tasks["ask"].cached


def test_neither_the_value_nor_its_digest_is_in_the_state_folder(play, home: Path) -> None:
    import hashlib

    play(asking, secrets=SECRETS)
    digest = hashlib.sha256(b"s3cret").hexdigest().encode()
    for file in home.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert b"s3cret" not in content and digest not in content, file
