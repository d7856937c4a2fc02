"""The config file: which sandboxes to watch, and how.

    auto = "safe"                       # off, safe, all: what is attached to unasked

    theme = "dark"                      # dark, light, high-contrast, ansi-dark, ansi-light,
                                        # or one of your own

    [keys]
    follow = ["f", "ctrl-e"]            # by action, a key or a list; "" for none
    toggle-proxy = "F5"

    [themes.mine]
    base = "dark"                       # what is not said here is as there
    accent = "#ffb454"

    [quota]
    console = "256 MB"                  # what each sandbox's recordings may take
    total = "8 GB"                      # what all of them may take

    [[alert]]
    name = "mydrv"
    pattern = 'mydrv: .* timed out'     # RE2
    severity = "warning"                # critical, warning, note

    [[sandbox]]
    name = "db-0"                       # an id: letters, digits, . _ -
    console = "unix:/run/vm/db-0.sock"
    proxy = "noProxy"                   # noopProxy, noProxy, kataProxy, kataBuiltInProxy
    proxy_path = "/usr/libexec/kata-proxy"
    agent_url = "vsock://3:1024"
    family = "qemu"
    auto = "all"                        # for this one
    debug = true                        # watch the console
    start = true                        # when the sandbox appears

Everything wrong in it is told with file, line and key, and the nearest key that is
known.
"""

from core.config.document import Section
from core.config.reading import Config, load_config, parse_config

__all__ = ["Config", "Section", "load_config", "parse_config"]
