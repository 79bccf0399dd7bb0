"""The sections of the page, except those about mistakes: a function for each."""

import platform

import numpy as np

from fastnn import _kernels
from fastnn.data.parts import as_pair, rows_of, take
from fastnn.diagnosis.bias_variance.result import TITLES, measured_on
from fastnn.diagnosis.signals.flow import HEADS, written_layers
from fastnn.gradient_checking.network.during_fit import COMPONENTS, EXAMPLES
from fastnn.gradient_checking.result.rendering import headline
from fastnn.layers.outputs import OUTPUTS
from fastnn.reporting.charts import Line, line_chart
from fastnn.text.markup import cell, join, listed, paragraphs, table, tag
from fastnn.version import __version__

# The axis of costs is logarithmic if the largest is more than so many times the smallest.
WIDE = 30


def verdict_section(diagnosis):
    """The verdict, the errors in large figures, what to do, and a table of the errors."""
    tiles = []
    for name in ("train_error", "train_dev_error", "dev_error", "test_error"):
        if name in diagnosis.errors:
            tiles.append(
                tag(
                    "div",
                    tag("dt", f"{TITLES[name]} error"),
                    tag("dd", f"{100 * diagnosis.errors[name]:.3g} %"),
                    tag("dd", measured_on(diagnosis, name), class_="small"),
                    class_="tile",
                )
            )
    parts = [tag("p", diagnosis.verdict, class_="verdict"), tag("dl", *tiles, class_="tiles")]
    if diagnosis.unit != "share of wrong labels":
        parts.append(paragraphs(f"Errors are the {diagnosis.unit}."))
    parts.append(tag("h3", "What to do"))
    if diagnosis.advice:
        parts += [paragraphs("In this order:"), listed("ol", diagnosis.advice)]
    else:
        unknown = [TITLES[name] for name, gap in diagnosis.gaps.items() if gap.high is None]
        parts.append(
            paragraphs(
                f"These figures cannot tell whether {' or '.join(unknown)} is high, and so not "
                "what to do. The notes say what would tell."
                if unknown
                else "Nothing that these figures ask for."
            )
        )
    if diagnosis.notes:
        parts += [tag("h3", "Notes"), listed("ul", diagnosis.notes)]
    rows = [
        [name, value, _judged(remark), limits or "n/a"]
        for name, value, limits, remark in diagnosis.rows()
    ]
    caption = f"Errors and the gaps between them, with {100 * diagnosis.confidence:g} % intervals"
    parts.append(table(["what", "value", "judgement", "interval"], rows, caption=caption))
    return join(parts)


def curves_section(history, output):
    """Charts of cost and errors by epoch; a line marks the epoch early stopping went back to."""
    if not len(history):
        return paragraphs(f"No epoch was finished; the fit ended by: {history.stopped}.")
    epochs = list(range(1, len(history) + 1))
    mark = None
    if history.best_epoch is not None:
        mark = history.best_epoch + 1, f"epoch {history.best_epoch + 1}, restored"
    costs = [v for v in (*history.cost, *history.dev_cost) if v == v]
    wide = bool(costs) and min(costs) > 0 and max(costs) > WIDE * min(costs)
    error = OUTPUTS[output].error
    charts = [
        chart
        for chart in (
            line_chart(
                _by_epoch(epochs, train=history.cost, dev=history.dev_cost),
                log=wide,
                title="Cost J, with the penalty" + (", on a logarithmic scale" if wide else ""),
                x_label="epoch",
                y_label="cost J",
                mark=mark,
            ),
            line_chart(
                _by_epoch(epochs, train=history.train_error, dev=history.dev_error),
                title=f"Error: {error}",
                x_label="epoch",
                y_label="error",
                percent=not OUTPUTS[output].regression,
                mark=mark,
            ),
        )
        if chart is not None
    ]
    if not charts:
        return paragraphs("No epoch of this fit was evaluated (evaluate_every=0).")
    return join([tag("p", _stopped(history)), tag("div", *charts, class_="charts")])


