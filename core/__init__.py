"""What guestwatch does without a screen: capture, recordings, consoles, proxies.

Nothing below this package imports Textual; `tests/test_wall.py` holds that wall.
"""

__version__ = "0.1.0"
