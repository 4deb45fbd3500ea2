"""A pipeline whose first step reads what nobody knows beforehand, for tests of kept results."""

from milonga import component, pipeline


@component
def content(path: str) -> str:
    with open(path, encoding="utf-8") as stream:  # noqa: PTH123
        return stream.read()


@component
def model(data: str, path: str) -> str:
    import os

    if os.path.exists(path + ".stop"):  # noqa: PTH110
        raise RuntimeError("on purpose")
    return "model of " + data


@component
def both(first: str, second: str) -> str:
    return first + " / " + second


@pipeline
def trained(path: str) -> str:
    data = content(path)
    return both(data, model(data, path))