def _by_epoch(epochs, **curves):
    return [Line(name, epochs, values) for name, values in curves.items() if values]


def _stopped(history):
    text = f"{len(history):,} epochs; the fit ended by: {history.stopped or 'it still runs'}."
    if history.averaged > 1:
        text = f"Of one of the {history.averaged} networks whose mean this is: {text}"
    if history.best_epoch is not None:
        text += (
            f" The parameters are those of epoch {history.best_epoch + 1}, the best on the dev set."
        )
    return text


def signal_section(flow):
    """The verdict on signals and gradients, charts of their sizes by layer, and a table."""
    layers = [s.layer for s in flow.layers]
    lines = [
        Line(name, layers, [getattr(s, f"{name}_rms") for s in flow.layers])
        for name in ("a", "dA", "dW")
    ]
    lines[0] = lines[0]._replace(name="A")
    positive = all(v > 0 for line in lines for v in line.y if np.isfinite(v))
    sizes = line_chart(
        lines,
        title="Root mean square by layer: signals A, gradients dA and dW",
        x_label="layer",
        y_label="root mean square",
        log=positive,
    )
    shares = line_chart(
        [Line(name, layers, [getattr(s, name) for s in flow.layers]) for name in ("flat", "dead")],
        title="Share of flat inputs, and of units that are flat for every row",
        x_label="layer",
        y_label="share",
        percent=True,
    )
    return join(
        [
            tag("p", flow.verdict, class_="verdict"),
            paragraphs(*flow.findings[1:]),
            tag("div", *filter(None, (sizes, shares)), class_="charts"),
            table(
                HEADS,
                written_layers(flow),
                caption=f"Signals and gradients over {flow.rows:,} of {flow.of_rows:,} "
                "training examples, dropout off",
            ),
        ]
    )


def gradient_section(network, history, train, wanted):
    """The gradient checks of the fit; if there are none, one of a sample now."""
    checks = dict(history.gradchecks) if history is not None else {}
    if not checks and not wanted:
        return paragraphs("Left out: gradcheck=False, and the fit had no gradcheck_at.")
    if checks:
        told = [
            (f"After {done} epoch{'s' * (done != 1)}", check)
            for done, check in sorted(checks.items())
        ]
    else:
        told = [("Now", _check_now(network, train))]
    parts = []
    for when, check in told:
        said = headline(check).removeprefix("gradient check: ")
        compared = int(check.compared.sum())
        compiled = ""
        if check.compile_seconds >= 0.05:
            compiled = f" Before it, its formulas were compiled for {check.compile_seconds:.2g} s."
        parts += [
            tag(
                "p",
                tag("b", f"{when}: "),
                f"{said}; {compared:,} of {check.theta.size:,} "
                f"components, epsilon {check.epsilon:g}, {check.dtype}.{compiled}",
            )
        ]
        if check.findings:
            parts.append(listed("ul", (finding.text for finding in check.findings)))
    when, check = told[-1]
    rows = [
        [
            p.name,
            str(p.shape).replace(" ", "\N{NO-BREAK SPACE}"),
            f"{p.checked:,}",
            f"{p.difference:.1e}" if p.checked else "n/a",
            f"{p.off:,}",
            _judged(p.verdict),
        ]
        for p in check.parameters.values()
    ]
    parts.append(
        table(
            ["array", "shape", "compared", "difference", "off", "verdict"],
            rows,
            caption=f"{when}: backpropagation beside numerical derivatives",
        )
    )
    return join(parts)


def _check_now(network, train):
    """A check like those of `gradcheck_at`: few examples show an error in the formulas."""
    X, y = as_pair(train, "train")
    rows = np.arange(min(rows_of(X, "X"), EXAMPLES))
    return network.gradcheck(
        take(X, rows), take(y, rows, "y"), sample=COMPONENTS, dropout=min(network.keep_prob) < 1
    )


