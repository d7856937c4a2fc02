"""How far two colours are apart, as an eye sees it. Pure."""

from __future__ import annotations

RGB = tuple[int, int, int]

VISIBLE = 1.7
"""Below this text is taken for hidden."""
LEGIBLE = 4.5
"""WCAG AA: what text should keep on what it stands on."""
STRONG = 7.0
"""WCAG AAA: for people who need more."""


def rgb(code: str) -> RGB:
    """The colour that `#rrggbb` is."""
    value = int(code[1:], 16)
    return value >> 16, value >> 8 & 255, value & 255


def contrast(one: RGB, other: RGB) -> float:
    """WCAG's contrast ratio of two colours, 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: RGB) -> float:
    red, green, blue = (
        value / 3294.6 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4
        for value in colour
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
