"""Keys on the selected sandbox."""

from __future__ import annotations

from functools import partial

from core.console import SafeStr, safe_text
from core.proxy.types import ProxyType
from core.sandboxes.model import SandboxFacts
from tui.bridge import SetDebug, StartProxy, StopProxy, TakeConsole, Wish
from tui.roster import is_running
from tui.screens.confirm import ConfirmScreen
from tui.screens.host_screen import HostScreen
from tui.states import sentences
from tui.toast import say


class SandboxKeys(HostScreen):
    """What is done to the selected sandbox; asked first where others would notice."""

    def action_toggle_proxy(self) -> None:
        """Start or stop the selected sandbox's proxy."""
        facts = self.roster.selected
        if facts is None:
            return
        if not is_running(facts):
            self.wish(StartProxy(facts.id))
            return
        self._ask_or_do(
            facts,
            StopProxy(facts.id),
            f"Stop the proxy of {_quoted(facts)}?",
            "The Kata runtime reaches this sandbox's agent through it:"
            f" {_process(facts)} ends, and so does every call on its way.",
            "Stop it",
        )

    def action_toggle_debug(self) -> None:
        """Turn debug watching of the selected sandbox on or off."""
        facts = self.roster.selected
        if facts is None:
            return
        debug = not facts.spec.debug
        self._ask_or_do(
            facts,
            SetDebug(facts.id, debug),
            f"Restart the proxy of {_quoted(facts)} to turn debug {'on' if debug else 'off'}?",
            "The Kata runtime reaches this sandbox's agent through it:"
            f" {_process(facts)} ends, with every call on its way, and another one starts.",
            "Restart it",
        )

    def action_take(self) -> None:
        """Attach the selected sandbox's console, once it is said what that does to others."""
        facts = self.roster.selected
        if facts is None:
            return
        console = facts.console
        if not console.is_takeable:
            say(self, sentences(f"{facts.name} waits for nobody's yes", console.reason))
            return
        question = f"Attach the console of {_quoted(facts)}?"
        consequence = sentences(console.reason, console.consequence)
        self._ask(TakeConsole(facts.id), question, consequence, "Attach it")

    def _ask_or_do(
        self, facts: SandboxFacts, wish: Wish, question: str, consequence: str, verb: str
    ) -> None:
        if facts.spec.proxy_type is not ProxyType.KATA or not is_running(facts):
            self.wish(wish)
            return
        self._ask(wish, question, safe_text(consequence), verb)

    def _ask(self, wish: Wish, question: str, consequence: SafeStr, verb: str) -> None:
        screen = ConfirmScreen(safe_text(question), consequence, safe_text(verb))
        self.app.push_screen(screen, partial(self._take_answer, wish))

    def _take_answer(self, wish: Wish, accepted: bool | None) -> None:
        if accepted:
            self.wish(wish)


def _quoted(facts: SandboxFacts) -> str:
    return f"“{safe_text(facts.name, limit=64)}”"


def _process(facts: SandboxFacts) -> str:
    return f"process {facts.proxy.pid}" if facts.proxy.pid else "its process"
