"""The house: imports go down, rooms stay small, private names stay at home."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import fastnn

# From the top. An import goes to a room of a lower floor, or stays in its room.
FLOORS = [
    ["cli"],
    ["loading"],
    ["tables"],
    ["improvement", "many"],
    ["export"],
    ["estimators", "reporting", "sweeps", "tabular"],
    ["network"],
    ["diagnosis"],
    ["diagnosis.bias_variance", "diagnosis.curves", "diagnosis.signals"],
    ["diagnosis.causes", "parallel"],
    ["diagnosis.evidence", "trainer"],
    ["training"],
    ["gradient_checking"],
    ["gradient_checking.network"],
    ["gradient_checking.function"],
    ["gradient_checking.result"],
    ["augment"],
    ["derivatives", "plots"],
    ["engine", "files"],
    ["across_cpus", "data", "layers", "losses", "machine", "reading", "schedules"],
    ["text"],
    ["arguments", "errors", "version"],
    ["_kernels"],
]
HEIGHT = {room: -depth for depth, rooms in enumerate(FLOORS) for room in rooms}
PACKAGE = Path(fastnn.__file__).parent
ARCHITECTURE = Path(__file__).parents[2] / "ARCHITECTURE.md"
# Public modules: `fastnn.augment`, ...
PUBLIC_MODULES = {"augment", "losses", "parallel", "schedules", "sweeps", "tabular"}
# What takes long to load; an import within a function is of something that leads to one of these.
SLOW = {
    "dask",
    "jax",
    "joblib",
    "matplotlib",
    "numba",
    "onnx",
    "onnxruntime",
    "optuna",
    "pandas",
    "polars",
    "pyarrow",
    "rich",
    "safetensors",
    "scipy",
    "sklearn",
    "threadpoolctl",
    "torch",
}
MOST_FILES, MOST_LINES = 15, 350
# Numba caches compiled functions by file: what it compiles for a network stays in one.
LONGER = {"gradient_checking.network.cost_changes"}


@cache
def modules():
    """Path of each module of fastnn/ by its name, without `fastnn.`; the package itself is ''."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def room_of(module):
    """The room with the longest name that `module` is, or is in."""
    parts = module.split(".")
    return next(
        (room for n in range(len(parts), 0, -1) if (room := ".".join(parts[:n])) in HEIGHT), None
    )


@cache
def tree_of(module):
    return ast.parse(modules()[module].read_text())


@cache
def imports_of(module):
    """(imported module, imported name or None, whether within a function) of each import.

    Modules outside fastnn are told by the first part of their names, as ``"/numpy"``.
    """
    found = []

    def visit(node, late):
        if isinstance(node, ast.Import):
            for alias in node.names:
                found.append((_within(alias.name), None, late))
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                is_module = _within(whole) in modules() or whole == "fastnn._kernels"
                found.append(
                    (
                        _within(whole if is_module else node.module),
                        None if is_module else alias.name,
                        late,
                    )
                )
        late = late or isinstance(node, ast.FunctionDef)
        for child in ast.iter_child_nodes(node):
            visit(child, late)

    visit(tree_of(module), False)
    return found


def _within(name):
    first, _, rest = name.partition(".")
    return rest if first == "fastnn" else f"/{first}"


@cache
def reached_by(module):
    """All that loading `module` loads: modules of fastnn, and "/name" of others."""
    found, todo = set(), [module]
    while todo:
        name = todo.pop()
        if name in found:
            continue
        found.add(name)
        if name in modules():
            todo += [target for target, _, late in imports_of(name) if not late]
    return found


INNER = [module for module in modules() if module and module != "__main__"]


def test_every_module_has_a_room():
    assert {module for module in INNER if room_of(module) is None} == set()
    assert {
        room for room in HEIGHT if room != "_kernels" and not any(room_of(m) == room for m in INNER)
    } == set()


@pytest.mark.parametrize("module", INNER)
def test_imports_go_down(module):
    room = room_of(module)
    for target, name, _ in imports_of(module):
        if target.startswith("/"):
            continue
        assert target, f"{module} imports {name} from the face of the package, which lies above it"
        other = room_of(target)
        assert other == room or HEIGHT[other] < HEIGHT[room], (
            f"{module} imports {target}, which does not lie below it"
        )


