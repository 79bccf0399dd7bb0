"""fastnn.report: what the page says is true, whole and harmless."""

import base64
import html
import io
import re
import subprocess
import sys
from itertools import pairwise

import numpy as np
import polars
import pytest
from pages import Page
from sklearn.datasets import load_diabetes, load_digits

import fastnn
from fastnn.reporting.axes import make_scale, round_numbers
from fastnn.reporting.charts import HEIGHT, MOST_POINTS, WIDTH, Line, line_chart
from fastnn.reporting.examples import judge
from fastnn.reporting.page import STYLE
from fastnn.reporting.pictures import png, shape_of_images
from fastnn.reporting.sections import verdict_section


class Case:
    """A network, its sets, and the page about them."""

    def __init__(self, net, history, parts, **options):
        self.net, self.history, self.parts = net, history, parts
        self.train, self.dev, self.test = parts
        self.report = fastnn.report(net, history, *parts, **options)
        self.page = Page(self.report.html)


@pytest.fixture(scope="module")
def digits():
    X, y = load_digits(return_X_y=True)
    parts = fastnn.split(X / 16, y)
    net = fastnn.Network([64, 32, 16, 10], l1=0.3, keep_prob=0.9, rng=0)
    history = net.fit(
        parts[0].X,
        parts[0].y,
        dev=parts[1],
        epochs=40,
        batch_size=32,
        learning_rate=0.01,
        early_stopping=4,
    )
    assert history.best_epoch is not None
    return Case(net, history, parts, settings={"optimizer": "adam"})


@pytest.fixture(scope="module")
def regression():
    data = load_diabetes(as_frame=True)
    y = (data.target.to_numpy() - 150) / 75
    parts = fastnn.split(data.data, np.stack([y, -y], axis=1))
    net = fastnn.Network([10, 8, 2], output="identity", normalize=True, dtype="float64", rng=0)
    history = net.fit(parts[0].X, parts[0].y, dev=parts[1], epochs=20, gradcheck_at=(0, 20))
    return Case(net, history, parts, target_names=["up", "down"])


@pytest.fixture(scope="module")
def multilabel():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((400, 20))
    y = (X[:, :4] + rng.standard_normal((400, 4)) > 0.4).astype(float)
    parts = fastnn.split(X, y)
    net = fastnn.Network([20, 8, 4], output="sigmoid", rng=0)
    history = net.fit(parts[0].X, parts[0].y, epochs=10)
    return Case(net, history, parts, gradcheck=False, examples=5)


@pytest.fixture(scope="module")
def single():
    rng = np.random.default_rng(1)
    X = rng.standard_normal((300, 3))
    y = (X[:, 0] + 0.5 * rng.standard_normal(300) > 0).astype(int)
    train, dev, _ = fastnn.split(X, y, sizes=(0.7, 0.3))
    net = fastnn.Network([3, 1], rng=0)
    net.fit(train.X, train.y, epochs=10)
    return Case(net, None, (train, dev, None), target_names=["no", "yes"], gradcheck=False)


@pytest.fixture(params=["digits", "regression", "multilabel", "single"])
def case(request):
    return request.getfixturevalue(request.param)


# --- The page as a document ---


def test_nothing_is_fetched_and_nothing_runs(case):
    text, page = case.report.html, case.page
    assert re.sub(r'xmlns="http://www.w3.org/2000/svg"', "", text).count("http") == 1
    assert "http-equiv" in text  # which is the one
    active = {"script", "link", "iframe", "object", "embed", "form"}
    assert not active & {name for name, _ in page.elements}
    assert "url(" not in text
    assert "@import" not in text
    for name, attributes in page.elements:
        assert not [key for key in attributes if key.startswith("on")]
        if "href" in attributes:
            assert attributes["href"].startswith("#")
        if "src" in attributes:
            assert name == "img"
            assert attributes["src"].startswith("data:image/png;base64,")
    (policy,) = (a["content"] for a in page.named("meta") if "http-equiv" in a)
    assert policy.startswith("default-src 'none'")


