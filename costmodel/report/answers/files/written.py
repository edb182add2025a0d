"""Files that were written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from costmodel.report.answer import Answer, answer_of
from costmodel.report.document import Table, plain_table


def written_table(written: Sequence[str], note: str = "") -> Table:
    """Return files that were written, one a row."""
    return plain_table("written", ("file",), [(path,) for path in written], note)


def written_answer(written: Sequence[str], note: str) -> Answer:
    """Return files that were written, and what to do with them next."""
    return answer_of([written_table(written, note)], {"written": list(written)})


def facts_answer(
    path: str,
    facts: dict[str, str | int | float],
    missing: Sequence[Mapping[str, Any]] = (),
    code_bytes: Mapping[str, int] | None = MappingProxyType({}),
) -> Answer:
    """Return one file that was written, with figures of it by name.

    Parameters
    ----------
    path : str
        The file.
    facts : dict of str to value
        What is known of it.
    missing : sequence of mapping, optional
        What has a plan but no kernel in the firmware: how, arena, and which kernels.
    code_bytes : mapping of str to int or None
        Code of the kernel generated for each layer; None where the core's compiler is not installed.

    Returns
    -------
    Answer
        Figures one a row.
    """
    rows = [(name.replace("_", " "), value) for name, value in facts.items()]
    if code_bytes is None:
        rows.append(("kernels code", "unknown: the core's compiler is not installed"))
    code = {} if code_bytes is not None and not code_bytes else {"kernel_code_bytes": code_bytes}
    tables = [plain_table(f"Wrote {path}", ("", ""), rows)]
    if code_bytes:
        tables.append(plain_table("Kernels", ("layer", "code B"), list(code_bytes.items())))
    if missing:
        columns = ("how", "arena B", "kernels that are missing")
        tables.append(plain_table("Planned, without a kernel in the firmware", columns, [tuple(each.values()) for each in missing]))
    return answer_of(tables, {"schema_version": 1, **facts, "without_kernel": list(missing), **code}, tables[0])
