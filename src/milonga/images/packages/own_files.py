"""milonga's own files, for an image that is to have it."""

from __future__ import annotations

from pathlib import Path

import milonga
from milonga.errors import UsageError
from milonga.images.layers.addition import Addition


def own_additions(destination: str) -> tuple[Addition, ...]:
    """What makes `import milonga` work with `destination` on the path.

    In a checkout some packages are links to folders beside `src`; in the image they are folders.

    Args:
        destination: absolute path in the image.

    Raises:
        UsageError: E983, milonga does not run from files.
    """
    root = Path(next(iter(milonga.__path__), ""))
    if not (root / "__init__.py").is_file():
        raise UsageError("E983", "milonga is not installed as files, so it cannot be added", got=str(root))
    place = f"{destination.rstrip('/')}/milonga"
    links = sorted(path for path in root.iterdir() if path.is_symlink() and path.is_dir())
    outside = tuple(path.name for path in links)
    return (
        Addition(root, place, outside),
        *(Addition(path, f"{place}/{path.name}") for path in links),
    )
