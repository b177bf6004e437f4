"""An embodied brain for ROS 2 robots that lives on the robot's own CPU."""
__version__ = '0.1.0'
