"""Studies: what stands in their folders is what their one command writes."""

import importlib.util
import os
from pathlib import Path

import pytest

from costmodel.errors import MissingError
from costmodel.sweeps.front.study_output import run_study

STUDIES = sorted(path for path in (Path(__file__).parents[2] / "studies").iterdir() if path.is_dir())


@pytest.mark.slow
@pytest.mark.parametrize("folder", STUDIES, ids=lambda folder: folder.name)
def test_a_study_writes_the_tables_that_stand_in_its_folder(folder, tmp_path):
    spec = importlib.util.spec_from_file_location(folder.name.replace("-", "_"), folder / "study.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    try:
        module.main(tmp_path)
    except MissingError as error:
        if "data" in os.environ.get("COSTMODEL_REQUIRE", "").split(","):
            raise
        pytest.skip(str(error))
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


def test_a_study_takes_a_folder_or_writes_beside_its_script_and_a_typo_writes_nothing(tmp_path, capsys):
    written = []

    def study(folder):
        """Answer."""
        written.append(folder)

    run_study(study, str(tmp_path / "study.py"), [])
    run_study(study, str(tmp_path / "study.py"), [str(tmp_path / "out")])
    assert written == [tmp_path, tmp_path / "out"]
    renewed = []
    run_study(study, str(tmp_path / "study.py"), ["--retrain", "images.zip"], retrain=lambda data, teacher: renewed.append((data, teacher)))
    assert renewed == [("images.zip", None)]
    written.pop()
    for wrong in (["--retrain", "images.zip"], ["--hlep"], ["one", "two"]):
        with pytest.raises(SystemExit, match="2"):
            run_study(study, str(tmp_path / "study.py"), wrong)
    assert len(written) == 2

    def unanswered(folder):
        """Answer, given data."""
        raise MissingError("no measurements in elsewhere")

    with pytest.raises(SystemExit, match="2"):
        run_study(unanswered, str(tmp_path / "study.py"), [])
    said = capsys.readouterr().err
    assert "usage:" in said
    assert said.endswith("no measurements in elsewhere\n")
