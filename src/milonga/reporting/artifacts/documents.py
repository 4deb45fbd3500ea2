"""`system.HTML` and `system.Markdown`: pages that a step wrote."""

from __future__ import annotations

import html

from milonga.reporting.artifacts.content import View, read_text
from milonga.reporting.markup import text
from milonga.reporting.quantities import byte_size

HTML_MAX_BYTES = 200 * 1000
MARKDOWN_MAX_BYTES = 50 * 1000


def render_html(view: View) -> str:
    """The page in a frame that may neither run scripts nor reach anything, and a link to it."""
    link = f"<p>{view.places.artifact(view.record.uri)}</p>"
    page = read_text(view.record, max_bytes=10_000_000)
    size = len(page.encode())
    if size > HTML_MAX_BYTES:
        return f'{link}<p class="muted">{byte_size(size)}: too large to be shown here.</p>'
    # An unpaired surrogate cannot come from UTF-8, and the frame is a document of its own: escaping is all it needs.
    return (
        f'{link}<iframe sandbox="" loading="lazy" title="{text(view.name, 200)}" '
        f'srcdoc="{html.escape(page, quote=True)}"></iframe>'
    )


def render_markdown(view: View) -> str:
    """The text as it was written, and a link to it."""
    link = f"<p>{view.places.artifact(view.record.uri)}</p>"
    page = read_text(view.record, max_bytes=10_000_000)
    folded = " open" if page.count("\n") <= 40 else ""
    return f"{link}<details{folded}><summary>text</summary><pre>{text(page, MARKDOWN_MAX_BYTES)}</pre></details>"
