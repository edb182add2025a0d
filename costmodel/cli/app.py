"""The command line: loads a command when it runs, and turns every mistake into one line and an exit code."""

from __future__ import annotations

import inspect
import io
import os
import re
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from costmodel import __version__
from costmodel.cli.command_table import COMMANDS, module_of
from costmodel.errors import CostModelError, UnknownNameError, did_you_mean

EXIT_BAD_INPUT: Final = 2
EXIT_BROKEN_PIPE: Final = 1
EXIT_INTERRUPTED: Final = 130

_HELP: Final = {"help_option_names": ["-h", "--help"]}

_ABOUT: Final = """What a neural network costs on a microcontroller: memory accesses, RAM, energy, time and battery days.

\b
Examples:
  costmodel report
  costmodel count conv2d --input 25x16x16 --out-channels 51 --kernel 3 --padding 1
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
        0 on success, 1 when a comparison fails, 2 on bad input or a missing tool, 130 when interrupted.
    """
    arguments = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    _print_whatever_the_console()
    try:
        status = typer.main.get_command(app).main(args=arguments, prog_name="costmodel", standalone_mode=False)
        sys.stdout.flush()
    except (CostModelError, _CLICK_ERROR) as error:
        typer.echo(str(error) if isinstance(error, CostModelError) else _usage(error), err=True)
        return EXIT_BAD_INPUT
    except (KeyboardInterrupt, typer.Abort):
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # The reader has gone; what is still buffered must not fail again when Python ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_BROKEN_PIPE
    return status if isinstance(status, int) else 0


_CLICK_ERROR: Final[type[Exception]] = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")
"""What every mistake in the use of options is; Typer exports none but this heir of it."""


def _usage(error: Any) -> str:
    """Say a mistake in the use of options in one line, with the nearest valid option."""
    context = getattr(error, "ctx", None)
    where = f" (see `{context.command_path} --help`)" if context is not None else ""
    if type(error).__name__ == "NoSuchOption" and context is not None:
        option: str = error.option_name
        known = [name for parameter in context.command.get_params(context) for name in (*parameter.opts, *parameter.secondary_opts)]
        near = did_you_mean(option, known)
        return f"{context.command_path}: {option} is not an option{near if 'did you mean' in near else where}"
    message = " ".join(error.format_message().split()).rstrip(".")
    for jargon, words in _PLAIN_WORDS.items():
        message = re.sub(jargon, words, message)
    choice = re.search(r"'([^']*)' is not one of (.*)", message)
    if choice is not None:
        near = did_you_mean(choice[1], re.findall(r"'([^']*)'", choice[2]))
        message, where = message[: choice.start()] + f"{choice[1]!r} is not one of the choices", near
    return f"{context.command_path if context is not None else 'costmodel'}: {message[:1].lower()}{message[1:]}{where}"


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
        if isinstance(stream, io.TextIOWrapper) and (stream.encoding or "").lower().replace("-", "") != "utf8":
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
            shown += f"\n\n\b\n{title}:\n" + "\n".join(f"  {line}".rstrip() for line in body.strip().splitlines())
    return shown
