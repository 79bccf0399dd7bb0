"""What SECURITY.md says that a model file cannot do: run code, import, or reach beyond itself."""

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import released
from damaged import sealed
from safetensors import safe_open

import fastnn

PACKAGE = Path(fastnn.__file__).parent
SUPPORT = Path(released.__file__).parent
# What Python itself tells of a program: see the "audit events table" of its documentation.
CODE = {"compile", "exec", "import", "marshal.loads", "pickle.find_class", "ctypes.dlopen"}
BEYOND = {"os.system", "subprocess.Popen", "os.exec", "os.posix_spawn", "socket.connect"}

PROGRAM = """
import json, pickle, sys, warnings
from pathlib import Path
import fastnn, released

folder, seen = Path(sys.argv[1]), []
watched = set(json.loads(sys.argv[2]))
models = sorted(folder.glob("*.safetensors"))
loads = [lambda path=path: fastnn.load(path) for path in models]
checkpoint, sweep = folder / "checkpoint", folder / "sweep"
resumes = [lambda: released.resumed(checkpoint), lambda: released.swept(sweep)]
warnings.simplefilter("ignore")
fastnn.deterministic(across_cpus=True)
for call in loads + resumes:  # what is slow to import is imported now
    call()

def watch(event, arguments):
    if event in watched or event == "open" and watching_files:
        seen.append([event, repr(arguments[:2])])

watching_files = False
sys.addaudithook(watch)
pickle.loads(pickle.dumps(Path))
eval("1 + 1")
planted, seen[:] = len(seen), []
watching_files = True
for call in loads:
    call()
loaded, seen[:] = list(seen), []
watching_files = False
for call in resumes:
    call()
watched.clear()
print(json.dumps([planted, loaded, seen]))
"""


def test_a_file_runs_nothing_and_only_itself_is_opened(tmp_path):
    """Python tells of each import, evaluation and opened file, while files of every kind load."""
    folder = tmp_path / "files"
    released.write(folder)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, folder, json.dumps(sorted(CODE | BEYOND))],
        env={**os.environ, "PYTHONPATH": str(SUPPORT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    planted, loaded, resumed = json.loads(done.stdout)
    assert planted >= 3  # find_class, compile, exec: it would be told
    assert {event for event, _ in loaded} == {"open"}
    for _, what in loaded:
        assert str(folder) in what, what
        assert "'w" not in what, what
    assert resumed == []


# Module -> the calls in it that could run what data say, each with a reason.
ALLOWED = {
    "many/elsewhere.py": {"pickle.loads"},  # of what this process has pickled itself
    "engine/attributes.py": {"import_module"},  # of names in the source
    "__init__.py": {"importlib.import_module"},  # of names in the source
}
RUNS = {
    *("eval", "exec", "compile", "__import__", "import_module", "importlib.import_module"),
    *("pickle.load", "pickle.loads", "pickle.Unpickler", "marshal.loads", "shelve.open"),
    *("joblib.load", "cloudpickle.loads", "np.load", "numpy.load", "torch.load", "yaml.load"),
}


def test_no_source_unpickles_or_evaluates_what_a_file_says():
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and (name := ast.unparse(node.func)) in RUNS:
                found.setdefault(str(path.relative_to(PACKAGE)), set()).add(name)
    assert found == ALLOWED


@pytest.mark.parametrize("place", ["spec", "model"])
@pytest.mark.parametrize("name", ["os.system", "builtins.eval", "fastnn.load", "__import__('os')"])
def test_a_name_in_a_file_is_looked_up_in_a_table_only(tmp_path, place, name):
    """Each text of a model file in turn becomes the name of a function."""
    path = tmp_path / "model.safetensors"
    file = released.RELEASED / fastnn.__version__ / "classifier.safetensors"
    with safe_open(file, "numpy") as opened:
        content, theta = json.loads(opened.metadata()["fastnn"]), opened.get_tensor("theta")
    del content["sha256"]
    changed = 0
    for way in texts(content[place]):
        hostile = json.loads(json.dumps(content))
        at = hostile[place]
        for key in way[:-1]:
            at = at[key]
        at[way[-1]] = name
        path.write_bytes(sealed(hostile, theta))
        with pytest.raises(fastnn.ModelFormatError):
            fastnn.load(path)
        changed += 1
    assert changed


def texts(value, way=()):
    """The ways to the texts in content of JSON."""
    if isinstance(value, str):
        yield way
    elif isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from texts(value[key], (*way, key))
