"""What Windows asks of files and their names: nobody replaces a file that is read, some names are not to be had, paths have backslashes."""

from __future__ import annotations

import os
import re
from pathlib import Path, PureWindowsPath

import pytest

from costmodel.cli.app import main
from costmodel.sources.cache_folder import cache_folder
from costmodel.sources.catalogue import is_path
from costmodel.sources.documents import atomic_file
from costmodel.sources.documents.atomic_file import put_in_place
from costmodel.sweeps.engine.running import sweep

FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]$')
RESERVED = {"con", "prn", "aux", "nul", *(f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10))}


class Held:
    """A rename that fails while somebody reads the file, as it does on Windows."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.rename = os.replace

    def __call__(self, temporary: Path, path: Path) -> None:
        self.times -= 1
        if self.times >= 0:
            raise PermissionError(13, "The process cannot access the file because it is being used by another process")
        self.rename(temporary, path)


def test_a_file_that_is_read_meanwhile_is_replaced_when_it_is_free(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "new").write_text("new", encoding="utf-8")
    held = Held(3)
    monkeypatch.setattr(atomic_file.Path, "replace", lambda temporary, path: held(temporary, path))
    put_in_place(tmp_path / "new", tmp_path / "there", wait_s=0.0)
    assert (tmp_path / "there").read_text(encoding="utf-8") == "new"


def test_a_file_that_is_never_free_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "new").write_text("new", encoding="utf-8")
    held = Held(1_000)
    monkeypatch.setattr(atomic_file.Path, "replace", lambda temporary, path: held(temporary, path))
    with pytest.raises(PermissionError):
        put_in_place(tmp_path / "new", tmp_path / "there", tries=4, wait_s=0.0)
    assert held.times == 1_000 - 4


@pytest.mark.parametrize("path", [r"C:\nets\mine", r"nets\mine", r"\\server\share\mine", r".\mine", r"C:\nets\mine.yaml", "mine.yaml"])
def test_a_windows_path_is_a_file_and_no_packaged_name(path: str) -> None:
    assert is_path(path)


def test_the_cache_of_windows_is_where_windows_keeps_caches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("costmodel.sources.cache_folder.sys.platform", "win32")
    found = cache_folder({"LOCALAPPDATA": "C:/Users/me/AppData/Local", "XDG_CACHE_HOME": "/elsewhere"})
    assert PureWindowsPath(found).parts[-2:] == ("Local", "costmodel")


def test_every_name_the_program_gives_a_file_is_to_be_had_on_windows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", "--out", str(tmp_path / "report")]) == 0
    capsys.readouterr()
    study = {"name": "widths", "base": "esp32-deck", "axes": [{"path": "layers.conv1.out_channels", "values": [4, 8]}]}
    sweep(study | {"columns": ["network.mac_count"], "keep": "all"}, folder=tmp_path / "kept")
    made = [path.relative_to(tmp_path) for path in tmp_path.rglob("*")]
    assert len(made) > 6
    for path in made:
        for part in path.parts:
            assert not FORBIDDEN.search(part), path
            assert part.partition(".")[0].lower() not in RESERVED, path
