#!/usr/bin/env python3
"""Compares the next times of random cron expressions, by cron_tool and by croniter. An expression that never comes true to one of them does so to neither.

usage: croniter_crosscheck.py PATH_TO_CRON_TOOL [COUNT] [SEED]
       croniter_crosscheck.py --count     prints COUNT where it is not given

Stops at the first difference and shows both sides; exit status 1. Needs croniter.
"""

import random
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from croniter import CroniterBadDateError, croniter

DEFAULT_COUNT = 5000
NEVER = "never"
TIMES_OF_EACH = 4
ZONES = ("UTC", "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Sao_Paulo")
MONTHS = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split()
WEEKDAYS = "SUN MON TUE WED THU FRI SAT".split()
SHORT_FORMS = ("@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")

# Months without a day 31: of some of these days there is none.
SHORT_MONTHS = (2, 2, 2, 4, 6, 9, 11)

# (least, most, names)
FIELDS = ((0, 59, ()), (0, 23, ()), (1, 31, ()), (1, 12, MONTHS), (0, 6, WEEKDAYS))


def value(rng, number, field):
    least, _, names = field
    name = names[number - least] if names and rng.random() < 0.5 else str(number)
    return name.lower() if rng.random() < 0.3 else name


def random_step(rng, field, from_step):
    """Also as large as the field, which leaves one value."""
    whole = field[1] - field[0] + 1
    return whole if rng.random() < 0.1 else rng.randint(from_step, min(whole, 20))


def element(rng, field):
    least, most, _ = field
    first = rng.randint(least, most)
    kind = rng.random()
    if kind < 0.5:
        return value(rng, first, field)
    step = random_step(rng, field, 1)
    if kind < 0.6:
        return f"{value(rng, first, field)}/{step}"
    # To croniter a range of one value is all of them.
    if first == most:
        return value(rng, first, field)
    last = rng.randint(first + 1, most)
    text = f"{value(rng, first, field)}-{value(rng, last, field)}"
    return text if kind < 0.85 else f"{text}/{step}"


def field_text(rng, field):
    kind = rng.random()
    if kind < 0.35:
        return "*"
    if kind < 0.5:
        return f"*/{random_step(rng, field, 2)}"
    return ",".join(element(rng, field) for _ in range(rng.choice((1, 1, 1, 2, 4))))


def sunday_as_seven(rng, text):
    return "7" if text == "0" and rng.random() < 0.5 else text


def random_expression(rng):
    if rng.random() < 0.02:
        return rng.choice(SHORT_FORMS)
    minute, hour, day, month, weekday = (field_text(rng, field) for field in FIELDS)
    if rng.random() < 0.05:
        days = sorted({rng.randint(29, 31) for _ in range(rng.choice((1, 1, 2)))})
        months = sorted({rng.choice(SHORT_MONTHS) for _ in range(rng.choice((1, 1, 2)))})
        return " ".join((minute, hour, ",".join(map(str, days)), ",".join(map(str, months)), rng.choice(("*", "*", "*", "1"))))
    # All days in a list are no restriction to croniter where the other field has a star.
    if day != "*" and "*" in weekday:
        weekday = "*"
    if weekday != "*" and "*" in day:
        day = "*"
    return " ".join((minute, hour, day, month, sunday_as_seven(rng, weekday)))


def random_time(rng):
    start = int(datetime(1990, 1, 1, tzinfo=timezone.utc).timestamp())
    # The tables of time zones end with 2037.
    end = int(datetime(2030, 1, 1, tzinfo=timezone.utc).timestamp())
    return rng.randrange(start, end)


def offset_changes(zone, first, last):
    """Whether the zone's clock is put forward or back from a day before to a day after."""
    at = [datetime.fromtimestamp(first, zone) + timedelta(days=n) for n in (-1, 0, 1)]
    at += [datetime.fromtimestamp(last, zone) + timedelta(days=n) for n in (-1, 0, 1)]
    return len({moment.utcoffset() for moment in at}) > 1


def has_every_hour(expression):
    return expression == "@hourly" or (not expression.startswith("@") and expression.split()[1] == "*")


def times_by_croniter(expression, zone, start):
    """None where there never is a time. It ends where one is not to be compared: croniter runs a time that comes twice both times, unless it is of every hour."""
    schedule = croniter(expression, datetime.fromtimestamp(start, zone))
    times = []
    for _ in range(TIMES_OF_EACH):
        before = times[-1] if times else start
        try:
            found = int(schedule.get_next(datetime).timestamp())
        except CroniterBadDateError:
            assert not times, (expression, start)
            return None
        if not has_every_hour(expression) and offset_changes(zone, before, found):
            return times
        times.append(found)
    return times


def random_case(rng):
    expression, zone, start = random_expression(rng), rng.choice(ZONES), random_time(rng)
    return expression, zone, start, times_by_croniter(expression, ZoneInfo(zone), start)


def times_by_tool(tool, cases):
    lines = "".join(f"{expression}|{zone}|{start}|{TIMES_OF_EACH}\n" for expression, zone, start, _ in cases)
    done = subprocess.run([tool], input=lines, stdout=subprocess.PIPE, text=True, check=True)
    answers = [None if line == NEVER else [int(time) for time in line.split()] for line in done.stdout.splitlines()]
    if len(answers) != len(cases):
        sys.exit(f"cron_tool answered {len(answers)} of {len(cases)} lines")
    return answers


def agree(expected, actual):
    return actual is None if expected is None else actual is not None and actual[: len(expected)] == expected


def shown(times, zone):
    return NEVER if times is None else ", ".join(datetime.fromtimestamp(time, ZoneInfo(zone)).isoformat() for time in times)


def main():
    if not 2 <= len(sys.argv) <= 4:
        sys.exit(__doc__)
    if sys.argv[1] == "--count":
        print(DEFAULT_COUNT)
        return
    count = int(sys.argv[2]) if len(sys.argv) > 2 else DEFAULT_COUNT
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 1
    rng = random.Random(seed)
    cases = [random_case(rng) for _ in range(count)]
    compared = never = 0
    for (expression, zone, start, expected), actual in zip(cases, times_by_tool(sys.argv[1], cases)):
        if not agree(expected, actual):
            sys.exit(
                f"{expression} in {zone} after {shown([start], zone)}\n"
                f"croniter:  {shown(expected, zone)}\nfilestore: {shown(actual, zone)}"
            )
        compared += len(expected or ())
        never += expected is None
    print(f"{count} expressions of seed {seed} agree with croniter, in {compared} times; {never} of them never come true")


if __name__ == "__main__":
    main()
