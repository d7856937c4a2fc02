"""Who has a console, found out before it is touched.

Theory of operation. A console serves one client, and each VMM does something else to
the second one: it waits unserved, or it throws the first one off, or both read half.
`connect()` succeeds in every case. So before a console is attached to, `look` finds
out who has it, without connecting to it:

    the kernel (sock_diag)   who listens on the socket file, which connections were
                             accepted from it, who waits in its queue: sockets' inodes
    /proc/*/fd               whose inodes those are: the VMM that serves, the clients;
                             of a terminal, who else has it open
    /proc/<VMM>/cmdline      a QEMU's wait=on, mux=on, logfile=, its monitor; whether
                             libvirt or Kata runs it
    QEMU's monitor           `query-chardev`, only when nobody seems to have the console
                             (a client in another network namespace is not in our
                             kernel tables), nobody is on the monitor, and the VMM is
                             of our own user, neither libvirt's nor Kata's; left
                             within a second
    lock files, flock        who locked a terminal

`judge` makes a `Verdict` of what was found: whether capture may attach without asking,
and what attaching would do to others, in words. It is pure. While a console is held
`is_still_held` is the cheap question to repeat; when it says no, look again. After an
end of file `who_took` tells whether somebody else has the console now.

`look`, `look_all` (many at the price of a few), `is_still_held` and `who_took` block: run
them in a thread. They fail only when this process has no descriptor left to look with:
what else cannot be found out is told as unknown, never as nobody. Names of processes and
files are hostile text.

Between a look and a connect somebody else may come. Then the connection waits, or
throws somebody off, as it would have without looking: `Console.is_accepted` proves
what is ours.
"""

from core.endpoints.holders.cmdline import Chardev, Owner
from core.endpoints.holders.look import is_still_held, look, look_all, who_took
from core.endpoints.holders.model import Holder, Holding, Kind
from core.endpoints.holders.policy import Standing, Verdict, judge
from core.endpoints.holders.procfs import Process

__all__ = [
    "Chardev",
    "Holder",
    "Holding",
    "Kind",
    "Owner",
    "Process",
    "Standing",
    "Verdict",
    "is_still_held",
    "judge",
    "look",
    "look_all",
    "who_took",
]
