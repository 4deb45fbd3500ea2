"""`milonga schedule show`: what each back end would be told, before anybody is told anything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

DAILY = ("schedule", "show", "--cron", "0 6 * * *")


def documents_of(text: str) -> list[Any]:
    return list(yaml.safe_load_all(text))


def test_each_back_end_gets_a_yaml_document_and_the_times_are_comments(here) -> None:
    ended = here(*DAILY, "--after", "2026-03-28T12:00:00Z", "--count", "2")
    assert ended.code == 0 and ended.err == ""
    assert ended.out.startswith(
        "# next times (UTC, UTC)\n"
        "#   Sun 2026-03-29 06:00:00 +0000   2026-03-29T06:00:00Z\n"
        "#   Mon 2026-03-30 06:00:00 +0000   2026-03-30T06:00:00Z\n"
        "---\n# kfp\n"
    )
    kfp, vertex, argo, local = documents_of(ended.out)
    assert kfp["trigger"]["cron_schedule"]["cron"] == "0 0 6 * * *"
    assert vertex["cron"] == "TZ=UTC 0 6 * * *"
    assert argo["kind"] == "CronWorkflow" and argo["spec"]["schedules"] == ["0 6 * * *"]
    assert local["cron"] == "0 6 * * *" and local["time_zone"] == "UTC" and local["name"] == "pipeline"


def test_times_are_shown_on_both_clocks(here) -> None:
    ended = here(*DAILY, "--time-zone", "Asia/Seoul", "--to", "argo", "--after", "2026-03-28T12:00:00Z", "--count", "1")
    assert "# next times (Asia/Seoul, UTC)\n#   Sun 2026-03-29 06:00:00 +0900   2026-03-28T21:00:00Z\n" in ended.out


def test_a_pipelines_name_and_arguments_are_in_the_document(here, flow: Path) -> None:
    ended = here(*DAILY, "flow.py:p", "--set", "value=3", "--factor", "1.5", "--to", "kfp")
    assert ended.code == 0
    (document,) = documents_of(ended.out)
    assert document["display_name"] == "p"
    assert document["runtime_config"]["parameters"] == {"value": 3, "factor": 1.5}


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("flow.py:p",), "E903"),
        (("flow.py:p", "--set", "value=x"), "E904"),
        (("flow.py:p", "--set", "valu=3"), "E902"),
        (("flow.py:nothing",), "E909"),
        (("--set", "value=3"), "E908"),
        (("--to", "airflow"), "E921"),
        (("--every", "6h"), "E920"),
        (("--after", "soon"), "E920"),
        (("--start", "2026-01-01"), "E920"),
        (("--time-zone", "Europe/Madird"), "E920"),
        (("--max-concurrency", "0"), "E920"),
        (("--kfp-time-zone", "Mars/Olympus"), "E920"),
        (("--count", "-1"), "E900"),
    ],
)
def test_wrong_usage_is_one_clear_error(here, flow: Path, arguments: tuple[str, ...], code: str) -> None:
    ended = here(*DAILY, *arguments)
    assert ended.code == 2 and ended.out == "" and f"error {code}" in ended.err and "Traceback" not in ended.err


def test_without_a_pipeline_and_a_time_there_is_nothing_to_show(here, flow: Path) -> None:
    assert "E908" in here("schedule", "show").err
    ended = here("schedule", "show", "flow.py:p", "--set", "value=3")
    assert ended.code == 2 and "--cron or --every" in ended.err


@pytest.mark.parametrize(
    ("duration", "seconds"), [("90s", 90), ("15m", 900), ("6h", 21_600), ("2d", 172_800), ("1h30m", 5400)]
)
def test_a_duration_is_seconds(here, duration: str, seconds: int) -> None:
    ended = here("schedule", "show", "--every", duration, "--to", "kfp")
    assert documents_of(ended.out)[0]["trigger"] == {"periodic_schedule": {"interval_second": str(seconds)}}


@pytest.mark.parametrize(
    "duration", ["6", "h", "6 h", "-6h", "1.5h", "6h!", "", "\u0663h", "9" * 50 + "s", "0s", "99999d"]
)
def test_what_is_no_duration_is_refused(here, duration: str) -> None:
    ended = here("schedule", "show", f"--every={duration}")
    assert ended.code == 2 and "E920" in ended.err and ended.out == ""


def test_a_refusal_is_told_on_stderr_and_by_the_exit_code(here) -> None:
    ended = here(*DAILY, "--time-zone", "Asia/Seoul", "--to", "kfp", "--to", "argo")
    assert ended.code == 1
    assert "error E310: kfp: a time zone cannot be expressed" in ended.err and "CRON_SCHEDULE_TIMEZONE" in ended.err
    assert "# kfp: refused\n" in ended.out
    nothing, argo = documents_of(ended.out)
    assert nothing is None and argo["spec"]["timezone"] == "Asia/Seoul"


@pytest.mark.parametrize("how", ["flag", "environment"])
def test_the_zone_of_the_kfp_server_can_be_given(here, monkeypatch, how: str) -> None:
    arguments = [*DAILY, "--time-zone", "Asia/Seoul", "--to", "kfp"]
    if how == "flag":
        arguments += ["--kfp-time-zone", "Asia/Seoul"]
    else:
        monkeypatch.setenv("MILONGA_KFP_TIME_ZONE", "Asia/Seoul")
    assert here(*arguments).code == 0


def test_strict_makes_a_change_an_error(here) -> None:
    changed = (*DAILY, "--catch-up", "--to", "argo")
    assert here(*changed).code == 0 and "warning E311" in here(*changed).err
    assert here(*changed, "--strict").code == 1
    assert here(*DAILY, "--to", "argo", "--strict").code == 0


def test_json_has_the_schedule_the_times_and_every_finding(here) -> None:
    ended = here(
        *("schedule", "show", "--every", "90m", "--start", "2026-01-01T00:00:00Z", "--to", "vertex", "--to", "argo"),
        *("--after", "2026-01-01T00:00:00Z", "--count", "1", "--json", "--name", "often"),
    )
    assert ended.code == 1 and ended.err == ""
    assert ended.json["schedule"] == {
        **{"interval_s": 5400, "time_zone": "UTC", "catch_up": False, "max_concurrency": 1, "name": "often"},
        "start": "2026-01-01T00:00:00+00:00",
    }
    assert ended.json["next_times"] == [{"local": "2026-01-01T01:30:00+00:00", "utc": "2026-01-01T01:30:00Z"}]
    assert ended.json["translations"]["vertex"]["document"] is None
    assert [finding["code"] for finding in ended.json["translations"]["vertex"]["findings"]] == ["E310"]
    assert ended.json["translations"]["argo"]["document"]["metadata"] == {"name": "often"}


def test_a_wrong_schedule_is_json_as_well(here) -> None:
    ended = here("schedule", "show", "--cron", "61 24 * * *", "--json")
    assert ended.code == 2 and ended.json["error"]["code"] == "E920"
    assert "hour" in ended.json["error"]["got"] and "minute" in ended.json["error"]["got"]


def test_a_schedule_that_is_over_says_so(here) -> None:
    ended = here(*DAILY, "--end", "2020-01-01T00:00:00Z", "--to", "kfp")
    assert ended.code == 0 and ended.out.startswith("# no time is left\n")


def test_hostile_names_stay_names(here) -> None:
    name = "'\"; {{x}}\n--- # \u202e"
    ended = here(*DAILY, "--name", name, "--to", "kfp", "--to", "vertex")
    assert ended.code == 0
    kfp, vertex = documents_of(ended.out)
    assert kfp["display_name"] == vertex["displayName"] == name


def test_the_same_command_prints_the_same(milonga) -> None:
    arguments = (*DAILY, "--time-zone", "Europe/Madrid", "--after", "2026-03-28T12:00:00Z")
    first, second = milonga(*arguments), milonga(*arguments)
    assert (first.code, first.out, first.err) == (second.code, second.out, second.err)
    assert json.dumps(first.out).isascii() and first.code == 1
