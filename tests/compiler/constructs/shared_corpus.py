"""Where the corpus of KFP pipelines is that nobody here wrote."""

import os
from pathlib import Path

import pytest


def corpus_folder() -> Path:
    """The folder of the corpus, or a skip that says how to give it."""
    folder = Path(os.environ.get("MILONGA_CONFORMANCE") or Path(__file__).parents[4] / "shared" / "conformance")
    if not (folder / "index.json").is_file():
        pytest.skip("the shared KFP corpus is not here; MILONGA_CONFORMANCE names its folder")
    return folder
