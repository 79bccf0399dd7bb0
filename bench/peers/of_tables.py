"""Boosted trees, a network and a linear model on tables: one thread, and defaults for the rest.

Each function fits `X` (a frame) and `y` (floats, or classes as text), and predicts: (m,) values, or
(m, n_classes) probabilities of the sorted classes.
"""

import warnings

import numpy as np

# HistGradientBoosting refuses more.
MOST_CATEGORIES = 255


def catboost(X, y, X_test, seed):
    from catboost import CatBoostClassifier, CatBoostRegressor

    words = [name for name in X if not _is_number(X[name])]
    X, X_test = (_without_gaps_in_words(part, words) for part in (X, X_test))
    kind = CatBoostRegressor if y.dtype.kind == "f" else CatBoostClassifier
    model = kind(
        cat_features=words,
        thread_count=1,
        random_seed=seed,
        verbose=False,
        allow_writing_files=False,
    )
    return _predicted(model.fit(X, y), X_test, y)


def hist_gradient_boosting(X, y, X_test, seed):
    from sklearn import ensemble

    X, X_test = _as_categories(X, X_test)
    kind = "Regressor" if y.dtype.kind == "f" else "Classifier"
    model = getattr(ensemble, f"HistGradientBoosting{kind}")(
        categorical_features="from_dtype", random_state=seed
    )
    return _predicted(model.fit(X, y), X_test, y)


def lightgbm(X, y, X_test, seed):
    from lightgbm import LGBMClassifier, LGBMRegressor

    X, X_test = _as_categories(X, X_test)
    for part in (X, X_test):  # it refuses some marks in names
        part.columns = [f"x{j}" for j in range(part.shape[1])]
    kind = LGBMRegressor if y.dtype.kind == "f" else LGBMClassifier
    return _predicted(kind(n_jobs=1, random_state=seed, verbose=-1).fit(X, y), X_test, y)


def xgboost(X, y, X_test, seed):
    from xgboost import XGBClassifier, XGBRegressor

    X, X_test = _as_categories(X, X_test)
    kind = XGBRegressor if y.dtype.kind == "f" else XGBClassifier
    codes = y if y.dtype.kind == "f" else np.unique(y, return_inverse=True)[1]
    model = kind(enable_categorical=True, n_jobs=1, random_state=seed)
    return _predicted(model.fit(X, codes), X_test, y)


def mlp(X, y, X_test, seed):
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    kind = MLPRegressor if y.dtype.kind == "f" else MLPClassifier
    return _of_inputs(kind(random_state=seed), X, y, X_test)


def linear(X, y, X_test, seed):
    from sklearn.linear_model import LogisticRegression, Ridge

    model = Ridge() if y.dtype.kind == "f" else LogisticRegression(max_iter=1_000)
    return _of_inputs(model, X, y, X_test)


# The package that a contender needs, and its function.
PEERS = {
    "CatBoost": ("catboost", catboost),
    "HistGradientBoosting": ("scikit-learn", hist_gradient_boosting),
    "LightGBM": ("lightgbm", lightgbm),
    "XGBoost": ("xgboost", xgboost),
    "MLP of scikit-learn": ("scikit-learn", mlp),
    "linear": ("scikit-learn", linear),
}


def _is_number(series):
    return series.dtype.kind in "iufb"


def _without_gaps_in_words(X, words):
    return X.assign(
        **{name: X[name].astype(object).where(X[name].notna(), "").astype(str) for name in words}
    )


def _as_categories(X, X_test):
    """Words as categories of pandas, the most frequent of the training rows; others are gaps."""
    import pandas

    X, X_test = X.copy(), X_test.copy()
    for name in X:
        if not _is_number(X[name]):
            train, test = (part[name].astype(str).where(part[name].notna()) for part in (X, X_test))
            frequent = train.value_counts().index[:MOST_CATEGORIES]
            known = pandas.CategoricalDtype(sorted(frequent))
            X[name], X_test[name] = train.astype(known), test.astype(known)
    return X, X_test


def _of_inputs(model, X, y, X_test):
    """Predictions of a model of scikit-learn that gets a schema's inputs."""
    from fastnn.tabular import TableSchema

    numbers = [name for name in X if _is_number(X[name])]
    task = "regression" if y.dtype.kind == "f" else "classification"
    schema = TableSchema.fit(X.assign(target=y), "target", task=task, numeric=numbers)
    mean, scale = (y.mean(), y.std()) if y.dtype.kind == "f" else (0, 1)
    targets = (y - mean) / scale if y.dtype.kind == "f" else y
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        known = schema.targets(X.assign(target=y))
        model.fit(schema.inputs(X, y=known), targets)
        A = _predicted(model, schema.inputs(X_test), y)
    return A * scale + mean if y.dtype.kind == "f" else A


def _predicted(model, X_test, y):
    return model.predict(X_test) if y.dtype.kind == "f" else model.predict_proba(X_test)
