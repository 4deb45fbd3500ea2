"""What a step imports, and in which version, is found without importing it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from installed_site import Site

from milonga.engine.steps.imported_distributions import ImportedDistributions
from milonga.engine.steps.imported_names import imported_names


def found(source: str, modules: Mapping[str, str] | None = None, packages: Path | None = None) -> dict[str, str]:
    """What a new run finds."""
    return dict(ImportedDistributions().of("digest", source, modules or {}, packages))


def test_imports_are_seen_wherever_they_stand() -> None:
    source = """
import os, one.inner as first
from two.inner import thing
def step():
    try:
        import three
    except ImportError:
        import four
    else:
        with open(os.devnull):
            import five
    match first:
        case 1:
            from six_ import *
    class Inside:
        import seven
        async def deeper(self):
            for _ in ():
                if _: import eight
                else: import nine
"""
    names = {"one", "two", "three", "four", "five", "six_", "seven", "eight", "nine"}
    assert imported_names(source, {}) == names


def test_what_travels_and_what_python_brings_are_left_out() -> None:
    modules = {
        "helper.py": "import far",
        "pack/__init__.py": "from . import beside\nfrom .beside import near",
        "pack/data.json": "import nothing",
    }
    source = "import json, helper, pack.beside\nfrom milonga.dsl import Dataset\nfrom __future__ import annotations"
    assert imported_names(source, modules) == {"far"}


@pytest.mark.parametrize("source", ["", "import", "import \0", "x = '\\d'\nimport one", "(" * 5000 + "import"])
def test_no_text_is_too_odd_to_be_looked_at(source: str) -> None:
    assert imported_names(source, {}) <= {"one"}


def test_an_installed_package_counts_by_its_version(site: Site) -> None:
    site.install("somelib", "1.0")
    assert found("import somelib") == {"somelib": "1.0"}
    site.install("somelib", "2.0")
    assert found("import somelib") == {"somelib": "2.0"}
    assert "somelib" not in sys.modules


def test_a_module_of_another_name_is_traced_to_its_distribution(site: Site) -> None:
    site.install("Py_Other", "3.1", {"otherlib/__init__.py": "", "otherlib_extra.py": ""})
    assert found("import otherlib.inner") == found("import otherlib_extra") == {"py-other": "3.1"}


def test_a_distribution_that_only_has_the_name_is_not_taken_for_it(site: Site) -> None:
    site.install("shared", "9", {"unrelated.py": ""})
    site.install("true-owner", "1", {"shared/__init__.py": ""})
    assert found("import shared") == {"true-owner": "1"}


def test_all_that_share_a_namespace_count(site: Site) -> None:
    site.install("space-a", "1", {"spacious/a.py": ""})
    site.install("space-b", "2", {"spacious/b.py": ""})
    assert found("from spacious import a") == {"space-a": "1", "space-b": "2"}


def test_a_package_that_does_not_list_its_files_is_believed(site: Site) -> None:
    site.install("somelib", "1.0", record=False)
    assert found("import somelib") == {"somelib": "1.0"}


def test_two_versions_at_once_count_by_the_files(site: Site) -> None:
    site.install("somelib", "1.0")
    site.add("somelib", "2.0")
    first = found("import somelib")
    site.write("somelib.py", "VERSION = 3\n")
    assert list(first) == ["files of somelib"] and found("import somelib") != first


def test_a_module_of_no_distribution_counts_by_its_content(site: Site) -> None:
    file = site.write("loose.py", "A = 1\n")
    first = found("import loose")
    os.utime(file, (1, 1))
    assert found("import loose") == first and list(first) == ["files of loose"]
    site.write("loose.py", "A = 2\n")
    assert found("import loose") != first


def test_a_package_of_no_distribution_counts_by_the_stamps_of_its_code(site: Site) -> None:
    site.write("loose/__init__.py", "")
    inner = site.write("loose/deep/inner.py", "A = 1\n")
    first = found("import loose")
    site.write("loose/notes.txt", "no code")
    site.write("loose/__pycache__/inner.py", "no code either")
    assert found("import loose") == first
    os.utime(inner, (1, 1))
    assert found("import loose") != first


def test_what_cannot_be_found_is_left_out() -> None:
    assert found("import no_such_module_anywhere, _no_such_either") == {}


def test_a_shared_environment_comes_before_installed_packages(site: Site, tmp_path: Path) -> None:
    site.install("somelib", "1.0")
    brought = Site(tmp_path / "brought")
    brought.install("somelib", "5.0")
    assert found("import somelib", packages=brought.folder) == {"somelib": "5.0"}


def test_a_run_looks_once_for_a_program(site: Site) -> None:
    site.install("somelib", "1.0")
    of_run = ImportedDistributions()
    before = of_run.of("digest", "import somelib", {}, None)
    site.install("somelib", "2.0")
    assert of_run.of("digest", "import somelib", {}, None) is before
    assert of_run.of("another", "import somelib", {}, None) == {"somelib": "1.0"}, "one run, one environment"
