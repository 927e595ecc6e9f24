# SPDX-License-Identifier: Apache-2.0
"""picture - docs/architecture.svg: the wings, and who includes whom.

Made by units.py of layers.txt and of the includes in the files. A wing includes only
what is below it in the picture. Each wing that is included has a lane at the
right: a dot is an include, and the lane ends in the wing with an arrow.
"""

import os
import re
from xml.sax.saxutils import escape

import layers
import lint

PATH = "docs/architecture.svg"
# what is no unit of layers.txt: the command, above all that it includes
ABOVE = (("cli", ("authbearer",)),)

LEFT, WIDTH, LINE, GAP, LANE, TOP = 12, 500, 18, 10, 22, 16
COLUMNS = 46  # letters of a line of unit names

STYLE = """svg{font:13px ui-monospace,Menlo,Consolas,monospace;--ink:#1f2328;--soft:#59636e;
--paper:#fff;--glue:#fdf0e3;--library:#e8f1fb;--edge:#8c959f}
@media(prefers-color-scheme:dark){svg{--ink:#e6edf3;--soft:#9ba5b0;--paper:#0d1117;
--glue:#33261a;--library:#182636;--edge:#6e7681}}
.paper{fill:var(--paper)}.glue{fill:var(--glue)}.library{fill:var(--library)}
rect.wing{stroke:var(--edge)}text{fill:var(--soft)}.name{fill:var(--ink);font-weight:600}
path{fill:none;stroke:var(--edge)}circle,.head{fill:var(--ink);stroke:none}"""


def wing_of(unit):
    return os.path.dirname(unit) or unit


def wings_of(order):
    """[(wing, [names of its units])], what includes most first."""
    wings = {}
    for unit, _ in order:
        wings.setdefault(wing_of(unit), []).append(os.path.basename(unit))
    return [*ABOVE, *reversed(wings.items())]


def includes(top, order):
    """{(wing, the wing that it includes)}."""
    rank = {unit for unit, _ in order}
    pairs = set()
    for folder in ("bearer", "httpd", "cli", "."):
        paths = lint.files(top, folder, (".h", ".c", ".def", ".h.in")) if folder != "." \
            else ["mod_auth_bearer.c"]
        for path in paths:
            unit = os.path.normpath(layers.unit_of(path))
            for _, name, _ in layers.INCLUDE.findall(lint.read(top, path)):
                if layers.unit_of(name) in rank:
                    pairs.add((wing_of(unit), wing_of(layers.unit_of(name))))
    return {(one, other) for one, other in pairs if one != other}


def cut(names):
    """Names in lines of at most COLUMNS letters."""
    lines = [""]
    for name in names:
        if lines[-1] and len(lines[-1]) + 1 + len(name) > COLUMNS:
            lines.append("")
        lines[-1] = f"{lines[-1]} {name}".strip()
    return lines


def rows_of(wings):
    """[(wing, lines, y, height)]."""
    rows, y = [], TOP
    for wing, names in wings:
        lines = cut([] if list(names) == [wing] else names)
        height = LINE * len(lines) + 12
        rows.append((wing, lines, y, height))
        y += height + GAP
    return rows


def draw_wing(wing, lines, y, height):
    kind = "library" if wing.startswith("bearer") else "glue"
    out = [f'<rect class="wing {kind}" x="{LEFT}" y="{y}" width="{WIDTH}" height="{height}" '
           f'rx="4"/>', f'<text class="name" x="{LEFT + 10}" y="{y + LINE}">{escape(wing)}</text>']
    out += [f'<text x="{LEFT + 140}" y="{y + LINE * (number + 1)}">{escape(line)}</text>'
            for number, line in enumerate(lines) if line]
    return out


def draw_lane(x, row, sources):
    """The lane of one wing: from the topmost wing that includes it, into it."""
    y, edge = row[2] + row[3] - 9, LEFT + WIDTH
    heights = sorted(source[2] + 9 for source in sources)
    out = [f'<path d="M{x} {heights[0]}V{y}H{edge + 7}"/>',
           f'<path class="head" d="M{edge} {y}l8 -4v8z"/>']
    return out + [f'<circle cx="{x}" cy="{height}" r="3"/>' for height in heights]


def draw(order, pairs):
    """The whole picture, as text."""
    rows = rows_of(wings_of(order))
    of_wing = {row[0]: row for row in rows}
    edge = LEFT + WIDTH
    targets = [row for row in rows if any(other == row[0] for _, other in pairs)]
    # the lane of a wing further down is further out: no lane crosses an arrow
    lanes = {row[0]: edge + 24 + LANE * number for number, row in enumerate(targets)}
    width = edge + 24 + LANE * len(targets)
    height = rows[-1][2] + rows[-1][3] + TOP
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
           f'viewBox="0 0 {width} {height}" role="img">',
           "<title>The wings of the source, and which includes which</title>",
           "<!-- made by tests/lint/units.py -->",
           f"<style>{STYLE}</style>", '<rect class="paper" width="100%" height="100%"/>']
    for row in rows:
        out += draw_wing(*row)
        reach = [lanes[other] for one, other in pairs if one == row[0]]
        if reach:
            out.append(f'<path d="M{edge} {row[2] + 9}H{max(reach)}"/>')
    for row in targets:
        out += draw_lane(lanes[row[0]], row, [of_wing[one] for one, other in pairs
                                              if other == row[0]])
    return "\n".join([*out, "</svg>", ""])


def upward(order, pairs):
    """Arrows that point up; the includes of single files are layers.py's."""
    rank = {wing: number for number, (wing, _) in enumerate(wings_of(order))}
    return [f"{PATH}: {one} includes {other}, which is above it"
            for one, other in sorted(pairs) if rank[one] > rank[other]]
