"""What an unfinished word of a command line may become, and the scripts by which shells ask."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import partial
from typing import Any, Final

from costmodel.cli.command_table import COMMANDS


class Shell(StrEnum):
    """Shells that are told how to complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


_SCRIPTS: Final = {
    Shell.BASH: """_costmodel() {
  local word words=()
  for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do words+=("--word=$word"); done
  mapfile -t COMPREPLY < <(costmodel completion bash "${words[@]}" 2>/dev/null)
}
complete -o default -F _costmodel costmodel
""",
    Shell.ZSH: """#compdef costmodel
_costmodel() {
  local -a asked found
  local word
  for word in "${words[@]:1:$((CURRENT - 1))}"; do asked+=("--word=$word"); done
  found=("${(@f)$(costmodel completion zsh "${asked[@]}" 2>/dev/null)}")
  compadd -a found || _files
}
compdef _costmodel costmodel
""",
    Shell.FISH: """function __costmodel
  set -l asked
  for word in (commandline -opc)[2..] (commandline -ct)
    set -a asked "--word=$word"
  end
  costmodel completion fish $asked 2>/dev/null
end
complete -c costmodel -a "(__costmodel)"
""",
    Shell.POWERSHELL: """Register-ArgumentCompleter -Native -CommandName costmodel -ScriptBlock {
  param($word, $line, $cursor)
  $asked = $line.CommandElements | Select-Object -Skip 1 | ForEach-Object { "--word=$_" }
  if (-not $word) { $asked = @($asked) + "--word=" }
  costmodel completion powershell @asked 2>$null | ForEach-Object { [System.Management.Automation.CompletionResult]::new($_) }
}
""",
}
_NAMED: Final = {
    "--network": "networks",
    "--device": "devices",
    "--battery": "batteries",
    "--states": "power_states",
    "--runtime": "runtimes",
    "--memory-energy": "memories",
    "--cycle": "duty_cycles",
}
"""Kind of the names an option takes."""
_TAKE_NETWORKS: Final = frozenset({"report", "predict", "plan", "diff"})
"""Commands whose argument may be a network."""


def shell_script(shell: Shell) -> str:
    """Return what a shell's configuration takes."""
    return _SCRIPTS[shell]


def completions(words: Sequence[str]) -> list[str]:
    """Return what the last word of a command line may become.

    Parameters
    ----------
    words : sequence of str
        All after the program's name; the last one is unfinished and may be empty.

    Returns
    -------
    list of str
        Sorted; empty where only the shell knows, as for files.
    """
    from costmodel.sources.catalogue import names

    *before, last = words
    if not before:
        return _beginning(last, COMMANDS)
    if before[0] not in COMMANDS:
        return []
    if last.startswith("-"):
        return _beginning(last, _options(before[0]))
    kind = _NAMED.get(before[-1])
    if kind is not None:
        return _beginning(last, names(kind))
    takers: dict[str, Callable[[], Sequence[str]]] = {name: partial(names, "networks") for name in _TAKE_NETWORKS}
    takers |= {"docs": _topics, "list": _listed}
    return [] if before[-1].startswith("-") or before[0] not in takers else _beginning(last, takers[before[0]]())


def _beginning(text: str, known: Any) -> list[str]:
    return sorted(name for name in known if name.startswith(text))


def _options(command: str) -> list[str]:
    import typer

    from costmodel.cli.app import app

    commands: Any = typer.main.get_command(app)
    _, found, _ = commands.resolve_command(None, [command])
    return [name for parameter in found.params for name in (*parameter.opts, *parameter.secondary_opts) if name.startswith("--")] + [
        "--help"
    ]


def _topics() -> list[str]:
    from costmodel.sources.shipped.documentation import pages

    return [page.topic for page in pages()]


def _listed() -> Sequence[str]:
    from costmodel.sources.catalogue import KINDS

    return (*KINDS, "models", "operators")
