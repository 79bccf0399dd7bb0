"""Numbers as people read them."""


def percent(share):
    """A share in per cent: 0.045 becomes 4.5 %.

    >>> percent(0.11), percent(0.0045)
    ('11 %', '0.45 %')
    """
    return f"{100 * share:.3g} %"
