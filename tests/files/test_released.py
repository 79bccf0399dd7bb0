"""What a released version has written is read by this one, and predicts the same."""

import json
import shutil
import warnings

import numpy as np
import pytest
import released
from numpy.testing import assert_allclose

import fastnn

VERSIONS = sorted(path.name for path in released.RELEASED.iterdir())
MODELS = [name for name in released.FILES if name.endswith(".safetensors")]
NEAR = {"rtol": 1e-5, "atol": 1e-6}  # other CPUs round otherwise


def expected(version, name):
    content = json.loads((released.RELEASED / version / "expected.json").read_text())
    return np.array(content[name])


@pytest.fixture
def folder(request, tmp_path):
    """A copy of the files of a version: to resume is to write."""
    return shutil.copytree(released.RELEASED / request.param, tmp_path / request.param)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_model_predicts_what_it_predicted(version, name):
    model = fastnn.load(released.RELEASED / version / name)
    assert_allclose(released.predicted(model), expected(version, name), **NEAR)


@pytest.mark.parametrize("folder", VERSIONS, indirect=True)
def test_a_checkpoint_goes_on(folder):
    with warnings.catch_warnings(), fastnn.deterministic(across_cpus=True):
        warnings.filterwarnings("ignore", "the checkpoint was written with fastnn")
        theta = released.resumed(folder / "checkpoint")
    assert_allclose(theta, expected(folder.name, "checkpoint"), **NEAR)


@pytest.mark.parametrize("folder", VERSIONS, indirect=True)
def test_a_sweep_goes_on_with_the_version_that_began_it(folder, monkeypatch):
    trials = sorted(path.name for path in (folder / "sweep").iterdir())
    monkeypatch.setattr("fastnn.sweeps.store.__version__", folder.name)
    monkeypatch.setattr("fastnn.training.fitting.descend", None)  # nothing is trained again
    with fastnn.deterministic(across_cpus=True):
        assert_allclose(released.swept(folder / "sweep"), expected(folder.name, "sweep"), **NEAR)
    assert sorted(path.name for path in (folder / "sweep").iterdir()) == trials


@pytest.mark.parametrize("folder", VERSIONS, indirect=True)
def test_a_sweep_of_another_version_is_refused_and_its_best_network_loads(folder, monkeypatch):
    monkeypatch.setattr("fastnn.sweeps.store.__version__", "99.0")
    files = {path: path.read_bytes() for path in (folder / "sweep").iterdir()}
    with (
        fastnn.deterministic(across_cpus=True),
        pytest.raises(ValueError, match=f"fastnn.*{folder.name}.*99.0"),
    ):
        released.swept(folder / "sweep")
    assert {path: path.read_bytes() for path in (folder / "sweep").iterdir()} == files
    (best,) = (folder / "sweep").glob("best-*")
    assert_allclose(released.predicted(fastnn.load(best)), expected(folder.name, "sweep"), **NEAR)


def test_the_command_writes_every_kind(tmp_path):
    released.write(tmp_path / "next")
    for name in MODELS:
        model = fastnn.load(tmp_path / "next" / name)
        wanted = json.loads((tmp_path / "next" / "expected.json").read_text())[name]
        with fastnn.deterministic(across_cpus=True):
            assert_allclose(released.predicted(model), wanted, rtol=1e-12)
    assert (tmp_path / "next" / "checkpoint").exists()


def test_this_version_has_its_files():
    assert fastnn.__version__ in VERSIONS
