"""The table and the plots of what peers.py measured: medians over the rounds, their spread, and ratios to the best peer and to the floor."""

import collections
import os
import pathlib
import platform
import statistics
import subprocess

from peer_builds import PEERS

GIGABYTE = 1e9
TARGETS = {"small": 1.15, "medium": 1.1, "large": 1.1, "tls": 1.1, "start": 1.3}
BY_NAME = {peer.name: peer for peer in PEERS}
TITLES = {
    "start": "Start to first answer: one HEAD by a new process, ms",
    "small": "4 KiB: CPU in microseconds per request (= ms per 1,000)",
    "medium": "1 MiB: CPU in seconds per GB",
    "large": "64 MiB and 1 GiB from and to memory: CPU in seconds per GB",
    "files": "1 GiB from and to a file in memory, and from a pipe: CPU in seconds per GB",
    "lists": "A listing of 10,000 objects: CPU in ms per listing",
    "tls": "Over TLS",
    "scaling": "Cost as the number of objects grows: PUT of 4 KiB, 8 at a time, CPU in microseconds per request",
    "server": "versitygw with its data in memory: client CPU in microseconds per request of 4 KiB, else in seconds per GB",
}


def processor(line):
    return line["user_s"] + line["system_s"]


def cost(line):
    """In the unit of its part."""
    if line["part"] == "start":
        return line["first_answer_ms"]
    if line["part"] == "lists":
        return processor(line) / line["operations"] * 1e3
    if line["size"] >= 1 << 20 and line["operation"] in ("put", "get"):
        return processor(line) / (line["operations"] * line["size"] / GIGABYTE)
    return processor(line) / line["operations"] * 1e6


def rate(line):
    """Requests or megabytes a second."""
    if line["size"] >= 1 << 20 and line["operation"] in ("put", "get"):
        return line["operations"] * line["size"] / 1e6 / line["wall_s"]
    return line["operations"] / line["wall_s"]


class Cell:
    """What all peers came to in one cell."""

    def __init__(self, key, lines):
        self.key = key
        self.part, self.operation, self.size, self.concurrency, self.way, self.tls, self.scaled = key
        self.lines = collections.defaultdict(list)
        for line in lines:
            self.lines[line["peer"]].append(line)
        self.lines = {peer: self.lines[peer] for peer in BY_NAME if peer in self.lines}

    @property
    def title(self):
        if self.part == "start":
            return "start to first answer"
        size = {4096: "4 KiB", 1 << 20: "1 MiB", 64 << 20: "64 MiB", 1 << 30: "1 GiB"}.get(self.size, f"{self.size:,}")
        way = "" if self.way == "memory" else f", {self.way}"
        return f"{self.operation} {size}{way}" + (f" x {self.scaled:,}" if self.scaled else f", c{self.concurrency}")

    def median(self, peer, measure=cost):
        return statistics.median(map(measure, self.lines[peer]))

    def spread(self, peer):
        values = sorted(map(cost, self.lines[peer]))
        return (values[-1] - values[0]) / statistics.median(values) if len(values) > 1 else 0.0

    def alike(self, payload):
        """The peers that do the same work: only for an upload does it matter what becomes of the body."""
        return [name for name in self.lines if self.operation != "put" or BY_NAME[name].payload == payload]

    def best(self, names, measure=cost, choose=min):
        measured = [(self.median(name, measure), name) for name in names]
        return choose(measured) if measured else None

    def judged(self, payload):
        """Our best way, the best peer and the lower floor of those that are alike; None where nothing can be compared."""
        names = self.alike(payload)
        ours = self.best([name for name in names if BY_NAME[name].is_ours])
        peer = self.best([name for name in names if not BY_NAME[name].is_ours and not BY_NAME[name].is_floor])
        floor = self.best([name for name in names if BY_NAME[name].is_floor])
        return (ours, peer, floor) if ours else None


