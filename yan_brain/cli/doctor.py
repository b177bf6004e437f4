"""`yan-brain doctor`: what works here, what is missing, and how to get it."""
from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from yan_brain.cli import system
from yan_brain.evaluation.report import Report, Result, machine

TRY_LIMIT_S = 60.0
SPARE_GIB = 1.0
RENDER = """
import mujoco
model = mujoco.MjModel.from_xml_string(
    '<mujoco><worldbody><light pos="0 0 3"/><geom size=".5"/></worldbody></mujoco>')
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
with mujoco.Renderer(model, 48, 64) as renderer:
    renderer.update_scene(data)
    picture = renderer.render()
assert picture.max() > 0, 'the picture is black'
print('64 x 48 picture drawn by MuJoCo', mujoco.__version__)
"""
TALK = """
import rclpy
from rclpy.utilities import get_rmw_implementation_identifier
from yan_brain_msgs.msg import Decision
rclpy.init()
node = rclpy.create_node('doctor')
publisher = node.create_publisher(Decision, 'doctor_ping', 1)
heard = []
node.create_subscription(Decision, 'doctor_ping', heard.append, 1)
for _ in range(50):
    publisher.publish(Decision(version='ping'))
    rclpy.spin_once(node, timeout_sec=0.1)
    if heard:
        break
assert heard, 'a message to itself did not arrive'
print('a message went over', get_rmw_implementation_identifier())
"""
SOUND = """
import sounddevice
inputs = [d['name'] for d in sounddevice.query_devices() if d['max_input_channels'] > 0]
print(', '.join(inputs) if inputs else 'none')
"""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing looked at. `fine` None: not there, and nothing needs it."""

    name: str
    fine: bool | None
    text: str
    vital: bool = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments of `yan-brain doctor`."""
    parser.add_argument('--json', action='store_true', help='a report as the last line')


def main(args: argparse.Namespace) -> int:
    """Exit code 0 when the brain can run here, 1 when something vital is missing."""
    report = Report(command='doctor')
    sick = False
    for look in (_python, _packages, _ros, _surroundings, _weights, _pictures, _microphones,
                 _cameras, _machine, _system):
        for finding in look():
            word = {True: 'ok', False: 'MISSING', None: 'none'}[finding.fine]
            print(f'{word:<8} {finding.name:<14} {finding.text}', flush=True)
            sick |= finding.vital and finding.fine is False
            report.add(Result(name=f'doctor.{finding.name}', unit='bool',
                              value=None if finding.fine is None else float(finding.fine),
                              note=finding.text))
    print('\nThe brain cannot run here until what is MISSING is there.' if sick
          else '\nThe brain can run here.')
    if args.json:
        report.show(as_json=True)
    return 1 if sick else 0


def _python() -> Iterator[Finding]:
    version = '.'.join(map(str, sys.version_info[:3]))
    yield Finding(name='python', fine=sys.version_info >= (3, 10), vital=True,
                  text=f'{version} in {sys.prefix}')


def _packages() -> Iterator[Finding]:
    for name, module, purpose in (
            ('torch', 'torch', 'the core'), ('numpy', 'numpy', 'everything'),
            ('opencv', 'cv2', 'images'), ('mujoco', 'mujoco', 'the simulated home'),
            ('onnxruntime', 'onnxruntime', 'speech'),
            ('sounddevice', 'sounddevice', 'microphones'),
            ('silero_vad', 'silero_vad', 'noticing that somebody speaks'),
            ('moonshine', 'moonshine_voice', 'understanding speech'),
            ('resemblyzer', 'resemblyzer', 'knowing persons by their voice')):
        there = importlib.util.find_spec(module) is not None
        vital = name in ('torch', 'numpy', 'opencv')
        version = _version(name, module) if there else f'needed for {purpose}; run `make setup`'
        yield Finding(name=name, fine=there, vital=vital, text=version)


def _version(*names: str) -> str:
    owners = importlib.metadata.packages_distributions()
    for owner in (*names, *(owner for name in names for owner in owners.get(name, ()))):
        try:
            return importlib.metadata.version(owner)
        except importlib.metadata.PackageNotFoundError:
            continue
    return 'there (its version is not known)'


