"""From what was read to what is on disk: at once, later, compressed, or dropped again."""
