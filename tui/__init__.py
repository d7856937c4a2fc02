"""The dashboard: Textual screens and widgets over `core`, and nothing else.

It opens no socket, starts no process and reads no file by itself.
"""
