"""The brain as a whole: comes up, does what it is told, survives what happens to it."""
from __future__ import annotations

import array
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='ROS 2 is not installed here')

from brain import Running, drive, running
from geometry_msgs.msg import Twist
from sensor_msgs.msg import Image, LaserScan
from std_msgs.msg import String
from yan_brain_msgs.msg import Audio, Decision

from yan_brain.nodes.common import COMMAND, NEWEST, RELIABLE, STREAM

pytestmark = pytest.mark.system
STOP_LIMIT_S = 0.5
FREE_SEED = 8                           # of a room with free floor before the robot
SLACK_S = 0.15                          # for telling from outside, on a busy machine


@pytest.fixture(scope='module')
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One brain for all tests of this file."""
    with running(tmp_path_factory.mktemp('log'), seed=FREE_SEED) as (made,):
        yield made


def say(one: Running, *words: str, limit_s: float = 120.0) -> subprocess.CompletedProcess[str]:
    """`yan-brain say`, as a person would."""
    try:
        return subprocess.run([sys.executable, '-m', 'yan_brain.cli.main', 'say', *words],
                              capture_output=True, text=True, timeout=limit_s, check=False)
    except subprocess.TimeoutExpired as error:      # what the nodes said tells why
        pytest.fail(f'{error}\n{error.stdout!r}\n{one.logs()}')


def test_say_does_it_and_shows_what_goes_on(one: Running) -> None:
    done = say(one, 'turn left 90 degrees')
    assert done.returncode == 0, done.stdout + done.stderr + one.logs()
    assert 'turn' in done.stdout and 'done (' in done.stdout and 'robot: ' in done.stdout
    assert not one.moving


def test_say_what_cannot_be_done_gives_code_1(one: Running) -> None:
    done = say(one, 'qwrt zxcv')
    assert done.returncode == 1, done.stdout
    assert 'not done' in done.stdout


def test_a_new_instruction_takes_the_place_of_the_old_one(one: Running) -> None:
    first = drive(one)
    second = one.brain.tell('stop')
    assert second.wait(10.0).success
    outcome = first.wait(10.0)
    assert not outcome.success and outcome.reason == 'preempted'
    one.until(lambda: not one.moving, 3.0, 'stands still')


def test_a_place_is_taught_left_and_gone_back_to(one: Running) -> None:
    assert one.brain.tell('this place is called base').wait(20.0).success
    place = one.way[-1]
    assert one.brain.tell('go forward 0.6 metres').wait(40.0).success
    assert math.dist(one.way[-1], place) > 0.4
    assert one.brain.tell('go back to the base').wait(90.0).success, one.logs()
    assert math.dist(one.way[-1], place) < 0.2


def test_cancelling_stops_the_robot(one: Running) -> None:
    telling = drive(one)
    began_s = time.monotonic()
    telling.cancel(wait_s=5.0)
    one.until(lambda: not one.moving, 3.0, 'stands still')
    assert time.monotonic() - began_s < 2.0
    assert not telling.wait(5.0).success


@pytest.mark.parametrize(('name', 'doing'), [
    ('mind', 'go forward two metres'), ('planner', 'turn left 360 degrees'),
    ('mind', 'turn left 360 degrees'), ('home', 'turn left 360 degrees')])
def test_a_killed_process_stops_the_robot_and_comes_back(
        one: Running, name: str, doing: str) -> None:
    telling = drive(one, doing)
    time.sleep(0.4)                     # full speed
    starts = one.supervisor.starts()[name]
    pid = one.supervisor.pids()[name]
    began_s = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    if name == 'home':                  # the body is gone: it is not commanded any more
        took_s = one.until(lambda: not one.commanded, 5.0, 'commands end')
    else:
        one.until(lambda: not one.moving, 5.0, 'stands still')
        took_s = next(at for at, moves in one.moves
                      if at > began_s and not moves) - began_s
    assert took_s <= STOP_LIMIT_S + SLACK_S, f'{name}: {took_s:.2f} s'
    telling.cancel()
    one.until(lambda: one.supervisor.starts()[name] > starts, 5.0, f'{name} starts again')
    one.ready()
    assert say(one, 'turn right 45 degrees').returncode == 0, one.logs()


def test_what_no_honest_sender_sends_brings_no_node_down(one: Running) -> None:
    before = one.supervisor.pids()
    image = one.brain.publisher(Image, 'camera/image_raw', NEWEST)
    scan = one.brain.publisher(LaserScan, 'scan', NEWEST)
    decision = one.brain.publisher(Decision, 'decision', RELIABLE)
    audio = one.brain.publisher(Audio, 'audio', STREAM)
    text = one.brain.publisher(String, 'text', RELIABLE)
    command = one.brain.publisher(Twist, 'cmd_vel', COMMAND)
    one.until(lambda: all(p.get_subscription_count() for p in (
        image, scan, decision, audio, text, command)), 10.0, 'everybody listens')
    nan = math.nan
    wild = Twist()
    wild.linear.x = nan
    for _ in range(5):
        image.publish(Image())
        image.publish(Image(encoding='rgb8', width=2**31, height=2**31, step=7))
        image.publish(Image(encoding='rgb8', width=4, height=4, step=12,        # from 1970
                            data=array.array('B', bytes(48))))
        image.publish(Image(encoding='16UC1', width=4, height=4, step=8,
                            data=array.array('B', bytes(32))))
        scan.publish(LaserScan(ranges=[nan] * 360, angle_increment=nan, range_max=nan))
        scan.publish(LaserScan())
        decision.publish(Decision(skill='fly', instruction_id=9999))
        decision.publish(Decision(skill='move', has_amount=True, amount=nan, confidence=nan,
                                  instruction_id=9998))
        decision.publish(Decision(skill='go_to', grounding_rows=9, grounding_columns=9))
        audio.publish(Audio(rate=0, channels=0))
        audio.publish(Audio(rate=3, channels=1, samples=array.array('h', [32767] * 1000)))
        audio.publish(Audio(rate=44100, channels=2, samples=array.array('h', [32767] * 8820)))
        for words in ('', ' ', 'x' * 100_000, '\x00\x01'):
            text.publish(String(data=words))
        command.publish(wild)
        time.sleep(0.2)
    time.sleep(1.0)
    assert one.supervisor.pids() == before, one.logs()
    one.brain.tell('stop').wait(20.0)
    done = say(one, 'turn left 45 degrees')
    assert done.returncode == 0, done.stdout + done.stderr + one.logs()


def test_deciding_goes_on_at_its_rate(one: Running) -> None:
    before = len(one.decisions)
    time.sleep(5.0)
    # 10 Hz were asked for; a machine with much else to do may fall behind, but not stop.
    assert len(one.decisions) - before >= 15, one.logs()


def test_two_brains_in_one_domain_do_not_hear_each_other(tmp_path: Path) -> None:
    with running(tmp_path, namespaces=('left', 'right')) as (left, right):
        telling = drive(left)
        time.sleep(1.0)
        assert right.decisions and all(d.instruction_id == 0 for d in right.decisions)
        assert not any(moves for _, moves in right.moves)
        assert not any(moves for _, moves in right.commands)
        assert max(d.instruction_id for d in left.decisions) > 0
        telling.cancel()
