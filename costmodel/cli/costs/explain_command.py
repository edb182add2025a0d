"""`costmodel explain`: a figure, its formula with the numbers put in, down to constants with their sources."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.text import Text
    from rich.tree import Tree

    from costmodel.evaluation.figures import Figure
    from costmodel.results.explanation import Explanation


class ExplainFormat(StrEnum):
    """How an explanation is written."""

    TERMINAL = "terminal"
    MARKDOWN = "markdown"
    JSON = "json"


def explain_command(
    figure: Annotated[str | None, typer.Argument(help="Figure to explain, such as conv2.energy. Left out: list them all.")] = None,
    scenario: Annotated[str, typer.Option("--scenario", "-s", help="Packaged scenario, or a scenario file.")] = "esp32-deck",
    dataflow: Annotated[str | None, typer.Option(help="Dataflow of the scenario; left out, its first.")] = None,
    depth: Annotated[int, typer.Option(min=1, help="How many levels down.")] = 32,
    output: Annotated[ExplainFormat, typer.Option("--format", "-f", help="How to write it.")] = ExplainFormat.TERMINAL,
) -> None:
    """Show where a figure comes from: formula, numbers put in, constants, sources.

    Example: costmodel explain battery.continuous_life
    """
    from costmodel.errors import UnknownNameError
    from costmodel.evaluation.explaining import explain, recorded_figures
    from costmodel.sources.catalogue import load_scenario
    from costmodel.specs.counting import Dataflow

    asked = load_scenario(scenario)
    if dataflow is not None and dataflow not in set(Dataflow):
        raise UnknownNameError("--dataflow", dataflow, [known.value for known in Dataflow], "a dataflow")
    chosen = Dataflow(dataflow) if dataflow else asked.dataflows[0]
    if figure is None:
        _list_figures(recorded_figures(asked, chosen), output)
        return
    explanation = explain(asked, figure, chosen)
    if output is ExplainFormat.JSON:
        typer.echo(explanation.model_dump_json(indent=2))
    elif output is ExplainFormat.MARKDOWN:
        lines = _markdown_lines(explanation, depth, 0, set())
        typer.echo("\n".join([*lines, "", *(f"- {line}" for line in _publications(explanation))]).rstrip())
    else:
        from rich.console import Console

        console = Console(highlight=False)
        console.print(_tree(explanation, depth, set()))
        for line in _publications(explanation):
            console.print(line, style="dim", markup=False)


def _list_figures(figures: dict[str, Figure], output: ExplainFormat) -> None:
    if output is ExplainFormat.JSON:
        import json

        listed = {name: {"value": figure.value, "unit": figure.unit, "meaning": figure.meaning} for name, figure in figures.items()}
        typer.echo(json.dumps(listed, indent=2))
        return
    from costmodel.evaluation.equation_numbers import number_text

    width = max(len(name) for name in figures)
    for name, figure in figures.items():
        if figure.value:
            typer.echo(f"{name:<{width}}  {number_text(figure.value)} {figure.unit}".rstrip())
    typer.echo("\nExplain one: costmodel explain conv2.energy")


def _publications(explanation: Explanation) -> list[str]:
    """What the keys stand for that the sources of an explanation begin with."""
    from costmodel.sources.bibliography import cited

    return [f"{entry.key}: {entry.citation}" for entry in cited(_sources(explanation))]


def _sources(node: Explanation) -> set[str]:
    return {node.source}.union(*(_sources(part) for part in node.inputs))


def _is_repeat(node: Explanation, seen: set[str]) -> bool:
    """Tell whether a step was already walked; its inputs are then not walked again."""
    key = f"{node.name}|{node.value}|{node.substituted}"
    if not node.inputs or key not in seen:
        seen.add(key)
        return False
    return True


def _value(node: Explanation) -> str:
    from costmodel.evaluation.equation_numbers import number_text

    unit = "" if node.unit in {"", "1", "the parts'"} else f" {node.unit}"
    return f"{number_text(node.value)}{unit}{_everyday(node)}"


def _everyday(node: Explanation) -> str:
    """The same quantity in a unit of everyday size, where that reads better."""
    from costmodel.report.quantities import energy_text, joules_text, life_text, power_text, time_text
    from costmodel.units import S_PER_HOUR

    if isinstance(node.value, str) or node.value is None:
        return ""
    scales = {"pJ": energy_text, "J": joules_text, "W": power_text, "s": life_text if node.value >= S_PER_HOUR else time_text}
    if node.unit not in scales or node.value == 0:
        return ""
    shown = scales[node.unit](node.value)
    return "" if shown.split()[-1] == node.unit else f" ({shown})"


def _working(node: Explanation) -> str:
    if not node.equation:
        return f"from {node.source}" if node.source else ""
    return f"{node.equation}   i.e. {node.substituted}" if node.substituted else node.equation


def _tree(node: Explanation, depth: int, seen: set[str]) -> Tree:
    from rich.text import Text
    from rich.tree import Tree

    branch = Tree(_label(node), guide_style="dim")
    if _is_repeat(node, seen):
        branch.add(Text("as above", style="dim italic"))
    elif depth > 1:
        for part in node.inputs:
            branch.children.append(_tree(part, depth - 1, seen))
    elif node.inputs:
        branch.add(Text("... (deeper with --depth)", style="dim"))
    return branch


def _label(node: Explanation) -> Text:
    from rich.text import Text

    label = Text()
    label.append(node.name, style="bold").append(" = ").append(_value(node), style="cyan")
    if node.equation:
        label.append(f"\n{_working(node)}", style="green").append(f"\n{node.source}", style="dim")
    elif node.source:
        label.append(f"   {_working(node)}", style="dim")
    return label


def _markdown_lines(node: Explanation, depth: int, level: int, seen: set[str]) -> list[str]:
    working = _working(node)
    lines = [
        f"{'  ' * level}- **{node.name}** = {_value(node)}" + (f": `{working}`" if node.equation else f" ({working})" if working else "")
    ]
    if node.equation and node.source:
        lines.append(f"{'  ' * level}  Source: {node.source}")
    if depth > 1 and not _is_repeat(node, seen):
        for part in node.inputs:
            lines += _markdown_lines(part, depth - 1, level + 1, seen)
    return lines
