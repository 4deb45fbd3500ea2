"""Ingestion: from files of the user to frozen, checked splits."""

from milonga.components.ingestion.component import ingest_images, ingest_table
from milonga.components.ingestion.samples import write_digits

__all__ = ["ingest_images", "ingest_table", "write_digits"]