def test_accessible(case):
    page = case.page
    assert page.named("html") == [{"lang": "en"}]
    levels = [int(name[1]) for name, _ in page.elements if re.fullmatch("h[1-6]", name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(b <= a + 1 for a, b in pairwise(levels))
    assert all(a["role"] == "img" and a["aria-label"] for a in page.named("svg"))
    assert all(a["alt"] for a in page.named("img"))
    assert all(page.tables)
    ids = [a["id"] for _, a in page.elements if "id" in a]
    assert len(ids) == len(set(ids))
    assert {a["href"][1:] for a in page.named("a")} == set(page.sections)
    assert {a["aria-labelledby"] for a in page.named("section")} <= set(ids)


def contrast(a, b):
    """The contrast of two colours (r, g, b), by WCAG 2.1."""

    def luminance(colour):
        c = np.array(colour) / 255
        linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
        return float(linear @ [0.2126, 0.7152, 0.0722])

    low, high = sorted((luminance(a), luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_by_day_and_by_night():
    assert contrast((0, 0, 0), (255, 255, 255)) == pytest.approx(21)
    day, night = (
        {
            name: np.array([int(code[i : i + 2], 16) for i in (0, 2, 4)])
            for name, code in re.findall(r"--([\w-]+): #(\w{6});", part)
        }
        for part in STYLE.split("@media (prefers-color-scheme: dark)")
    )
    assert day.keys() == night.keys()
    for colours in (day, night):
        for ground in ("ground", "panel"):
            for name in ("ink", "soft", "s1", "good", "bad", "unsure"):
                assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
            for name in ("s2", "s3"):  # lines, not letters
                assert contrast(colours[name], colours[ground]) >= 3, (name, ground)
        for name, strength in (("right-ground", 0.7), ("wrong-ground", 1.0)):
            behind = strength * colours[name] + (1 - strength) * colours["ground"]
            assert contrast(colours["ink"], behind) >= 4.5, name


# --- What it says ---


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        ((0.02, 0.04, 50, 40), "cannot tell whether bias or variance is high"),
        ((0.001, 0.002, 10**5, 10**5), "Nothing that these figures ask for."),
    ],
)
def test_without_advice_it_tells_nothing_to_do_from_nothing_known(errors, words):
    train_error, dev_error, n_train, n_dev = errors
    found = fastnn.diagnose(train_error, dev_error, n_train=n_train, n_dev=n_dev)
    assert not found.advice
    said = str(verdict_section(found))
    assert words in said
    assert ("Nothing that" in said) == ("Nothing that" in words)


def test_the_verdict_is_on_top(case):
    diagnosis = case.net.diagnose(case.train, case.dev, test=case.test)
    assert next(iter(case.page.sections)) == "verdict"
    said = case.page.sections["verdict"]
    for text in (diagnosis.verdict, *diagnosis.advice, *diagnosis.notes):
        assert " ".join(text.split()) in said
    assert f"{100 * diagnosis.errors['dev_error']:.3g} %" in said
    rows = case.page.table("Errors and the gaps")
    assert [row[0] for row in rows[1:]] == [name for name, *_ in diagnosis.rows()]


def test_the_optimal_error_is_the_reader_s(single):
    text = fastnn.report(
        single.net, None, single.train, single.dev, optimal_error=0.125, gradcheck=False
    ).html
    assert Page(text).table("Errors and the gaps")[1][:2] == ["optimal", "12.5 %"]


def test_curves(digits):
    said = digits.page.sections["curves"]
    best = digits.history.best_epoch + 1
    assert f"{len(digits.history)} epochs; the fit ended by: early stopping." in said
    assert f"the parameters are those of epoch {best}, the best" in said.lower()
    titles = [a["aria-label"] for a in digits.page.named("svg")]
    assert titles[:2] == ["Cost J, with the penalty", "Error: misclassified"]
    section = digits.report.html.split('id="curves"')[1].split("</section>")[0]
    curves = re.findall(r'points="([^"]+)"', section)
    assert len(curves) == 4  # cost and error, train and dev
    dev_error = np.array([[float(v) for v in point.split(",")] for point in curves[3].split()])
    # Drawn from 0: heights above the axis are in proportion to the errors.
    heights = dev_error[:, 1].max() - dev_error[:, 1]
    errors = np.array(digits.history.dev_error)
    assert np.corrcoef(heights, errors)[0, 1] > 0.9999
    mark = re.search(r'<line x1="([\d.]+)" x2="\1"[^>]*class="mark"', section)
    assert float(mark[1]) == pytest.approx(dev_error[best - 1, 0], abs=0.06)


def test_signals(digits):
    flow = digits.net.signal_flow(digits.train.X, digits.train.y)
    assert flow.verdict in digits.page.sections["signals"]
    rows = digits.page.table("Signals and gradients")
    assert len(rows) == 1 + 3
    assert rows[1][2] == f"{flow.layers[0].z_mean:.3g}"


def test_every_finding_on_signals_is_a_paragraph():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((200, 4))
    train, dev, _ = fastnn.split(X, (X[:, 0] > 0).astype(int), sizes=(0.7, 0.3))
    net = fastnn.Network([4, 30, 30, 30, 2], activation="sigmoid", init_gain=40.0, rng=0)
    flow = net.signal_flow(train.X, train.y)
    assert len(flow.findings) > 1
    text = Page(fastnn.report(net, None, train, dev, gradcheck=False).html).sections["signals"]
    assert all(" ".join(finding.split()) in text for finding in flow.findings)
    assert "<p>" not in text


def test_confusion_matrix(digits):
    X, y = digits.dev.X, digits.dev.y
    predicted = digits.net.predict(X)
    rows = digits.page.table("Confusion matrix")
    assert rows[0] == ["true", *map(str, range(10)), "wrong"]
    shown = np.array([[int(c) if c != "·" else 0 for c in row[1:-1]] for row in rows[1:]])
    for i in range(10):
        for j in range(10):
            assert shown[i, j] == np.sum((y == i) & (predicted == j))
    assert f"{np.sum(predicted != y)} of {len(y)} dev" in digits.page.sections["mistakes"]


def test_the_worst_examples_are_the_worst(digits):
    X, y, net = digits.dev.X, digits.dev.y, digits.net
    free = fastnn.Network(**{**net.spec, "l1": 0.0})
    free.theta = net.theta
    losses = np.array([free.cost(X[i : i + 1], y[i : i + 1]) for i in range(len(y))])
    order = np.argsort(-losses)[:12]
    said = digits.page.sections["worst"]
    rows = [int(n.replace(",", "")) for n in re.findall(r"row ([\d,]+)", said)]
    assert rows == list(digits.dev.index[order])
    shown = [float(v) for v in re.findall(r"loss ([\d.e-]+)", said)]
    np.testing.assert_allclose(shown, losses[order], rtol=0.01)
    pictures = digits.page.named("img")
    assert len(pictures) == 12
    i, first = order[0], pictures[0]
    assert first["alt"].endswith(
        f"{y[i]}, predicted {net.predict(X[i : i + 1])[0]} " + first["alt"].split(" ")[-1]
    )
    from matplotlib.image import imread

    seen = imread(io.BytesIO(base64.b64decode(first["src"].split(",")[1])))
    np.testing.assert_allclose(seen, X[i].reshape(8, 8) / X[order].max(), atol=1 / 255)


@pytest.mark.parametrize("fixture", ["digits", "regression", "multilabel", "single"])
def test_losses_are_those_of_the_cost(fixture, request):
    case = request.getfixturevalue(fixture)
    net = fastnn.Network(**{**case.net.spec, "l1": 0.0, "dtype": "float64"})
    net.theta = case.net.theta
    assert judge(net, case.dev).losses.mean() == pytest.approx(
        net.cost(case.dev.X, case.dev.y), rel=1e-9
    )
    net.theta = 1e4 * net.theta  # probabilities of 0
    assert np.isfinite(judge(net, case.dev).losses).all()


def test_gradients_are_checked_now(digits):
    said = digits.page.sections["gradients"]
    assert said.startswith("Gradient check Now: correct")
    rows = digits.page.table("Now:")
    assert [row[0] for row in rows[1:]] == ["W1", "b1", "W2", "b2", "W3", "b3"]
    assert {row[-1] for row in rows[1:]} == {"correct"}


def test_gradients_were_checked_in_the_fit(regression):
    said = regression.page.sections["gradients"]
    assert "After 0 epochs: correct" in " ".join(said.split())
    assert "After 20 epochs: correct" in " ".join(said.split())
    difference = regression.history.gradchecks[20].difference
    assert f"difference {difference:.1e}" in said


def test_a_wrong_gradient_is_named(digits, monkeypatch):
    from fastnn.engine import passes

    right = passes.differentiate

    def wrong(network, *arguments):
        J, gradient = right(network, *arguments)
        gradient[network.layout["W2"].slice] *= 2
        return J, gradient

    monkeypatch.setattr(passes, "differentiate", wrong)
    page = Page(fastnn.report(digits.net, None, *digits.parts).html)
    assert "Now: wrong" in page.sections["gradients"]
    assert {row[0] for row in page.table("Now:") if row[-1] == "wrong"} == {"W2"}


def test_layers_and_settings(digits):
    rows = digits.page.table("Layers")
    zeros = digits.net.sparsity()
    assert zeros["all"] > 0.2
    assert [row[-1] for row in rows[1:]] == [f"{100 * zeros[f'W{l}']:.3g} %" for l in (1, 2, 3)]
    assert rows[2][1:5] == ["16", "relu", f"{32 * 16 + 16}", "0.9"]
    settings = dict(digits.page.table("Settings")[1:])
    assert settings["optimizer"] == "adam"
    assert settings["train examples"] == "1,079"
    assert settings["seed of the masks"] == str(digits.history.dropout_seed)
    times = dict(digits.page.table("Times")[1:])
    assert times["fastnn"] == fastnn.__version__
    assert times["the fit, evaluations included"] == f"{digits.history.seconds[-1]:.3g} s"


def test_regression(regression):
    X, y = regression.dev.X, regression.dev.y
    off = regression.net.forward(X) - y
    rows = regression.page.table("Residuals")
    assert [row[0] for row in rows[1:]] == ["up", "down"]
    for k, row in enumerate(rows[1:]):
        assert row[1] == f"{np.sqrt(np.mean(off[:, k] ** 2)):.4g}"
        assert row[5] == f"{1 - np.mean(off[:, k] ** 2) / y[:, k].var():.4g}"
    assert "Confusion" not in regression.page.text
    assert regression.report.html.count("<circle") >= 2 * len(y)
    bars = re.findall(r'<rect [^>]*height="([\d.]+)"', regression.report.html)
    assert all(float(height) > 0 for height in bars)
    worst = regression.page.table("Examples of highest loss")
    assert worst[1][0] == f"{regression.dev.index[np.argmax((off**2).sum(axis=1))]:,}"
    assert "bmi" in str(worst) or "s5" in str(worst)  # the columns of the frame


def test_multilabel(multilabel):
    X, y = multilabel.dev.X, multilabel.dev.y
    said = multilabel.net.predict(X)
    rows = {row[0]: row[1:] for row in multilabel.page.table("Labels")[1:]}
    for k in range(4):
        found = np.sum((said[:, k] == 1) & (y[:, k] == 1))
        assert rows[str(k)] == [
            f"{y[:, k].sum():.0f}",
            f"{said[:, k].sum():.0f}",
            f"{100 * found / said[:, k].sum():.3g} %",
            f"{100 * found / y[:, k].sum():.3g} %",
            f"{100 * np.mean(said[:, k] != y[:, k]):.3g} %",
        ]
    assert len(multilabel.page.table("Examples of highest loss")) == 1 + 5


def test_a_single_output(single):
    rows = single.page.table("Confusion matrix")
    assert [row[0] for row in rows] == ["true", "no", "yes"]
    predicted = single.net.predict(single.dev.X)
    assert rows[1][2] == str(np.sum((single.dev.y == 0) & (predicted == 1)))
    worst = single.page.table("Examples of highest loss")
    assert worst[0] == ["row", "true", "predicted", "loss", "X[0]", "X[1]", "X[2]"]
    place = int(np.flatnonzero(single.dev.index == int(worst[1][0].replace(",", "")))[0])
    np.testing.assert_allclose([float(v) for v in worst[1][4:]], single.dev.X[place], rtol=1e-3)


def test_what_is_missing_is_said(single, multilabel):
    assert "Left out: no history was given." in single.page.sections["curves"]
    assert "no test set was given" in single.page.text
    assert "Left out: gradcheck=False" in single.page.sections["gradients"]
    net, (train, dev, _) = multilabel.net, multilabel.parts
    history = net.fit(train.X, train.y, epochs=2, evaluate_every=0)
    page = Page(fastnn.report(net, history, train, dev, examples=0, gradcheck=False).html)
    assert "No epoch of this fit was evaluated" in page.sections["curves"]
    assert "Left out: examples=0." in page.sections["worst"]


def test_a_fit_that_ended_before_its_first_epoch():
    X, y = np.array([[1.0], [2.0], [3.0]]), np.array([1.0, 2.0, 4.0])
    net = fastnn.Network([1, 4, 1], output="identity", rng=0)
    history = fastnn.History()
    history.stopped = "interrupted"
    page = Page(fastnn.report(net, history, (X, y), (X, y)).html)
    assert "No epoch was finished; the fit ended by: interrupted." in page.sections["curves"]
    assert "epochs done" not in dict(page.table("Settings"))


def test_a_network_that_diverged_is_refused():
    X, y = np.array([[1.0], [2.0], [3.0]]), np.array([1.0, 2.0, 4.0])
    net = fastnn.Network([1, 4, 1], output="identity", rng=0)
    net.theta = np.full(net.theta.shape, 1e30)
    with pytest.raises(ValueError, match="finite cost, got inf on train: its training diverged"):
        fastnn.report(net, None, (X, y), (X, y))


def test_many_classes_give_a_list_of_confusions():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((600, 5)), np.arange(600) % 40
    net = fastnn.Network([5, 40], rng=0)
    page = Page(fastnn.report(net, None, (X, y), (X, y), gradcheck=False).html)
    rows = page.table("The most frequent confusions of 40 classes")[1:]
    predicted = net.predict(X)
    times = [int(row[2]) for row in rows]
    assert times == sorted(times, reverse=True)
    assert times[0] == np.sum((y == int(rows[0][0])) & (predicted == int(rows[0][1])))
    assert "row 0, 1" not in page.text
    assert "in the dev set" in page.sections["worst"]


@pytest.mark.parametrize("output", ["softmax", "sigmoid", "identity"])
def test_tiny_data(output):
    X = np.array([[0.0], [1.0], [2.0]])
    y = np.array([0, 1, 1])
    net = fastnn.Network([1, 2 if output == "softmax" else 1], output=output, rng=0)
    history = net.fit(X, y, dev=(X[:1], y[:1]), epochs=1)
    page = Page(fastnn.report(net, history, (X, y), (X[:1], y[:1]), (X[1:], y[1:])).html)
    assert set(page.sections) >= {"verdict", "curves", "mistakes", "worst", "gradients"}
    assert "nan" not in page.text.lower().replace("nan-", "")


def test_sparse_lists_and_frames_say_the_same(single):
    from scipy.sparse import csr_array

    def page(X, X_dev):
        return Page(
            fastnn.report(
                single.net,
                None,
                (X, single.train.y.tolist()),
                (X_dev, single.dev.y.tolist()),
                gradcheck=False,
            ).html
        )

    a, b = single.train.X, single.dev.X
    plain = page(a, b)
    frames = [polars.DataFrame(X, schema=["X[0]", "X[1]", "X[2]"]) for X in (a, b)]
    for other in (page(csr_array(a), csr_array(b)), page(a.tolist(), b.tolist()), page(*frames)):
        assert other.tables == plain.tables


def test_nothing_of_the_user_s_is_changed(digits):
    before = digits.net.theta.copy(), digits.net.rng.bit_generator.state
    X, y = digits.dev.X.copy(), digits.dev.y.copy()
    fastnn.report(digits.net, digits.history, *digits.parts, settings={})
    np.testing.assert_array_equal(digits.net.theta, before[0])
    assert digits.net.rng.bit_generator.state == before[1]
    np.testing.assert_array_equal(digits.dev.X, X)
    np.testing.assert_array_equal(digits.dev.y, y)


# --- Names ---


def test_names_are_harmless(single):
    bad = "\"><script>alert(1)</script><img src=x onerror=alert(2)>&amp;'"
    text = fastnn.report(
        single.net,
        None,
        single.train,
        single.dev,
        title=bad,
        target_names=[bad, "yes"],
        feature_names=[bad, "b", "c"],
        settings={bad: bad},
        gradcheck=False,
    ).html
    page = Page(text)
    assert "<script" not in text
    assert "<img" not in text
    assert page.text.count(bad) >= 6  # and is read as it was written
    assert not [key for _, a in page.elements for key in a if key.startswith("on")]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"target_names": ["a"]}, ValueError, "target_names to be 2, one for each.*; got 1"),
        ({"target_names": "ab"}, TypeError, "target_names to be a sequence of names, got 'ab'"),
        ({"feature_names": ["a", "b"]}, ValueError, "feature_names to be 3"),
        ({"image_shape": (2, 2)}, ValueError, r"got shape \(2, 2\)"),
        ({"image_shape": 3}, ValueError, "shape to be .height, width"),
        ({"examples": -1}, ValueError, "examples to be at least 0"),
        ({"examples": 2.0}, TypeError, "examples to be an integer"),
        ({"gradcheck": 1}, TypeError, "gradcheck to be True or False"),
        ({"settings": ["adam"]}, TypeError, "settings to be a dict"),
        ({"optimal_error": 2}, ValueError, "optimal_error"),
        ({"dev": ([[0, 1]], [0])}, ValueError, "in dev: expected X to have shape"),
        ({"test": 3}, TypeError, r"test to be a pair \(X, y\)"),
        ({"history": [1]}, TypeError, r"history to be the result of a fit, or None, got \[1\]"),
        ({"network": "net"}, TypeError, "network to be a fastnn.Network, got 'net' of type str"),
    ],
)
def test_bad_input_is_refused_and_no_file_touched(single, tmp_path, options, error, message):
    path = tmp_path / "out.html"
    path.write_text("old")
    arguments = {
        "network": single.net,
        "history": None,
        "train": single.train,
        "dev": single.dev,
        "path": path,
        "gradcheck": False,
    }
    with pytest.raises(error, match=message):
        fastnn.report(**{**arguments, **options})
    assert path.read_text() == "old"