def layers_section(network):
    """Size, penalties and zeros of every layer."""
    zeros = network.sparsity()
    rows = []
    for l, n_out in enumerate(network.layer_sizes[1:], start=1):
        W, b = network.params[f"W{l}"], network.params[f"b{l}"]
        name = [*network.activation, network.output][l - 1]
        rows.append(
            [
                f"{l}",
                f"{n_out:,}",
                name,
                f"{W.size + b.size:,}",
                f"{network.keep_prob[l - 1]:g}",
                f"{network.l2[l - 1]:g}",
                f"{network.l1[l - 1]:g}",
                f"{np.linalg.norm(W.astype(np.float64)):.4g}",
                f"{100 * zeros[f'W{l}']:.3g} %",
            ]
        )
    return join(
        [
            paragraphs(
                f"{network.theta.size:,} parameters; {100 * zeros['all']:.3g} % of the weights "
                "are exactly zero."
            ),
            table(
                [
                    "layer",
                    "units",
                    "activation",
                    "parameters",
                    "keep_prob of its input",
                    "l2",
                    "l1",
                    "‖W‖",
                    "zero weights",
                ],
                rows,
                caption=f"Layers, after {network.layer_sizes[0]:,} features",
            ),
        ]
    )


def settings_section(network, history, sets, settings):
    """A table of the settings of network and fit, as far as they are known."""
    spec = network.spec
    rows = [
        ["layer_sizes", spec["layer_sizes"]],
        ["output", f"{network.output}, trained on {network.loss or OUTPUTS[network.output].loss}"],
        ["init", f"{spec['init']}, gain {spec['init_gain']:g}"],
        ["dtype", spec["dtype"]],
        ["normalized inputs", "yes" if network.normalize else "no"],
    ]
    rows += [[f"{name} examples", f"{n:,}"] for name, n in sets.items()]
    rows += [[name, value] for name, value in settings.items()]
    if history is not None and len(history):
        rates = history.learning_rate[0], history.learning_rate[-1]
        one = _of_one(history)
        rows += [
            [
                f"learning rate, end of first and of last epoch{one}",
                " and ".join(f"{rate:.4g}" for rate in rates),
            ],
            [f"epochs done{one}", f"{len(history):,}"],
            [f"stopped by{one}", history.stopped],
            [f"seed of the masks{one}", str(history.dropout_seed)],
        ]
    rows = [[name, cell(str(value))] for name, value in rows]
    return table(["setting", "value"], rows, caption="Settings")


def _of_one(history):
    """Words for figures of one network, if the network is a mean of several."""
    return f", of one of {history.averaged} networks" if history.averaged > 1 else ""


def times_section(history):
    """A table of seconds, examples a second, and versions."""
    rows = []
    if history is not None and len(history):
        one = _of_one(history)
        rows = [[f"the fit, evaluations included{one}", f"{history.seconds[-1]:.3g} s"]]
        if history.training_seconds:
            speed = history.examples / history.training_seconds
            rows += [
                [f"updates alone{one}", f"{history.training_seconds:.3g} s"],
                ["training examples a second, in updates", f"{speed:,.0f}"],
            ]
    versions = {
        "fastnn": __version__,
        "kernels": _kernels.variant,
        "Python": platform.python_version(),
        "NumPy": np.__version__,
        "machine": f"{platform.system()} {platform.machine()}",
    }
    rows += [[name, cell(version)] for name, version in versions.items()]
    return table(["what", "value"], rows, caption="Times and versions")


def _judged(text):
    """A table cell; its word of judgement, such as HIGH, is coloured."""
    for words, style in (
        (("HIGH", "wrong"), "bad"),
        (("not high", "correct"), "good"),
        (("cannot be told", "suspect"), "unsure"),
    ):
        for word in words:
            if text.startswith(word):
                return cell(join([tag("span", word, class_=style), text[len(word) :]]))
    return text
