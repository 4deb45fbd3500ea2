"""A log that is still being written, read as it grows."""

from __future__ import annotations

from pathlib import Path

_CHUNK_BYTES = 1024 * 1024


class LogTail:
    """Gives the lines of one file as they are completed. The file need not be there yet.

    Args:
        path: the log.
        from_last: how many of the lines that are there already are given; None gives all.
    """

    def __init__(self, path: Path, *, from_last: int | None = None) -> None:
        self.path = path
        self._offset = 0 if from_last is None else _offset_of_last(path, from_last)
        self._rest = b""

    def lines(self, *, is_over: bool = False) -> list[str]:
        """What has been completed since the last call; with `is_over` also a last line without an end."""
        found = self._new_bytes()
        *complete, self._rest = (self._rest + found).split(b"\n")
        if is_over and self._rest:
            complete.append(self._rest)
            self._rest = b""
        return [line.decode("utf-8", "replace") for line in complete]

    def _new_bytes(self) -> bytes:
        parts: list[bytes] = []
        try:
            with self.path.open("rb") as stream:
                stream.seek(self._offset)
                while chunk := stream.read(_CHUNK_BYTES):
                    parts.append(chunk)
                    self._offset += len(chunk)
        except OSError:  # not there yet, or not any more
            pass
        return b"".join(parts)


def shown_line(line: str) -> str:
    """A line for a view with several tasks: what a progress bar has drawn over, and what moves the cursor, is gone."""
    text = line.rstrip("\r").rpartition("\r")[2]
    return "".join(character for character in text if character.isprintable() or character == "\t")


def _offset_of_last(path: Path, count: int) -> int:
    """Where the last `count` lines of a file begin; found from its end, whatever its size."""
    try:
        with path.open("rb") as stream:
            position = end = stream.seek(0, 2)
            if not count:
                return end
            left = count
            while position:
                size = min(_CHUNK_BYTES, position)
                position -= size
                stream.seek(position)
                chunk = stream.read(size)
                at = len(chunk) - 1 if position + size == end else len(chunk)  # the last byte ends a line, begins none
                while (at := chunk.rfind(b"\n", 0, at)) >= 0:
                    left -= 1
                    if not left:
                        return position + at + 1
    except OSError:  # not there yet
        pass
    return 0
