"""The MuJoCo home: rooms, things, a robot and a person who speaks."""
import os

# MuJoCo reads it when it is imported: without it, it wants a window system robots do not have.
os.environ.setdefault('MUJOCO_GL', 'egl')
