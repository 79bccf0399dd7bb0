"""The cost at many points near theta: by plain calls, or in compiled code over threads."""

import sys
import time

import numpy as np

from fastnn.engine.threads import available_processors
from fastnn.engine.workers import run
from fastnn.gradient_checking.function.adapters import hint_at_adapter, pointer

_PIECE_SECONDS = 0.05  # between two chances for Ctrl-C
_CHANGED = (
    "expected fun to leave theta as it is, but it changed it; let it work on a copy, and "
    "look for +=, -= and [...] = on theta"
)


class Cost:
    """J as a function of the vector of all parameters; every value is checked.

    Parameters
    ----------
    fun : callable
    args : tuple
    structure : Structure
        The form in which `fun` takes theta.
    threads : int or None
        None: one for a Python function, which may not be safe in several; all processors for a
        compiled one.
    """

    def __init__(self, fun, args, structure, threads=None):
        self._fun, self._args, self._structure = fun, args, structure
        self.evaluations, self.compile_seconds, self.note = 0, 0.0, ""
        self._seconds = None  # of one evaluation
        self._driver = None
        self.dtype = None  # of the last J that fun returned
        if _is_dispatcher(fun):
            self._compile()
        self._threads = threads or (available_processors() if self._driver else 1)

    @property
    def is_compiled(self):
        """Whether the loop over components runs in compiled code."""
        return self._driver is not None

    def __call__(self, vector):
        """J at `vector`, which is not changed."""
        x = vector.copy()
        self.evaluations += 1
        started = time.perf_counter()
        try:
            value = self._call(x)
        except Exception as error:
            distance = np.abs(vector - self._structure.vector).max()
            if distance > 0.0:
                error.add_note(
                    "fastnn.gradcheck had moved all of theta, by at most "
                    f"{distance:.1g}, to see how J is rounded"
                )
            raise
        if self._seconds is not None:  # the first call may compile or allocate
            self._seconds = min(self._seconds or np.inf, time.perf_counter() - started)
        else:
            self._seconds = 0.0
        if x.tobytes() != vector.tobytes():
            changed = np.flatnonzero(x != vector)
            where = f"; changed: {self._structure.describe(changed[0])}" if changed.size else ""
            raise ValueError(_CHANGED + where)
        return value

    def along_components(self, theta, index):
        """The argument `table` of derivatives.py for the lines theta + t e_i, i in `index`."""

        def lines(rows, points):
            components = index[rows]

            def piece(begin, end):
                x = theta.astype(points.dtype)
                return self._piece(x, components[begin:end], points[begin:end])

            return self._table(piece, points)

        return lines

    def along_directions(self, theta, directions):
        """The argument `table` of derivatives.py for the lines theta + t v, v in `directions`."""

        def lines(rows, points):
            def piece(begin, end):
                values = np.empty((end - begin, points.shape[1]))
                for r, row in enumerate(rows[begin:end]):
                    for k, t in enumerate(points[begin + r]):
                        try:
                            values[r, k] = self._call(theta + t * directions[row])
                        except Exception as error:
                            error.add_note(
                                "fastnn.gradcheck had moved all of theta, by at most "
                                f"{abs(t) * np.abs(directions[row]).max():.1g}, along "
                                "a random direction"
                            )
                            raise
                return values

            return self._table(piece, points)

        return lines

    def _piece(self, x, components, points):
        before = x.tobytes()
        values = np.empty(points.shape, x.dtype)
        if self._driver is not None:
            try:
                self._driver(
                    self._fun, x, self._structure.shape, components, points, values, self._args
                )
            except Exception as error:
                for i in np.flatnonzero(x != np.frombuffer(before, x.dtype))[:1]:
                    error.add_note(
                        f"fastnn.gradcheck had moved theta at {self._structure.describe(i)} from "
                        f"{np.frombuffer(before, x.dtype)[i]} to {x[i]}"
                    )
                raise
            components = components[:0]
        for row, component in enumerate(components):
            keep = x[component]
            for k, point in enumerate(points[row]):
                x[component] = point
                try:
                    values[row, k] = self._call(x)
                except Exception as error:
                    error.add_note(
                        "fastnn.gradcheck had moved theta at "
                        f"{self._structure.describe(component)} from {keep} to {point}"
                    )
                    raise
            x[component] = keep
        if x.tobytes() != before:
            raise ValueError(_CHANGED)
        return values

    def _table(self, piece, points):
        lines, each = points.shape
        self.evaluations += points.size
        seconds = max((self._seconds or 0.0) * each, 1e-9)
        size = int(np.clip(_PIECE_SECONDS / seconds, 1, max(lines, 1)))
        if self._threads > 1:  # several pieces a thread
            size = min(size, -(-lines // (4 * self._threads)))
        bounds = [(begin, min(begin + size, lines)) for begin in range(0, lines, max(size, 1))]

        def work(begin, end):
            # An error later names the place of a value that is not finite.
            with np.errstate(all="ignore"):
                return piece(begin, end)

        parts = run(work, bounds, self._threads)
        return np.concatenate(parts) if parts else np.empty(points.shape)

    def _call(self, x):
        try:
            result = self._fun(self._structure.unpack(x), *self._args)
        except Exception as error:
            hint_at_adapter(error)
            self._explain_compilation(error)
            raise
        return self._scalar(result, np.iscomplexobj(x))

    def _explain_compilation(self, error):
        if (
            _is_dispatcher(self._fun)
            and self._structure.shape is None
            and (type(error).__module__.startswith("numba."))
        ):
            error.add_note(
                "fastnn.gradcheck gave fun a Python dict or list, which Numba does not compile "
                "for; let fun take one vector and slice it, with its names in layout=, or wrap "
                "it: lambda theta: fun(theta['W'], theta['b'])"
            )

    def _scalar(self, result, complex_allowed):
        if isinstance(result, tuple | list):
            raise TypeError(
                f"expected fun to return one number J, got a {type(result).__name__} of "
                f"{len(result)}; if it returns (J, gradient), pass lambda theta: fun(theta)[0]"
            )
        if result is None:
            raise TypeError("expected fun to return one number J, got None; a return is missing")
        if getattr(result, "requires_grad", False) and pointer(result):
            raise TypeError(
                "expected fun to return a number J, got a tensor of PyTorch that "
                f"carries its gradient; return J.item(), or {pointer(result)}"
            )
        try:
            array = np.asarray(result)
        except Exception as error:
            error.add_note("fastnn.gradcheck could not make a number of what fun returned")
            raise
        if array.size != 1:
            raise ValueError(
                f"expected fun to return one number J, got an array of shape {array.shape}; sum "
                "or average it over the examples"
            )
        if array.dtype.kind not in ("fiuc" if complex_allowed else "fiu"):
            raise TypeError(
                f"expected fun to return a real number J, got {result!r} of type "
                f"{type(result).__name__}"
            )
        self.dtype = array.dtype
        return array.reshape(-1)[0] + 0.0

    def _compile(self):
        from numba.core.errors import NumbaError

        from fastnn.gradient_checking.function.compiled_loop import evaluate

        if self._structure.shape is None:
            self.note = "fun was called from Python: theta is not one array"
            return
        started = time.perf_counter()
        try:
            self._compile_for(float, evaluate)
        except (NumbaError, NotImplementedError) as error:
            reason = str(error).strip().splitlines()[0]
            self.note = f"fun was called from Python, Numba cannot compile the call: {reason}"
        else:
            self._driver = evaluate
        self.compile_seconds = time.perf_counter() - started

    def compile_for_complex(self):
        """Compile for complex numbers; an error if fun cannot be compiled for them."""
        if self._driver is None:
            return
        from numba.core.errors import NumbaError

        started = time.perf_counter()
        try:
            self._compile_for(complex, self._driver)
        except (NumbaError, NotImplementedError) as error:
            raise TypeError(
                "fun cannot be compiled for complex numbers, which method='complex-step' needs; "
                "use method='two-sided'"
            ) from error
        self.compile_seconds += time.perf_counter() - started

    def _compile_for(self, dtype, driver):
        """Call the loop with no component to move, which compiles it for theta of this dtype."""
        x, none = self._structure.pack().astype(dtype), np.empty((0, 1), dtype)
        indices = np.zeros(0, np.intp)
        driver(self._fun, x, self._structure.shape, indices, none, none, self._args)


def _is_dispatcher(fun):
    # Where Numba is not loaded, no function is compiled: no need to import it.
    dispatcher = sys.modules.get("numba.core.dispatcher")
    return dispatcher is not None and isinstance(fun, dispatcher.Dispatcher)
