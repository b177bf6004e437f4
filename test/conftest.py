"""For all tests: nothing leaves this machine, nothing of the user is read or written."""
from __future__ import annotations

import os
import tempfile

os.environ['ROS_AUTOMATIC_DISCOVERY_RANGE'] = 'LOCALHOST'
os.environ.setdefault('MUJOCO_GL', 'egl')
os.environ.setdefault('OMP_NUM_THREADS', '2')
_HOME = tempfile.TemporaryDirectory(prefix='yan_brain_test_')
for _name in ('XDG_DATA_HOME', 'XDG_STATE_HOME'):
    os.environ[_name] = _HOME.name
os.environ['ROS_LOG_DIR'] = _HOME.name
