"""The command line without a brain: dispatch, refusals, words about outcomes."""
from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from yan_brain.cli import system
from yan_brain.cli.main import COMMANDS, main
from yan_brain.cli.screen import Screen, cut

ROOT = Path(__file__).resolve().parent.parent


def test_each_command_is_there_and_explains_itself(capsys: pytest.CaptureFixture[str]) -> None:
    paths = [[name, below] for name, command in COMMANDS for below, _ in command.below]
    paths += [[name] for name, command in COMMANDS if not command.below]
    for wanted in ('run', 'say', 'once', 'train', 'doctor', 'eval obedience', 'bench loop'):
        assert wanted.split() in paths
    for path in paths:
        with pytest.raises(SystemExit) as ended:
            main([*path, '--help'])
        assert ended.value.code == 0, path
        assert 'usage: yan-brain ' + ' '.join(path) in capsys.readouterr().out


@pytest.mark.parametrize(
    'words', [['fly'], [], ['eval'], ['eval', 'nothing'], ['run', '--robot', 'x']])
def test_wrong_words_give_code_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert 'usage: yan-brain' in capsys.readouterr().err


def test_help_is_quick_and_loads_neither_torch_nor_ros() -> None:
    code = ('import sys; from yan_brain.cli.main import main\n'
            'try: main(["run", "--help"])\n'
            'except SystemExit: pass\n'
            'print([m for m in ("torch", "rclpy", "mujoco") if m in sys.modules])')
    done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == '[]'


@pytest.mark.parametrize('command', ['say', 'once'])
def test_say_wants_a_text_or_a_recording(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command]) == 2
    assert main([command, 'stop', '--wav', 'x.wav']) == 2
    assert 'either a text or --wav' in capsys.readouterr().err


def test_recordings_are_checked(tmp_path: Path) -> None:
    pytest.importorskip('rclpy', reason='ROS 2 is not installed here')
    from yan_brain.cli.spoken import BadRecording, read_wav

    def write(name: str, width: int, channels: int, seconds: float) -> Path:
        with wave.open(str(tmp_path / name), 'wb') as file:
            file.setnchannels(channels)
            file.setsampwidth(width)
            file.setframerate(8000)
            file.writeframes(np.full(int(8000 * seconds) * channels, 7, dtype='<i2').tobytes()
                             if width == 2 else bytes(int(8000 * seconds) * width * channels))
        return tmp_path / name

    sound = read_wav(write('good.wav', 2, 2, 0.5))
    assert sound.samples.shape == (4000,) and sound.rate_hz == 8000 and sound.samples[0] == 7
    (tmp_path / 'text.wav').write_text('no sound at all')
    for path, told in ((write('deep.wav', 3, 1, 0.5), '24 bits'),
                       (write('short.wav', 2, 1, 0.01), 'allowed: 0.1 to 30'),
                       (write('long.wav', 2, 1, 31.0), '31.00 s'),
                       (tmp_path / 'text.wav', 'WAV file'), (tmp_path / 'none.wav', 'No such')):
        with pytest.raises(BadRecording, match=told):
            read_wav(path)


def test_targets_are_found_in_both_languages() -> None:
    from yan_brain.cli.once import named_target
    assert named_target('Please go to the dark red ball!') == ('red', 'ball')
    assert named_target('走到绿色的瓶子那里') == ('green', 'bottle')
    assert named_target('turn left 90 degrees') is None
    assert named_target('find the redwood ball') is None    # a part of a word is no word


def test_no_brain_is_told_with_where_it_was_looked_for() -> None:
    pytest.importorskip('rclpy', reason='ROS 2 is not installed here')
    done = subprocess.run(
        [sys.executable, '-m', 'yan_brain.cli.main', 'say', 'stop', '--wait', '0.5'],
        capture_output=True, text=True, timeout=60, check=False,
        env=os.environ | {'ROS_DOMAIN_ID': '82'})
    assert done.returncode == 1
    assert 'ROS domain 82' in done.stderr and 'yan-brain run' in done.stderr
    assert 'Traceback' not in done.stderr


def test_lines_are_cut_to_columns_and_chinese_is_wide() -> None:
    assert cut('abc', 5) == 'abc  '
    assert cut('红色的球', 5) == '红色 '
    assert len(cut('x' * 100, 20)) == 20


def test_plain_output_without_a_terminal() -> None:
    out, inp = io.StringIO(), io.StringIO('go to the ball\n\n')
    with Screen(out, inp) as screen:
        lines = [screen.typed(1.0) for _ in range(3)]
        screen.event('robot: yes')
        screen.status('not yet due')
    assert lines == ['go to the ball', '', None]
    assert screen.ended and out.getvalue() == 'robot: yes\n'
    began_s = time.monotonic()
    assert screen.typed(0.2) is None and time.monotonic() - began_s >= 0.2


def test_a_terminal_gets_a_status_line_and_is_left_in_order() -> None:
    master, slave = pty.openpty()
    code = ('import sys, os; os.environ["TERM"] = "xterm"\n'
            'from yan_brain.cli.screen import Screen\n'
            'with Screen() as s:\n'
            '    assert s.live; s.status("all is well"); s.event("robot: hello")\n'
            '    print(repr(s.typed(20.0)), file=sys.stderr)\n')
    process = subprocess.Popen([sys.executable, '-c', code], stdin=slave, stdout=slave,
                               stderr=subprocess.PIPE, text=True,
                               env=os.environ | {'LINES': '24', 'COLUMNS': '80'})
    os.close(slave)
    os.write(master, b'turn left\n')
    assert process.stderr is not None
    told = process.stderr.read()
    process.wait(20.0)
    shown = os.read(master, 100_000).decode()
    os.close(master)
    process.stderr.close()
    assert told.strip() == "'turn left'"
    assert 'all is well' in shown and 'robot: hello' in shown and 'you> ' in shown
    assert '\x1b[1;22r' in shown and '\x1b[r' in shown      # scroll region set, and unset


def test_what_is_missing_is_named_with_the_line_that_installs_it() -> None:
    absent = system.Need(package='libnone', purpose='nothing', there=lambda: False, required=True)
    other = system.Need(package='more', purpose='much', there=system.program('no-such-program'))
    text = system.describe([absent, other])
    assert 'apt-get install -y libnone more' in text
    assert 'libnone            nothing (required)' in text
    assert not other.there() and system.program('sh')()
    assert system.library('c')() and not system.library('no-such-library')()
