"""Checkpoints of a fit that is running: writing them, and going back to one.

A checkpoint is the state between two updates. At the end of an epoch it is taken after the
evaluation and before the callbacks, so that a resumed fit calls them again. Their changes of the
network, and a stop of the fit, are then part of the resumed run.
"""

import time

import numpy as np

from fastnn.files.checkpoint import SavedRun, write

# The lists of a History that a checkpoint keeps.
COLUMNS = ("cost", "train_error", "dev_cost", "dev_error", "learning_rate", "seconds")


class CheckpointWriter:
    """Saves the state of a fit when it is time.

    Parameters
    ----------
    rule : Checkpoint
    run : dict
        The description of the fit.
    network : BaseNetwork
    session : Session
    monitor : Monitor
    arrays : dict of str to array or None
        The live arrays of the fit, by their names in the file; None is left out.
    epochs_done : int
        When the fit was resumed.
    """

    def __init__(self, rule, run, network, session, monitor, arrays, epochs_done):
        self._rule, self._run = rule, run
        self._network, self._session, self._monitor = network, session, monitor
        self._arrays = {name: array for name, array in arrays.items() if array is not None}
        self._written, self._last_epoch = time.monotonic(), epochs_done

    def turn_done(self, epoch, rates):
        """Save between two mini-batches of an epoch, if it is time."""
        session = self._session
        if self._rule.every_seconds is None or not self._time_is_up():
            return
        if session.failed or session.batch == len(rates):
            return
        while session.chunk and session.train(0.0):
            pass  # to the end of the mini-batch
        if not session.failed and 0 < session.batch < len(rates):
            self._write(epoch, session.batch, float(rates[session.batch - 1]))

    def epoch_done(self, epoch, rate):
        """Save after an epoch, if it is time or if it is the last one."""
        done, monitor = epoch + 1, self._monitor
        if self._rule.every_seconds is not None:
            due = self._time_is_up()
        else:
            due = done - self._last_epoch >= (self._rule.every_epochs or 1)
        if due or monitor.ends_after(epoch):
            self._write(done, 0, rate)

    def _time_is_up(self):
        return time.monotonic() - self._written >= self._rule.every_seconds

    def _write(self, epoch, batch, rate):
        history, best, session = self._monitor.history, self._monitor.best, self._session
        tensors = dict(self._arrays)
        for name in COLUMNS:
            tensors[f"history.{name}"] = np.array(getattr(history, name), np.float64)
        # By these bounds on earlier updates the core foresees that one would overflow.
        largest_step, largest_rate = session.extremes
        state = {
            "epoch": epoch,
            "batch": batch,
            "step": session.step,
            "dropout_seed": history.dropout_seed,
            "examples": history.examples,
            "elapsed": self._monitor.elapsed(),
            "training_seconds": history.training_seconds,
            "rate": rate,
            "reach_step": largest_step,
            "reach_rate": largest_rate,
            "stopped": history.stopped,
            "generator": self._network.rng.bit_generator.state,
            "early_stopping": None,
        }
        if best is not None:
            state["early_stopping"], arrays = best.state()
            tensors |= arrays
        write(self._rule.path, SavedRun(self._run, state, tensors))
        self._written, self._last_epoch = time.monotonic(), epoch


def go_back(saved, network, session, monitor, arrays):
    """Put a fit into a saved state; (epochs done, mini-batches of the next one).

    Parameters
    ----------
    saved : SavedRun
    network : BaseNetwork
    session : Session
    monitor : Monitor
    arrays : dict of str to array or None
        The live arrays of the fit, which take the saved values.
    """
    state, tensors, history = saved.state, saved.tensors, monitor.history
    for name, array in arrays.items():
        if array is not None:
            array[...] = tensors[name]
    for name in COLUMNS:
        getattr(history, name)[:] = tensors[f"history.{name}"].tolist()
    history.examples, history.dropout_seed = state["examples"], state["dropout_seed"]
    history.training_seconds, history.stopped = state["training_seconds"], state["stopped"]
    network.rng.bit_generator.state = state["generator"]
    monitor.count_on(state["elapsed"], state["epoch"])
    if monitor.best is not None:
        monitor.best.restore(state["early_stopping"], tensors)
    session.set_dropout(network.keep_prob, state["dropout_seed"], state["step"])
    session.extremes = state["reach_step"], state["reach_rate"]
    return state["epoch"], state["batch"]
