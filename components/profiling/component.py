"""The component `profile_data`."""

from __future__ import annotations

from typing import NamedTuple

from milonga.components.contracts.data_splits import DataSplits
from milonga.dsl import HTML, Artifact, component


class Profile(NamedTuple):
    """Outputs of `profile_data`.

    Attributes:
        page: one self-contained HTML page for a person.
        statistics: the same numbers as one JSON file of format `milonga.profile/1`.
    """

    page: HTML
    statistics: Artifact


@component(packages=["numpy>=1.26,<3", "pillow>=10"], cpu="1", memory="1Gi")
def profile_data(data: DataSplits) -> Profile:
    """Show what is in a data set, and what in it should worry its user.

    Checks the data set completely on the way, its digest included. Per split: samples of each class, brightness and
    contrast of images, statistics of features; over all: repeated, conflicting and leaked samples, imbalance.

    Args:
        data: the data set.

    Returns:
        The page and the statistics; their warnings also stand in the statistics' metadata.

    Raises:
        DataError: E500 and E520 to E525, the data set does not keep its contract.
    """
    from dataclasses import asdict

    from milonga.components.contracts.json_file import write_json
    from milonga.components.profiling.page import draw_page
    from milonga.components.profiling.statistics import compute_statistics

    found = compute_statistics(data)
    text = draw_page(found, data)
    content = asdict(found)
    del content["description"]
    description = found.description
    content.update(
        format="milonga.profile/1",
        dataset_digest=description.digest,
        splits=description.splits,
        class_counts=description.class_counts,
    )
    page = HTML.create_file("page")
    page.write_text(text)
    statistics = Artifact.create_file("statistics")
    write_json(statistics.path, content)
    statistics.metadata.update(dataset_digest=description.digest, warnings=list(found.warnings))
    return Profile(page, statistics)
