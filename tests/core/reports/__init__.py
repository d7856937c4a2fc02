"""Tests of what is ready to paste."""
