"""Every link of the documentation leads somewhere: to a file, a folder, and to a heading that is there."""

import re
import unicodedata
from functools import cache

import pytest
from documentation_pages import ROOT, pages

_LINK = re.compile(r"(?<!!)\[[^\]]*\]\((?P<target>[^)\s]+)\)")


@cache
def prose_of(page: str) -> str:
    """The page without its fenced blocks and inline code."""
    text = re.sub(r"^ *(`{3,})[^\n]*\n.*?^ *\1 *$", "", (ROOT / page).read_text("utf-8"), flags=re.M | re.S)
    return re.sub(r"`[^`\n]*`", "", text)


@cache
def anchors_of(page: str) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them: lower case, no punctuation, dashes for spaces."""
    text = re.sub(r"^ *(`{3,})[^\n]*\n.*?^ *\1 *$", "", (ROOT / page).read_text("utf-8"), flags=re.M | re.S)
    anchors: set[str] = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *$", text, flags=re.M):
        plain = "".join(c for c in heading.lower() if c in "-_ " or unicodedata.category(c)[0] in "LN")
        anchor = base = plain.replace(" ", "-")
        count = 0
        while anchor in anchors:
            count += 1
            anchor = f"{base}-{count}"
        anchors.add(anchor)
    return anchors


@pytest.mark.parametrize("page", pages())
def test_all_links_of_a_page_resolve(page: str) -> None:
    broken = []
    for target in (match["target"] for match in _LINK.finditer(prose_of(page))):
        if target.startswith(("http://", "https://", "mailto:")):
            continue
        file, _, anchor = target.partition("#")
        path = ((ROOT / page).parent / file).resolve() if file else ROOT / page
        if not path.exists():
            broken.append(f"{target}: no such file")
        elif anchor and anchor not in anchors_of(path.relative_to(ROOT).as_posix()):
            broken.append(f"{target}: no such heading")
    assert not broken, f"{page}: {broken}"


def test_every_page_under_docs_is_reached_from_another_page() -> None:
    linked = set()
    for page in pages():
        for target in (match["target"].partition("#")[0] for match in _LINK.finditer(prose_of(page))):
            path = ((ROOT / page).parent / target).resolve()
            linked |= set(path.glob("*.md")) if path.is_dir() else {path}
    assert [page for page in pages() if page.startswith("docs/") and ROOT / page not in linked] == []
