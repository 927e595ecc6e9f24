# SPDX-License-Identifier: Apache-2.0
"""Tables, and the numbers that stand in them."""


def render(head, rows):
    """A table in Markdown that is readable as it is."""
    rows = [[str(cell) for cell in row] for row in [head, *rows]]
    widths = [max(len(row[n]) for row in rows) for n in range(len(head))]

    def line(row):
        cells = [row[0].ljust(widths[0])] + [
            cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        return "| " + " | ".join(cells) + " |"

    rule = "|" + "|".join(
        "-" * (width + 1) + (":" if n else "-")
        for n, width in enumerate(widths)) + "|"
    return "\n".join([line(rows[0]), rule] + [line(r) for r in rows[1:]])


def quantile(values, share):
    """The value that this share of them does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] \
        if ordered else 0


def milliseconds(seconds):
    return f"{1000 * seconds:.0f}"
