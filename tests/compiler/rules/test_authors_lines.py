"""Findings about what an author wrote in Python name the line of it."""

import dataclasses

from milonga.compiler.rules import check
from milonga.compiler.trace import trace


def test_a_finding_about_a_traced_pipeline_names_the_authors_line(author):
    module = author(
        "import milonga as ml\n\n@ml.component\ndef step(a: int) -> int:\n    return a\n\n"
        "@ml.pipeline\ndef p() -> None:\n    step(\n        1\n    )\n"
    )
    made = trace(module.p).graph
    task = made.root.dag.tasks["step"]
    root = dataclasses.replace(
        made.root, dag=dataclasses.replace(made.root.dag, tasks={"step": dataclasses.replace(task, inputs=None)})
    )
    (finding,) = check(made.replace(root=root))
    assert finding.where.endswith(".py:9 (root/step)")
    assert str(finding).startswith("error E221: input 'a' gets no value\n  at: ")
    assert finding.to_json()["code"] == "E221"
