"""User's text in the strings of a template, which Argo searches for its own tags."""

from __future__ import annotations

_ESCAPED = frozenset("'\"\\{}<>\x7f")
_AMPERSAND = "' + sprig.b64dec('Jg==') + '"

_EARLIER = "'node' in $env || 'retries' in $env || workflow.uid startsWith '__argo__internal__placeholder'"
"""True whenever tags are replaced but the last time: when the controller checks the workflow, with a placeholder for
what it does not know; twice with a template's inputs; twice more for each attempt when it has a retryStrategy. The last
time, in the finished pod, there is none of these. An expression that is nil stays as it is (operator.go, common/util.go
and workflowpod.go of 3.7.18 and 4.1.2; tried on 3.7.18)."""


def template_text(text: str) -> str:
    """What to write for `text` in a string of a template that makes a pod, so that the pod gets `text`.

    Good for all that ends in the pod: fields of the container, volumes, labels and annotations. Not for arguments of
    tasks, outputs and `podSpecPatch`, whose tags are filled in at other times.

    A text with "{{" becomes an expression that gives the text in the last replacement of tags; given earlier, the next
    replacement would take it for tags. All others stay.
    """
    if "{{" not in text:
        return text
    return f"{{{{=({_EARLIER}) ? nil : {expression_text(text)}}}}}"


def expression_text(text: str) -> str:
    r"""`text` as a literal of expr-lang that may stand in a tag.

    What JSON would escape is written as \uXXXX: Argo keeps a copy of the template as JSON in a string of the pod, where
    the escapes are left for the inner JSON to read. There, Argo mends the escapes that Go writes for "<", ">" and "&"
    (util/json/fix.go), and breaks the text if they are escaped themselves; it knows them in lower case only, and "&" is
    computed.
    """
    return "'" + "".join(_character(character) for character in text) + "'"


def _character(character: str) -> str:
    if character in _ESCAPED or character < " ":
        return f"\\u{ord(character):04X}"
    return _AMPERSAND if character == "&" else character
