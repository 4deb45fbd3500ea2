"""A state folder with schedules, a clock, and rounds that record but start no process."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from travelling_clock import TravellingClock

from milonga.backends.local.backend import LocalBackend
from milonga.backends.local.local_settings import LocalSettings
from milonga.backends.local.places import Places
from milonga.backends.local.records.database import ScheduleDatabase
from milonga.backends.local.records.firing import Firing
from milonga.backends.local.records.firing_table import FiringTable
from milonga.backends.local.records.schedule_table import ScheduleTable
from milonga.backends.local.running.launcher import Launcher
from milonga.backends.local.running.round import Rounds
from milonga.backends.local.triggers import FileTrigger, HookTrigger, Trigger
from milonga.backends.patience import Patience
from milonga.backends.remote_schedule import RemoteSchedule
from milonga.backends.submit_request import SubmitRequest
from milonga.compiler.documents import parse_documents
from milonga.compiler.graph import Graph
from milonga.dsl.schedule import Schedule
from milonga.engine.home import Home

IDLE = """
pipelineInfo: {name: idle}
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.0
root:
  inputDefinitions:
    parameters:
      path: {parameterType: STRING, defaultValue: ""}
      rows: {parameterType: NUMBER_INTEGER, defaultValue: 1}
  dag:
    tasks:
      one:
        taskInfo: {name: one}
        componentRef: {name: comp-one}
components:
  comp-one: {executorLabel: exec-one}
deploymentSpec:
  executors:
    exec-one: {container: {image: busybox, command: ["true"]}}
"""


class Desk:
    """What a person and a scheduler do with one state folder."""

    def __init__(self, folder: Path, clock: TravellingClock) -> None:
        self.home = Home(folder / "home")
        self.clock = clock
        self.places = Places(self.home)
        self.backend = LocalBackend(LocalSettings(self.home), Patience(), clock)
        self.graph = Graph.from_documents(parse_documents(IDLE))
        self.database = ScheduleDatabase(self.places.database)
        self.firings = FiringTable(self.database)
        self.schedules = ScheduleTable(self.database)
        self.said: list[str] = []
        self.rounds = self.new_rounds()

    def new_rounds(self) -> Rounds:
        """A scheduler that knows nothing of what another one has seen; there is room for no process."""
        launcher = Launcher(self.home, self.database, self.clock)
        return Rounds(self.database, launcher, self.clock, max_runs=0, say=self.said.append)

    def add(self, *cron: str, **fields: Any) -> RemoteSchedule:
        return self.backend.add_schedule(self.graph, SubmitRequest(), Schedule(*cron, **fields))

    def add_event(self, trigger: Trigger, *, take_present: bool = False, **arguments: Any) -> RemoteSchedule:
        draft = self.backend.draft(
            self.graph, SubmitRequest(), trigger, name="", arguments=arguments, max_concurrency=1
        )
        return self.backend.kept.add(draft, take_present=take_present)

    def watch(self, folder: Path, pattern: str = "*", *, take_present: bool = False, **fields: Any) -> RemoteSchedule:
        return self.add_event(FileTrigger(str(folder), pattern, "path", **fields), take_present=take_present)

    def hook(self, **arguments: Any) -> RemoteSchedule:
        return self.add_event(HookTrigger(), **arguments)

    def round(self) -> None:
        self.rounds.make()

    def every(self, seconds: float, until: str) -> None:
        """Make rounds until a moment."""
        last = TravellingClock(until).now()
        while self.clock.now() < last:
            self.clock.sleep(seconds)
            self.round()

    def all(self, schedule: RemoteSchedule) -> list[Firing]:
        """All firings of a schedule, oldest first."""
        number = int(schedule.id.rpartition("-")[2])
        return list(reversed(self.firings.of_schedule(number, 1_000_000)))

    def dues(self, schedule: RemoteSchedule) -> list[datetime]:
        return [firing.due for firing in self.all(schedule) if firing.due is not None]

    def hours(self, schedule: RemoteSchedule) -> list[str]:
        return [f"{due:%d %H:%M}" for due in self.dues(schedule)]

    def end_all(self) -> int:
        """Everything that was recorded has run; how much that was."""
        rows = self.database.rows("SELECT number FROM firings WHERE state IN ('PENDING', 'RUNNING')")
        with self.database.transaction():
            for (number,) in rows:
                self.firings.end(number, "SUCCEEDED", {}, self.clock.now())
        return len(rows)
