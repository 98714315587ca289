"""Make text that came from people unable to do anything but be read."""

from __future__ import annotations

import unicodedata


def inert(value: object) -> str:
    """*value* as HTML and Markdown text that can only be read: no element, link, template or direction comes of it."""
    if value is None:
        return ""
    shown: list[str] = []
    for character in str(value):
        category = unicodedata.category(character)
        if character.isalnum():
            shown.append(character)
        elif character.isspace():
            # one space stays one; more would be Markdown's line break or code
            shown.append(" " if shown and not shown[-1].isspace() else "&#160;")
        elif category not in ("Cc", "Cf", "Cs", "Co", "Cn"):
            shown.append(f"&#{ord(character)};")
    return "".join(shown)
