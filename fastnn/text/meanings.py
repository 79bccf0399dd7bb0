"""The meanings of the words at the head of each printed table, by the class of the result.

A notebook shows them below the table of a result; the documentation has all on a page.
A key may name several columns or rows, with commas between.
"""

_BY_CLASS = {
    "class": "a label of y; of many classes only those with the highest errors",
    "interval": "where the true error lies, at the confidence in the head",
    "examples": "dev examples of the class",
}
MEANINGS: dict[str, dict[str, str]] = {
    "Network": {
        "layer": "0 is the input, the last one the output",
        "units": "values of the layer for one example",
        "activation": "the function after Z = A W + b",
        "keep_prob": "the probability that dropout keeps a unit in training",
        "l2, l1": "lambda of the penalties on W of this layer",
        "parameters": "numbers in W and b of this layer",
    },
    "History": {
        "J, dev J": "the cost of the training and of the dev set, dropout off, with the penalty",
        "train error, dev error": "the share of wrong labels; the root mean squared error of an "
        "identity output",
        "first, last": "at the end of the first and of the last epoch; nan: not evaluated",
        "best": "at the end of the epoch that early stopping went back to",
    },
    "Split": {
        "count": "of examples, of features, and of the examples of each label",
    },
    "Diagnosis": {
        "error": "of each set of examples; the rows below them are differences of two",
        "training, dev, test": "error on that set",
        "optimal": "the lowest error that is possible: given, or estimated from the data",
        "bias": "training error minus optimal error: what a larger network or longer training can "
        "lower",
        "variance": "dev error minus training error: what more data or regularization can lower",
        "training-dev": "error on rows of the training data that were kept from training",
        "data mismatch": "dev error minus training-dev error: dev rows are of another kind",
        "overfitting to dev": "test error minus dev error: the dev set has been used up",
        "interval": "where the value lies, at the confidence in the head, given so few examples",
        "high, not high, cannot be told": "whether the gap is above its threshold, by its interval",
        **{name: _BY_CLASS[name] for name in ("class", "examples")},
    },
    "SignalFlow": {
        "layer, activation": "counted from 1; the last is the output",
        "Z mean, Z std, A mean, A std": "of the layer's values before and after activation",
        "flat": "share of values where the activation's slope is nearly 0",
        "dead": "share of units that are flat for every row",
        "dW rms, dA rms": "root mean squares of the gradients by W and by A",
    },
    "GradientCheck": {
        "array": "a W or b, or a name of your own; the worst first",
        "shape": "of the array",
        "difference": "the ratio of the two gradients' difference to their sizes",
        "off": "components whose error no rounding or truncation explains, of those compared",
        "worst": "the place of the largest error, relative to its uncertainty",
        "analytic, numeric": "the two gradients there: yours, and that of differences of J",
        "error/unc.": "that error over its uncertainty: far above 1 is no chance",
    },
    "LearningCurve": {
        "examples": "of the training set that the networks were given",
        "train error, dev error": "means over the networks of that size; after +- their standard "
        "deviation",
    },
    "PenaltyPath": {
        "l2, l1, keep_prob": "the value that is tried",
        "train error, dev error": "of the network at its end",
        "J": "on the training set, with the penalty",
        "norm of W": "the root of the sum of squares of all weights",
        "zero weights": "the share of weights that are exactly 0",
    },
    "Sweep": {
        "the first columns": "the settings that were tried",
        "dev error, train error": "of the network at its end, as `Network.error` gives it; of "
        "several seeds the mean",
        "std": "the standard deviation of the dev error over the seeds",
        "dev loss": "J on the dev set without the penalty",
        "rung": "how far halving let it go",
        "epochs, seconds": "passes over the data, and seconds of training",
    },
    "Improvement": {
        "round": "the moves of a round start from the same setting",
        "move": "what was changed, and in brackets what it was before",
        "dev error": "the mean over the seeds",
        "gain in loss": "by how much the dev loss is lower than that of the setting before",
        "sure": "the gain in its standard errors, over the dev examples",
        "networks": "how many seeds were trained; one, where the first showed no gain",
        "kept": "the setting went on from here",
        **_BY_CLASS,
    },
    "Ensemble": {
        "network": "its place in `networks`",
        "layers": "units of each layer, the input first",
        "parameters": "numbers in all W and b",
        "weight": "its share of the mean",
    },
    "TableSchema": {
        "column": "of the table; a date has become several",
        "read as": "numbers, or categories; left out, where it could teach nothing",
        "inputs": "how many inputs of the network it became",
        "details": "range and mean of the training rows, or the first categories; what becomes of "
        "gaps and of new values; why a column is left out",
    },
}
