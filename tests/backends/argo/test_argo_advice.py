"""What nodes and pods say is told shortly, with what can be done about it."""

from __future__ import annotations

import pytest

from milonga.backends.argo.advice import advice_on, advised
from milonga.backends.argo.nodes.messages import told

BACK_OFF = (
    'ImagePullBackOff: Back-off pulling image "r.example/a/b:1": ErrImagePull: failed to pull and unpack image '
    '"r.example/a/b:1": failed to resolve reference "r.example/a/b:1": '
)


@pytest.mark.parametrize(
    ("message", "short"),
    [
        (f"{BACK_OFF}r.example/a/b:1: not found", "cannot pull r.example/a/b:1: not found"),
        (
            f'{BACK_OFF}failed to do request: Head "https://r.example/v2/a/b/manifests/1": dial tcp: i/o timeout',
            "cannot pull r.example/a/b:1: dial tcp: i/o timeout",
        ),
        (
            'ErrImagePull: rpc error: code = NotFound desc = failed to pull and unpack image "docker.io/a/b:1": '
            'failed to resolve reference "docker.io/a/b:1": pull access denied, authorization failed',
            "cannot pull docker.io/a/b:1: pull access denied, authorization failed",
        ),
        ('ImagePullBackOff: Back-off pulling image "x:1"', "cannot pull x:1"),
        ("ErrImagePull: reading manifest: unauthorized", "ErrImagePull: reading manifest: unauthorized"),
        ('E410: ValueError: ErrImagePull: image "x"', 'E410: ValueError: ErrImagePull: image "x"'),
    ],
)
def test_an_image_that_cannot_be_pulled_is_named_once_with_the_last_reason(message: str, short: str) -> None:
    assert told(message) == short


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("main: OOMKilled (exit code 137)", "`memory=`"),
        ("pod deleted", "`milonga retry`"),
        ("cannot pull x:1: not found", "`milonga cancel`"),
        ("Unschedulable: 0/3 nodes are available: 3 Insufficient memory.", "ask for less"),
        ('Usage of EmptyDir volume "a" exceeds the limit "1Mi".', "raise the limit"),
        ("Pod ephemeral local storage usage exceeds the total limit of containers 1Gi.", "raise the limit"),
        ("The node was low on resource: memory. Threshold quantity: 100Mi, available: 1Mi.", "ran short"),
    ],
)
def test_what_a_person_can_mend_is_told_with_how(message: str, words: str) -> None:
    assert words in advice_on(message)
    assert advised(message) == f"{message} ({advice_on(message)})"


@pytest.mark.parametrize(
    "message", ["", "E410: OSError: pod deleted", "E416: OOMKilled", "child 'a' failed", "Step exceeded its deadline"]
)
def test_what_a_task_says_itself_is_not_explained_to_it(message: str) -> None:
    assert advised(message) == message
