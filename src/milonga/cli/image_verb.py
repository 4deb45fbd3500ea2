"""`milonga image`: build images without a daemon, and look up their digests."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Literal

import click

from milonga.cli.output import message, print_json

_PLATFORM = "linux/amd64"


@click.command("build")
@click.option(
    "--base", required=True, metavar="IMAGE", help="In a registry, a path (oci:, docker-archive:), or scratch."
)
@click.option("--output", type=click.Path(path_type=Path), help="A folder (OCI layout), or a file that ends with .tar.")
@click.option("--push", metavar="IMAGE", help="Name and tag in a registry.")
@click.option("--name", metavar="IMAGE", help="What the image is called inside --output.")
@click.option(
    "--add", "added", multiple=True, metavar="PATH[:DEST]", help="A file or folder; DEST begins at --workdir."
)
@click.option("--exclude", multiple=True, metavar="PATTERN", help="Leave out of added folders, as in .dockerignore.")
@click.option("--requirements", type=click.Path(path_type=Path), help="Locked requirements, put into /opt/packages.")
@click.option("--with-milonga", is_flag=True, help="Add milonga itself, in /opt/milonga.")
@click.option("--python-version", default="", metavar="X.Y", help="Of the base, if it does not say so itself.")
@click.option("--python-platform", default="", metavar="NAME", help="In uv's names  [default: ...-manylinux_2_28]")
@click.option("--platform", default=_PLATFORM, show_default=True, metavar="OS/ARCH", help="Which image of the base.")
@click.option("--workdir", default="/app", show_default=True, metavar="DIR", help="Working folder in the image.")
@click.option("--env", "variables", multiple=True, metavar="NAME=VALUE", help="Set an environment variable.")
@click.option("--entrypoint", metavar="COMMAND", help="Words, or a JSON list.")
@click.option(
    "--compression", type=click.Choice(("gzip", "none")), default="gzip", show_default=True, help="Of the layer."
)
@click.option("--insecure", is_flag=True, help="Registries without TLS, or with certificates of their own.")
@click.option("--json", "as_json", is_flag=True, help="Print what was built as one JSON document.")
def build(
    base: str,
    output: Path | None,
    push: str | None,
    name: str | None,
    added: tuple[str, ...],
    exclude: tuple[str, ...],
    requirements: Path | None,
    with_milonga: bool,
    python_version: str,
    python_platform: str,
    platform: str,
    workdir: str,
    variables: tuple[str, ...],
    entrypoint: str | None,
    compression: Literal["gzip", "none"],
    insecure: bool,
    as_json: bool,
) -> None:
    """Put files, packages and milonga on a base image, as one layer. No daemon, no root, no Dockerfile.

    The same input gives the same digest, on any day. Log-ins are those of docker.
    """
    from milonga.images import ImageRecipe, Platform, build_image
    from milonga.images.destinations.finding import find_destination
    from milonga.images.layers.addition import Addition, in_image
    from milonga.images.reference import ImageReference
    from milonga.images.written_settings import variable_of, words_of

    if workdir.startswith("/"):
        workdir = in_image(workdir)
    additions = [Addition.parse(text, workdir=workdir, patterns=exclude) for text in added]
    recipe = ImageRecipe(
        base=base,
        platform=Platform.parse(platform),
        additions=[addition.without(output) for addition in additions] if output is not None else additions,
        requirements=requirements,
        python_version=python_version,
        python_platform=python_platform,
        with_milonga=with_milonga,
        workdir=workdir,
        environment=dict(map(variable_of, variables)),
        entrypoint=words_of(entrypoint) if entrypoint is not None else None,
        compression=compression,
    )
    destination = find_destination(output, push, name, insecure=insecure)
    built = build_image(recipe, destination, insecure=insecure, report=message)
    image = ImageReference.parse(push).at(built.digest) if push else ""
    if as_json:
        document: dict[str, Any] = {
            **dataclasses.asdict(built),
            "output": str(output) if output else "",
            "image": image,
        }
        print_json(document)
        return
    print(image or built.digest)


@click.command("digest")
@click.argument("image")
@click.option("--platform", metavar="OS/ARCH", help="Of the manifest for one platform, not of the whole image.")
@click.option("--insecure", is_flag=True, help="Registries without TLS, or with certificates of their own.")
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON document.")
def digest(image: str, platform: str | None, insecure: bool, as_json: bool) -> None:
    """Print an image by its digest: NAME@sha256:..., as its registry has it now; for a path the digest alone."""
    from milonga.images import Platform, find_source, resolved_image
    from milonga.images.sources.finding import is_in_registry

    wanted = Platform.parse(platform) if platform else None
    if is_in_registry(image):
        found = resolved_image(image.removeprefix("docker://"), platform=wanted, insecure=insecure)
    else:
        found = find_source(image).digest(wanted)
    if as_json:
        print_json({"reference": image, "image": found, "digest": found.rpartition("@")[2]})
        return
    print(found)


@click.group("image", commands=(build, digest))
def command() -> None:
    """Build images without a daemon, and look up their digests."""
