"""The command line: loads a command when it runs, and turns every mistake into one line and an exit code."""

from __future__ import annotations

import inspect
import io
import os
import re
import shutil
import sys
import textwrap
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from costmodel import __version__
from costmodel.cli.command_table import COMMANDS, module_of
from costmodel.cli.fault_record import fault_text, told_on_stderr
from costmodel.cli.termination import TerminationAsInterrupt
from costmodel.cli.told_output import told_output
from costmodel.errors import CostModelError, UnknownNameError, did_you_mean
from costmodel.printable_text import printable, shortened

EXIT_BAD_INPUT: Final = 2
EXIT_FAULT: Final = 70
EXIT_INTERRUPTED: Final = 130
EXIT_TERMINATED: Final = 143

_WARNING_CHARACTERS: Final = 300

_HELP: Final = {"help_option_names": ["-h", "--help"]}

_ABOUT: Final = """What a neural network costs on a microcontroller: memory accesses, RAM, energy, time and battery days.

\b
Examples:
  costmodel report
  costmodel report model.tflite --device esp32-wroom
  costmodel init my-net.yaml
"""


class CommandTable(TyperGroup):
    """The commands of the table; each is imported when it is called, and only then."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - Typer's signature
        """Return the names help lists."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - Typer's signature
        """Return a command's name and line of help, without importing it."""
        return TyperCommand(name=cmd_name, help=COMMANDS[cmd_name]) if cmd_name in COMMANDS else None

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:  # noqa: ARG002 - Typer's signature
        """Import the command that was called."""
        name = args[0]
        known = COMMANDS
        if name not in known:
            raise UnknownNameError("costmodel", name, known, "a command")
        return name, _loaded(name), args[1:]


app = typer.Typer(
    cls=CommandTable,
    help=_ABOUT,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=_HELP,
)


def _print_version(wanted: bool) -> None:
    if not wanted:
        return
    typer.echo(__version__)
    raise typer.Exit


@app.callback()
def _options(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)] = False,
) -> None:
    """Take the options that stand before a command."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; left out, those of the process.

    Returns
    -------
    int
        0 on success, 1 when a comparison fails, 2 on bad input, a missing tool or an answer that cannot be written, 70 for a fault of the
        program, 130 when interrupted, 143 when asked to end.
    """
    arguments = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    termination = TerminationAsInterrupt()
    try:
        with termination, _warnings_in_a_line():
            status = _status(arguments, termination)
    except KeyboardInterrupt:
        # It came before the block had quite begun, or while what was open was being closed.
        status = EXIT_INTERRUPTED
    if status == EXIT_INTERRUPTED:
        # Python notes that an interrupt went through code that was made from text (every named tuple's, while modules are imported), caught
        # or not, and would end by that signal in place of the status; the next such code takes the note away.
        exec("")
    return EXIT_TERMINATED if status == EXIT_INTERRUPTED and termination.asked else status


def _status(arguments: list[str], termination: TerminationAsInterrupt) -> int:
    """Run a command; whatever ends it becomes a status."""
    _print_whatever_the_console()
    try:
        with told_output():
            return run_command(arguments)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except Exception as error:
        # The last line of defence: whatever it was, one line and a status that means it.
        return _told(error, arguments, termination)


def run_command(arguments: list[str]) -> int:
    """Run a command without Typer's own last words, which are a traceback or status 1.

    Parameters
    ----------
    arguments : list of str
        The command and what follows it.

    Returns
    -------
    int
        Its status; what goes wrong is raised.
    """
    command = typer.main.get_command(app)
    try:
        with command.make_context("costmodel", arguments) as context:
            status = command.invoke(context)
    except typer.Exit as asked:
        status = asked.exit_code
    except typer.Abort:
        return EXIT_INTERRUPTED
    return status if isinstance(status, int) else 0


def _told(error: Exception, arguments: list[str], termination: TerminationAsInterrupt) -> int:
    """Say in a line what ended a command, and return its exit status."""
    if termination.heard and not isinstance(error, (CostModelError, _CLICK_ERROR, OSError, MemoryError)):
        # No fault of the program: compiled code that was interrupted raised an error of its own.
        return EXIT_INTERRUPTED
    line, status = _last_line(error, arguments)
    told_on_stderr(line)
    return status


def _last_line(error: Exception, arguments: list[str]) -> tuple[str, int]:
    if isinstance(error, CostModelError):
        return str(error), EXIT_BAD_INPUT
    if isinstance(error, _CLICK_ERROR):
        return printable(_usage(error, arguments)), EXIT_BAD_INPUT
    if isinstance(error, OSError):
        names = [str(name) for name in (error.filename, error.filename2) if name is not None]
        what = " and ".join(names) or "a file or stream"
        return printable(f"costmodel: {what} could not be read or written: {error.strerror or error}"), EXIT_BAD_INPUT
    if isinstance(error, MemoryError):
        return "costmodel: this takes more memory than the machine gives; ask for fewer or smaller things", EXIT_BAD_INPUT
    return fault_text(error, os.environ, arguments), EXIT_FAULT


