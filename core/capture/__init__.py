"""The capture process: owns every console, records it, runs the proxies.

Run as `python -m core.capture`. It holds no screen code; viewers read the
recordings from disk and speak to it through `core.client`.
"""
