from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from milonga.testing.conformance import Case, load_corpus
from milonga.testing.conformance.checks import CheckContext
from milonga.testing.conformance.milonga_backend import MilongaBackend
from milonga.testing.conformance.runner import observed_case

CORPUS = Path(__file__).parent / "corpus"


@pytest.fixture(scope="session")
def corpus_folder() -> Path:
    """The small corpus that the checker is proven with."""
    return CORPUS


@pytest.fixture(scope="session")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], CheckContext]:
    """What was seen of a case of the corpus; each is run once: `seen("coin.yaml", "random")`."""
    corpus = load_corpus(CORPUS)
    cases: dict[tuple[str, str], Case] = {(item.file, case.id): case for item in corpus.files for case in item.cases}
    known: dict[tuple[str, str], CheckContext] = {}

    def run(file: str, case: str) -> CheckContext:
        if (file, case) not in known:
            folder = tmp_path_factory.mktemp("case")
            known[file, case] = observed_case(MilongaBackend(), CORPUS / file, cases[file, case], folder)
        return known[file, case]

    return run
