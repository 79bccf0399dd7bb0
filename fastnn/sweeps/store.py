"""The directory of a sweep. It keeps finished trials, so that the sweep can go on after a crash.

- ``sweep.json`` has the arguments of the sweep;
- ``run-00007-0-1.json`` has the outcome of trial 7 with its first seed on the second rung;
- ``state-00007-0-1`` is the checkpoint that the next rung of halving continues from;
- ``fit-00007-0-1`` is the checkpoint of an unfinished fit (on threads, without halving);
- ``best-00007-0-1.safetensors`` is the best network so far, a model file for `fastnn.load`.

Each file is written entirely or not at all, and a run only after its state. None is a pickle.
"""

import contextlib
import hashlib
import json
import math
import os
import re

from fastnn import _kernels
from fastnn.arguments import boolean
from fastnn.errors import ModelFormatError
from fastnn.files.atomic import write_atomically
from fastnn.files.fingerprint import differences, fingerprint
from fastnn.files.header import canonical
from fastnn.network import restored
from fastnn.sweeps.trials import Run
from fastnn.version import __version__

FORMAT = 3
_ENTRY = "sweep.json"
# Other files in the directory are neither read nor removed.
_OURS = re.compile(r"(run|state|fit|best)-(\d{5,})-\d+-\d+(\.json|\.safetensors)?")
_REMEDY = "remove it, and the network is trained again"


def make_directory(path):
    """Make a directory for checkpoints if there is none, and return its path.

    Its parent has to exist.
    """
    if not isinstance(path, str | bytes | os.PathLike):
        raise TypeError(
            f"expected checkpoint to be the path of a directory, got {path!r} of type "
            f"{type(path).__name__}"
        )
    path = os.fsdecode(path)
    if not path:
        raise ValueError("expected checkpoint to be the path of a directory, got an empty one")
    parent = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(parent):
        raise FileNotFoundError(
            f"cannot make {path}: there is no directory {parent}; create it first"
        )
    if os.path.exists(path) and not os.path.isdir(path):
        raise NotADirectoryError(
            f"expected checkpoint to be the path of a directory, got that of a file: {path}"
        )
    os.makedirs(path, exist_ok=True)
    return path


def describe(layer_sizes, settings, fixed, seeds, select, rungs, train, dev):
    """Everything that decides the bits of a sweep, as {name: value} in types that JSON has."""
    fixed = {name: value for name, value in fixed.items() if name != "callbacks"}
    arrays = {
        "X": train[0],
        "y": train[1],
        "Xd of dev": dev[0],
        "yd of dev": dev[1],
        "sample_weight": fixed.pop("sample_weight", None),
        **({} if dev[2] is None else {"sample_weight of dev": dev[2]}),
    }
    return {
        "format": FORMAT,
        "fastnn": __version__,
        "kernels": _kernels.variant,
        "layer_sizes": list(layer_sizes),
        "select": select,
        "seeds": list(seeds),
        "space": [_text(sorted(setting.items())) for setting in settings],
        "trials": len(settings),
        "rungs": [end for end, _ in rungs],
        **{f"option {name}": _text(value) for name, value in fixed.items()},
        **{name: fingerprint(array) for name, array in arrays.items()},
    }


def _text(value):
    """The repr of a value, without the addresses in it."""
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def _differences(before, now):
    """The differences of two descriptions of a sweep in words; of the trials, the first other."""
    old, new = before.get("space"), now["space"]
    if not isinstance(old, list) or old == new:
        return differences(before, now)
    words = differences(before | {"space": new}, now)
    other = next((pair for pair in zip(old, new, strict=False) if pair[0] != pair[1]), None)
    if other is not None:
        was, drawn = (_of_trial(text) for text in other)
        words.append(f"other trials, the first of which had {was} and has {drawn}")
    return words


def _of_trial(text):
    """The options of a trial as a user writes them.

    >>> _of_trial("[('l2', 0.1), ('schedule', ('step', 2))]")
    "l2=0.1, schedule=('step', 2)"
    """
    options = re.findall(r"\('(\w+)', (.*?)\)(?=, \('\w+', |\]$)", str(text))
    return ", ".join(f"{name}={value:.40}" for name, value in options) or f"{text!s:.120}"


def _has_more_trials(before, now):
    """Whether a sweep is an earlier one with more trials. In halving all trials compete."""
    trials = before.get("space")
    return (
        now["rungs"] == [None]
        and isinstance(trials, list)
        and now["space"][: len(trials)] == trials
        and before | {"trials": now["trials"], "space": now["space"]} == now
    )


class NoStore:
    """Stands in for a `Store` without a directory: only states are kept, in memory."""

    def __init__(self):
        self._states = {}

    def finished_run(self, key):
        """The Run with the key (trial, seed index, rung) if it is finished, or None."""
        return None

    def autosave(self, key):
        """The path for checkpoints of a running fit, or None."""
        return None

    def keep(self, key, outcome):
        """Keep the outcome of a run that has ended."""
        if outcome.state is not None:
            self._states[key] = outcome.state

    def take_state(self, key):
        """Remove and return the checkpoint that the next rung continues from, or None."""
        return self._states.pop(key)

    def keep_best(self, key, network):
        """Keep the best network so far in place of the last one."""

    def best_network(self, key, run, sizes, dev):
        """The network of a run, if it was kept as the best, or None.

        `sizes` and `dev` serve to check it.
        """
        return None

    def keep_states_of(self, trials):
        """Forget the states of all trials but these."""
        self._states = {key: state for key, state in self._states.items() if key[0] in trials}


