"""The supervisor on small programs of its own: restarts, backoff, nothing left behind."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from yan_brain.cli.programs import Program, free_domain, programs, surroundings
from yan_brain.cli.supervisor import (
    KEPT_LOGS,
    STOP_LIMIT_S,
    Death,
    Supervisor,
    new_log_folder,
    tail,
)

LIMIT_S = 20.0


class Script(Program):
    """A program that is a line of Python instead of a module."""

    @property
    def command(self) -> list[str]:
        return [sys.executable, '-S', '-c', self.module]


def script(name: str, code: str) -> Script:
    return Script(name=name, module=code, nodes=())


SLEEP = 'import time; print("up", flush=True); time.sleep(600)'
STUBBORN = ('import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); '
            'print("up", flush=True); time.sleep(600)')


def until(there: Callable[[], object], limit_s: float = LIMIT_S) -> None:
    deadline_s = time.monotonic() + limit_s
    while not there():
        assert time.monotonic() < deadline_s, f'not within {limit_s} s'
        time.sleep(0.02)


def alive(pid: int) -> bool:
    try:
        return 'Z' not in Path(f'/proc/{pid}/stat').read_text().rpartition(')')[2].split()[0]
    except OSError:
        return False


def test_what_dies_comes_back_and_the_rest_stays(tmp_path: Path) -> None:
    deaths: list[Death] = []
    with Supervisor([script('a', SLEEP), script('b', SLEEP)], environment=os.environ,
                    log_folder=tmp_path, on_death=deaths.append) as supervisor:
        until(lambda: len(supervisor.pids()) == 2)
        before = supervisor.pids()
        began_s = time.monotonic()
        os.kill(before['a'], signal.SIGKILL)
        until(lambda: supervisor.pids().get('a', before['a']) != before['a'])
        assert time.monotonic() - began_s < 2.0
        assert supervisor.pids()['b'] == before['b']
        assert supervisor.starts() == {'a': 2, 'b': 1}
        pids = supervisor.pids()
    assert [death.name for death in deaths] == ['a'] and 'SIGKILL' in str(deaths[0])
    assert not any(alive(pid) for pid in pids.values())
    assert 'was killed by SIGKILL' in (tmp_path / 'a.log').read_text()


def test_pauses_grow_while_it_keeps_dying(tmp_path: Path) -> None:
    deaths: list[Death] = []
    with Supervisor([script('a', 'raise SystemExit(3)')], environment=os.environ,
                    log_folder=tmp_path, on_death=deaths.append):
        until(lambda: len(deaths) >= 3)
    assert [death.code for death in deaths[:3]] == [3, 3, 3]
    assert [death.again_in_s for death in deaths[:3]] == [0.2, 0.4, 0.8]


def test_stopping_takes_less_than_five_seconds_whatever_they_do(tmp_path: Path) -> None:
    # It ignores being told, and has started a process of its own.
    parent = ('import subprocess, sys; subprocess.Popen([sys.executable, "-S", "-c", '
              '"import time; time.sleep(600)"]); ' + STUBBORN)
    with Supervisor([script('a', parent), script('b', SLEEP)], environment=os.environ,
                    log_folder=tmp_path) as supervisor:
        until(lambda: 'up' in (tmp_path / 'a.log').read_text())
        group = supervisor.pids()['a']
        began_s = time.monotonic()
    assert time.monotonic() - began_s < 5.0
    assert STOP_LIMIT_S < 5.0
    left = subprocess.run(['ps', '-o', 'pid=', '-g', str(group)], capture_output=True, text=True,
                          check=False).stdout.split()
    assert not [pid for pid in left if alive(int(pid))]


def test_the_end_of_the_supervisor_is_the_end_of_all(tmp_path: Path) -> None:
    """The kernel tells the processes, which ask for that as nodes do."""
    child = ('from yan_brain.nodes.process import end_with_supervisor; end_with_supervisor(); '
             'import time; print("up", flush=True); time.sleep(600)')
    pytest.importorskip('rclpy', reason='ROS 2 is not installed here')
    code = textwrap.dedent(f"""
        import os, pathlib, sys, time
        from yan_brain.cli.programs import Program
        from yan_brain.cli.supervisor import Supervisor
        class Script(Program):
            @property
            def command(self):
                return [sys.executable, '-c', {child!r}]
        with Supervisor([Script(name='a', module='', nodes=())], environment=os.environ,
                        log_folder=pathlib.Path({str(tmp_path)!r})) as supervisor:
            while 'up' not in supervisor.log_of('a').read_text():
                time.sleep(0.05)
            print(supervisor.pids()['a'], flush=True)
            time.sleep(600)
    """)
    supervisor = subprocess.Popen([sys.executable, '-c', code], stdout=subprocess.PIPE, text=True)
    assert supervisor.stdout is not None
    pid = int(supervisor.stdout.readline())
    assert alive(pid)
    supervisor.kill()
    supervisor.wait(5.0)
    until(lambda: not alive(pid), 5.0)
    supervisor.stdout.close()


def test_a_program_that_cannot_start_is_told(tmp_path: Path) -> None:
    class Absent(Program):
        @property
        def command(self) -> list[str]:
            return ['/nowhere/to/be/found']

    with Supervisor([Absent(name='a', module='', nodes=())], environment=os.environ,
                    log_folder=tmp_path) as supervisor:
        def failed() -> bool:
            try:
                supervisor.check()
            except OSError:
                return True
            return False
        until(failed)


def test_only_the_newest_logs_are_kept(tmp_path: Path) -> None:
    for number in range(KEPT_LOGS + 3):
        (tmp_path / f'20200101-0000{number:02d}-1').mkdir()
        (tmp_path / f'20200101-0000{number:02d}-1' / 'mind.log').write_text('x')
    made = new_log_folder(tmp_path)
    kept = sorted(tmp_path.iterdir())
    assert len(kept) == KEPT_LOGS and kept[-1] == made
    assert tail(tmp_path / 'none.log').startswith('(')


def test_programs_of_each_robot() -> None:
    folder = Path('/c')
    sim = programs('sim', folder=folder, namespace='/a/', extra_files=[Path('/mine.yaml')],
                   given={'home': {'seed': 3, 'voice': "it's"}})
    assert [program.name for program in sim] == ['home', 'mind', 'planner']
    words = sim[0].arguments
    assert words[words.index('-r') + 1] == '__ns:=/a'
    assert words.index('/c/home.yaml') < words.index('/mine.yaml') < words.index('seed:=3')
    assert "voice:='it''s'" in words
    assert sim[1].nodes == ('cognition', 'learning')
    ros = programs('ros', folder=folder, without=['camera'])
    assert [program.name for program in ros] == ['microphone', 'mind', 'planner']
    with pytest.raises(ValueError, match='allowed: sim, ros'):
        programs('car', folder=folder)
    with pytest.raises(ValueError, match="no process 'ears'"):
        programs('ros', folder=folder, without=['ears'])


def test_surroundings_keep_what_is_set_and_stay_local_in_the_simulation() -> None:
    sim = surroundings('sim', {})
    assert sim['ROS_AUTOMATIC_DISCOVERY_RANGE'] == 'LOCALHOST' and sim['ROS_DOMAIN_ID'] == '0'
    assert 'ROS_AUTOMATIC_DISCOVERY_RANGE' not in surroundings('ros', {})
    mine = {'ROS_DOMAIN_ID': '7', 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'SUBNET'}
    assert mine.items() <= surroundings('sim', mine).items()


def test_surroundings_make_room_for_raw_images_of_a_robot() -> None:
    name = 'FASTDDS_BUILTIN_TRANSPORTS'
    assert surroundings('ros', {})[name] == 'DEFAULT?sockets_size=4MB'
    assert surroundings('ros', {name: 'UDPv4'})[name] == 'UDPv4'
    assert name not in surroundings('sim', {})


def test_free_domain_is_not_one_in_use() -> None:
    import socket
    first = free_domain(40)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(('', 7400 + 250 * first + 10))
        assert free_domain(first - 1) != first