def _ros() -> Iterator[Finding]:
    for module, cure in (('rclpy', '`make setup`, or source your ROS 2'),
                         ('yan_brain_msgs', '`make setup`, or build it with colcon')):
        there = importlib.util.find_spec(module) is not None
        yield Finding(name=module, fine=there, vital=True,
                      text='there' if there else f'run {cure}')
    yield _attempt('ros', TALK, vital=True,
                   cure='check RMW_IMPLEMENTATION, and that loopback and /dev/shm can be used')


def _surroundings() -> Iterator[Finding]:
    set_here = [f'{name}={os.environ[name]}' for name in (
        'ROS_DISTRO', 'ROS_DOMAIN_ID', 'RMW_IMPLEMENTATION', 'ROS_AUTOMATIC_DISCOVERY_RANGE',
        'ROS_LOCALHOST_ONLY') if name in os.environ]
    yield Finding(name='ros_settings', fine=True,
                  text=', '.join(set_here) or 'the defaults: domain 0, this machine only')
    foreign = [path for path in os.environ.get('PYTHONPATH', '').split(os.pathsep)
               if '/ros/' in path and sys.prefix != sys.base_prefix]
    if foreign:
        yield Finding(name='mixed_ros', fine=False, text=(
            f'PYTHONPATH brings in {foreign[0]}, which mixes with the ROS 2 of {sys.prefix}; '
            'open a terminal in which no ROS 2 is sourced, or use make'))


def _weights() -> Iterator[Finding]:
    package = Path(__file__).resolve().parent.parent
    found = sorted(package.rglob('*.safetensors'))
    total_mib = sum(path.stat().st_size for path in found) / 2**20
    yield Finding(name='weights', fine=bool(found), vital=True, text=(
        f'{len(found)} file(s), {total_mib:.1f} MiB' if found
        else 'none in the package; run `yan-brain train`'))


def _pictures() -> Iterator[Finding]:
    renderer = os.environ.get('MUJOCO_GL', 'egl')
    yield _attempt('pictures', RENDER, environment={'MUJOCO_GL': renderer},
                   cure='the simulated home needs libegl1 and libgl1-mesa-dri')


def _microphones() -> Iterator[Finding]:
    finding = _attempt('microphones', SOUND, cure='they need libportaudio2')
    yield Finding(name='microphones', text=finding.text,
                  fine=None if finding.text == 'none' else finding.fine)


def _cameras() -> Iterator[Finding]:
    found = sorted(str(path) for path in Path('/dev').glob('video*'))
    yield Finding(name='cameras', fine=bool(found) or None, text=', '.join(found) or
                  'no /dev/video*; needed only where the robot publishes no images itself')


def _machine() -> Iterator[Finding]:
    yield Finding(name='machine', fine=True, text=machine())
    free_gib = shutil.disk_usage(Path.home()).free / 2**30
    yield Finding(name='disk', fine=free_gib > SPARE_GIB, text=f'{free_gib:.1f} GiB free in '
                  f'{Path.home()}, where lessons and logs go')


def _system() -> Iterator[Finding]:
    gaps = system.missing()
    yield Finding(name='system', fine=not gaps, text=(
        'all system packages are there' if not gaps
        else f'{", ".join(gap.package for gap in gaps)}; get them: {system.apt_line(gaps)}'))


def _attempt(name: str, code: str, *, cure: str, vital: bool = False,
             environment: dict[str, str] | None = None) -> Finding:
    """Runs code in a process of its own: what crashes there does not crash here."""
    try:
        done = subprocess.run([sys.executable, '-c', code], capture_output=True, text=True,
                              timeout=TRY_LIMIT_S, stdin=subprocess.DEVNULL, check=False,
                              env=os.environ | (environment or {}))
    except subprocess.TimeoutExpired:
        return Finding(name=name, fine=False, vital=vital,
                       text=f'nothing happened for {TRY_LIMIT_S:.0f} s; {cure}')
    if done.returncode == 0:
        return Finding(name=name, fine=True, vital=vital, text=_last(done.stdout))
    return Finding(name=name, fine=False, vital=vital,
                   text=f'{_last(done.stderr) or f"code {done.returncode}"}; {cure}')


def _last(text: str) -> str:
    return (text.strip().splitlines() or [''])[-1][:200]
