"""The largest versions of a network that a device holds, one strategy a row."""

from __future__ import annotations

from costmodel.report.answer import Answer, answer_of
from costmodel.report.document import Content, plain_table
from costmodel.report.words.json_words import worded
from costmodel.report.words.reason_words import reason_text
from costmodel.results.storage.largest_network import LargestNetwork
from costmodel.specs.shapes import shape_text


def largest_answer(found: LargestNetwork) -> Answer:
    """Return the largest versions in one table.

    Parameters
    ----------
    found : LargestNetwork
        Under each strategy.

    Returns
    -------
    Answer
        For programs, the result.
    """
    rows: list[tuple[Content, ...]] = [
        (
            version.strategy.value,
            "none" if version.width_ratio is None else f"{version.width_ratio:g}",
            version.parameter_count,
            reason_text(version.width_reason),
            "none" if version.size_ratio is None else f"{version.size_ratio:g}",
            "" if version.network_input is None else shape_text(version.network_input),
            reason_text(version.size_reason),
        )
        for version in found.versions
    ]
    titles = ("strategy", "width", "parameters", "the next eighth", "input", "shape", "the next eighth")
    note = (
        "Width multiplies channels and hidden features, input the rows and columns; each alone, in eighths. Bytes are exact; accuracy is"
        " unknown: another width or input is another network, to be trained."
    )
    table = plain_table(f"{found.network}: the largest versions that {found.device} holds", titles, rows, note)
    return answer_of([table], {"schema_version": 1, **worded(found)}, table)
