"""Files of every kind as a release writes them: `python tests/support/released.py` before one.

It makes tests/files/released/VERSION/, which tests/files/test_released.py loads from then on:
the files, and in expected.json what they predicted when they were written.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

import fastnn

RELEASED = Path(__file__).parents[1] / "files" / "released"
EPOCHS, STOPPED_AFTER = 6, 3

# The same numbers on every machine, with any NumPy.
_I, _J = np.mgrid[:24, :4]
X = ((_I * (7 * _J + 3) + _J**2) % 11 - 5) / 4
LABELS = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
NUMBERS = X[:, 0] - X[:, 1] / 2
ROWS = pd.DataFrame(
    {
        "age": np.where(_I[:, 0] % 5 == 0, np.nan, 30 + X[:, 0]),
        "member": X[:, 1] > 0,
        "city": np.array(["Rome", "Oslo", "Łódź"])[LABELS],
        "since": pd.Timestamp("2024-02-28") + pd.to_timedelta(7 * _I[:, 0], unit="D"),
        "risk": np.array(["low", "mid", "high"])[LABELS],
        "price": 100 + 7 * NUMBERS,
    }
)


def _network(path):
    net = fastnn.Network([4, 5, 3], keep_prob=0.9, l2=0.1, normalize=True, rng=0)
    net.fit(X, LABELS, epochs=EPOCHS, batch_size=8)
    net.save(path)
    return net.forward(X)


def _wide_network(path):
    options = {"activation": ["gelu", "tanh"], "output": "identity", "dtype": "float64"}
    net = fastnn.Network([4, 17, 3, 1], max_norm=2.0, l1=0.01, rng=1, **options)
    net.fit(X, NUMBERS, epochs=EPOCHS, batch_size=8, optimizer="rmsprop")
    net.save(path)
    return net.forward(X)


def _ensemble(path):
    networks = [fastnn.Network([4, 5, 3], rng=seed) for seed in range(2)]
    ensemble = fastnn.Ensemble(networks)
    ensemble.save(path)
    return ensemble.forward(X)


def _classifier(path):
    model = fastnn.MLPClassifier((5,), random_state=0, batch_size=8)
    for _ in range(EPOCHS):
        model.partial_fit(X, LABELS, classes=[0, 1, 2])
    model.save(path)
    return model.predict_proba(X)


def _regressor(path):
    model = fastnn.MLPRegressor(hidden_layer_sizes=(5,), random_state=0, batch_size=8)
    for _ in range(EPOCHS):
        model.partial_fit(X, NUMBERS)
    model.save(path)
    return model.predict(X)


def _table_classifier(path):
    model = fastnn.TableClassifier((5,), quality=None, epochs=EPOCHS, random_state=0)
    model.fit(ROWS.drop(columns="price"), "risk").save(path)
    return model.predict_proba(ROWS)


def _table_regressor(path):
    model = fastnn.TableRegressor((5,), quality=None, epochs=EPOCHS, random_state=0)
    model.fit(ROWS.drop(columns="risk"), "price").save(path)
    return model.predict(ROWS)


def resumed(path, stop=None):
    """Theta of a fit that goes on from the checkpoint, which stops after so many epochs."""
    net = fastnn.Network([4, 5, 3], keep_prob=0.9, rng=0)
    net.fit(
        *(X, LABELS),
        **{"dev": (X[:8], LABELS[:8]), "epochs": EPOCHS, "batch_size": 8, "optimizer": "momentum"},
        **{"checkpoint": path, "resume": path.exists()},
        callbacks=lambda net, history: len(history) == stop,
    )
    return net.theta


def _checkpoint(path):
    whole = resumed(path.with_name("whole"))
    path.with_name("whole").unlink()
    resumed(path, STOPPED_AFTER)
    return whole


def swept(path):
    """What the best network of a sweep says; its trials are those in the directory."""
    result = fastnn.sweep(
        *([4, 5, 3], (X, LABELS), (X, LABELS), {"l2": [0.0, 0.1], "keep_prob": [0.8, 1.0]}),
        **{"epochs": EPOCHS, "batch_size": 8, "n_jobs": 1, "checkpoint": path, "resume": True},
    )
    return result.best_network.forward(X)


# File -> how it is written, and what is expected of it.
FILES = {
    "network.safetensors": _network,
    "wide_network.safetensors": _wide_network,
    "ensemble.safetensors": _ensemble,
    "classifier.safetensors": _classifier,
    "regressor.safetensors": _regressor,
    "table_classifier.safetensors": _table_classifier,
    "table_regressor.safetensors": _table_regressor,
    "checkpoint": _checkpoint,
    "sweep": swept,
}


def predicted(model):
    """The output of a loaded model for the rows above."""
    if hasattr(model, "schema_"):
        return model.predict_proba(ROWS) if hasattr(model, "classes_") else model.predict(ROWS)
    if hasattr(model, "classes_"):
        return model.predict_proba(X)
    return model.forward(X) if hasattr(model, "forward") else model.predict(X)


def write(folder):
    """Write a file of every kind, and expected.json, to a folder that does not exist."""
    folder.mkdir(parents=True)
    # A sweep goes on with the same kernels only.
    with warnings.catch_warnings(), fastnn.deterministic(across_cpus=True):
        warnings.filterwarnings("ignore", ".* repeat others exactly")  # X has few numbers
        expected = {name: make(folder / name).tolist() for name, make in FILES.items()}
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")


if __name__ == "__main__":
    target = RELEASED / fastnn.__version__
    if target.exists():
        sys.exit(
            f"{target} exists. The files of a release stay as they are: remove the folder only"
            " if the version is not released yet."
        )
    write(target)
    print(f"wrote {target}")
