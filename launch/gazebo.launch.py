"""Starts a brain in Gazebo: ros2 launch yan_brain gazebo.launch.py seed:=7

Needs ros_gz_sim and ros_gz_bridge (Gazebo Harmonic with Jazzy, Ionic with Kilted). The room of a
seed is written as a world first; `world` names one of your own instead, whose robot must have the
topics that worlds/bridge.yaml carries. Talk to it from another terminal: yan-brain say "stop".
"""
import tempfile
from pathlib import Path

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, IncludeLaunchDescription, OpaqueFunction
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.substitutions import FindPackageShare

OURS, GAZEBO = FindPackageShare('yan_brain'), FindPackageShare('ros_gz_sim')
ARGUMENTS = (
    ('namespace', '', 'of the robot: all names are relative to it'),
    ('seed', '1', 'which room'),
    ('world', '', 'an SDF file to use instead of the room of the seed'),
    ('gui', 'true', 'show Gazebo; false: it draws for the camera alone'),
    ('fleet', 'false', 'exchange lessons and tricks with other robots'),
    ('log_level', 'info', 'of all nodes'),
)


def included(package: FindPackageShare, name: str,
             **arguments: object) -> IncludeLaunchDescription:
    """The launch file of another package, or of this one."""
    return IncludeLaunchDescription(
        PythonLaunchDescriptionSource(PathJoinSubstitution([package, 'launch', name])),
        launch_arguments=list(arguments.items()))


def simulator(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Gazebo with the world; the launch ends when its window is closed."""
    def given(name: str) -> str:
        return LaunchConfiguration(name).perform(context)

    world = given('world')
    if not world:
        from yan_brain.simulation.sdf import write
        world = str(write(int(given('seed')), Path(tempfile.mkdtemp(prefix='yan_brain_'))))
    drawn = '' if given('gui').lower() == 'true' else '-s --headless-rendering '
    return [included(GAZEBO, 'gz_sim.launch.py', gz_args=f'-r {drawn}{world}',
                     on_exit_shutdown='true')]


def generate_launch_description() -> LaunchDescription:
    """Arguments, Gazebo, the bridge, the brain."""
    return LaunchDescription([
        *(DeclareLaunchArgument(name, default_value=default, description=description)
          for name, default, description in ARGUMENTS),
        OpaqueFunction(function=simulator),
        Node(package='ros_gz_bridge', executable='parameter_bridge', output='screen',
             namespace=LaunchConfiguration('namespace'),
             parameters=[{'config_file': PathJoinSubstitution([OURS, 'worlds', 'bridge.yaml'])}]),
        included(OURS, 'brain.launch.py', robot='ros', camera='false', microphone='false',
                 use_sim_time='true', namespace=LaunchConfiguration('namespace'),
                 fleet=LaunchConfiguration('fleet'), log_level=LaunchConfiguration('log_level')),
    ])
