"""Images in; a measured, compiled, deployable network for one device out."""

from milonga.pipelines.image_classification.pipeline import Outcome, image_classification

__all__ = ["Outcome", "image_classification"]