def paired_ratio(cell, name, other):
    """The median of the ratios of the rounds: what disturbs a round disturbs both."""
    of_rounds = {line["run"]: [] for line in cell.lines[name]}
    others = collections.defaultdict(list)
    for line in cell.lines[name]:
        of_rounds[line["run"]].append(cost(line))
    for line in cell.lines[other]:
        others[line["run"]].append(cost(line))
    ratios = [statistics.median(values) / statistics.median(others[run]) for run, values in of_rounds.items() if run in others]
    return statistics.median(ratios) if ratios else float("nan")


def cells_of(lines):
    grouped = collections.defaultdict(list)
    for line in lines:
        scaled = line["count"] if line["part"] == "scaling" else 0
        key = (line["part"], line["operation"], line["size"], line["concurrency"], line["way"], line["tls"], scaled)
        grouped[key].append(line)
    return [Cell(key, grouped[key]) for key in grouped]


def number(value):
    return f"{value:.3f}" if value < 1 else f"{value:.2f}" if value < 10 else f"{value:.1f}" if value < 1000 else f"{value:,.0f}"


def markdown(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + "|".join(["---"] + ["---:"] * (len(header) - 1)) + "|"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def table_of_part(cells, measure, show=number):
    """Peers down, cells across."""
    names = [name for name in BY_NAME if any(name in cell.lines for cell in cells)]
    header = ["peer", *(cell.title for cell in cells)]
    rows = [[name, *(show(cell.median(name, measure)) if name in cell.lines else "-" for cell in cells)] for name in names]
    return markdown(header, rows)


def verdicts(cells):
    """A row for each cell: ours, beside the best peer and the floor."""
    rows = []
    for cell in cells:
        payloads = ("unsigned", "crc", "signed") if cell.operation == "put" else ("unsigned",)
        for payload in payloads:
            judged = cell.judged(payload)
            if not judged or not (judged[1] or judged[2]):
                continue
            ours, peer, floor = judged
            to_peer = paired_ratio(cell, ours[1], peer[1]) if peer else None
            to_floor = paired_ratio(cell, ours[1], floor[1]) if floor else None
            what = "" if payload == "unsigned" else f", {payload}"
            over = ", TLS" if cell.tls else ""
            rows.append(
                {
                    "part": cell.part,
                    "cell": cell.title + over + what,
                    "ours": ours,
                    "peer": peer,
                    "floor": floor,
                    "to_peer": to_peer,
                    "to_floor": to_floor,
                    "spread": cell.spread(ours[1]),
                }
            )
    return rows


def verdict_table(rows):
    def beside(found):
        return f"{number(found[0])} ({found[1]})" if found else "-"

    def ratio(value):
        return f"{value:.2f}" if value else "-"

    header = ["cell", "ours", "best peer", "floor", "to the best peer", "to the floor", "spread of ours"]
    return markdown(
        header,
        [
            [row["cell"], beside(row["ours"]), beside(row["peer"]), beside(row["floor"]), ratio(row["to_peer"]), ratio(row["to_floor"]), f"{100 * row['spread']:.0f} %"]
            for row in rows
        ],
    )


def worst(rows, count=3):
    def shortfall(row):
        floors = row["to_floor"] / TARGETS[row["part"]] if row["to_floor"] and row["part"] in TARGETS else 0
        return max(row["to_peer"] or 0, floors)

    return sorted(rows, key=shortfall, reverse=True)[:count]


def bar_chart(path, title, cells, unit):
    """A group of bars for each cell, cut where a peer is ten times the best: the figure says more than the length."""
    names = [name for name in BY_NAME if any(name in cell.lines for cell in cells)]
    colours = ["#9aa5b1", "#c3cad2", "#0b6e4f", "#21a179", "#7bd0b0", "#c8553d", "#e08e45", "#5b5f97", "#8d6a9f", "#145c9e", "#6c6c6c", "#2f4858", "#b56576", "#e56b6f", "#f2a65a", "#a3a380", "#d6ce93"]
    bar, gap, left, width = 13, 22, 210, 900
    height = 60 + sum(gap + bar * len(cell.lines) for cell in cells)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="11">',
        f'<rect width="{width}" height="{height}" fill="white"/>',
        f'<text x="12" y="24" font-size="15">{title}</text>',
        f'<text x="12" y="42" fill="#555">{unit}; shorter is better; bars end at ten times the best</text>',
    ]
    at = 60
    for cell in cells:
        parts.append(f'<text x="12" y="{at + 4}" font-weight="bold">{cell.title}</text>')
        at += 8
        best = min(cell.median(name) for name in cell.lines)
        for name in cell.lines:
            value = cell.median(name)
            length = max(1.0, min(value / best, 10) / 10 * (width - left - 90))
            colour = colours[names.index(name) % len(colours)]
            parts.append(f'<text x="{left - 6}" y="{at + bar - 3}" text-anchor="end">{name}</text>')
            parts.append(f'<rect x="{left}" y="{at + 1}" width="{length:.1f}" height="{bar - 2}" fill="{colour}"/>')
            parts.append(f'<text x="{left + length + 5:.1f}" y="{at + bar - 3}">{number(value)}</text>')
            at += bar
        at += gap - 8
    path.write_text("\n".join([*parts, "</svg>"]) + "\n")


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), platform.machine())
    curl = subprocess.run(["curl-config", "--version"], capture_output=True, text=True).stdout.strip()
    return f"{os.cpu_count()} processors ({model}), Linux {platform.release()}, {curl}"


