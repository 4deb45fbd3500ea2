"""The folder of a run: its id, and the pipeline that it runs, kept so that it can be resumed without its source."""

from __future__ import annotations

import contextlib
import errno
import secrets
import shutil
import time
from pathlib import Path

from milonga.compiler.documents import load_graph
from milonga.compiler.graph import Graph
from milonga.engine.home import Home
from milonga.errors import MilongaError, RunError, StoreError
from milonga.runtime.task import write_atomically

_PIPELINE_FILE = "pipeline.yaml"


def pipeline_file(folder: Path) -> Path:
    """The pipeline that the run in `folder` runs, as it is."""
    return folder / _PIPELINE_FILE


def new_run(home: Home, pipeline: str) -> str:
    """Make the folder of a new run with `pipeline`, a file's text, in it.

    Returns:
        The run's id: it sorts by start time and no other run has it.

    Raises:
        StoreError: E423, the folder cannot be written; nothing of it stays.
    """
    while True:
        now = time.time()
        thousandths = int(now % 1 * 1000)
        run_id = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now)) + f"-{thousandths:03d}{secrets.token_hex(2)}"
        folder = home.run(run_id)
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            if not folder.is_dir():  # a file where the folder of all runs should be, maybe
                raise unwritable_home(OSError(errno.ENOTDIR, "it is no folder"), folder) from None
            continue
        except OSError as error:
            raise unwritable_home(error, home.root) from error
        try:
            write_pipeline(folder, pipeline)
        except StoreError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return run_id


def write_pipeline(folder: Path, pipeline: str) -> None:
    """Put the text of a pipeline file into the folder of a run, whole or not at all; the same is not written again.

    Raises:
        StoreError: E423, it cannot be written.
    """
    try:
        if not _has(pipeline_file(folder), pipeline.encode()):
            write_atomically(pipeline_file(folder), pipeline)
    except OSError as error:
        with contextlib.suppress(OSError):
            for left in folder.glob(f".{_PIPELINE_FILE}.*"):
                left.unlink()
        raise unwritable_home(error, folder) from error


def _has(file: Path, content: bytes) -> bool:
    try:
        return file.read_bytes() == content
    except OSError:
        return False


def read_pipeline(folder: Path, source: str) -> Graph:
    """The pipeline of a run.

    Args:
        folder: of the run.
        source: where its pipeline came from, to be named in what to do next.

    Raises:
        RunError: E467, it is gone or damaged.
    """
    file = pipeline_file(folder)
    try:
        return load_graph(file)
    except (MilongaError, OSError) as error:
        what = "is damaged" if file.is_file() else "is gone"
        target = source if source else "FILE.py:NAME"
        raise RunError(
            "E467",
            f"the pipeline of the run {what}",
            where=str(file),
            hint=f"name the pipeline: milonga run {target} --resume {folder.name}",
            kind="system",
        ) from error


def last_attempt(home: Home, run_id: str, path: str) -> int:
    """The number of the last attempt of a task that has a folder; 0 where there is none."""
    folder = home.attempt(run_id, path, 1).parent
    used = [int(item.name.removeprefix("attempt-")) for item in folder.glob("attempt-*")] if folder.is_dir() else []
    return max(used, default=0)


def unwritable_home(error: OSError, where: Path) -> StoreError:
    """The error of a state folder that cannot be written."""
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    hint = "free some space and resume the run" if is_full else ""
    place = str(error.filename or where)
    return StoreError("E423", f"the state folder cannot be written: {error.strerror or error}", where=place, hint=hint)