class Store(NoStore):
    """A directory that is written as the sweep goes on, and read when it is resumed.

    Parameters
    ----------
    directory : str
        The result of `make_directory`.
    description : dict
        The result of `describe`.
    resume : bool
        Whether a sweep in the directory is continued; otherwise it is an error.
    """

    def __init__(self, directory, description, resume):
        resume = boolean(resume, "resume")
        self._directory = directory
        if os.path.exists(self._path(_ENTRY)):
            if not resume:
                raise FileExistsError(
                    f"{self._directory} has a sweep already: pass resume=True to go on with it, or "
                    "another directory as checkpoint to begin anew"
                )
            before = self._read(_ENTRY)
            differ = _differences(before, description)
            if differ and _has_more_trials(before, description):
                self._write(_ENTRY, description)
            elif differ:
                raise ValueError(
                    f"{self._directory} is of another sweep: {'; '.join(differ)}. To go on, give "
                    "the data, space, trials and options of that sweep; to begin anew, give "
                    "another directory as checkpoint"
                )
        else:
            for match in self._ours():
                raise FileExistsError(
                    f"{self._directory} has {match.string} of a sweep, but not {_ENTRY}, which "
                    "says of what sweep: remove its files, or give another directory as checkpoint"
                )
            self._write(_ENTRY, description)

    def finished_run(self, key):
        name = f"run-{_name(key)}.json"
        if not os.path.exists(self._path(name)):
            return None
        content = self._read(name)
        of, _ = content.pop("of", None), content.pop("state", None)
        run = Run.from_json(content)
        if run is None or of != list(key):
            raise ModelFormatError(
                f"{self._path(name)}: not a run that a sweep wrote there: {_REMEDY}"
            )
        return run

    def autosave(self, key):
        return self._path(f"fit-{_name(key)}")

    def keep(self, key, outcome):
        if outcome.run.stopped == "error":
            return  # it may have been short of memory: the next call tries it again
        if outcome.state is not None:
            write_atomically(self._path(f"state-{_name(key)}"), outcome.state)
        self._write(
            f"run-{_name(key)}.json",
            {"of": list(key), "state": _digest(outcome.state), **outcome.run.to_json()},
        )
        self._remove(f"fit-{_name(key)}")
        trial, seed_index, rung = key
        self._remove(f"state-{_name((trial, seed_index, rung - 1))}")

    def take_state(self, key):
        path = self._path(f"state-{_name(key)}")
        if not os.path.exists(path):
            return None  # it was used, and the run that used it was then removed
        with open(path, "rb") as file:
            state = file.read()
        if self._read(f"run-{_name(key)}.json").get("state") != _digest(state):
            raise ModelFormatError(
                f"{path}: not what its run left: unless another process goes on "
                f"with this sweep now, {_REMEDY}"
            )
        return state

    def keep_best(self, key, network):
        name = f"best-{_name(key)}.safetensors"
        network.save(self._path(name))
        for match in self._ours():
            if match[1] == "best" and match.string != name:
                self._remove(match.string)

    def best_network(self, key, run, sizes, dev):
        path = self._path(f"best-{_name(key)}.safetensors")
        if not os.path.exists(path):
            return None
        from fastnn.files.model import read  # safetensors is a slow import

        try:
            content, theta = read(path)
            network = restored(path, content["spec"], theta)
        except ModelFormatError as error:
            raise ModelFormatError(f"{error}: {_REMEDY}") from error
        if network.layer_sizes != sizes or not math.isclose(
            network.error(*dev), run.dev_error, rel_tol=1e-6
        ):
            raise ModelFormatError(f"{path}: not the network that its run is of: {_REMEDY}")
        return network

    def keep_states_of(self, trials):
        for match in self._ours():
            if match[1] == "state" and int(match[2]) not in trials:
                self._remove(match.string)

    def _ours(self):
        """The names of the sweep's files, as matches of (kind, trial)."""
        return list(filter(None, map(_OURS.fullmatch, sorted(os.listdir(self._directory)))))

    def _path(self, name):
        return os.path.join(self._directory, name)

    def _remove(self, name):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path(name))

    def _write(self, name, content):
        write_atomically(self._path(name), canonical(content).encode())

    def _read(self, name):
        path = self._path(name)
        try:
            with open(path, encoding="utf-8") as file:
                content = json.loads(file.read())
        except (ValueError, RecursionError) as error:
            raise ModelFormatError(
                f"{path}: not JSON ({str(error)[:200]}), expected a file that a sweep wrote: it is "
                f"damaged; {self._remedy(name)}"
            ) from error
        if not isinstance(content, dict):
            raise ModelFormatError(
                f"{path}: not what a sweep wrote: it is damaged; {self._remedy(name)}"
            )
        return content

    @staticmethod
    def _remedy(name):
        return _REMEDY if name != _ENTRY else "begin anew with another directory as checkpoint"


def _digest(state):
    return None if state is None else hashlib.sha256(state).hexdigest()


def _name(key):
    trial, seed_index, rung = key
    return f"{trial:05}-{seed_index}-{rung}"