def write_report(lines, place):
    place = pathlib.Path(place)
    cells = cells_of(lines)
    loads = sorted(line["load"] for line in lines)
    runs = len({line["run"] for line in lines})
    versions = ", ".join(f"{peer.name} {peer.version}" for peer in PEERS if peer.version and "," not in peer.name)
    text = [
        "# libfilestore beside its peers",
        "",
        f"Made by `./dev bench`: medians of {runs} rounds in which all peers take turns, on {machine()}; load before a run {statistics.median(loads):.1f} in the median, {loads[-1]:.1f} at most. "
        "Ratios are medians of the rounds' own ratios: below 1 we use less. CPU is user and system time of the client over the calls alone. "
        "Server and client share the processors, so that throughput is of both. The server is a light one of ours, but where another is named.",
        "",
        f"Peers: {versions}. The floor is libcurl that sends the same signed requests and does nothing else. `unsigned`, `crc` (a CRC of the body) and `signed` (SHA-256 of it) uploads are compared with their like.",
        "",
        "## Ratios",
        "",
        verdict_table(verdicts(cells)),
        "",
        "The three worst, each beside its goal: " + "; ".join(row["cell"] for row in worst(verdicts(cells))) + ".",
    ]
    for part in TITLES:
        of_part = [cell for cell in cells if cell.part == part]
        if not of_part:
            continue
        picture = f"peers-{part}.svg"
        bar_chart(place / picture, TITLES[part].split(":")[0], of_part, TITLES[part])
        text += ["", f"## {TITLES[part]}", "", table_of_part(of_part, cost), "", f"![{TITLES[part]}]({picture})"]
        if part in ("small", "medium", "large", "tls", "server"):
            unit = "Requests a second (of 4 KiB), megabytes a second (larger)"
            text += ["", unit, "", table_of_part(of_part, rate), "", "p99, ms", "", table_of_part(of_part, lambda line: line["p99_ms"])]
            text += ["", "User part of the CPU, %", "", table_of_part(of_part, lambda line: 100 * line["user_s"] / max(1e-9, processor(line)))]
        if part in ("large", "files", "scaling", "start"):
            text += ["", "Peak memory, MiB", "", table_of_part(of_part, lambda line: line["peak_kib"] / 1024)]
        if part == "tls":
            counted = lambda line: line["served"].get("connections", 0)
            resumed = lambda line: line["served"].get("resumed", 0)
            text += ["", "Connections made", "", table_of_part(of_part, counted), "", "... of which went on with a session", "", table_of_part(of_part, resumed)]
    (place / "RESULTS.md").write_text("\n".join(text) + "\n")
