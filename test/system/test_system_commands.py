"""`yan-brain run` and `yan-brain once` as processes: up, talked to, and gone without a trace."""
from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='ROS 2 is not installed here')

from yan_brain.cli.programs import free_domain

pytestmark = pytest.mark.system
MAIN = [sys.executable, '-m', 'yan_brain.cli.main']
UP_LIMIT_S = 180.0


def nodes_alive(log: Path) -> list[str]:
    """Processes whose logs go to that folder: all that this run has started."""
    found = []
    for process in Path('/proc').iterdir():
        if not process.name.isdigit():
            continue
        try:
            environment = (process / 'environ').read_bytes()
            command = (process / 'cmdline').read_bytes().replace(b'\0', b' ').decode()
        except OSError:
            continue
        if f'ROS_LOG_DIR={log}'.encode() in environment.split(b'\0') and 'nodes' in command:
            found.append(command)
    return found


def start(log: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*MAIN, 'run', '--headless', '--log', str(log), *words], text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=os.environ | {'ROS_DOMAIN_ID': str(free_domain())})


def read_until(process: subprocess.Popen[str], word: str) -> str:
    assert process.stdout is not None
    seen = ''
    for line in process.stdout:
        seen += line
        if word in line:
            return seen
    raise AssertionError(f'{word!r} never came:\n{seen}')


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_all_within_five_seconds(tmp_path: Path, number: signal.Signals) -> None:
    process = start(tmp_path)
    read_until(process, 'Ready after')
    assert len(nodes_alive(tmp_path)) == 3
    began_s = time.monotonic()
    process.send_signal(number)
    out, _ = process.communicate(timeout=15.0)
    assert time.monotonic() - began_s < 5.0
    assert process.returncode == 0 and 'Traceback' not in out
    assert not nodes_alive(tmp_path)


def test_a_killed_run_leaves_nobody_behind(tmp_path: Path) -> None:
    process = start(tmp_path)
    read_until(process, 'Ready after')
    process.kill()
    process.wait(5.0)
    deadline_s = time.monotonic() + 6.0
    while nodes_alive(tmp_path) and time.monotonic() < deadline_s:
        time.sleep(0.1)
    assert not nodes_alive(tmp_path)
    process.communicate()


def test_run_is_talked_to_and_ends_by_itself(tmp_path: Path) -> None:
    process = start(tmp_path, '--seed', '4', '--for', '25')
    assert process.stdin is not None
    seen = read_until(process, '/help, /quit')
    assert 'In this room (seed 4) are: ' in seen
    process.stdin.write('turn right 30 degrees\n')
    process.stdin.flush()
    out, _ = process.communicate(timeout=60.0)
    assert 'you: turn right 30 degrees' in out
    assert 'decides: turn' in out and 'turn: succeeded' in out and 'robot: ' in out
    assert 'sees: ' in out and 'tick ' in out
    assert process.returncode == 0
    assert not nodes_alive(tmp_path)


def test_once_reports_and_leaves_nothing(tmp_path: Path) -> None:
    done = subprocess.run(
        [*MAIN, 'once', 'go to the red ball', '--seed', '3', '--json', '--log', str(tmp_path)],
        capture_output=True, text=True, timeout=400, check=False,
        env={k: v for k, v in os.environ.items() if k != 'ROS_DOMAIN_ID'})
    report = json.loads(done.stdout.splitlines()[-1])
    results = {result['name']: result for result in report['results']}
    assert done.returncode == 0, done.stdout + done.stderr
    assert results['once.success']['value'] == 1.0
    assert 0.0 < results['once.distance_to_target']['value'] <= 0.6
    assert results['once.seconds']['value'] > 0.0
    assert results['once.stage.see.p50_ms']['value'] > 0.0
    assert report['seed'] == 3
    assert not nodes_alive(tmp_path)
