"""Requirement lines, index settings and start scripts, read as pip reads them."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wheel_files import write_wheel

from milonga.engine.environments import IndexSettings, PackageRequest, closure_of, pip_installs
from milonga.engine.environments.redaction import Redactor, redacted
from milonga.engine.environments.requirement_line import read_requirements
from milonga.errors import RunError

KFP = re.compile(r"kfp([=<>].*)?$")
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9]{0,8}([-_.][a-z0-9]{1,4})?", fullmatch=True)


def texts(*lines: str) -> list[str]:
    return [line.text for line in read_requirements(lines, "exec-train")]


def test_spelling_and_order_do_not_matter() -> None:
    assert texts("Zope.Interface", "a_B >=1 , <2", "a-b<2,>=1") == ["a-b<2,>=1", "zope-interface"]


def test_markers_decide_on_this_python() -> None:
    assert texts("old; python_version < '3'", "new; python_version >= '3'", "extra; extra == 'x'") == ["new"]


def test_extras_are_kept() -> None:
    assert texts("Tool[Fast, SLOW_one]==1") == ["tool[fast,slow-one]==1"]


@given(st.lists(NAMES, min_size=1, max_size=6), st.randoms())
def test_a_request_is_named_by_what_it_means(names: list[str], random) -> None:
    shuffled = [name.upper().replace("_", "-").replace(".", "-") for name in names]
    random.shuffle(shuffled)
    assert PackageRequest.of(names, "x").digest == PackageRequest.of(shuffled, "x").digest


def test_other_sources_are_another_request_and_other_credentials_are_not() -> None:
    plain = PackageRequest.of(["a"], "x")
    ours = PackageRequest.of(["a"], "x", IndexSettings(index_url="https://one:two@index.example/simple"))
    theirs = PackageRequest.of(["a"], "x", IndexSettings(index_url="https://three:four@index.example/simple"))
    assert plain.digest != ours.digest == theirs.digest


@pytest.mark.parametrize(
    "line",
    [
        "",
        "not a requirement",
        "numpy==",
        "numpy>=1.*.2",
        "{'a': 1}",
        "a\nb",
        "; rm -rf /",
        "\N{PILE OF POO}",
        "-r requirements.txt",
        "--extra-index-url=https://index.example",
        "-e .",
        "./not-there-1.0-py3-none-any.whl",
        "git+https://host.example/project",
        "a @ ./not-there.whl",
        "x" * 100_000 + "!",
    ],
)
def test_what_cannot_be_read_is_one_clear_error(line: str) -> None:
    with pytest.raises(RunError) as caught:
        read_requirements([line], "exec-train")
    assert caught.value.code == "E450" and "'train'" in caught.value.message and caught.value.hint


def test_a_folder_is_refused_because_it_changes_under_its_name(tmp_path: Path) -> None:
    for line in (f"project @ {tmp_path}", f"project @ {tmp_path.as_uri()}"):
        with pytest.raises(RunError, match="cannot be read") as caught:
            read_requirements([line], "x")
        assert "wheel" in caught.value.hint


def test_a_file_counts_by_its_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    wheel = write_wheel(tmp_path, "little_tin", "1.0")
    forms = [f"./{wheel.name}", str(wheel), wheel.name, wheel.as_uri(), f"little-tin @ {wheel.as_uri()}"]
    (before,) = {text for form in forms for text in texts(form)}
    assert re.fullmatch(r"little-tin @ file:///\S+\.whl#sha256=[0-9a-f]{64}", before)
    with zipfile.ZipFile(wheel, "a") as archive:
        archive.writestr("more.py", "")
    assert texts(f"./{wheel.name}") != [before]


def test_ten_thousand_lines_are_read() -> None:
    assert len(texts(*(f"package-{number}>={number}" for number in range(10_000)))) == 10_000


# What is installed -----------------------------------------------------------------------------------------------


def install(wheel: Path, folder: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)


def reached(lines: list[str], *path: Path):
    return closure_of(read_requirements(lines, "x"), [str(folder) for folder in path])


def test_requirements_reach_what_their_packages_need(tmp_path: Path) -> None:
    site = tmp_path / "site"
    install(write_wheel(tmp_path, "top", "1.0", requires=("Middle_One>=2", "gone; python_version<'3'")), site)
    install(write_wheel(tmp_path, "middle_one", "2.5", requires=("top", "absent")), site)
    found = reached(["top"], site)
    assert found.versions == {"top": "1.0", "middle-one": "2.5"}
    assert found.unmet == () and found.lacking == ("absent",)


@pytest.mark.parametrize(
    ("line", "met"),
    [
        ("tool", True),
        ("tool==2.0rc1", True),
        ("tool>=1", True),
        ("tool<2", False),  # as PEP 440 says: 2.0rc1 is not before 2 for this clause
        ("tool>=2", False),
        ("tool~=1.9", False),
        ("tool!=2.0rc1", False),
        ("tool===2.0rc1", True),
        ("tool @ https://host.example/tool.whl", False),
    ],
)
def test_versions_fit_as_the_standard_says(tmp_path: Path, line: str, met: bool) -> None:
    install(write_wheel(tmp_path, "tool", "2.0rc1"), tmp_path / "site")
    assert (reached([line], tmp_path / "site").unmet == ()) is met


def test_an_extra_is_met_when_what_it_needs_is_there(tmp_path: Path) -> None:
    site = tmp_path / "site"
    install(write_wheel(tmp_path, "tool", "1", requires=("helper>=2; extra == 'fast'",), extras=("fast",)), site)
    assert reached(["tool"], site).unmet == ()
    assert [line.text for line in reached(["tool[fast]"], site).unmet] == ["tool[fast]"]
    install(write_wheel(tmp_path, "helper", "2.1"), site)
    assert reached(["tool[fast]"], site).unmet == ()


def test_the_first_folder_of_the_path_counts(tmp_path: Path) -> None:
    install(write_wheel(tmp_path, "tool", "1"), tmp_path / "back")
    install(write_wheel(tmp_path, "tool", "2"), tmp_path / "front")
    assert reached(["tool"], tmp_path / "front", tmp_path / "back").versions == {"tool": "2"}


def test_a_folder_without_metadata_is_no_package(tmp_path: Path) -> None:
    (tmp_path / "tool-1.0.dist-info").mkdir()
    assert len(reached(["tool"], tmp_path).unmet) == 1


# Indexes ---------------------------------------------------------------------------------------------------------


def test_variables_of_either_installer_count() -> None:
    pip = IndexSettings.from_environment({"PIP_INDEX_URL": "https://a", "PIP_EXTRA_INDEX_URL": "https://b https://c"})
    assert (pip.index_url, pip.extra_index_urls, pip.best_of_all) == ("https://a", ("https://b", "https://c"), True)
    uv = IndexSettings.from_environment(
        {"UV_DEFAULT_INDEX": "https://d", "PIP_INDEX_URL": "https://a", "UV_INDEX": "e"}
    )
    assert (uv.index_url, uv.extra_index_urls, uv.best_of_all) == ("https://d", ("e",), False)


@given(st.text("abcdefXYZ0123%._-", min_size=8, max_size=20), st.sampled_from(["", "user:"]))
def test_credentials_are_hidden_wherever_they_turn_up(password: str, user: str) -> None:
    address = f"https://{user}{password}@index.example/simple"
    assert password not in redacted(address) and redacted(address) == "https://****@index.example/simple"
    assert password not in Redactor([address]).clean(f"401 for {address}: token {password} is wrong")


def test_the_user_of_a_git_address_is_no_secret() -> None:
    assert redacted("git+ssh://git@host.example/project") == "git+ssh://git@host.example/project"


# Start scripts ---------------------------------------------------------------------------------------------------

SCRIPT = """
if ! [ -x "$(command -v pip)" ]; then
    python3 -m ensurepip || python3 -m ensurepip --user || apt-get install python3-pip
