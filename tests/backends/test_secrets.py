"""Credentials stand in no message, whoever wrote it."""

from __future__ import annotations

import traceback

import pytest
from recording_server import Answer

from milonga.backends.redaction import redacted, secrets_of_cookies
from milonga.errors import RemoteError, UsageError

COOKIES = 'authservice_session=MTYx-s3cret; oauth2="s3cret%2Fproxy"; lang=en'


def test_a_token_stands_in_no_message(kfp, kfp_server) -> None:
    kfp_server.fail("/", times=99, answer=Answer(403, {"message": "the token s3cret-t0ken may not"}))
    backend = kfp(token="s3cret-t0ken")
    with pytest.raises(RemoteError) as caught:
        backend.status("some-run")
    assert "s3cret" not in str(caught.value) and "***" in str(caught.value)
    assert "s3cret" not in repr(backend._connection.settings)


@pytest.mark.parametrize(
    "said", ["session MTYx-s3cret is over", "bad cookie s3cret%2Fproxy", "bad cookie s3cret/proxy", COOKIES]
)
def test_a_single_cookie_stands_in_no_message(kfp, kfp_server, said) -> None:
    kfp_server.fail("/", times=99, answer=Answer(403, {"message": said}))
    backend = kfp(cookies=COOKIES)
    with pytest.raises(RemoteError) as caught:
        backend.status("some-run")
    assert "s3cret" not in str(caught.value) and "***" in str(caught.value)


def test_a_cookie_that_is_no_secret_does_not_make_words_unreadable() -> None:
    assert redacted("sent when MTYx-s3cret", secrets_of_cookies(COOKIES)) == "sent when ***"


@pytest.mark.parametrize("status", [200, 403, 500])
def test_an_access_token_of_vertex_stands_in_no_message(vertex, vertex_server, status) -> None:
    """As a proxy does that sends back what it was sent."""
    said = {"error": {"message": "got Authorization: Bearer ya29.token-0"}} if status != 200 else "Bearer ya29.token-0"
    vertex_server.fail("/pipelineJobs/", times=99, answer=Answer(status, said))
    with pytest.raises(RemoteError) as caught:
        vertex().status("some-run")
    assert "Bearer ***" in str(caught.value) and "ya29" not in str(caught.value)


def test_kfp_s_own_mistakes_do_not_show_what_it_was_given(kfp, kfp_server, monkeypatch) -> None:
    """Its text and the frames behind it may both hold the token."""
    import kfp as package

    def broken(*values: object, **named: object) -> None:
        raise ValueError("Invalid header value b'Bearer s3cret-t0ken'")

    monkeypatch.setattr(package.Client, "_load_config", broken)
    with pytest.raises(UsageError) as caught:
        kfp(token="s3cret-t0ken").status("some-run")
    shown = "".join(traceback.format_exception(caught.value))
    assert caught.value.code == "E934" and "s3cret" not in str(caught.value)
    assert caught.value.__cause__ is None and caught.value.__suppress_context__ and "Invalid header" in shown
