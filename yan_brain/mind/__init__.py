"""The mind: eye, core and lessons tied together."""
from yan_brain.mind.mind import Mind, Showing, Thought

__all__ = ['Mind', 'Showing', 'Thought']
