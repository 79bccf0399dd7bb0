"""scikit-learn's own checks of the estimators of tables."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

import fastnn

pytestmark = pytest.mark.slow

# A row of weight 2 is not two rows: these could go to different parts, and to other mini-batches.
FAILING = {"check_sample_weight_equivalence_on_dense_data": "rows are dealt to parts and batches"}


@parametrize_with_checks(
    [
        kind(**options)
        for kind in (fastnn.TableClassifier, fastnn.TableRegressor)
        for options in ({}, {"quality": "fast"}, {"quality": None, "epochs": 60})
    ],
    expected_failed_checks=lambda estimator: FAILING,
)
def test_all_that_apply(estimator, check):
    check(estimator)
