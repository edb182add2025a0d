"""What a deployed network answered for the images of a test set."""

from __future__ import annotations

from typing import ClassVar

from costmodel.results.base import Result
from costmodel.results.totals import ratio_of


class CheckedImage(Result):
    """One image of the check of one a class."""

    image_index: int
    """Among the test images."""
    label: str
    """Its class."""
    answers: tuple[str, ...]
    """The three classes with the largest outputs, largest first."""

    @property
    def right(self) -> bool:
        """Whether the first answer is its class."""
        return self.answers[0] == self.label


class ImageRun(Result):
    """The firmware over a test set, beside the reference."""

    network: str
    variant: str
    dataflow: str
    model_hash: str
    image_count: int
    classes: tuple[str, ...]
    top1_ratio: float
    """Share whose class has the largest output, the first of equals."""
    top3_ratio: float
    """Share whose class is among the three largest."""
    compared_count: int
    """Images that the reference in Python ran too."""
    equal_count: int
    """Those of them whose outputs are equal to the last bit."""
    duration_s: float
    """Processor time of the firmware over all images, on one core of this machine."""
    confusion_count: tuple[tuple[int, ...], ...]
    """Images by class (row) and answer (column)."""
    checked: tuple[CheckedImage, ...]
    """The first image of each class."""

    derived: ClassVar[tuple[str, ...]] = ("image_s", "right_count", "checked_right_count")

    @property
    def image_s(self) -> float:
        """Time of one image."""
        time: float = ratio_of(self.duration_s, self.image_count)
        return time

    @property
    def right_count(self) -> int:
        """Images whose class has the largest output."""
        return round(self.top1_ratio * self.image_count)

    @property
    def checked_right_count(self) -> int:
        """Images of the check whose first answer is their class."""
        return sum(image.right for image in self.checked)

    @property
    def equal(self) -> bool:
        """Whether firmware and reference agree wherever both ran."""
        return self.equal_count == self.compared_count
