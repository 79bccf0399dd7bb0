"""Tables as text."""


def aligned(rows, sides="", gap="  "):
    """The rows as lines, each column flush right or left.

    Parameters
    ----------
    rows : sequence of sequences of str
        All of one length.
    sides : str
        ">" or "<" for each column: flush right or left. "": all flush right.
    gap : str
        Stands between two columns.

    Examples
    --------
    >>> aligned([("m", "error"), ("1,000", "4 %")])
    ['    m  error', '1,000    4 %']
    >>> aligned([("W1", "(3, 2)", "0.1"), ("theta", "(9,)", "12")], "<<>")
    ['W1     (3, 2)  0.1', 'theta  (9,)     12']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = sides or ">" * len(widths)
    return [
        gap.join(
            f"{cell:{side}{width}}" for cell, side, width in zip(row, sides, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