fi

PIP_DISABLE_PIP_VERSION_CHECK=1 python3 -m pip install --quiet --no-warn-script-location 'kfp==2.14.3' '--no-deps' \
'typing-extensions>=3.7.4,<5; python_version<"3.9"' && \
 python3 -m pip install --quiet --no-warn-script-location --index-url https://me:pass@index.example \\
 --extra-index-url=https://more.example --trusted-host more.example 'a>=1,<2' 'b[x]; python_version>"3"' "c @ https://h/c.whl"\
 && "$0" "$@"
"""


def test_a_start_script_of_kfp_says_what_it_installs_and_from_where() -> None:
    found = pip_installs(SCRIPT, "x", KFP)
    assert found.packages[1:] == ("a>=1,<2", 'b[x]; python_version>"3"', "c @ https://h/c.whl")
    assert found.sources.index_url == "https://me:pass@index.example"
    assert found.sources.extra_index_urls == ("https://more.example",)
    assert found.sources.trusted_hosts == ("more.example",)
    assert not found.sources.no_dependencies and found.unknown == ()


@pytest.mark.parametrize(
    ("arguments", "packages", "unknown"),
    [
        ("a; echo b", ("a",), ()),
        ("a|cat", ("a",), ()),
        ("-q -U --pre --timeout 3 a", ("a",), ()),
        ("-r list.txt a", ("a",), ("-r", "list.txt")),
        ("--no-binary :all: a", ("a",), ("--no-binary", ":all:")),
        ("--surprise=1 a", ("a",), ("--surprise=1",)),
        ("'we\"ird {name} $(rm)'", ('we"ird {name} $(rm)',), ()),
        ("kfp==2.0", (), ()),
        ("", (), ()),
    ],
)
def test_words_of_pip_install(arguments: str, packages: tuple[str, ...], unknown: tuple[str, ...]) -> None:
    found = pip_installs(f"pip3 install {arguments}", "x", KFP)
    assert (found.packages, found.unknown) == (packages, unknown)


def test_no_deps_and_pre_are_honoured() -> None:
    found = pip_installs("pip install --pre --no-deps a -f /some/where -i https://i", "x", KFP).sources
    assert found.no_dependencies and found.prereleases
    assert found.find_links == ("/some/where",) and found.index_url == "https://i"


def test_a_script_that_cannot_be_read_is_named() -> None:
    with pytest.raises(RunError, match="start script of 'x'"):
        pip_installs("pip install 'a", "exec-x", KFP)
