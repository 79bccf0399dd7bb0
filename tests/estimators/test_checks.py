"""scikit-learn's own checks of an estimator, all of them."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import fastnn

# The checks train for as long as the defaults say, whatever the data.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
]


@parametrize_with_checks([fastnn.MLPClassifier(), fastnn.MLPRegressor()])
def test_default_settings(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(
    [
        fastnn.MLPClassifier([8], solver="lbfgs", max_iter=50),
        fastnn.MLPRegressor(hidden_layer_sizes=[8], solver="lbfgs", max_iter=50),
        fastnn.MLPClassifier([20], solver="sgd", learning_rate_init=0.1, l1=1e-5),
    ]
)
def test_other_settings(estimator, check):
    check(estimator)
