"""The commands, one module each; here is their order in the help."""

from core.cli.command import Command
from core.cli.commands.demo import DEMO
from core.cli.commands.export import EXPORT
from core.cli.commands.ledger import LEDGER
from core.cli.commands.record import RECORD
from core.cli.commands.shutdown import SHUTDOWN
from core.cli.commands.status import STATUS
from core.cli.commands.view import VIEW
from core.cli.commands.watch import WATCH

COMMANDS: tuple[Command, ...] = (WATCH, VIEW, RECORD, STATUS, LEDGER, EXPORT, SHUTDOWN, DEMO)
