"""`milonga data`."""

from __future__ import annotations

from pathlib import Path

import click

from milonga.cli.output import message, print_json


@click.group("data")
def command() -> None:
    """Make real example data; nothing is downloaded."""


@command.command("digits")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print what was written as one JSON document.")
def digits(folder: Path, as_json: bool) -> None:
    """Write scikit-learn's 1 797 handwritten digits (8 x 8 grey) as an image folder: FOLDER/<digit>/<index>.png."""
    from milonga.components.ingestion import write_digits

    count = write_digits(folder)
    if as_json:
        print_json({"folder": str(folder), "images": count})
    message(f"{count} images in {folder}")
