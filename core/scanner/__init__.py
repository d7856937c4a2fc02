"""The scanner process: follows recordings with a cursor of its own and tells of alerts.

Run as `python -m core.scanner` by capture, niced, because a look at every line costs
ten times what reading and writing them does. It never delays a read: it has nothing but
the files, and is told over its stdin which of them grew.
"""
