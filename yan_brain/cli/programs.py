"""Which processes make up a brain, and in what surroundings they run."""
from __future__ import annotations

import os
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from yan_brain.settings import Value

ROBOTS = ('sim', 'ros')
# Holds the process id of the supervisor; nodes/process.py ends a process when that one ends.
SUPERVISOR_VARIABLE = 'YAN_BRAIN_SUPERVISOR'
LAST_DOMAIN = 100                       # above, ports fall into Linux's ephemeral range
# What a process tells others on its machine lies in 512 KB of its own shared memory: by itself
# Fast DDS loses a third of camera_node's raw images of 640x480 (921 KB), and most of others'. This
# makes it 8 MB, and the buffers of sockets 4 MB, or silently net.core.rmem_max where that is less.
# Shared memory stays: readers as they come lose images of 230 KB that are sent to them by UDP, and
# LARGE_DATA finds only its like. An XML profile that names transports wins. brain.launch.py sets
# the same.
TRANSPORTS = 'DEFAULT?sockets_size=4MB'


@dataclass(frozen=True, kw_only=True)
class Program:
    """One process: its Python module, the nodes it holds and how it is started."""

    name: str
    module: str
    nodes: tuple[str, ...]
    arguments: tuple[str, ...] = ()

    @property
    def command(self) -> list[str]:
        """The command line."""
        return [sys.executable, '-m', self.module, *self.arguments]


PROCESSES: dict[str, tuple[str, tuple[str, ...]]] = {
    'home': ('yan_brain.nodes.home_node', ('home',)),
    'camera': ('yan_brain.nodes.camera_node', ('camera',)),
    'microphone': ('yan_brain.nodes.microphone_node', ('microphone',)),
    'mind': ('yan_brain.nodes.mind', ('cognition', 'learning')),
    'planner': ('yan_brain.nodes.planner_node', ('planner',)),
}
ROBOT_PROCESSES = {
    'sim': ('home', 'mind', 'planner'),
    'ros': ('camera', 'microphone', 'mind', 'planner'),
}


def programs(robot: str, *, folder: Path, namespace: str = '', without: Sequence[str] = (),
             extra_files: Sequence[Path] = (),
             given: Mapping[str, Mapping[str, Value]] | None = None) -> list[Program]:
    """The processes for a robot.

    Args:
        robot: 'sim' (the simulated home) or 'ros' (a robot that is there already).
        folder: of the nodes' YAML files.
        without: names of processes not to start (a robot that publishes its own images).
        extra_files: YAML files whose values win over those in `folder`.
        given: parameters by node name that win over all files; nodes that share a process share
            them too.
    """
    if robot not in ROBOTS:
        raise ValueError(f'robot is {robot!r}; allowed: {", ".join(ROBOTS)}')
    unknown = sorted(set(without) - set(PROCESSES))
    if unknown:
        raise ValueError(f'there is no process {unknown[0]!r}; there are: {", ".join(PROCESSES)}')
    made = []
    for name in ROBOT_PROCESSES[robot]:
        if name in without:
            continue
        module, nodes = PROCESSES[name]
        words = ['--ros-args', '--disable-external-lib-logs']
        if namespace:
            words += ['-r', f'__ns:=/{namespace.strip("/")}']
        for file in [*(folder / f'{node}.yaml' for node in nodes), *extra_files]:
            words += ['--params-file', str(file)]
        for node in nodes:
            for key, value in (given or {}).get(node, {}).items():
                # Not NODE:KEY, which ROS does not apply to a node in a namespace: all nodes of
                # the process that have such a parameter take it.
                words += ['-p', f'{key}:={_word(value)}']
        made.append(Program(name=name, module=module, nodes=nodes, arguments=tuple(words)))
    return made


def _word(value: Value) -> str:
    from yan_brain.cli.config import scalar
    return scalar(value)


def surroundings(robot: str, base: Mapping[str, str] | None = None) -> dict[str, str]:
    """Environment for all processes of a brain, and for who talks to it.

    What is set already stays. In the simulation nothing is said beyond this machine.
    """
    found = dict(os.environ if base is None else base)
    if robot == 'sim' and 'ROS_LOCALHOST_ONLY' not in found:
        found.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')
    if robot == 'ros':
        found.setdefault('FASTDDS_BUILTIN_TRANSPORTS', TRANSPORTS)
    found.setdefault('ROS_DOMAIN_ID', '0')
    found.setdefault('MUJOCO_GL', 'egl')
    found.setdefault('PYTHONUNBUFFERED', '1')
    # Several processes share the cores: none may take them all for small matrices.
    found.setdefault('OMP_NUM_THREADS', '1')
    found.setdefault('OPENBLAS_NUM_THREADS', '1')
    return found


def free_domain(first: int | None = None) -> int:
    """A ROS domain in which nobody on this machine is, as far as ports tell.

    Raises OSError when all are taken.
    """
    begin = os.getpid() if first is None else first
    for offset in range(LAST_DOMAIN):
        domain = 1 + (begin + offset) % LAST_DOMAIN
        # DDS: the first participant's unicast ports of a domain (RTPS 2.5, 9.6.2.4).
        if all(_free(7400 + 250 * domain + port) for port in (10, 11)):
            return domain
    raise OSError(f'all ROS domains from 1 to {LAST_DOMAIN} are in use; set ROS_DOMAIN_ID')


def _free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(('', port))
        except OSError:
            return False
    return True
