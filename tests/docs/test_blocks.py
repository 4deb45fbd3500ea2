"""What the documentation shows is tried: every fenced block of every page is run, or parsed, or says why it is not."""

import ast
import json
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml
from documentation_pages import ROOT, Block, Workplace, blocks_of, commands_of, pages

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

NOT_RUN = {
    "README.md": 3,
    "docs/how-to/declare-packages.md": 1,
}
"""Pages with blocks that cannot be run here, and how many. Each carries a comment with its reason."""

NOTHING_TO_RUN = {"", "text", "mermaid"}


def is_left_out(block: Block) -> bool:
    return bool(block.not_run)


def runnable(page: str, *, slow: bool) -> list[Block]:
    blocks = [block for block in blocks_of(page) if block.language in ("python", "console") and not is_left_out(block)]
    return blocks if slow else [block for block in blocks if not block.slow]


LONG = {
    f"docs/how-to/{name}.md"
    for name in (
        *("bring-kfp-pipelines", "choose-a-target", "compile-for-kfp", "debug-a-task", "inject-faults"),
        *("look-into-the-cache", "mix-kfp-and-milonga", "resume-and-cache", "run-containers"),
        *("run-schedules-on-this-machine", "schedule-a-pipeline", "start-runs-by-events", "trace-an-artifact"),
        *("use-from-ci", "use-secrets-and-resources", "write-a-component"),
        *("check-a-back-end", "review-a-change", "run-on-argo"),
    )
} | {"docs/tutorial/first-pipeline.md", "docs/tutorial/your-images.md"}
"""Pages of many quick commands, which together are not quick."""


ALL_BLOCKS = [block for page in pages() for block in blocks_of(page)]
QUICK = [page for page in pages() if runnable(page, slow=False)]
SLOW = [page for page in pages() if any(block.slow for block in runnable(page, slow=True))]


@pytest.mark.parametrize(
    "page", [pytest.param(page, marks=pytest.mark.slow) if page in LONG else page for page in QUICK]
)
def test_a_reader_who_follows_the_page_sees_what_it_shows(page: str, tmp_path: Path) -> None:
    Workplace(tmp_path).follow(runnable(page, slow=False))


@pytest.mark.slow
@pytest.mark.parametrize("page", SLOW)
def test_a_reader_who_also_follows_the_long_steps_sees_what_the_page_shows(page: str, tmp_path: Path) -> None:
    Workplace(tmp_path).follow(runnable(page, slow=True))


def test_blocks_that_are_not_run_are_few_and_known() -> None:
    assert Counter(block.page for block in ALL_BLOCKS if block.not_run) == NOT_RUN


@pytest.mark.parametrize("block", ALL_BLOCKS, ids=lambda block: block.place)
def test_every_block_can_be_parsed(block: Block) -> None:
    if block.language == "python":
        ast.parse(block.text)
    elif block.language == "console":
        assert commands_of(block)
    elif block.language == "json":
        json.loads(block.text)
    elif block.language == "yaml":
        list(yaml.safe_load_all(block.text))
    elif block.language == "toml":
        tomllib.loads(block.text)
    else:
        assert block.language in NOTHING_TO_RUN, f"{block.place}: blocks of '{block.language}' are not checked"


@pytest.mark.parametrize("page", [page for page in pages() if page.startswith("docs/how-to/")])
def test_a_how_to_page_is_short(page: str) -> None:
    assert len((ROOT / page).read_text("utf-8").splitlines()) <= 60
