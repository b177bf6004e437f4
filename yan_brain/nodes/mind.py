"""The `mind` process: cognition and learning share one mind; weights are not copied."""
from __future__ import annotations

from yan_brain.nodes.cognition_node import CognitionNode
from yan_brain.nodes.common import BrainNode, spin
from yan_brain.nodes.learning_node import LearningNode
from yan_brain.nodes.minds import MindRoom


def nodes() -> list[BrainNode]:
    """Both nodes in one room."""
    room = MindRoom('cognition', 'learning')
    return [LearningNode(room), CognitionNode(room)]


def main() -> int:
    """Run both nodes on one executor."""
    return spin(nodes)


if __name__ == '__main__':
    raise SystemExit(main())
