"""The instructor's report on a class: one self-contained page, and one table. The same results give the same bytes."""

import csv
import html
import io
import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from urllib.parse import quote

from cnnkit.checking.diagnosing import GENERAL_MISTAKES
from cnnkit.exercises import exercises, topics
from cnnkit.grading.feedback import POLICY
from cnnkit.grading.results import not_a_formula, plainly_graded

BINS = 10
URGENT = ("rejected", "crashed", "timeout")
SHOWN = 20
"""So many lines of a long list are shown; the others are folded."""
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#5f6b73"
VERDICT_COLOURS = {"passed": BLUE, "failed": ORANGE, "error": "#CC79A7", "timeout": "#E69F00", "missing": "#c3cbd0"}
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #20272b; max-width: 68em; margin: 2em auto; padding: 0 1.2em }
h1 { margin-bottom: 0 } h2 { margin-top: 2em } p.lead { color: #444c51; margin-top: .3em }
table { border-collapse: collapse; width: 100%; font-size: 15px } summary { cursor: pointer; padding: .35em .7em }
th, td { text-align: left; padding: .35em .7em; border-bottom: 1px solid #dde3e6; vertical-align: top }
th { position: sticky; top: 0; background: white } td.student { overflow-wrap: anywhere; min-width: 8em }
svg { max-width: 100%; height: auto } td.bar { min-width: 8em }
@media (max-width: 48em) { .wide { overflow-x: auto } td.says { min-width: 16em } }
p.warning { border-left: 6px solid #D55E00; padding: .4em 1em }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap }
td.bar { width: 45% } .bar div { display: flex; gap: 1px } .bar span { height: .95em; margin-top: .28em }
p.legend { color: #444c51 } p.legend span { display: inline-block; width: .9em; height: .9em; margin: 0 .35em 0 1em }
p.legend span { vertical-align: -.1em } code { font-size: 14px } .status { font-weight: 600; white-space: nowrap }
svg text { font: 13px system-ui, sans-serif; fill: #20272b }
"""


def as_csv(rows: Sequence[dict[str, Any]]) -> str:
    """Return the scores as a table, a line per student and a column per exercise."""
    names = _exercise_names(rows)
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["student", "score", "max_score", "status", *names, "message", "flags"])
    for row in rows:
        scores = {exercise["exercise"]: exercise["score"] for exercise in row["exercises"]}
        cells = [row["student"], row["score"], row["max_score"], row["status"], *(scores.get(name, "") for name in names)]
        table.writerow([not_a_formula(cell) for cell in [*cells, row["message"], " ".join(row["flags"])]])
    return text.getvalue()


def _exercise_names(rows: Iterable[dict[str, Any]]) -> list[str]:
    return list(dict.fromkeys(exercise["exercise"] for row in rows for exercise in row["exercises"]))


def as_html(
    topic: str, rows: Sequence[dict[str, Any]], warning: str = "", has_page: Callable[[str], bool] = lambda page: True
) -> str:
    """Return the report as a page that needs nothing else; a warning stands on top.

    `has_page` tells whether there is a file beside the report: to a page of feedback that there is not no link is made.
    """

    def linked(student: str) -> str:
        page = f"feedback/{student}/{topic}/{topic}.html"
        return f'<a href="{quote(page)}">{html.escape(student)}</a>' if has_page(page) else html.escape(student)

    number, _, name = topic.partition("_")
    title = f"{number} {name.replace('_', ' ')}"
    ran = [row for row in rows if row["status"] != "rejected"]
    look = _look_rows(rows)
    body = [
        f"<h1>{html.escape(title)}: results</h1>",
        f'<p class="lead">{_summary(rows, ran)}</p>',
        *([f'<p class="warning">{html.escape(warning)}</p>'] if warning else []),
        f'<p class="lead"><a href="#look">To look at</a> ({len(look)}) · <a href="#scores">Scores</a> · '
        '<a href="#exercises">Exercises</a> · <a href="#mistakes">Most frequent mistakes</a> · <a href="#students">Students</a>'
        '<br>Tables: <a href="scores.csv">scores.csv</a>, the same <a href="scores_canvas.csv">for Canvas</a> and '
        '<a href="scores_moodle.csv">for Moodle</a>; how long each notebook took is in <a href="times.csv">times.csv</a>.</p>',
        '<h2 id="look">To look at</h2>',
        _look_table(look, linked),
        '<h2 id="scores">Scores</h2>',
        _histogram(ran),
        '<h2 id="exercises">Exercises</h2>',
        _exercise_table(ran),
        '<h2 id="mistakes">Most frequent mistakes</h2>',
        _mistake_table(topic, ran),
        '<h2 id="students">Students</h2>',
        _student_table(rows, linked),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n<title>{html.escape(title)}: results</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n" + "\n".join(body) + "\n</body>\n</html>\n"
    )


def _summary(rows: Sequence[dict[str, Any]], ran: Sequence[dict[str, Any]]) -> str:
    counts = Counter(row["status"] for row in rows)
    statuses = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    students = f"{len(rows)} student{'' if len(rows) == 1 else 's'}: {statuses}."
    if not ran:
        return students
    scores = [row["score"] for row in ran]
    return (
        f"{students} Of those that ran, the median is {statistics.median(scores):g} and the mean {statistics.mean(scores):.1f} "
        f"of {max(row['max_score'] for row in ran):g} points that are graded automatically."
    )


def _histogram(rows: Sequence[dict[str, Any]]) -> str:
    """Draw how many students have which share of the points."""
    if not rows:
        return "<p>No notebook could be run.</p>"
    shares = [row["score"] / row["max_score"] if row["max_score"] else 0.0 for row in rows]
    counts = Counter(min(int(share * BINS), BINS - 1) for share in shares)
    most, width, height, left, base = max(counts.values()), 60, 150, 50, 180
    bars = []
    for i in range(BINS):
        tall = height * counts[i] / most
        x, y = left + i * width, base - tall
        bars.append(f'<rect x="{x + 3}" y="{y:.1f}" width="{width - 6}" height="{tall:.1f}" fill="{BLUE}"/>')
        if counts[i]:
            bars.append(f'<text x="{x + width / 2}" y="{y - 5:.1f}" text-anchor="middle">{counts[i]}</text>')
    ticks = "".join(
        f'<text x="{left + i * width}" y="{base + 18}" text-anchor="middle">{100 * i // BINS} %</text>' for i in range(BINS + 1)
    )
    right = left + BINS * width
    says = "; ".join(f"{10 * i} to {10 * i + 10} %: {counts[i]}" for i in range(BINS) if counts[i])
    return (
        f'<svg viewBox="0 0 {right + 30} {base + 45}" width="{right + 30}" role="img" aria-label="Students by score. {says}">'
        + "".join(bars)
        + f'<line x1="{left}" y1="{base}" x2="{right}" y2="{base}" stroke="{GREY}"/>{ticks}'
        + f'<text x="{(left + right) / 2}" y="{base + 40}" text-anchor="middle">share of the points</text>'
        + f'<text x="14" y="{base - height / 2}" text-anchor="middle" transform="rotate(-90 14 {base - height / 2})">'
        + "students</text></svg>"
    )


def _exercise_table(rows: Sequence[dict[str, Any]]) -> str:
    """Show for each exercise how many passed, and what became of the others."""
    lines = []
    for name in _exercise_names(rows):
        found = [exercise for row in rows for exercise in row["exercises"] if exercise["exercise"] == name]
        verdicts = Counter(exercise["verdict"] for exercise in found)
        points = statistics.mean(exercise["score"] for exercise in found)
        bar = _bar((verdicts[verdict], verdict, f"{verdicts[verdict]} {verdict}") for verdict in VERDICT_COLOURS)
        lines.append(
            f"<tr><td><code>{html.escape(name)}</code></td>"
            f'<td class="number">{100 * verdicts["passed"] / len(found):.0f} %</td>'
            f'<td class="number">{points:.1f} of {max(e["max_score"] for e in found):g}</td><td class="bar">{bar}</td></tr>'
        )
    legend = "".join(f'<span style="background:{colour}"></span>{verdict}' for verdict, colour in VERDICT_COLOURS.items())
    return (
        f'<p class="legend">Verdicts:{legend}</p><div class="wide"><table><tr><th>Exercise</th><th class="number">Passed</th>'
        f'<th class="number">Mean points</th><th>Verdicts</th></tr>{"".join(lines)}</table></div>'
    )


def _bar(pieces: Iterable[tuple[int, str, str]]) -> str:
    """Draw a bar of pieces, each with its width, its verdict and what is shown when one points at it."""
    spans = [
        f'<span style="flex:{width};background:{VERDICT_COLOURS[verdict]}" title="{html.escape(says)}"></span>'
        for width, verdict, says in pieces
        if width
    ]
    return f"<div>{''.join(spans)}</div>"


def _mistake_table(topic: str, rows: Sequence[dict[str, Any]]) -> str:
    counts = Counter(
        (found["mistake"], found["exercise"], _sentence(topic, found["exercise"], found["mistake"], found["message"]))
        for row in rows
        for found in row["exercises"]
        if found["mistake"]
    )
    if not counts:
        return "<p>No mistake has a name here.</p>" + _without_a_name(rows)
    lines = [
        f'<tr><td class="number">{count} ({100 * count / len(rows):.0f} %)</td><td><code>{html.escape(exercise)}</code></td>'
        f'<td><code>{html.escape(mistake)}</code></td><td class="says">{_with_code(sentence)}</td></tr>'
        for (mistake, exercise, sentence), count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]
    head = '<tr><th class="number">Students</th><th>Exercise</th><th>Mistake</th><th>What was said to them</th></tr>'
    return _table(head, lines) + _without_a_name(rows)


def _without_a_name(rows: Sequence[dict[str, Any]]) -> str:
    """Say how many answers are wrong in a way that has no name."""
    counts = Counter(
        found["exercise"]
        for row in rows
        for found in row["exercises"]
        if found["verdict"] not in ("passed", "missing") and not found["mistake"]
    )
    if not counts:
        return ""
    where = ", ".join(f"<code>{html.escape(name)}</code> {count}" for name, count in counts.most_common())
    return f'<p class="lead">Wrong answers without a name: {where}.</p>'


def _table(head: str, lines: Sequence[str]) -> str:
    """Return a table whose lines beyond the first ones are folded."""
    table = f'<div class="wide"><table>{head}{"".join(lines[:SHOWN])}</table></div>'
    if len(lines) <= SHOWN:
        return table
    more = f'<div class="wide"><table>{head}{"".join(lines[SHOWN:])}</table></div>'
    return f"{table}<details><summary>{len(lines) - SHOWN} more</summary>{more}</details>"


def _sentence(topic: str, exercise: str, mistake: str, message: str) -> str:
    """Return the sentence with which a message opens that names a mistake: one name can have several."""
    known = exercises(topic).get(exercise) if topic in topics() else None
    for candidate in known.mistakes if known else ():
        if candidate.name == mistake and message.startswith(candidate.says):
            return candidate.says
    return GENERAL_MISTAKES.get(mistake, "").format(calls="what the exercise forbids")


def _with_code(sentence: str) -> str:
    """Escape a sentence and set what stands between backticks in code."""
    return re.sub("`([^`]+)`", r"<code>\1</code>", html.escape(sentence))


def _look_rows(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what was not plainly graded or is flagged, the most urgent first: what has no score, what was cut off, flags."""
    look = [row for row in rows if row["flags"] or not plainly_graded(row)]
    return sorted(
        look, key=lambda row: URGENT.index(row["status"]) if row["status"] in URGENT else len(URGENT) + (not row["flags"])
    )


def _look_table(look: Sequence[dict[str, Any]], linked: Callable[[str], str]) -> str:
    if not look:
        return "<p>Nothing: every submission was plainly graded, and none is flagged.</p>"
    lines = [
        f'<tr><td class="student">{linked(row["student"])}</td><td>{_status(row)}</td>'
        f'<td class="says">{html.escape(" ".join(filter(None, [row["message"], *row["flags"]])))}</td></tr>'
        for row in look
    ]
    return _table("<tr><th>Student</th><th>Status</th><th>Why</th></tr>", lines)


def _status(row: dict[str, Any]) -> str:
    colour = GREY if row["status"] == "graded" else ORANGE
    return f'<span class="status" style="color:{colour}">{row["status"]}</span>'


def _student_table(rows: Sequence[dict[str, Any]], linked: Callable[[str], str]) -> str:
    lines = []
    for row in rows:
        bar = _bar((1, found["verdict"], f"{found['exercise']}: {found['verdict']}") for found in row["exercises"])
        lines.append(
            f'<tr><td class="student">{linked(row["student"])}</td>'
            f'<td class="number">{row["score"]:g} of {row["max_score"]:g}</td><td>{_status(row)}</td>'
            f'<td class="bar">{bar}</td></tr>'
        )
    return (
        '<div class="wide"><table><tr><th>Student</th><th class="number">Score</th><th>Status</th>'
        "<th>Exercises, in order</th></tr>" + "".join(lines) + "</table></div>"
    )
