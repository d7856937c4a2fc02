"""The one door through which text reaches a widget.

Textual reads a plain `str` as markup: `[ OK ]` vanishes, `[/` ends the program, and
`[@click=…]` is a live link. A `Content` is taken as it stands, and only text that
`core.console` made safe gets one here.
"""

from __future__ import annotations

from textual.content import Content

from core.console import SafeStr


def literal(text: SafeStr) -> Content:
    """`text` as a widget shows it: every character as it stands, nothing interpreted."""
    return Content(text)
