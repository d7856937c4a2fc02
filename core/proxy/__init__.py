"""Kata's proxies: types, validation, factory, and the four that can be started."""
