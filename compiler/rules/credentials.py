"""What looks like a credential: by the shape of a value, or by a name together with a value. Never says the value.

A finding must be worth reading, so a name alone is not enough: `token` is also what a text is cut into, and a secret's
name is no secret. Shapes are the published prefixes of the services that issue the credentials.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Mapping

_MARKED: Mapping[str, tuple[tuple[str, ...], str]] = {
    "a private key": (("-----BEGIN",), r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY(?: BLOCK)?-----"),
    "an AWS access key": (("AKIA", "ASIA"), r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"),
    "a GitHub token": (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), r"\bgh[pousr]_[A-Za-z0-9]{36}\b"),
    "a GitHub access token": (("github_pat_",), r"\bgithub_pat_[A-Za-z0-9_]{40,}"),
    "a GitLab token": (("glpat-",), r"\bglpat-[A-Za-z0-9_-]{20,}"),
    "a Slack token": (("xox",), r"\bxox[abprs]-[0-9A-Za-z-]{20,}"),
    "a Google API key": (("AIza",), r"\bAIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])"),
    "a Hugging Face token": (("hf_",), r"\bhf_[A-Za-z]{34}\b"),
    "an OpenAI key": (("sk-proj-", "sk-ant-", "sk-svcacct-"), r"\bsk-(?:proj|ant|svcacct)-[A-Za-z0-9_-]{20,}"),
    "a Stripe key": (("sk_live_", "rk_live_"), r"\b[sr]k_live_[A-Za-z0-9]{20,}"),
    "an npm token": (("npm_",), r"\bnpm_[A-Za-z0-9]{36}\b"),
    "a PyPI token": (("pypi-AgE",), r"\bpypi-AgE[A-Za-z0-9_-]{40,}"),
    "a signed web token": (("eyJ",), r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    "a URL with a password": (
        ("://",),
        r"\b[a-z][a-z0-9+.-]*://[^\s/:@'\"{}$<>]+:(?P<value>[^\s/:@'\"{}$<>*]+)@[\w\[]",
    ),
}
_COMPILED = {what: (markers, re.compile(pattern)) for what, (markers, pattern) in _MARKED.items()}
_EXAMPLES = frozenset({"password", "passwd", "pass", "pwd", "secret", "token", "xxx", "changeme", "example"})
"""What documentation writes where a password stands in a URL."""

_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_PASSWORDS = frozenset({"password", "passwd", "passphrase", "pwd"})
_PAIRS = frozenset(
    (first, second)
    for first, seconds in {
        "api": ("key", "token"),
        "access": ("key", "token"),
        "secret": ("key",),
        "private": ("key",),
        "account": ("key",),
        "encryption": ("key",),
        "signing": ("key",),
        "auth": ("key", "token"),
        "bearer": ("token",),
        "refresh": ("token",),
        "client": ("secret",),
        "app": ("secret",),
        "shared": ("secret",),
        "webhook": ("secret",),
    }.items()
    for second in seconds
)
_WEAK = frozenset({"token", "secret", "apikey", "credential", "credentials"})
_OF_A_NAME = frozenset(
    (
        *("name", "names", "path", "file", "dir", "folder", "ref", "id", "env", "url", "uri", "key"),
        *("length", "count", "type"),
    )
)
"""Last words that turn "the password" into something about it: `password_file`, `secret_name`, `token_length`."""

_RANDOM_MIN, _BITS_MIN = 16, 3.0
_PAIR_MIN = 6
_BLOB_MIN = 2_000
"""A run of so many characters without a space is packed data; a prefix that stands in it is chance."""


def shape_of(text: str) -> str:
    """What kind of credential a text holds, by its published shape; "" for none."""
    for what, (markers, pattern) in _COMPILED.items():
        if not any(marker in text for marker in markers):
            continue
        for found in pattern.finditer(text):
            value = found.groupdict().get("value")
            if value is not None and value.lower() in _EXAMPLES:
                continue
            if not _is_inside_blob(text, found.start()):
                return what
    return ""


def _is_inside_blob(text: str, position: int) -> bool:
    start = max(0, position - _BLOB_MIN)
    return position - start >= _BLOB_MIN and not any(character.isspace() for character in text[start:position])


def looks_secret(name: str, value: str) -> bool:
    """Whether a literal under this name is likely to be a credential."""
    text = value.strip()
    if not text or _is_reference(text):
        return False
    words = [word.lower() for word in _WORDS.findall(name)]
    pairs = list(itertools.pairwise(words))
    if words and words[-1] in _OF_A_NAME and (not pairs or pairs[-1] not in _PAIRS):
        return False
    if _PASSWORDS.intersection(words):
        return True
    if _PAIRS.intersection(pairs):
        return len(text) >= _PAIR_MIN and not any(character.isspace() for character in text)
    return bool(_WEAK.intersection(words)) and _is_random(text)


def _is_reference(text: str) -> bool:
    """Whether a text points at where the value is: a placeholder, a variable, a path, a URL without a password."""
    return "{{" in text or text.startswith(("$", "/", "./", "~/", "<")) or "://" in text


def _is_random(text: str) -> bool:
    """Whether a text is long and mixed as no word or name is."""
    if len(text) < _RANDOM_MIN or any(character.isspace() for character in text):
        return False
    has_both = any(character.isdigit() for character in text) and any(character.isalpha() for character in text)
    counts = Counter(text)
    bits = -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())
    return has_both and bits >= _BITS_MIN and not re.fullmatch(r"[a-z]+(?:[-_.][a-z]+)*(?:[-_.]?[0-9]{1,3})?", text)
