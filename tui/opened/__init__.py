"""Recordings that are open for somebody to look at, and where each is read."""
