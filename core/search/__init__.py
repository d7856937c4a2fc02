"""Search in what consoles printed: `Query` says what for, and where in a line it is.

Pure so far as it is imported from here; the process that searches recordings is
`python -m core.search`, and `core.search.finder` runs it.
"""

from core.search.query import MAX_QUERY_CHARS, MAX_SPANS, Query

__all__ = ["MAX_QUERY_CHARS", "MAX_SPANS", "Query"]
