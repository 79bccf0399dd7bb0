"""Changes at random that fuzzing makes to bytes, to JSON, and to arrays."""

import copy
import json

import numpy as np

_HOSTILE = [
    None, True, False, 0, -1, 1, 2, 7, 2**31, 2**53, 2**63, 2**64, -(2**63), 10**400, 0.5, -0.0,
    1e-320, 1e308, float("nan"), float("inf"), "", "a", "0", "relu", "softmax", "float64", "theta",
    "\ud800", "x" * 1000, [], {}, [0], [[]], {"": None}, [None, "a"], [1] * 1000,
]  # fmt: skip
_NUMBERS = [0.0, -1.0, 1.0, 1e30, 1e300, -1e308, 1e-320, np.nan, np.inf, -np.inf]
_DTYPES = ["f4", "f8", "f8", "f4", "i8", "i4", "u1", "?", ">f4", ">f8", "f2", "c16", "O", "U3"]


def mutated_bytes(data, rng):
    """A copy with bits flipped, bytes replaced, cut, repeated or inserted."""
    data = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        at = int(rng.integers(0, len(data) + 1))
        some = int(rng.integers(1, 17))
        match rng.integers(0, 6):
            case 0 if at < len(data):
                data[at] ^= 1 << int(rng.integers(0, 8))
            case 1:
                data[at : at + some] = rng.bytes(some)
            case 2:
                del data[at:]
            case 3:
                del data[at : at + some]
            case 4:
                data[at:at] = data[at : at + some] * int(rng.integers(1, 20))
            case _:  # a length at the beginning
                data[:8] = int(rng.choice([0, 1, 2**20, 2**31, 2**62])).to_bytes(8, "little")
    return bytes(data)


def mutated_json(content, rng):
    """A copy with values replaced, left out, repeated or exchanged, anywhere in the tree."""
    content = copy.deepcopy(content)
    for _ in range(rng.integers(1, 4)):
        places = list(_places(content))
        if not places:
            break
        parent, key = places[rng.integers(len(places))]
        if key not in (parent if isinstance(parent, dict) else range(len(parent))):
            continue
        match rng.integers(0, 6):
            case 0:
                del parent[key]
            case 1:
                other, its_key = places[rng.integers(len(places))]
                parent[key] = copy.deepcopy(other[its_key])
            case 2 if isinstance(parent, list):
                parent.insert(key, copy.deepcopy(parent[key]))
            case 3:
                nested = []
                for _ in range(int(rng.choice([2, 50, 3000]))):
                    nested = [nested]
                parent[key] = nested
                break  # too deep to look for places in
            case _:
                parent[key] = copy.deepcopy(_HOSTILE[rng.integers(len(_HOSTILE))])
    return content


def json_text(content):
    """JSON of it, also of what JSON has no words for."""
    try:
        return json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    except RecursionError:
        return "[" * 5000 + "]" * 5000


def _places(value):
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])


def number(rng, usual):
    """`usual`, as a rule; else a number that nobody means."""
    if rng.random() < 0.85:
        return usual
    odd = [0, -1, 1, 3, 1000, 2**31, 2**63, -(2**63) - 1, 2**64, 0.5, -1.5, 1e300, np.nan, None]
    return odd[rng.integers(len(odd))]


def array(rng, shape, dtype="f8", odd=0.15):
    """An array of about this shape; now and then of another dtype, layout or address."""
    if rng.random() < odd:
        shape = tuple(max(0, int(n + rng.choice([-1, 0, 1, 5]))) for n in shape)
        if rng.random() < 0.3:
            shape = shape[1:] if rng.random() < 0.5 else (*shape, 1)
    if rng.random() < odd:
        dtype = _DTYPES[rng.integers(len(_DTYPES))]
    numbers = np.asarray(rng.standard_normal(shape) * 2)
    if rng.random() < odd and numbers.size:
        numbers.flat[rng.integers(numbers.size)] = _NUMBERS[rng.integers(len(_NUMBERS))]
    with np.errstate(all="ignore"):
        made = numbers.astype(dtype)
    if rng.random() < odd:
        made = _laid_out(rng, made)
    return made


def _laid_out(rng, made):
    """The same numbers with other strides, at another address, or read-only."""
    match rng.integers(0, 6):
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
