"""What SARIF 2.1.0 says of the objects that milonga writes, for a strict check without the official schema.

Source: OASIS SARIF 2.1.0 plus Errata 01, sections 3.13 to 3.58, and its JSON schema: keys, types, and which keys must
be there. An object with a key that does not stand here fails: either milonga is wrong or this table must grow.
"""

from __future__ import annotations

import re
from typing import Any

TEXT, NUMBER, FLAG = str, int, bool
OBJECTS: dict[str, dict[str, Any]] = {
    "log": {"$schema": TEXT, "version!": TEXT, "runs!": ["run"]},
    "run": {
        **{"tool!": "tool", "automationDetails": "automation", "invocations": ["invocation"], "results": ["result"]},
        **{"originalUriBaseIds": {"*": "artifactLocation"}, "columnKind": TEXT},
    },
    "tool": {"driver!": "component"},
    "component": {
        **{"name!": TEXT, "version": TEXT, "informationUri": TEXT, "rules": ["rule"], "notifications": ["rule"]},
    },
    "rule": {
        **{"id!": TEXT, "shortDescription": "strings", "fullDescription": "strings", "help": "strings"},
        **{"helpUri": TEXT, "defaultConfiguration": {"level": TEXT}, "properties": {"tags": [TEXT]}},
    },
    "strings": {"text!": TEXT, "markdown": TEXT},
    "message": {"text!": TEXT},
    "automation": {"id": TEXT},
    "invocation": {"executionSuccessful!": FLAG, "toolExecutionNotifications": ["notification"]},
    "notification": {"message!": "message", "level": TEXT, "descriptor": {"id": TEXT}, "properties": {"*": TEXT}},
    "result": {
        **{"ruleId": TEXT, "ruleIndex": NUMBER, "level": TEXT, "message!": "message", "locations": ["location"]},
        **{"partialFingerprints": {"*": TEXT}, "properties": {"*": TEXT}},
    },
    "location": {"physicalLocation": "physicalLocation", "logicalLocations": ["logicalLocation"]},
    "physicalLocation": {
        "artifactLocation!": "artifactLocation",
        "region": {"startLine": NUMBER, "startColumn": NUMBER},
    },
    "artifactLocation": {"uri": TEXT, "uriBaseId": TEXT, "description": "message"},
    "logicalLocation": {"name": TEXT, "fullyQualifiedName": TEXT, "kind": TEXT},
}
"""Keys and types by object; "!" marks a key that must be there, "*" stands for any key."""

_URI = re.compile(r"[A-Za-z0-9._~:/?#@!$&'()*+,;=%-]+")
_PLACEHOLDER = re.compile(r"(?<!\{)\{(?!\{)|(?<!\})\}(?!\})")


def check_log(log: Any) -> None:
    """Assert that `log` is a SARIF log, its references included."""
    _check(log, "log", "log")
    assert log["version"] == "2.1.0" and len(log["runs"]) == 1
    run = log["runs"][0]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    assert len(set(rules)) == len(rules)
    fingerprints = []
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"] and result["level"] in ("error", "warning", "note")
        assert result["locations"] and not _PLACEHOLDER.search(
            result["message"]["text"].replace("{{", "").replace("}}", "")
        )
        fingerprints += result["partialFingerprints"].values()
        for location in result["locations"]:
            assert location, "a location that says nothing"
            physical = location.get("physicalLocation")
            if physical is not None:
                artifact = physical["artifactLocation"]
                assert _URI.fullmatch(artifact["uri"]) and physical["region"]["startLine"] >= 1
                assert ("uriBaseId" in artifact) != artifact["uri"].startswith(("file:", "/"))
                assert artifact.get("uriBaseId", "") in ("", *run["originalUriBaseIds"])
    assert len(set(fingerprints)) == len(fingerprints)


def _check(value: Any, kind: Any, where: str) -> None:
    if isinstance(kind, type):
        assert type(value) is kind, f"{where}: {value!r} is no {kind.__name__}"
    elif isinstance(kind, list):
        assert type(value) is list, where
        for index, item in enumerate(value):
            _check(item, kind[0], f"{where}[{index}]")
    else:
        shape = OBJECTS[kind] if isinstance(kind, str) else kind
        assert type(value) is dict, where
        keys = {key.rstrip("!"): inner for key, inner in shape.items()}
        missing = [key for key in shape if key.endswith("!") and key.rstrip("!") not in value]
        assert missing == [], f"{where} lacks {missing}"
        for key, item in value.items():
            assert key in keys or "*" in keys, f"{where} has a key '{key}' that SARIF does not know"
            _check(item, keys.get(key, keys.get("*")), f"{where}.{key}")
