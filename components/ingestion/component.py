"""The components `ingest_images` and `ingest_table`."""

from __future__ import annotations

from typing import Literal, Optional

from milonga.components.contracts.data_splits import DataSplits
from milonga.dsl import component


@component(cache=False, packages=["numpy>=1.26,<3", "pillow>=10"], cpu="2", memory="1Gi")
def ingest_images(
    source: str,
    *,
    height: int = 0,
    width: int = 0,
    channels: Literal["auto", "grey", "colour"] = "auto",
    validation_share: float = 0.15,
    test_share: float = 0.15,
    seed: int = 0,
    samples_min: int = 10,
) -> DataSplits:
    """Read a folder of images, one sub-folder a class, into frozen train, validation and test splits.

    Images stand at any depth below `<source>/<class>/`. Names that start with a dot are passed over; other files that
    are no images by their suffix are counted in `dataset.json` under `skipped`. A sample's split follows from the
    SHA-256 of its pixels and `seed` alone: adding images never moves an old one, equal images land in one split.

    Args:
        source: the folder.
        height: rows of pixels that every image is scaled to; 0 (with `width` 0) demands images of one size.
        width: columns of pixels that every image is scaled to (bilinear, aspect ratio not kept).
        channels: grey (1 channel), colour (3), or auto: grey when all images are stored as grey, else colour.
        validation_share: expected share of the validation split, above 0; with `test_share` below 1.
        test_share: expected share of the test split, above 0.
        seed: another seed gives another split.
        samples_min: fewer images than this are an error.

    Returns:
        The splits; uint8 images `[n, height, width, channels]`.

    Raises:
        DataError: E500 no such folder, E501 not a folder, E502 fewer than two classes or images outside a class folder,
            E503 a class without images, E504 damaged images, E505 sizes differ, E506 too few images, E508 an empty
            split or a class that the train split lacks, E509 a size or share out of range, E515 an image that is
            transparent, animated or deeper than 8 bits.
    """
    from pathlib import Path

    from milonga.components.ingestion.images import read_images
    from milonga.components.ingestion.splitting import checked_rule

    rule = checked_rule(seed=seed, validation_share=validation_share, test_share=test_share)
    data = DataSplits.create("data")
    read_images(data, Path(source), height=height, width=width, channels=channels, rule=rule, samples_min=samples_min)
    return data


@component(cache=False, packages=["numpy>=1.26,<3", "pyarrow>=15"], cpu="1", memory="2Gi")
def ingest_table(
    source: str,
    *,
    target: str,
    ignore: Optional[list[str]] = None,  # noqa: UP045 - the spelling that components and kfp share
    missing: Literal["error", "median"] = "error",
    categories_max: int = 100,
    validation_share: float = 0.15,
    test_share: float = 0.15,
    seed: int = 0,
    samples_min: int = 10,
) -> DataSplits:
    """Read a CSV, Parquet or NPZ file into frozen train, validation and test splits for a classifier.

    Numbers and booleans become one float32 feature each; a text column becomes one 0/1 feature for each of its texts
    (one-hot: an order that the data does not have is not invented), named `column=text` in `dataset.json`. A sample's
    split follows from the SHA-256 of its feature values as they came and `seed` alone.

    Args:
        source: a `.csv` (UTF-8, comma, header line), `.parquet` or `.npz` file. In an NPZ file a one-dimensional
            array is a column, and a two-dimensional array `x` gives columns `x0`, `x1`, ...
        target: name of the column with the classes: text, whole numbers or booleans.
        ignore: names of columns that are no features.
        missing: `error` refuses missing values. `median` puts a column's median over the train split in their place, in
            all splits, and records it as `fill`; a missing text becomes 0 in all features of its column.
        categories_max: most different texts in a text column, 1 or more.
        validation_share: expected share of the validation split, above 0; with `test_share` below 1.
        test_share: expected share of the test split, above 0.
        seed: another seed gives another split.
        samples_min: fewer rows than this are an error.

    Returns:
        The splits; float32 rows `[n, features]`.

    Raises:
        DataError: E500 no such file, E501 no table file, E502 fewer than two classes, E504 a damaged file, E506 too few
            rows, E507 a missing or infinite value, E508 an empty split or a class that the train split lacks, E509 a
            share out of range, E510 a column that is absent or repeated, E511 a column that is no feature, E512 a
            target that holds no classes, E513 too many texts in a column.
    """
    from pathlib import Path

    from milonga.components.ingestion.splitting import checked_rule
    from milonga.components.ingestion.tables import read_table_file

    rule = checked_rule(seed=seed, validation_share=validation_share, test_share=test_share)
    data = DataSplits.create("data")
    read_table_file(
        data,
        Path(source),
        target=target,
        ignore=ignore or [],
        missing=missing,
        categories_max=categories_max,
        rule=rule,
        samples_min=samples_min,
    )
    return data
