"""The catalogue of pipelines. A new one is a folder here and a line below."""

PIPELINES: dict[str, str] = {
    "image-classification": "milonga.pipelines.image_classification.pipeline:image_classification",
}
"""Catalogue name → "module:function"; nothing is imported until it is used."""
