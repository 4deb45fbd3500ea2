"""Everything in, everything out: pipelines and components of kfp, its files, and milonga's own as kfp's."""

from milonga.compiler.interop.incoming import from_kfp
from milonga.compiler.interop.outgoing import to_kfp
from milonga.compiler.interop.sources import Source, read_source

__all__ = ["Source", "from_kfp", "read_source", "to_kfp"]
