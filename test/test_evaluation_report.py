"""Reports: intervals, refusals, and the JSON line."""
from __future__ import annotations

import argparse
import io
import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yan_brain.evaluation.report import Report, Result, fraction, percentile, wilson


def test_wilson_against_published_values() -> None:
    # Newcombe 1998, table I, method 3: 81/263 and 15/148 and 0/20.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=1e-4)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert wilson(0, 0) == (0.0, 1.0)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_the_share_and_mirrors(pair: tuple[int, int]) -> None:
    successes, n = pair
    low, high = wilson(successes, n)
    assert 0.0 <= low <= successes / n <= high <= 1.0
    assert wilson(n - successes, n) == pytest.approx((1.0 - high, 1.0 - low))


@pytest.mark.parametrize(('successes', 'n'), [(-1, 5), (6, 5), (0, -1)])
def test_impossible_counts_are_refused(successes: int, n: int) -> None:
    with pytest.raises(ValueError, match='allowed'):
        wilson(successes, n)


def test_json_is_one_object_on_the_last_line() -> None:
    out = io.StringIO()
    report = Report(command='eval x', seed=4)
    report.add(fraction('x.good', successes=9, n=10, baseline=0.3),
               Result(name='x.bad', value=None, note='no device'))
    report.show(as_json=True, stream=out)
    read = json.loads(out.getvalue().splitlines()[-1])
    assert read['command'] == 'eval x' and read['seed'] == 4
    assert read['commit'] and read['machine'] and read['seconds'] >= 0.0
    good, bad = read['results']
    assert good['value'] == 0.9 and good['ratio'] == pytest.approx(3.0) and good['n'] == 10
    assert good['low'] < 0.9 < good['high']
    assert bad == {'name': 'x.bad', 'value': None, 'note': 'no device'}


def test_a_figure_is_finite_or_explained() -> None:
    with pytest.raises(ValueError, match='note must say why'):
        Result(name='a', value=None)
    with pytest.raises(ValueError, match='finite'):
        Result(name='a', value=math.nan)
    report = Report(command='x')
    report.add(Result(name='a', value=1.0))
    with pytest.raises(ValueError, match='already'):
        report.add(Result(name='a', value=2.0))


def test_run_takes_seed_and_json_from_the_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    Report.run('bench y', argparse.Namespace(seed=9, json=True),
               lambda: [Result(name='y', value=2.0, unit='ms')])
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ['y', '2', 'ms']
    assert json.loads(lines[-1])['seed'] == 9


def test_percentile() -> None:
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([1.0, 2.0], 0.99) == pytest.approx(1.99)
    with pytest.raises(ValueError, match='needs values'):
        percentile([], 0.5)
