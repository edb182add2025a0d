"""A table for spreadsheets: numbers bare, in the unit of their value, and nothing as an empty cell."""

from __future__ import annotations

import csv
import io

from costmodel.printable_text import csv_cell
from costmodel.report.document import Table


def table_csv(table: Table) -> str:
    """Return a table as CSV.

    Parameters
    ----------
    table : Table
        Its caption and note are left out.

    Returns
    -------
    str
        A line of headings, then one a row.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(csv_cell(column.title) for column in table.columns)
    writer.writerows([csv_cell(cell.value) if isinstance(cell.value, str) else cell.value for cell in row.typed] for row in table.rows)
    return stream.getvalue()
