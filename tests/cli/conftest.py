import pytest
from tables import QUICK, train_on_houses


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Houses in a file, and a model of their grade and one of their price."""
    folder = tmp_path_factory.mktemp("houses")
    train_on_houses(folder, *QUICK)
    return folder
