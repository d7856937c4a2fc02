"""Colours: palettes, what Textual makes of them, and what a person asked for."""
