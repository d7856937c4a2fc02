"""One console: waited for, attached, read, recorded, and told about.

`Watcher` is the state machine; `ProxyOutput` stands in its place where a kata-proxy
has the console.
"""
