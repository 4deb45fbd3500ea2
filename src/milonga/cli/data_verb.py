"""`milonga data`."""

from __future__ import annotations

from pathlib import Path

import click

from milonga.cli.output import message


@click.group("data")
def command() -> None:
    """Make real example data; nothing is downloaded."""


@command.command("digits")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def digits(folder: Path) -> None:
    """Write scikit-learn's 1 797 handwritten digits (8 x 8 grey) as an image folder: FOLDER/<digit>/<index>.png."""
    from milonga.components.ingestion import write_digits

    count = write_digits(folder)
    message(f"{count} images in {folder}")
