"""Work on columns goes a block of rows at a time: as many rows as fit, never none, and what comes out is what one call gives."""

import numpy as np
import pytest

from costmodel.battery.load_profile import by_row_blocks


@pytest.mark.parametrize(
    ("shape", "block_elements", "calls"),
    [((100, 10), 200, 5), ((100,), 30, 4), ((10, 50), 20, 10), ((100, 10), 1000, 1), ((30,), 30, 1), ((7, 1), 3, 3)],
)
def test_blocks_hold_as_many_rows_as_fit(shape: tuple[int, ...], block_elements: int, calls: int) -> None:
    sizes = []

    def doubled(column: np.ndarray) -> np.ndarray:
        sizes.append(column.size)
        return 2.0 * column

    column = np.arange(float(np.prod(shape))).reshape(shape)
    assert np.array_equal(by_row_blocks(doubled, column, block_elements=block_elements), 2.0 * column)
    assert len(sizes) == calls
    assert max(sizes) <= max(block_elements, int(np.prod(shape[1:])))


def test_a_column_that_is_one_block_is_given_whole() -> None:
    found = by_row_blocks(lambda column: column * 2, np.arange(30), block_elements=30)
    assert found.dtype == np.arange(30).dtype


def test_numbers_are_given_as_they_are() -> None:
    assert by_row_blocks(lambda a, b: (type(a), b), 3, 4.0) == (int, 4.0)