@pytest.mark.parametrize("room", HEIGHT)
def test_no_circle_within_a_room(room):
    inside = {
        m: {t for t, _, _ in imports_of(m) if t in modules() and room_of(t) == room}
        for m in INNER
        if room_of(m) == room
    }
    done = set()

    def follow(module, way):
        assert module not in way, f"a circle: {' -> '.join([*way, module])}"
        if module not in done:
            for target in inside[module]:
                follow(target, [*way, module])
            done.add(module)

    for module in inside:
        follow(module, [])


@pytest.mark.parametrize("module", INNER)
def test_private_names_stay_at_home(module):
    """No `from fastnn.x import _name` of another room, and no `other._name` beyond one's room.

    Attributes are told by their names: one that is private must be defined, or assigned, in the
    room that uses it, unless it belongs to another library.
    """
    room = room_of(module)
    for target, name, _ in imports_of(module):
        if not target.startswith("/") and name and name.startswith("_") and name[:2] != "__":
            assert room_of(target) == room, f"{module} imports {name} of {target}"
    home = set().union(*(_private_names(m) for m in INNER if room_of(m) == room))
    elsewhere = set().union(*(_private_names(m) for m in INNER if room_of(m) != room))
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Attribute) and _is_private(node.attr):
            assert node.attr in home or node.attr not in elsewhere, (
                f"{module}, line {node.lineno}: {ast.unparse(node)} is of another room"
            )


def _is_private(name):
    return name.startswith("_") and not name.startswith("__")


@cache
def _private_names(module):
    """Private names that a module defines, and private attributes that it assigns to self."""
    found = set()
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and _is_private(node.name):
            found.add(node.name)
        elif (
            isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and _is_private(node.id)
        ):
            found.add(node.id)
        elif (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store)
            and _is_private(node.attr)
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
        ):
            found.add(node.attr)
    return found


@pytest.mark.parametrize("module", INNER)
def test_late_imports_are_of_slow_modules(module):
    """An import within a function saves loading something slow; else it stands at the top."""
    if room_of(module) == "cli":  # `fastnn --help` loads nothing of the library
        return
    for target, name, late in imports_of(module):
        if late:
            slow = {f"/{slow}" for slow in SLOW} & reached_by(target)
            assert slow, f"{module} imports {name or target} within a function for no reason"


def test_rooms_and_files_stay_small():
    files = {room: [m for m in INNER if room_of(m) == room] for room in HEIGHT}
    assert {room: len(inside) for room, inside in files.items() if len(inside) > MOST_FILES} == {}
    lines = {m: len(path.read_text().splitlines()) for m, path in modules().items()}
    assert {m: n for m, n in lines.items() if n > MOST_LINES and m not in LONGER} == {}
    assert all(lines[m] > MOST_LINES for m in LONGER)


def test_no_module_is_named_like_a_public_function():
    functions = {
        name
        for name in fastnn.__all__
        if callable(getattr(fastnn, name)) and not isinstance(getattr(fastnn, name), type)
    } | {"fit", "signal_flow"}
    taken = {module.rpartition(".")[2] for module in INNER} - PUBLIC_MODULES
    assert functions & taken == set()


def test_the_documented_floors_are_these():
    """The table in ARCHITECTURE.md, from the top."""
    rows = re.findall(r"^\| (\d+) \| (.*?) \|", ARCHITECTURE.read_text(), re.MULTILINE)
    documented = [re.findall(r"`(.*?)`", rooms) for _, rooms in rows]
    assert documented == FLOORS
    assert [int(number) for number, _ in rows] == list(range(len(FLOORS), 0, -1))


def test_the_rules_would_notice():
    assert (room_of("engine.passes"), HEIGHT["network"] > HEIGHT["engine"]) == ("engine", True)
    assert ("training.fitting", "fit", False) in imports_of("network")
    assert "/scipy" in {target for target, _, late in imports_of("training.lbfgs") if late}
    assert "/numba" in reached_by("gradient_checking.network.cost_changes")
    assert "_normalizer" in _private_names("engine.base_network")
