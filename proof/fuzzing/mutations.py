"""Changes at random that fuzzing makes to bytes, to JSON, and to arrays."""

import itertools
import json

import numpy as np

_HOSTILE = [
    None, True, False, 0, -1, 1, 2, 7, 2**31, 2**53, 2**63, 2**64, -(2**63), 10**400, 0.5, -0.0,
    1e-320, 1e308, float("nan"), float("inf"), "", "a", "0", "relu", "softmax", "float64", "theta",
    "F64", "\ud800", "x" * 300, [], {}, [0], [[]], {"": None}, [None, "a"], [1] * 100,
]  # fmt: skip
_DEPTHS = [2, 2, 2, 50, 50, 3000]  # the last is beyond the recursion of Python
_NUMBERS = [0.0, -1.0, 1.0, 1e30, 1e300, -1e308, 1e-320, np.nan, np.inf, -np.inf]
_ODD = [0, -1, 1, 3, 1000, 2**31, 2**63, -(2**63) - 1, 2**64, 0.5, -1.5, 1e300, np.nan, None]
_DTYPES = ["f4", "f8", "f8", "f4", "i8", "i4", "u1", "?", ">f4", ">f8", "f2", "c16", "O", "U3"]
# Drawn once: a number of its own for each array would take most of the time of an execution.
_NORMAL = np.random.default_rng(0).standard_normal(1 << 16) * 2


def mutated_bytes(data, rng):
    """A copy with bits flipped, bytes replaced, cut, repeated or inserted."""
    data = bytearray(data)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(data) + 1)
        some = rng.randrange(1, 17)
        match rng.randrange(6):
            case 0 if at < len(data):
                data[at] ^= 1 << rng.randrange(8)
            case 1:
                data[at : at + some] = rng.randbytes(some)
            case 2:
                del data[at:]
            case 3:
                del data[at : at + some]
            case 4:
                data[at:at] = data[at : at + some] * rng.randrange(1, 20)
            case _:  # a length at the beginning
                data[:8] = rng.choice([0, 1, 2**20, 2**31, 2**62]).to_bytes(8, "little")
    return bytes(data)


class Json:
    """JSON that is changed again and again.

    Parameters
    ----------
    content : dict
    """

    def __init__(self, content):
        self.text = json.dumps(content)
        self._ways = list(_ways(content))
        # Else a large part, such as the description of a run, would get nearly all changes.
        branches = itertools.groupby(self._ways, key=lambda way: way[0])
        self._branches = [list(ways) for _, ways in branches]

    def mutated(self, rng):
        """A copy with values replaced, left out, repeated or exchanged, anywhere in the tree."""
        content = json.loads(self.text)
        for _ in range(rng.randrange(1, 4)):
            way = rng.choice(self._ways if rng.random() < 0.5 else rng.choice(self._branches))
            try:
                parent = _at(content, way[:-1])
                usual = parent[way[-1]]
                match rng.randrange(6):
                    case 0:
                        del parent[way[-1]]
                    case 1:
                        parent[way[-1]] = _copied(_at(content, rng.choice(self._ways)))
                    case 2 if isinstance(parent, list):
                        parent.insert(way[-1], _copied(usual))
                    case 3:
                        nested = []
                        for _ in range(rng.choice(_DEPTHS)):
                            nested = [nested]
                        parent[way[-1]] = nested
                        break  # too deep to be copied
                    case _:
                        parent[way[-1]] = _copied(rng.choice(_HOSTILE))  # later changes are of it
            except (KeyError, IndexError, TypeError):
                pass  # a change before has taken the place away
        return content


def _ways(value, way=()):
    """The keys that lead to each value within."""
    for key in value if isinstance(value, dict) else range(len(value)):
        yield (*way, key)
        if isinstance(value[key], dict | list):
            yield from _ways(value[key], (*way, key))


def _at(content, way):
    for key in way:
        content = content[key]
    return content


def _copied(value):
    return json.loads(json.dumps(value))


def json_text(content):
    """JSON of it, also of what JSON has no words for."""
    try:
        return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except RecursionError:
        return "[" * 5000 + "]" * 5000


def number(rng, usual):
    """`usual`, as a rule; else a number that nobody means."""
    return usual if rng.random() < 0.97 else rng.choice(_ODD)


def array(rng, shape, dtype="f8", odd=0.15):
    """An array of about this shape; now and then of another dtype, layout or address."""
    if rng.random() < odd:
        shape = tuple(max(0, n + rng.choice([-1, 0, 1, 5])) for n in shape)
        if rng.random() < 0.3:
            shape = shape[1:] if rng.random() < 0.5 else (*shape, 1)
    if rng.random() < odd:
        dtype = rng.choice(_DTYPES)
    size = 1
    for n in shape:
        size *= n
    at = rng.randrange(_NORMAL.size - size)
    numbers = _NORMAL[at : at + size].copy()
    if size and rng.random() < odd:
        numbers[rng.randrange(size)] = rng.choice(_NUMBERS)
    made = numbers.reshape(shape).astype(dtype, copy=False)
    if rng.random() < odd:
        made = _laid_out(rng, made)
    return made


def _laid_out(rng, made):
    """The same numbers with other strides, at another address, or read-only."""
    match rng.randrange(6):
        case 0 if made.ndim:
            return made[::-1]
        case 1:
            return np.asfortranarray(made)
        case 2 if made.ndim:
            return np.repeat(made, 2, axis=-1)[..., ::2]
        case 3 if made.dtype != object and made.size:
            block = np.zeros(made.nbytes + 1, np.uint8)
            moved = block[1:].view(made.dtype).reshape(made.shape)
            moved[...] = made
            return moved
        case 4 if made.size:
            return np.broadcast_to(made.flat[0], made.shape)
    made.flags.writeable = False
    return made
