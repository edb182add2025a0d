"""Studies: what stands in their folders is what their one command writes."""

import importlib.util
from pathlib import Path

import pytest

STUDIES = sorted(path for path in (Path(__file__).parents[2] / "studies").iterdir() if path.is_dir())


@pytest.mark.slow
@pytest.mark.parametrize("folder", STUDIES, ids=lambda folder: folder.name)
def test_a_study_writes_the_tables_that_stand_in_its_folder(folder, tmp_path):
    spec = importlib.util.spec_from_file_location(folder.name.replace("-", "_"), folder / "study.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.main(tmp_path)
    for name in ("table.csv", "table.md"):
        assert (tmp_path / name).read_text(encoding="utf-8") == (folder / name).read_text(encoding="utf-8")
    assert (tmp_path / "figure.png").stat().st_size > 10_000


@pytest.mark.parametrize("folder", STUDIES, ids=lambda folder: folder.name)
def test_a_study_answers_in_words_with_its_figure_table_and_command(folder):
    text = (folder / "README.md").read_text(encoding="utf-8")
    assert text.splitlines()[0].endswith("?")
    assert "What this leaves out:" in text
    for wanted in ("(figure.png)", "(table.md)", "(table.csv)", f"python studies/{folder.name}/study.py"):
        assert wanted in text
