"""`costmodel docs`: the documentation, from the package."""

from __future__ import annotations

from typing import Annotated

import typer


def docs_command(
    topic: Annotated[
        str | None, typer.Argument(help="Page: tutorial, memory, time ...; left out, what there is.", show_default=False)
    ] = None,
    output_format: Annotated[str, typer.Option("--format", help="terminal, markdown, html, json or csv.")] = "terminal",
) -> None:
    """Read the documentation that is installed with the package.

    Examples
    --------
    costmodel docs
    costmodel docs tutorial
    costmodel docs battery --format markdown
    """
    from costmodel.cli.output import OutputFormat, format_of, print_markdown, write_answer, write_text
    from costmodel.report.answers.documentation import pages_answer
    from costmodel.sources.shipped.documentation import load_page, pages

    form = format_of(output_format)
    if topic is None:
        write_answer(pages_answer(pages()), form)
        return
    page = load_page(topic)
    if form is OutputFormat.TERMINAL:
        print_markdown(page.text)
    elif form is OutputFormat.MARKDOWN:
        write_text(page.text)
    else:
        write_answer(pages_answer((page,), whole=True), form)
