"""Writes the table of S3 servers and their features into README.md, or checks the one that is there.

    server_table.py refresh RESULTS  writes what a run on all servers has shown (see feature.h); after a run on some of
                                     them, which FILESTORE_TEST_ALL_SERVERS does not announce, it does nothing
    server_table.py check            compares with the servers, the cases and lacks.txt
"""

import os
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
README = HERE.parent.parent / "README.md"
LACKS = HERE / "lacks.txt"
BEGIN = "<!-- The table of S3 servers, written by ./dev test --all-servers -->\n"
END = "<!-- The end of the table of S3 servers -->\n"
FEATURE_CASE = re.compile(r'^((?:S3_|TLS_)?)FEATURE_TEST_CASE\(\s*"([^"]+)"', re.MULTILINE)
FIRST_FEATURES = ("put", "get", "head", "delete", "list", "signing")

sys.path.insert(0, str(HERE.parent / "servers"))
from recipes import S3_SERVERS, TLS_SERVERS  # noqa: E402


def features():
    """The servers of each feature that has a case, in the order of the table."""
    servers = {}
    for path in HERE.glob("*.cpp"):
        for kind, feature in FEATURE_CASE.findall(path.read_text()):
            servers.setdefault(feature, set()).update(TLS_SERVERS if kind == "TLS_" else S3_SERVERS)
    return {feature: servers[feature] for feature in [*FIRST_FEATURES, *sorted(set(servers) - set(FIRST_FEATURES))]}


def lacks():
    """The reason by server and feature, in the order of the file."""
    lines = [line.split(None, 2) for line in LACKS.read_text().splitlines() if line and not line.startswith("#")]
    return {(server, feature): reason for server, feature, reason in lines}


def expected():
    """What the run must show where everything is as lacks.txt says."""
    listed = lacks()
    tested = [(server, feature) for feature, servers in features().items() for server in servers]
    unknown = sorted(set(listed) - set(tested))
    if unknown:
        sys.exit(f"{LACKS.name} names what no case tests: {'; '.join(', '.join(pair) for pair in unknown)}")
    return {pair: "lack" if pair in listed else "yes" for pair in tested}


def table():
    words = {"lack": "no", "yes": "yes", None: "-"}
    outcomes = expected()
    rows = [["", *S3_SERVERS], ["---"] * (len(S3_SERVERS) + 1)]
    for feature in features():
        rows.append([feature, *(words[outcomes.get((server, feature))] for server in S3_SERVERS)])
    reasons = [f"- {server}, {feature}: {reason}" for (server, feature), reason in lacks().items()]
    lines = ["| " + " | ".join(row) + " |" for row in rows] + [""] + reasons
    return "".join(line.rstrip() + "\n" for line in lines)


def parts_of_readme():
    """What stands before the table, the table, and what follows it."""
    text = README.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        sys.exit(f"{README.name} needs the two lines between which the table stands:\n{BEGIN}{END}")
    before, _, rest = text.partition(BEGIN)
    inside, _, after = rest.partition(END)
    return before, inside, after


def refresh(results):
    if not os.environ.get("FILESTORE_TEST_ALL_SERVERS"):
        print("not a run on all servers: README.md stays as it is")
        return
    lines = [line.split("\t") for line in pathlib.Path(results).read_text().splitlines()]
    shown = {(server, feature): outcome for server, feature, outcome in lines}
    wrong = [
        f"{server}, {feature}: {shown.get((server, feature), 'not run')}"
        for (server, feature), outcome in expected().items()
        if shown.get((server, feature)) != outcome
    ]
    if wrong:
        sys.exit("README.md stays as it is, for the run was not right:\n" + "\n".join(wrong))
    before, _, after = parts_of_readme()
    README.write_text(before + BEGIN + table() + END + after)


def check():
    if parts_of_readme()[1] != table():
        sys.exit(f"the table of servers in {README.name} is not that of the cases: ./dev test conformance --all-servers")


def main(arguments):
    match arguments:
        case ["refresh", results]:
            refresh(results)
        case ["check"]:
            check()
        case _:
            sys.exit("usage: server_table.py refresh RESULTS | check")


if __name__ == "__main__":
    main(sys.argv[1:])
