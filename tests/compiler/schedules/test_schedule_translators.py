"""What every translator promises: the same bytes, valid documents, nothing dropped without a word."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from translated import ARGO_VERSIONS, SCHEMAS, validator_of

from milonga.compiler.documents import dump_yaml, parse_documents
from milonga.compiler.graph import Graph
from milonga.compiler.schedules import TRANSLATORS, KfpSchedules, ScheduleTranslator, Translation, translator_named
from milonga.dsl.schedule import Schedule
from milonga.errors import UsageError

UTC = timezone.utc
ALL = [*TRANSLATORS.values(), KfpSchedules(server_time_zone="Europe/Madrid")]


def test_translators_are_found_by_name() -> None:
    assert {name: translator.name for name, translator in TRANSLATORS.items()} == {
        name: name for name in ("kfp", "vertex", "argo", "local")
    }
    assert translator_named("argo") is TRANSLATORS["argo"]


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UsageError) as raised:
        translator_named("agro")
    assert raised.value.code == "E921" and "'argo'" in raised.value.hint and "vertex" in raised.value.expected


@pytest.mark.parametrize("name", ["kfp", "argo"])
def test_an_input_artifact_that_a_schedule_cannot_give_is_refused(name: str, takes_a_dataset: Graph) -> None:
    translation = TRANSLATORS[name].translate(Schedule("@daily"), name="churn", graph=takes_a_dataset, arguments={})
    assert translation.document is None
    assert [(finding.code, "'data'" in finding.message) for finding in translation.findings] == [("E310", True)]


def schedule_of(fields: dict[str, Any]) -> Schedule | None:
    try:
        return Schedule(**fields)
    except UsageError:
        return None


NUMBERS = st.integers(1, 28).map(str)
PARTS = st.one_of(st.just("*"), NUMBERS, NUMBERS.map("*/{}".format), st.tuples(NUMBERS, NUMBERS).map(",".join))
CRONS = st.tuples(PARTS, PARTS, PARTS, PARTS, st.sampled_from(["*", "*", "MON", "5-7", "*/2", "1L"])).map(" ".join)
TIMES = st.datetimes(datetime(2025, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))
TRIGGERS = st.one_of(
    CRONS.map(lambda cron: {"cron": cron}),
    st.one_of(st.integers(1, 10**6), st.sampled_from([60, 900, 3600, 86_400])).map(lambda s: {"interval_s": s}),
)
OTHERS = st.fixed_dictionaries(
    {
        "time_zone": st.sampled_from(["UTC", "Europe/Madrid", "Asia/Seoul"]),
        "catch_up": st.booleans(),
        "max_concurrency": st.integers(1, 12),
        "start": st.one_of(st.none(), TIMES),
        "end": st.one_of(st.none(), TIMES),
        "name": st.text(max_size=60),
    }
)
SCHEDULES = st.builds(lambda trigger, others: schedule_of({**trigger, **others}), TRIGGERS, OTHERS).filter(bool)
ARGUMENTS = st.dictionaries(
    st.from_regex(r"[a-z]\w{0,8}", fullmatch=True),
    st.recursive(
        st.one_of(st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.text(max_size=20)),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
        max_leaves=4,
    ),
    max_size=3,
)


@pytest.mark.parametrize("translator", ALL, ids=lambda translator: translator.name)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(schedule=SCHEDULES, arguments=ARGUMENTS)
def test_a_translation_is_valid_and_always_the_same(
    translator: ScheduleTranslator, schedule: Schedule, arguments: dict[str, Any]
) -> None:
    translation = translator.translate(schedule, name="churn", graph=None, arguments=arguments)
    assert translation == translator.translate(schedule, name="churn", graph=None, arguments=arguments)
    assert (translation.document is None) == any(finding.severity == "error" for finding in translation.findings)
    assert all(finding.code in ("E310", "E311", "E312") for finding in translation.findings)
    assert all(finding.message.startswith(f"{translator.name}: ") for finding in translation.findings)
    if translation.document is not None:
        assert parse_documents(dump_yaml(translation.document)) == (translation.document,)
        check_against_schemas(translator.name, translation)


def check_against_schemas(name: str, translation: Translation) -> None:
    kinds = {"kfp": ("kfp",), "argo": ARGO_VERSIONS}.get(name, ())
    for kind in kinds if SCHEMAS.is_dir() else ():
        validator_of(kind).validate(translation.document)


def test_a_longer_schedule_says_no_less() -> None:
    """A field that is not the default shows in the document or in a finding, for every back end."""
    plain = Schedule("0 6 * * *", start="2026-01-01T00:00:00Z")
    for translator in TRANSLATORS.values():
        base = translator.translate(plain, name="churn", graph=None, arguments={})
        for fields in (
            {"time_zone": "Asia/Seoul"},
            {"catch_up": True},
            {"max_concurrency": 2},
            {"start": plain.start and plain.start + timedelta(days=1)},
            {"end": "2030-01-01T00:00:00Z"},
            {"name": "other"},
        ):
            schedule = Schedule(**{**plain.to_json(), **fields})
            assert translator.translate(schedule, name="churn", graph=None, arguments={}) != base, (translator, fields)
