"""fastnn: fully connected neural networks, trained on a CPU at the speed of the hardware.

>>> import fastnn
>>> fastnn.Network([64, 128, 10])
<Network [64, 128, 10], activation='relu', output='softmax', dtype='float32', 9,610 parameters>

The public names, which are those of ``dir(fastnn)``:

- Networks: Network, FrozenNetwork, Trainer, History, EarlyStopping, Checkpoint, schedules, load,
  Loss, losses, parallel
- Optimizers: GradientDescent, Momentum, Nesterov, RMSprop, Adam, AdamW, LBFGS
- Data: split, Split, Normalizer, augment, dev_size, same_distribution, tabular
- Diagnosis: diagnose, Diagnosis, Cause, SignalFlow, learning_curve, LearningCurve, penalty_path,
  PenaltyPath, optimal_error, OptimalError, improve, Improvement, report, Report
- Gradients: gradcheck, GradientCheck
- Many networks: fit_many, Ensemble, sweep, Sweep, sweeps, OptunaPruningCallback
- As in scikit-learn: MLPClassifier, MLPRegressor, TableClassifier, TableRegressor
- The same bits on every CPU: deterministic
- Other libraries and languages: to_onnx, to_torch, from_torch, from_sklearn, get_include
- Errors: DivergenceError, GradientError, ModelFormatError

All other modules are internal: they may change at any time.
"""

import importlib

from fastnn.version import __version__ as __version__

# Public name -> module. Loaded on first use, so that `import fastnn` costs next to nothing.
# __init__.pyi tells type checkers the same.
_PUBLIC = {
    "Network": "network",
    "FrozenNetwork": "engine.frozen",
    "History": "training.history",
    "Trainer": "trainer.trainer",
    "EarlyStopping": "training.early_stopping",
    "Checkpoint": "training.checkpointing",
    "gradcheck": "gradient_checking.function.check",
    "GradientCheck": "gradient_checking.result.gradient_check",
    "DivergenceError": "errors",
    "GradientError": "errors",
    "ModelFormatError": "errors",
    "Loss": "losses.loss",
    "load": "loading",
    "MLPClassifier": "estimators",
    "MLPRegressor": "estimators",
    "TableClassifier": "tables.classifier",
    "TableRegressor": "tables.regressor",
    "diagnose": "diagnosis",
    "Diagnosis": "diagnosis",
    "Cause": "diagnosis",
    "optimal_error": "diagnosis",
    "OptimalError": "diagnosis",
    "SignalFlow": "diagnosis",
    "learning_curve": "diagnosis",
    "LearningCurve": "diagnosis",
    "penalty_path": "diagnosis",
    "PenaltyPath": "diagnosis",
    "to_onnx": "export",
    "from_sklearn": "export",
    "from_torch": "export",
    "to_torch": "export",
    "split": "data.splitting",
    "Split": "data.parts",
    "Normalizer": "data.normalizer",
    "same_distribution": "diagnosis.evidence.two_sample",
    "dev_size": "data.sample_size",
    "OptunaPruningCallback": "sweeps.optuna_pruning",
    "fit_many": "many",
    "Ensemble": "many",
    "sweep": "sweeps",
    "Sweep": "sweeps",
    "improve": "improvement",
    "Improvement": "improvement",
    "report": "reporting",
    "Report": "reporting",
    "GradientDescent": "training.optimizers",
    "Momentum": "training.optimizers",
    "Nesterov": "training.optimizers",
    "RMSprop": "training.optimizers",
    "Adam": "training.optimizers",
    "AdamW": "training.optimizers",
    "LBFGS": "training.optimizers",
    "get_include": "_kernels",
    "deterministic": "across_cpus",
}
_MODULES = {"augment", "losses", "parallel", "schedules", "sweeps", "tabular"}

__all__ = sorted([*_PUBLIC, *_MODULES, "__version__"])


def __getattr__(name):
    if name in _PUBLIC:
        value = getattr(_load(_PUBLIC[name]), name)
    elif name in _MODULES:
        value = _load(name)
    else:
        raise AttributeError(f"module 'fastnn' has no attribute {name!r}")
    globals()[name] = value
    return value


def _load(module):
    try:
        return importlib.import_module(f"fastnn.{module}")
    except ImportError as error:
        from importlib.util import find_spec

        if "_kernels" in str(error) and not find_spec("fastnn._kernels"):
            raise ImportError(
                f"the compiled core is missing: {__path__[0]} is fastnn's source, not an installed "
                "package. Start Python in another folder, or run: pip install -e ."
            ) from error
        raise


def __dir__():
    """The public names alone: completion shows no internal ones."""
    return __all__
