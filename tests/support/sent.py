"""Functions that tests send to other processes.

Those processes can import this folder, but not the files of tests.
"""

import os
import signal
import time

from sklearn.datasets import load_digits

from fastnn.engine.threads import choose_threads

X, Y = load_digits(return_X_y=True)


def after_a_while(function):
    """The number of the process and the result of `function`, so late that others get calls too."""
    time.sleep(0.05)
    return os.getpid(), function()


def trained(net):
    """The network and its History after a fit."""
    history = net.fit(X, Y, dev=(X[:200], Y[:200]), epochs=3)
    return net, history


def threads_of_a_large_step():
    return choose_threads([784, 512, 512, 10], 4096, steps=True)


def end_process(net, history):
    """A callback: the worker dies."""
    os._exit(3)


def fail(net, history):
    """A callback with an error that pickle cannot make again."""
    raise Peculiar("mine", 7)


class Peculiar(Exception):
    def __init__(self, text, number):
        super().__init__(text)


def end_process_after_three_epochs(net, history):
    """A callback: the worker dies in a longer fit."""
    if len(history) > 3:
        os._exit(3)


def kill_process_after_three_epochs(net, history):
    """A callback: the system ends the worker, as where memory is short."""
    if len(history) > 3:
        os.kill(os.getpid(), signal.SIGKILL)