@contextmanager
def _warnings_in_a_line() -> Iterator[None]:
    """Print what a library warns of as one line, where Python would print a place in its code and a line of it."""
    before = warnings.showwarning

    def show(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
        told_on_stderr(f"costmodel: {category.__name__}: {shortened(printable(str(message)), _WARNING_CHARACTERS)}")

    warnings.showwarning = show
    try:
        yield
    finally:
        warnings.showwarning = before


_CLICK_ERROR: Final[type[Exception]] = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")
"""What every mistake in the use of options is; Typer exports none but this heir of it."""


def _usage(error: Any, arguments: Sequence[str]) -> str:
    """Say a mistake in the use of options in one line, with the nearest valid option."""
    context = getattr(error, "ctx", None)
    where = f" (see `{context.command_path} --help`)" if context is not None else ""
    if type(error).__name__ == "NoSuchOption" and context is not None:
        option: str = error.option_name
        known = [name for parameter in context.command.get_params(context) for name in (*parameter.opts, *parameter.secondary_opts)]
        near = did_you_mean(option, known)
        return f"{context.command_path}: {option} is not an option{near if 'did you mean' in near else where}"
    if type(error).__name__ == "MissingParameter" and context is not None:
        return f"{context.command_path}: missing {_missing(error.param, context.command.params, arguments)}{where}"
    message = " ".join(error.format_message().split()).rstrip(".")
    for jargon, words in _PLAIN_WORDS.items():
        message = re.sub(jargon, words, message)
    choice = re.search(r"'([^']*)' is not one of (.*)", message)
    if choice is not None:
        near = did_you_mean(choice[1], re.findall(r"'([^']*)'", choice[2]))
        message, where = message[: choice.start()] + f"{choice[1]!r} is not one of the choices", near
    return f"{context.command_path if context is not None else 'costmodel'}: {message[:1].lower()}{message[1:]}{where}"


def _missing(first: Any, parameters: Sequence[Any], arguments: Sequence[str]) -> str:
    """Say everything that has to be given and was not: a word that lacks lets all behind it lack."""
    behind = parameters[parameters.index(first) :] if first in parameters else [first]
    lacking = [
        parameter
        for parameter in behind
        if parameter.required and (parameter.param_type_name == "argument" or not set(parameter.opts) & set(arguments))
    ]
    names = [
        (parameter.metavar or parameter.name.upper()) if parameter.param_type_name == "argument" else parameter.opts[0]
        for parameter in lacking
    ]
    return " and ".join(names)


_PLAIN_WORDS: Final = {
    r"Input should be a valid integer.*": "expected a whole number",
    r"Input should be a valid (number|float).*": "expected a number",
    r"Input should be greater than or equal to": "should be at least",
    r"Input should be less than or equal to": "should be at most",
    r"Value error, ": "",
}
"""What some versions of Typer say in Pydantic's words."""


def _print_whatever_the_console() -> None:
    """Let a console that lacks a character print a substitute instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # UTF-8 lacks halves of characters, which file names may hold.
            stream.reconfigure(errors="replace")


def _loaded(name: str) -> Any:
    module = import_module(module_of(name))
    group = getattr(module, f"{name}_app", None)
    if group is None:
        function = getattr(module, f"{name}_command")
        group = typer.Typer(add_completion=False, rich_markup_mode=None)
        group.command(name, help=_help(function), context_settings=_HELP)(function)
    return typer.main.get_command(group)


def _help(function: Callable[..., Any]) -> str:
    """Return a docstring as help: without its parameters, which the options tell, and with its examples as they are."""
    text = inspect.getdoc(function) or ""
    parts = re.split(r"\n(\w[\w ]*)\n-{3,}\n", f"\n{text}")
    shown = parts[0].strip()
    for title, body in zip(parts[1::2], parts[2::2], strict=True):
        if title in ("Examples", "Notes"):
            lines = [part for line in body.strip().splitlines() for part in _continued(line)]
            shown += f"\n\n\b\n{title}:\n" + "\n".join(f"  {line}".rstrip() for line in lines)
    return shown


def _continued(line: str) -> list[str]:
    """A command in lines that fit the help around them, as a shell takes them."""
    room = min(shutil.get_terminal_size().columns, _HELP_COLUMNS) - _HELP_INDENT
    if len(line) <= room:
        return [line]
    parts = textwrap.wrap(line, room - len(_CONTINUED), subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
    return [*(f"{part}{_CONTINUED}" for part in parts[:-1]), parts[-1]]


_HELP_COLUMNS: Final = 80
"""Columns that help takes at most."""
_HELP_INDENT: Final = 4
_CONTINUED: Final = " \\"
