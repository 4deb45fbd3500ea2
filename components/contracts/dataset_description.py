"""What `dataset.json` says, as frozen dataclasses. Format: docs/reference/artifacts.md, `DataSplits`."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from milonga.components.contracts.json_file import Fields

SplitName = Literal["train", "validation", "test"]
Kind = Literal["image", "table"]


def split_names() -> tuple[SplitName, ...]:
    """train, validation, test."""
    return get_args(SplitName)


@dataclass(frozen=True, slots=True)
class ImageForm:
    """The form of every image of a data set.

    Attributes:
        height: rows of pixels.
        width: columns of pixels.
        channels: 1 (grey) or 3 (red, green, blue).
    """

    height: int
    width: int
    channels: int


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of `x` of a table.

    Attributes:
        name: the source column's name; `column=category` for one category of a text column.
        dtype: type of the source column: `float`, `integer`, `boolean` or `category`.
        column: name of the source column.
        category: the text for which this feature is 1 (else 0); None for a number.
        fill: what a missing value became, the median over the train split; None when missing values are an error.
    """

    name: str
    dtype: str
    column: str
    category: str | None = None
    fill: float | None = None


@dataclass(frozen=True, slots=True)
class SplitRule:
    """How samples were split: by the SHA-256 of their own content and `seed`, see `dataset_digest.assign_split`.

    Attributes:
        seed: another seed gives another split.
        validation: expected share of the validation split, 0 to 1.
        test: expected share of the test split, 0 to 1.
    """

    seed: int
    validation: float
    test: float


@dataclass(frozen=True, slots=True)
class DatasetDescription:
    """The content of `dataset.json`.

    Attributes:
        kind: `image` or `table`.
        digest: `sha256:` and 64 hexadecimal digits over samples and labels, whatever their split.
        classes: sorted names.
        splits: split -> number of samples.
        class_counts: split -> class -> number of samples.
        split_rule: how the splits came about.
        source: last folder or file name that the data came from, no path.
        image: form of the images; None for a table.
        features: columns of `x`; empty for images.
        skipped: file suffix -> number of files of the source that are no samples.
    """

    kind: Kind
    digest: str
    classes: tuple[str, ...]
    splits: dict[str, int]
    class_counts: dict[str, dict[str, int]]
    split_rule: SplitRule
    source: str
    image: ImageForm | None = None
    features: tuple[Feature, ...] = ()
    skipped: dict[str, int] = field(default_factory=dict)

    @property
    def sample_shape(self) -> tuple[int, ...]:
        """Shape of one sample: (height, width, channels) or (features,)."""
        if self.image is not None:
            return (self.image.height, self.image.width, self.image.channels)
        return (len(self.features),)

    def to_json(self) -> dict[str, Any]:
        """The JSON object of `dataset.json`."""
        rule = {"rule": "content-hash", **asdict(self.split_rule)}
        value: dict[str, Any] = {
            "format": "milonga.dataset/1",
            "kind": self.kind,
            "digest": self.digest,
            "classes": list(self.classes),
            "splits": self.splits,
            "class_counts": self.class_counts,
            "split_rule": rule,
            "source": self.source,
            "skipped": self.skipped,
        }
        if self.image is not None:
            value["image"] = asdict(self.image)
        else:
            value["features"] = [asdict(feature) for feature in self.features]
        return value

    @classmethod
    def from_fields(cls, fields: Fields) -> DatasetDescription:
        """The description in a parsed `dataset.json`.

        Raises:
            DataError: E523, a field does not keep the contract.
        """
        kind: Kind = "image" if fields.text("kind", choices=get_args(Kind)) == "image" else "table"
        classes = fields.texts("classes", distinct=True)
        if list(classes) != sorted(classes) or len(classes) < 2:
            fields.fail("classes", classes, "two or more names, sorted")
        rule = fields.fields("split_rule")
        rule.text("rule", choices=("content-hash",))
        description = cls(
            kind=kind,
            digest=fields.text("digest"),
            classes=classes,
            splits=_counts(fields.fields("splits"), split_names()),
            class_counts={name: _counts(fields.fields("class_counts").fields(name), classes) for name in split_names()},
            split_rule=SplitRule(
                seed=rule.integer("seed"),
                validation=rule.number("validation", minimum=0, maximum=1),
                test=rule.number("test", minimum=0, maximum=1),
            ),
            source=fields.text("source"),
            image=_image(fields.fields("image")) if kind == "image" else None,
            features=tuple(_feature(item) for item in fields.items("features")) if kind == "table" else (),
            skipped=_skipped(fields),
        )
        for name in split_names():
            if sum(description.class_counts[name].values()) != description.splits[name]:
                fields.fail("class_counts", description.class_counts[name], f"a sum of {description.splits[name]}")
        if kind == "table" and not description.features:
            fields.fail("features", [], "one feature or more")
        return description


def _counts(fields: Fields, names: tuple[str, ...]) -> dict[str, int]:
    if set(fields.value) != set(names):
        fields.fail("", sorted(fields.value), "exactly the members " + ", ".join(names))
    return {name: fields.integer(name, minimum=0) for name in names}


def _image(fields: Fields) -> ImageForm:
    form = ImageForm(*(fields.integer(name, minimum=1) for name in ("height", "width", "channels")))
    if form.channels not in (1, 3):
        fields.fail("channels", form.channels, "1 or 3")
    return form


def _feature(fields: Fields) -> Feature:
    return Feature(
        name=fields.text("name"),
        dtype=fields.text("dtype", choices=("float", "integer", "boolean", "category")),
        column=fields.text("column") if "column" in fields.value else fields.text("name"),
        category=fields.optional_text("category") if "category" in fields.value else None,
        fill=fields.optional_number("fill") if "fill" in fields.value else None,
    )


def _skipped(fields: Fields) -> dict[str, int]:
    if "skipped" not in fields.value:
        return {}
    skipped = fields.fields("skipped")
    return {suffix: skipped.integer(suffix, minimum=1) for suffix in skipped.value}
