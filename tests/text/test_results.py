"""What notebooks show of each kind of result: one style, sound HTML, the words of its text."""

import html
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import fastnn
from fastnn.diagnosis.bias_variance.result import TITLES
from fastnn.text.markup import _STYLE, _VOID, result, table
from fastnn.text.meanings import MEANINGS


@pytest.fixture(scope="module")
def results():
    """One of each kind, by its class."""
    rng = np.random.default_rng(0)
    X = rng.standard_normal((90, 3))
    train, dev, _ = fastnn.split(X, (X[:, 0] > 0).astype(int), rng=0)
    net = fastnn.Network([3, 4, 2], normalize=True, keep_prob=0.9, rng=0)
    history = net.fit(train, dev=dev, epochs=3, early_stopping=3)
    check = fastnn.gradcheck(
        lambda t: (t["W"] ** 2).sum() + t["<i>"] ** 3,
        lambda t: {"W": 2 * t["W"], "<i>": 2 * t["<i>"]},
        {"W": np.ones((2, 3)), "<i>": 2.0},
    )
    found = [
        net,
        history,
        train,
        check,
        net.diagnose(train, dev),
        net.signal_flow(train.X, train.y),
        fastnn.learning_curve(net, train, dev, epochs=1),
        fastnn.penalty_path(net, train, dev, l2=[0, 1], epochs=1),
        fastnn.sweep([3, 4, 2], train, dev, {"l2": [0, 1]}, epochs=1),
        fastnn.improve([3, 2], train, dev, seconds=None, trials=1, seeds=1, epochs=1),
        fastnn.Ensemble([net, fastnn.Network([3, 2], rng=0)]),
        fastnn.tabular.TableSchema.fit(pd.DataFrame({"a": [1.0, 2], "y": ["u", "v"]}), "y"),
    ]
    return {type(each).__name__: each for each in found}


KINDS = [
    "Network",
    "History",
    "Split",
    "GradientCheck",
    "Diagnosis",
    "SignalFlow",
    "LearningCurve",
    "PenaltyPath",
    "Sweep",
    "Improvement",
    "Ensemble",
    "TableSchema",
]


class Balanced(HTMLParser):
    """Fails where a tag is not closed in order."""

    def __init__(self, text):
        super().__init__()
        self.open = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        if tag not in _VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("kind", KINDS)
def test_one_style_and_sound_html(results, kind):
    shown = results[kind]._repr_html_()
    assert shown.startswith(f'<div class="fastnn-result"><style>{_STYLE}</style>')
    assert shown.count("<table") >= 1
    assert "<b></b>" not in shown
    Balanced(shown)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "GradientCheck"])
def test_the_verdict_comes_first(results, kind):
    verdict = getattr(results[kind], "verdict", None)
    if verdict:
        assert f"</style><p><b>{html.escape(verdict)}</b></p>" in results[kind]._repr_html_()


def test_names_are_escaped(results):
    assert "&lt;i&gt;" in results["GradientCheck"]._repr_html_()


def test_what_a_network_is_made_of(results):
    shown = re.sub("<[^>]*>", " ", results["Network"]._repr_html_())
    assert re.search(r"1\s+4\s+relu\s+0\.9\s+0\s+0\s+16", shown)
    assert re.search(r"2 \(output\)\s+2\s+softmax\s+0\s+0\s+10", shown)
    assert "inputs normalized" in shown


def test_the_history_has_its_best_epoch(results):
    history = results["History"]
    shown = history._repr_html_()
    assert f"best epoch {history.best_epoch + 1}" in shown
    assert f"{history.dev_error[history.best_epoch]:.4g}" in shown


@pytest.mark.parametrize("kind", KINDS)
def test_every_word_at_the_head_of_a_table_is_explained(results, kind):
    shown = results[kind]._repr_html_()
    heads = [
        html.unescape(text) for text in re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', shown)
    ]
    explained = {word for words in MEANINGS[kind] for word in words.split(", ")}
    assert heads
    for head in filter(None, set(heads) - set(getattr(results[kind], "names", ()))):
        assert any(head.endswith(word) for word in explained), head
    for words, meaning in MEANINGS[kind].items():
        assert f"<li>{html.escape(words)}: {html.escape(meaning)}</li>" in shown


def test_the_words_of_rows_are_explained():
    titles = {"training", "optimal", "dev", "test"} | {*TITLES.values()}
    assert titles <= {word for words in MEANINGS["Diagnosis"] for word in words.split(", ")}


def test_the_documentation_has_all_meanings():
    page = Path(__file__).parents[2] / "docs" / "reference" / "printed.rst"
    shown = re.findall(r"^\.\. meanings:: (\w+)$", page.read_text(), re.MULTILINE)
    assert sorted(shown) == sorted(MEANINGS)
    assert set(shown) == {*KINDS}


def test_rules_act_on_results_alone():
    rules = re.findall(r"([^{}]+)\{", _STYLE)
    assert rules
    assert all(
        part.strip().startswith(".fastnn-result") for rule in rules for part in rule.split(",")
    )


def test_nothing_is_fetched_and_columns_are_explained():
    shown = result(
        "verdict", None, table(("a", "b"), [("1", "2")], caption="c"), columns={"a": "x"}
    )
    assert "<li>a: x</li>" in shown
    assert "http" not in shown
