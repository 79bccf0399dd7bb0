"""Tables as text."""


def aligned(rows):
    """Lines of the rows, texts of equal number, each column flush right.

    >>> aligned([("m", "error"), ("1,000", "4 %")])
    ['    m  error', '1,000    4 %']
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True))
        for row in rows
    ]
