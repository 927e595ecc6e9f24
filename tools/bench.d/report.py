# SPDX-License-Identifier: Apache-2.0
"""Medians, tables and pictures of what was measured."""
import html
import json
import os
import statistics
import subprocess
import time
from pathlib import Path


def median(values):
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None


def spread(values):
    """The distance of the quartiles: how noisy a median is."""
    if len(values) < 4:
        return max(values) - min(values)
    low, _, high = statistics.quantiles(values, n=4)
    return high - low


def quarters(values):
    """Of values in their order: the median of each quarter; zeros of too few."""
    values = list(values)
    part = len(values) // 4
    if not part:
        return [0] * 4
    return [median(values[at:at + part])
            for at in (0, part, len(values) - 2 * part, len(values) - part)]


def table(head, rows):
    """Lines of a Markdown table, aligned to be read as text too."""
    cells = [head] + [[str(c) for c in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, widths)) + " |"
             for row in cells]
    rule = "|" + "|".join("-" * (w + 2) for w in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def machine():
    """What a reader must know of the machine."""
    info = Path("/proc/cpuinfo").read_text()
    model = next((line.split(":")[1].strip() for line in info.splitlines()
                  if line.startswith("model name")), "?")
    release = Path("/etc/os-release").read_text()
    name = next((line.split("=")[1].strip('"')
                 for line in release.splitlines()
                 if line.startswith("PRETTY_NAME")), "?")
    openssl = subprocess.run(["openssl", "version"], text=True,
                             capture_output=True).stdout.strip()
    return {"date": time.strftime("%Y-%m-%d"), "cpu": model,
            "cores": os.cpu_count(), "system": name, "openssl": openssl,
            "load": os.getloadavg()[0]}


class Lines:
    """The raw lines of a run, written as they come."""

    def __init__(self, path, **about):
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.file = open(self.path, "w")
        self.add("run", **machine(), **about)

    def add(self, kind, **fields):
        fields = {k: round(v, 3) if isinstance(v, float) else v
                  for k, v in fields.items()}
        self.file.write(json.dumps({"kind": kind, **fields}) + "\n")
        self.file.flush()


def read_lines(path):
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


COLOURS = {"ours": "#2a6f97", "peer": "#b0693a", "httpd": "#7a7a7a"}


def bars(title, note, rows):
    """An SVG of horizontal bars on a logarithmic axis. rows: (label, value,
    colour); a value below 1 is drawn as 1."""
    import math
    left, width, step, top = 280, 470, 24, 62
    most = max(max(v for _, v, _ in rows), 10)
    decades = math.log10(most) * 1.08
    height = top + step * len(rows) + 40
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + width + 90}"'
           f' height="{height}" font-family="sans-serif" font-size="13">',
           f'<rect width="100%" height="100%" fill="#ffffff"/>',
           f'<text x="12" y="22" font-size="16">{html.escape(title)}</text>',
           f'<text x="12" y="42" fill="#555">{html.escape(note)}</text>']
    bottom = top + step * len(rows)
    for power in range(int(decades) + 1):
        x = left + width * power / decades
        out += [f'<line x1="{x:.1f}" y1="{top - 6}" x2="{x:.1f}" '
                f'y2="{bottom}" stroke="#ddd"/>',
                f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle" '
                f'fill="#555">{10 ** power} µs</text>']
    for i, (label, value, colour) in enumerate(rows):
        y = top + step * i
        long = width * math.log10(max(value, 1.0)) / decades
        out += [f'<text x="{left - 8}" y="{y + 14}" text-anchor="end">'
                f'{html.escape(label)}</text>',
                f'<rect x="{left}" y="{y + 2}" width="{max(long, 2):.1f}" '
                f'height="{step - 8}" fill="{COLOURS[colour]}"/>',
                f'<text x="{left + max(long, 2) + 6:.1f}" y="{y + 14}">'
                f'{value:.1f}</text>']
    out.append("</svg>")
    return "\n".join(out) + "\n"
