"""How long a wait for a run may last, whatever the server does."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from remote_samples import IMPATIENT

from milonga.backends.submit_request import SubmitRequest
from milonga.backends.waiting import ended_run
from milonga.errors import RemoteError

REQUEST = SubmitRequest({"rows": 3})
SLOW_TO_REPEAT = replace(IMPATIENT, attempts=5, first_pause_s=1.0, longest_pause_s=5.0, answer_timeout_s=5.0)
LOOKS = "/(runs|pipelineJobs)/"


@pytest.mark.parametrize("name", ["kfp", "vertex"])
def test_a_server_that_does_not_answer_does_not_make_the_wait_longer(request, name, graph) -> None:
    backend = request.getfixturevalue(name)(SLOW_TO_REPEAT)
    server = request.getfixturevalue(f"{name}_server")
    run_id = backend.submit(graph, REQUEST).run_id
    server.fail(LOOKS, "slow", times=9, seconds=12)
    begin = time.monotonic()
    with pytest.raises(RemoteError) as caught:
        ended_run(backend, run_id, timeout_s=0.5)
    assert caught.value.code == "E810" and "E806" in caught.value.got
    assert time.monotonic() - begin < 10


def test_the_end_of_the_time_is_told_also_when_every_look_fails(kfp, kfp_server, graph) -> None:
    backend = kfp(SLOW_TO_REPEAT)
    run_id = backend.submit(graph, REQUEST).run_id
    kfp_server.fail(LOOKS, times=10_000)
    with pytest.raises(RemoteError) as caught:
        ended_run(backend, run_id, timeout_s=0.5)
    assert caught.value.code == "E810" and run_id in caught.value.hint


def test_an_outage_is_as_long_as_it_may_be(kfp, kfp_server, graph) -> None:
    backend = kfp(replace(SLOW_TO_REPEAT, outage_s=0.3))
    run_id = backend.submit(graph, REQUEST).run_id
    kfp_server.fail(LOOKS, times=10_000)
    with pytest.raises(RemoteError) as caught:
        ended_run(backend, run_id)
    assert caught.value.code == "E805"


def test_a_look_that_nobody_waits_for_is_repeated_as_ever(kfp, kfp_server, graph) -> None:
    backend = kfp()
    run_id = backend.submit(graph, REQUEST).run_id
    kfp_server.fail(LOOKS, times=2)
    assert backend.status(run_id).succeeded
