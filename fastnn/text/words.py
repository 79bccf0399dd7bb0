"""Numbers as people read them, and sentences that several rooms share."""


def percent(share):
    """A share in per cent: 0.045 becomes 4.5 %.

    >>> percent(0.11), percent(0.0045)
    ('11 %', '0.45 %')
    """
    return f"{100 * share:.3g} %"


def told_apart(a, b):
    """Two different numbers as texts, with four digits, or as many as tell them apart.

    >>> told_apart(0.25, 2), told_apart(0.27192, 0.271923)
    (('0.25', '2'), ('0.27192', '0.271923'))
    """
    digits = next((n for n in range(4, 17) if f"{a:.{n}g}" != f"{b:.{n}g}"), 17)
    return f"{a:.{digits}g}", f"{b:.{digits}g}"


def about(count):
    """A whole number of two digits and zeros, not below `count`: no more of it is known.

    >>> about(7), about(239_128)
    (7, 240000)
    """
    step = 10 ** max(0, len(str(count)) - 2)
    return -(-count // step) * step


def counted(count, noun):
    """A number, which may be one of NumPy's, and what it counts: "1 group", "2 groups"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def rows(count):
    """Rows and their number: "1 row", "2 rows"."""
    return counted(count, "row")


def left_out(count, target, why=""):
    """A sentence on rows without a target.

    >>> left_out(2, "price"), left_out(1, "price", " (empty)")
    ('2 rows without a price are left out.', '1 row without a price is left out (empty).')
    """
    return f"{rows(count)} without a {target} {'is' if count == 1 else 'are'} left out{why}."
