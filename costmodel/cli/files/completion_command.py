"""`costmodel completion`: what a shell needs to complete commands, options and names."""

from __future__ import annotations

from typing import Annotated

import typer


def completion_command(
    shell: Annotated[str, typer.Argument(help="bash, zsh, fish or powershell.")],
    words: Annotated[
        list[str] | None, typer.Option("--word", help="A word of the line so far, the last one unfinished: prints what it may become.")
    ] = None,
    output_format: Annotated[str, typer.Option("--format", help="terminal or json.")] = "terminal",
) -> None:
    """Print a shell's completion: commands, options, and the names of networks, devices, batteries and more.

    Examples
    --------
    costmodel completion bash >> ~/.bashrc
    costmodel completion zsh >> ~/.zshrc
    costmodel completion fish > ~/.config/fish/completions/costmodel.fish
    costmodel completion bash --word report --word --de
    """
    from costmodel.cli.completing import Shell, completions, shell_script
    from costmodel.cli.options import chosen
    from costmodel.cli.output import OutputFormat, format_of, write_text
    from costmodel.report.formats.as_json import content_json

    form = format_of(output_format, (OutputFormat.TERMINAL, OutputFormat.JSON))
    asked = chosen("completion", shell, Shell)
    if words is None:
        text = shell_script(asked)
        write_text(content_json({"shell": asked.value, "script": text}) if form is OutputFormat.JSON else text)
        return
    found = completions(words)
    write_text(content_json(found) if form is OutputFormat.JSON else "".join(f"{each}\n" for each in found))
