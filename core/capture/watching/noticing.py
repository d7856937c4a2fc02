"""Tells at once when something changes at a path: one inotify for all consoles.

A socket that is bound anew is noticed in microseconds instead of at the next look.
It only wakes: whoever waits looks for itself, and looks now and then all the same,
because network file systems, full queues and exhausted limits tell of nothing.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from typing import NamedTuple

import anyio

from core.errors import InotifyError
from core.inotify import Event, Inotify, Mask

log = logging.getLogger("guestwatch.capture")

_FOLDER_GONE = Mask.DELETE_SELF | Mask.MOVE_SELF | Mask.UNMOUNT | Mask.IGNORED

_MASK = Mask.NAMES | Mask.DELETE_SELF | Mask.MOVE_SELF


class _Place(NamedTuple):
    watch: int
    name: str


class Notice:
    """Woken when something changes at one path. Made by `Noticing.at`."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.place: _Place | None = None
        """Where it is waited for now: a watch and a name; None when nothing can tell."""
        self._changed = anyio.Event()

    def clear(self) -> None:
        """Forget what was told; to be called before one looks."""
        if self._changed.is_set():
            self._changed = anyio.Event()

    def wake(self) -> None:
        """Tell that one should look."""
        self._changed.set()

    async def wait(self, timeout_s: float) -> None:
        """Return when something changed since `clear`, and after `timeout_s` at the latest."""
        with anyio.move_on_after(timeout_s):
            await self._changed.wait()


class Noticing:
    """Watches the folders of many paths."""

    def __init__(self) -> None:
        self._inotify: Inotify | None = None
        try:
            self._inotify = Inotify()
        except InotifyError as error:
            # max_user_instances is 128 for all of a user's programs.
            log.warning("new consoles are only looked for: %s", error)
        self._watches: dict[str, int] = {}
        self._notices: dict[int, dict[str, set[Notice]]] = {}

    async def run(self) -> None:
        """Tell of changes until cancelled."""
        if self._inotify is None:
            return
        try:
            while True:
                await anyio.wait_readable(self._inotify.fileno())
                for event in self._inotify.read_nowait():
                    self._tell(event)
        finally:
            self._inotify.close()
            self._inotify = None

    @contextlib.contextmanager
    def at(self, path: str) -> Iterator[Notice]:
        """A notice of what changes at `path`, which need not exist; nor need its folder.

        An empty path is one of which nothing tells.
        """
        notice = Notice(path)
        try:
            yield notice
        finally:
            self._drop(notice)

    def renew(self, notice: Notice) -> None:
        """Clear the notice and wait where its path leads through by now, before one looks."""
        notice.clear()
        if self._inotify is None or not notice.path:
            return
        folder, name = _nearest(notice.path)
        watch = self._watches.get(folder)
        if watch is not None and notice.place == (watch, name):
            return
        self._drop(notice)
        if watch is None:
            try:
                watch = self._inotify.add(folder, _MASK)
            except InotifyError:
                # Gone again, or not ours to look at: it is only looked for.
                return
            self._watches[folder] = watch
        self._notices.setdefault(watch, {}).setdefault(name, set()).add(notice)
        notice.place = _Place(watch, name)

    def _drop(self, notice: Notice) -> None:
        place, notice.place = notice.place, None
        if place is None or place.watch not in self._notices:
            return
        names = self._notices[place.watch]
        names[place.name].discard(notice)
        if not names[place.name]:
            del names[place.name]
        if not names:
            self._forget(place.watch)

    def _forget(self, watch: int) -> None:
        for names in self._notices.pop(watch, {}).values():
            for notice in names:
                notice.place = None
                notice.wake()
        self._watches = {folder: each for folder, each in self._watches.items() if each != watch}
        if self._inotify is not None:
            with contextlib.suppress(InotifyError):
                self._inotify.remove(watch)

    def _tell(self, event: Event) -> None:
        if event.mask & Mask.OVERFLOW:
            for names in self._notices.values():
                for notices in names.values():
                    for notice in notices:
                        notice.wake()
        elif event.mask & _FOLDER_GONE:
            self._forget(event.watch)
        else:
            for notice in self._notices.get(event.watch, {}).get(event.name, ()):
                notice.wake()


def _nearest(path: str) -> tuple[str, str]:
    """The deepest folder on the way to `path` that exists, and the name to wait for in it."""
    folder, _, name = path.rpartition("/")
    folder = folder or ("/" if path.startswith("/") else ".")
    while folder not in ("/", ".") and not os.path.isdir(folder):  # noqa: PTH112 (verbatim path)
        folder, _, name = folder.rpartition("/")
        folder = folder or "/"
    return folder, name
