"""The rows of the capability tables: each is found where it is used, also where somebody else says so."""

import json

import pytest
import samples
from shared_corpus import corpus_folder

from milonga.compiler.constructs import CONSTRUCTS, constructs_of
from milonga.compiler.documents import load_graph

PLAIN = {"container-component"}
"""What the pipeline that the samples are made of uses itself."""

OTHER_MEANING = {
    "param-type-STRING": "the index counts the pipeline's own inputs as well",
    "param-type-LIST": "the index counts the pipeline's own inputs as well",
    "param-type-STRUCT": "the index counts the pipeline's own inputs as well",
    "optional-parameter-without-default": "the index counts a final status as well",
    "artifact-list-input": "the index leaves inputs of loops out",
    "python-step": "the index counts a function of kfp's that only its image holds as well",
    "container-component": "the index leaves that function out",
    "collected-artifact": "the index counts what leaves a pipeline as well",
}
"""Where the index of the corpus and the table draw the line differently, in a few files."""


@pytest.mark.parametrize("name", sorted(CONSTRUCTS))
def test_a_construct_is_found_where_it_is_used_and_only_there(name):
    assert name in constructs_of(samples.sample(name))
    assert (name in constructs_of(samples.plain())) == (name in PLAIN)


def test_every_construct_has_a_sample():
    assert set(samples.CHANGES) == set(CONSTRUCTS)


def test_the_index_of_the_corpus_names_the_same_files():
    folder = corpus_folder()
    entries = [entry for entry in json.loads((folder / "index.json").read_text())["files"] if "constructs" in entry]
    found = {entry["file"]: set(constructs_of(load_graph(folder / entry["file"]))) for entry in entries}
    words = {word for entry in entries for word in entry["constructs"]}
    compared = sorted(set(CONSTRUCTS) & words)
    assert len(compared) >= 50
    for name in compared:
        indexed = {entry["file"] for entry in entries if name in entry["constructs"]}
        ours = {file for file, names in found.items() if name in names}
        if name in OTHER_MEANING:
            assert len(indexed ^ ours) <= 5, OTHER_MEANING[name]
        else:
            assert ours == indexed, name


def test_names_are_kebab_case_and_titles_are_phrases():
    for name, construct in CONSTRUCTS.items():
        assert name == construct.name
        assert " " not in name and not name.startswith("-")
        assert construct.title and not construct.title.endswith(".")
        assert construct.group
