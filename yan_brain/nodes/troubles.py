"""What lately went wrong in a node, for its diagnostics."""
from __future__ import annotations

import time

from diagnostic_msgs.msg import DiagnosticStatus
from rclpy.impl.rcutils_logger import RcutilsLogger

from yan_brain.nodes.common import Health

SHOWN_S = 10.0           # a fault that did not come again for so long is over


class Troubles:
    """Faults that pass and faults that stay. Each new cause is logged once."""

    def __init__(self, logger: RcutilsLogger) -> None:
        self._logger = logger
        self._lasting: list[str] = []
        self._newest, self._newest_s = '', float('-inf')

    def note(self, why: str, *, lasting: bool = False) -> None:
        """Something went wrong; safe from any thread."""
        if why != self._newest:
            self._logger.warning(why)
        if lasting:
            self._lasting.append(why)
        else:
            self._newest, self._newest_s = why, time.monotonic()

    def health(self, more: tuple[str, ...], values: dict[str, object]) -> Health:
        """A warning while there is trouble; `more` are the troubles of others."""
        recent = [self._newest] if time.monotonic() - self._newest_s < SHOWN_S else []
        trouble = '; '.join([*self._lasting, *recent, *more])
        return Health(level=DiagnosticStatus.WARN if trouble else DiagnosticStatus.OK,
                      message=trouble or 'ok', values={k: str(v) for k, v in values.items()})
