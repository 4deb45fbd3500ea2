"""Building an image: a base, one layer on top, written somewhere."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from milonga.images.blob import Blob
from milonga.images.destinations.destination import Destination, Report
from milonga.images.image import Image
from milonga.images.image_config import ImageSettings, config_with_layer, environment_of
from milonga.images.layers.addition import Addition
from milonga.images.layers.collecting import entries_of
from milonga.images.layers.layer import Layer
from milonga.images.packages.installing import install_requirements
from milonga.images.packages.own_files import own_additions
from milonga.images.packages.target_python import TargetPython
from milonga.images.recipe import ImageRecipe
from milonga.images.sources.base_image import BaseImage, empty_base
from milonga.images.sources.finding import find_source

PACKAGES = "/opt/packages"
"""Where requirements go in an image."""
OWN = "/opt/milonga"
"""Where milonga itself goes in an image."""
_USUAL_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltImage:
    """What was built.

    Attributes:
        digest: of the image's manifest; it names the image in every registry.
        base_digest: of the base's manifest, "" where it has none.
        platform: such as "linux/amd64".
        layer_digest: of the new layer.
        layer_diff_id: of the new layer, uncompressed.
        layer_size_bytes: of the new layer, as it is stored.
        number_of_files: in the new layer.
    """

    digest: str
    base_digest: str
    platform: str
    layer_digest: str
    layer_diff_id: str
    layer_size_bytes: int
    number_of_files: int


def build_image(
    recipe: ImageRecipe, destination: Destination, *, insecure: bool = False, report: Report = lambda line: None
) -> BuiltImage:
    """Build an image and write it. The same input gives the same digest.

    Args:
        recipe: what it is made of.
        destination: where it goes.
        insecure: the base's registry also without TLS.
        report: takes lines on the way.

    Raises:
        UsageError: E980 to E989, see `milonga explain`.
        RemoteError: E820 to E826, a registry fails.
    """
    recipe.check()
    destination.check()
    base = _base(recipe, insecure=insecure)
    report(f"base: {base.title} for {base.platform}" + (f", {base.digest}" if base.digest else ""))
    with tempfile.TemporaryDirectory(prefix="milonga-image-") as folder:
        scratch = Path(folder)
        additions = [*recipe.additions, *_python_additions(recipe, base, scratch, report)]
        layer = Layer.write(entries_of(additions), scratch / "layer", compression=recipe.compression)
        report(f"layer: {layer.number_of_files} files, {layer.descriptor.size_bytes} bytes, {layer.descriptor.digest}")
        settings = ImageSettings(
            environment=_environment(recipe, base, scratch), workdir=recipe.workdir, entrypoint=recipe.entrypoint
        )
        config = config_with_layer(base.config, settings, diff_id=layer.diff_id)
        image = Image.of(config, (*base.layers, Blob(layer.descriptor, layer)), base.platform)
        destination.write(image, scratch, report)
    return BuiltImage(
        digest=image.descriptor.digest,
        base_digest=base.digest,
        platform=str(base.platform),
        layer_digest=layer.descriptor.digest,
        layer_diff_id=layer.diff_id,
        layer_size_bytes=layer.descriptor.size_bytes,
        number_of_files=layer.number_of_files,
    )


def _base(recipe: ImageRecipe, *, insecure: bool) -> BaseImage:
    if recipe.base == "scratch":
        return empty_base(recipe.platform)
    return find_source(recipe.base, insecure=insecure).base(recipe.platform)


def _python_additions(recipe: ImageRecipe, base: BaseImage, scratch: Path, report: Report) -> list[Addition]:
    """Packages and milonga itself, where they are asked for."""
    additions: list[Addition] = []
    if recipe.requirements is not None:
        python = TargetPython.of(
            base.config, base.platform, version=recipe.python_version, platform=recipe.python_platform
        )
        report(f"packages: {recipe.requirements} for Python {python.version}, {python.platform}")
        install_requirements(recipe.requirements, python, _packages(scratch))
        additions.append(Addition(_packages(scratch), PACKAGES))
    if recipe.with_milonga:
        additions.extend(own_additions(OWN))
    return additions


def _packages(scratch: Path) -> Path:
    return scratch / "packages"


def _environment(recipe: ImageRecipe, base: BaseImage, scratch: Path) -> Mapping[str, str]:
    """What is set, with the folders of Python's modules behind those that are set or were in the base."""
    environment = dict(recipe.environment)
    inherited = environment_of(base.config)
    added = [OWN] if recipe.with_milonga else []
    added += [PACKAGES] if recipe.requirements is not None else []
    if added:
        before = environment.get("PYTHONPATH", inherited.get("PYTHONPATH", ""))
        environment["PYTHONPATH"] = ":".join([*filter(None, before.split(":")), *added])
    if recipe.requirements is not None and (_packages(scratch) / "bin").is_dir():
        before = environment.get("PATH", inherited.get("PATH", "")) or _USUAL_PATH
        environment["PATH"] = f"{before}:{PACKAGES}/bin"
    return environment
