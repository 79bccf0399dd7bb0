"""Early stopping against its rule, applied to a fit that went to the end."""

import math

import pytest
from small_fits import DEV, X, Y, bits, classifier

from fastnn import EarlyStopping

EPOCHS = 80


def long_run(optimizer="adam", every=1):
    """Costs, errors and parameters of every epoch, without early stopping."""
    thetas = []
    history = classifier(keep_prob=0.8 if optimizer == "adam" else 1).fit(
        X,
        Y,
        dev=DEV,
        epochs=EPOCHS,
        learning_rate=0.03,
        optimizer=optimizer,
        callbacks=lambda net, history: thetas.append(*bits(net)),
        evaluate_every=every,
    )
    return history, thetas


def best_and_last(history, patience, monitor, min_delta, every=1):
    """By the rule: the best evaluated epoch, the last epoch, and whether patience ended then."""
    mark, improved, best, out_of_patience = math.inf, -1, None, False
    values = getattr(history, monitor)
    for epoch in range(len(values)):
        if (epoch + 1) % every and epoch < EPOCHS - 1:
            continue
        key = (values[epoch], history.dev_cost[epoch], epoch)
        if values[epoch] < mark - min_delta or (min_delta == 0 and (best is None or key < best)):
            mark, improved = values[epoch], epoch
        best = key if best is None else min(best, key)
        out_of_patience = epoch - improved >= patience
        if out_of_patience:
            break
    return best[-1], epoch, out_of_patience


RULES = [
    (True, 10, "dev_error", 0, 1),
    (3, 3, "dev_error", 0, 1),
    (EarlyStopping(1), 1, "dev_error", 0, 1),
    (EarlyStopping(8), 8, "dev_error", 0, 1),
    (EarlyStopping(2, "dev_cost"), 2, "dev_cost", 0, 1),
    (EarlyStopping(20, "dev_cost"), 20, "dev_cost", 0, 1),
    (EarlyStopping(10, "dev_cost", 0.05), 10, "dev_cost", 0.05, 1),
    (EarlyStopping(5, "dev_error", 0.03), 5, "dev_error", 0.03, 1),
    (EarlyStopping(6, "dev_error"), 6, "dev_error", 0, 4),
    (EarlyStopping(1000), 1000, "dev_error", 0, 7),
]


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
@pytest.mark.parametrize(("rule", "patience", "monitor", "min_delta", "every"), RULES)
def test_early_stopping(rule, patience, monitor, min_delta, every, optimizer):
    whole, thetas = long_run(optimizer)
    best, last, ended = best_and_last(whole, patience, monitor, min_delta, every)
    net = classifier(keep_prob=0.8 if optimizer == "adam" else 1)
    history = net.fit(
        X,
        Y,
        dev=DEV,
        epochs=EPOCHS,
        learning_rate=0.03,
        optimizer=optimizer,
        early_stopping=rule,
        evaluate_every=every,
    )
    assert len(history) == last + 1
    assert history.best_epoch == best
    assert f"best epoch {best + 1}," in repr(history)
    assert net.theta.tobytes() == thetas[best]
    assert net.error(*DEV) == whole.dev_error[best]
    assert history.stopped == ("early stopping" if ended else whole.stopped)


def test_ties_of_the_dev_error_go_to_the_lower_dev_cost():
    few = DEV[0][:4], DEV[1][:4]  # a dev set this small has few different errors
    history = classifier(keep_prob=0.8).fit(
        X, Y, dev=few, epochs=EPOCHS, learning_rate=0.03, early_stopping=EPOCHS
    )
    least = min(history.dev_error)
    ties = [e for e in range(EPOCHS) if history.dev_error[e] == least]
    assert len(ties) > 1, "the data should give ties"
    assert history.best_epoch == min(ties, key=lambda e: history.dev_cost[e])


def test_early_stopping_is_off_by_default():
    for off in (None, False):
        assert classifier().fit(X, Y, dev=DEV, epochs=30, early_stopping=off).best_epoch is None