def test_a_network_that_waits_for_its_fit(single):
    from sklearn.exceptions import NotFittedError

    net = fastnn.Network([3, 1], normalize=True)
    with pytest.raises(NotFittedError, match="call fit first"):
        fastnn.report(net, None, single.train, single.dev)


# --- The file ---


def test_the_file_is_the_page(single, tmp_path):
    path = tmp_path / "out.html"
    made = fastnn.report(
        single.net, None, single.train, single.dev, path=path, gradcheck=False, title="Grüße 😀"
    )
    assert made.path == str(path)
    assert path.read_text(encoding="utf-8") == made.html
    assert [p.name for p in tmp_path.iterdir()] == ["out.html"]
    again = made.save(tmp_path / "again.html")
    assert (tmp_path / "again.html").read_bytes() == path.read_bytes()
    assert repr(again) == f"Report(path={str(tmp_path / 'again.html')!r})"


def test_a_file_that_cannot_be_written(single, tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no directory"):
        single.report.save(tmp_path / "nowhere" / "out.html")
    with pytest.raises(IsADirectoryError):
        single.report.save(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_notebook_gets_a_frame(single):
    frame = single.report._repr_html_()
    document = re.fullmatch(
        r'<iframe title="[^"]+" srcdoc="([^"]*)" style="[^"]*"></iframe>', frame
    )
    assert html.unescape(document[1]) == single.report.html


@pytest.mark.slow
def test_matplotlib_is_not_needed():
    code = (
        "import sys; import fastnn; assert not any('reporting' in m for m in sys.modules)\n"
        "net = fastnn.Network([1, 2], rng=0); data = [[0], [1], [2]], [0, 1, 1]\n"
        "history = net.fit(*data, epochs=2)\n"
        "assert '<svg' in fastnn.report(net, history, data, data, gradcheck=False).html\n"
        "assert not {'matplotlib', 'numba', 'PIL'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True)


# --- Pictures ---


def test_images_are_told_from_tables():
    X = load_digits().data
    rng = np.random.default_rng(0)
    assert shape_of_images(None, X) == (8, 8, 1)
    assert shape_of_images(None, (X - X.mean(axis=0)) / (X.std(axis=0) + 1e-9)) == (8, 8, 1)
    assert shape_of_images(None, X[:, rng.permutation(64)]) is None
    assert shape_of_images(None, rng.standard_normal((500, 64))) is None
    series = np.cumsum(rng.standard_normal((500, 64)), axis=1)  # neighbours in time are alike
    assert shape_of_images(None, series) is None
    factor = rng.standard_normal((500, 1)) + 0.5 * rng.standard_normal((500, 64))
    assert shape_of_images(None, factor) is None
    assert shape_of_images(None, X[:, :60]) is None
    assert shape_of_images(False, X) is None
    assert shape_of_images((4, 16), X) == (4, 16, 1)
    with pytest.raises(ValueError, match="1 or 3 channels"):
        shape_of_images((4, 8, 2), X)


def test_png_in_colour():
    from matplotlib.image import imread

    pixels = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    np.testing.assert_allclose(imread(io.BytesIO(png(pixels))) * 255, pixels, atol=0.01)


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(
    "values",
    [
        [1.0],
        [0.5, 0.5],
        [1e-12, 1e12],
        [3.0, 3.0 + 1e-13],
        [1e300, 1e-300],
        [0.0, 0.0],
        [-5.0, 3.0],
        [float("nan"), 2.0],
        [float("inf"), 1.0, 2.0],
        [1e-310, 1e-310],
    ],
)
def test_every_curve_stays_within_its_chart(values, log):
    drawn = line_chart(
        [Line("a", range(len(values)), values)], title="t", x_label="x", y_label="y", log=log
    )
    if drawn is None:
        assert log
        assert not any(0 < v < np.inf for v in values)
        return
    assert "nan" not in drawn
    assert "inf" not in drawn
    points = [
        point.split(",")
        for found in re.findall(r'points="([^"]+)"', drawn)
        for point in found.split()
    ]
    points += re.findall(r'cx="([^"]+)" cy="([^"]+)"', drawn)
    assert points
    for x, y in points:
        assert 0 <= float(x) <= WIDTH
        assert 0 <= float(y) <= HEIGHT
    assert len(re.findall("<text", drawn)) >= 3


def test_nothing_to_draw():
    assert line_chart([Line("a", [1], [float("nan")])], title="", x_label="", y_label="") is None


def test_long_curves_are_thinned_but_keep_their_peaks():
    y = np.zeros(100_000)
    y[[31_234, 77_777]] = 5.0, 7.0
    drawn = line_chart([Line("a", np.arange(y.size), y)], title="t", x_label="x", y_label="y")
    points = re.search(r'points="([^"]+)"', drawn)[1].split()
    assert len(points) <= MOST_POINTS + 2
    heights = sorted({float(p.split(",")[1]) for p in points})
    assert len(heights) == 3
    assert (heights[2] - heights[1]) / (heights[2] - heights[0]) == pytest.approx(5 / 7, rel=0.01)


@pytest.mark.parametrize(("low", "high"), [(0, 1), (-3, 7), (0.013, 0.0131), (1, 1e6), (-1e-9, 0)])
def test_ticks_are_round_and_few(low, high):
    ticks = round_numbers(low, high)
    assert 2 <= len(ticks) <= 7
    assert low - 1e-9 * abs(low) <= ticks[0] < ticks[-1] <= high + 1e-9 * abs(high)
    steps = np.diff(ticks)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-6)
    assert f"{steps[0]:e}"[0] in "125" or f"{steps[0]:e}".startswith(("9.99", "1.99", "4.99"))


def test_ticks_of_layers_are_whole():
    assert make_scale([1, 2], 0, 100, whole=True).ticks() == [1.0, 2.0]
    assert make_scale([1e-7, 0.1], 0, 100, log=True).ticks()[0] == pytest.approx(1e-7)
