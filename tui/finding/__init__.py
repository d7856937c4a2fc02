"""Searching and filtering one console, on what `core.search` finds."""
