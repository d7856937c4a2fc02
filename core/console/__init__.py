"""A guest's bytes to safe lines. Pure: no I/O, no clock."""
