"""No line of help or of an answer is wider than its terminal, and every colour can be read on black and on white."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from costmodel.cli.app import main, run_command
from costmodel.cli.command_table import COMMANDS
from costmodel.cli.output import answers_taken
from costmodel.report.formats.as_terminal import _TONES, print_terminal

pytestmark = pytest.mark.long

WIDTHS = (60, 80, 100, 140)
ANSWERS = (
    "count conv2d --input 25x16x16 --out-channels 51 --kernel 3 --padding 1",
    "diff cifar-baseline cifar-aap-pruned --max-increase 5%",
    "plan cifar-aap-pruned --device esp32-wroom",
    "predict ds-cnn",
    "battery --rate 1/min --sleep deep",
    "list networks",
    "list devices",
    "list batteries",
    "list runtimes",
    "list models",
    "cacti table",
    "explain conv2.energy",
    "report",
    "report resnet18 --device esp32-wroom",
    "report mobilenet-v1-0.25 --device esp32-s3-wroom-1-n8 --rate 1/min",
    "diff esp32-deck mobilenet-v1-0.25",
    "sweep pruning-pool-bits",
    "plan mobilenet-v1-0.25 --strategy streaming",
    "reproduce",
    "doctor",
    "list operators",
    "list memories",
)


@pytest.mark.parametrize("width", WIDTHS)
def test_help_fits(width: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    for command in ("", *COMMANDS):
        assert main([*([command] if command else []), "--help"]) == 0
        wide = [line for line in capsys.readouterr().out.splitlines() if len(line) > width]
        assert not wide, (command, wide)


@pytest.mark.parametrize("command", ANSWERS)
def test_answers_fit(command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # A sweep leaves its files where it is run.
    monkeypatch.chdir(tmp_path)
    with answers_taken() as taken:
        run_command(command.split() if "'" not in command else command.split("'"))
    for answer in taken:
        for width in WIDTHS:
            printed = io.StringIO()
            print_terminal(answer.document, Console(file=printed, width=width, highlight=False))
            assert [line for line in printed.getvalue().splitlines() if len(line.rstrip()) > width] == []


def luminance(color: str) -> float:
    """Of WCAG 2.2."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_colours_can_be_read_on_black_and_on_white() -> None:
    colors = {color for style in _TONES.values() for color in re.findall(r"#[0-9a-f]{6}", style)}
    assert len(colors) >= 6
    for color in colors:
        assert (luminance(color) + 0.05) / 0.05 >= 4.5
        assert 1.05 / (luminance(color) + 0.05) >= 4.5
    named = [style for style in _TONES.values() if not re.fullmatch(r"(bold )?(#[0-9a-f]{6})?|bold", style)]
    assert named == [], "a colour by name is whatever the terminal makes of it"
