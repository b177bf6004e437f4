"""Starts a brain: ros2 launch yan_brain brain.launch.py robot:=sim

Nodes configure and activate themselves (parameter `autostart`) and come back when they die, as
under `yan-brain run`. Settings come from config/*.yaml, then from `params_file`.
"""
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, SetEnvironmentVariable
from launch.conditions import IfCondition
from launch.substitutions import (
    AndSubstitution,
    EnvironmentVariable,
    EqualsSubstitution,
    LaunchConfiguration,
    PathJoinSubstitution,
)
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

SETTINGS = PathJoinSubstitution([FindPackageShare('yan_brain'), 'config'])
ARGUMENTS = (
    ('namespace', '', 'of the robot: all names are relative to it'),
    ('robot', 'sim', 'sim: the simulated home; ros: a robot on ROS topics'),
    ('camera', 'true', 'robot:=ros: start camera_node (false: the robot publishes images)'),
    ('microphone', 'true', 'robot:=ros: start microphone_node'),
    ('use_sim_time', 'false', 'time comes from /clock; robot:=sim then publishes it'),
    ('speed', '1.0', 'robot:=sim with use_sim_time: simulated seconds in a second'),
    ('seed', '1', 'robot:=sim: which room'),
    ('window', 'false', 'robot:=sim: show it in a window'),
    ('params_file', PathJoinSubstitution([SETTINGS, 'brain.yaml']),
     'YAML whose settings win over those of config/'),
    ('fleet', 'false', 'exchange lessons and tricks with other robots'),
    ('respawn', 'true', 'start a node again when it dies'),
    ('log_level', 'info', 'of all nodes'),
)


def brain_node(executable: str, *names: str, condition: IfCondition | None = None,
               extra: tuple[dict[str, object], ...] = ()) -> Node:
    """One process with the settings of the nodes in it."""
    use_sim_time = ParameterValue(LaunchConfiguration('use_sim_time'), value_type=bool)
    return Node(
        package='yan_brain', executable=executable, namespace=LaunchConfiguration('namespace'),
        output='screen', emulate_tty=True, condition=condition,
        respawn=LaunchConfiguration('respawn'), respawn_delay=0.2,
        sigterm_timeout='4', sigkill_timeout='1',
        arguments=['--ros-args', '--log-level', LaunchConfiguration('log_level')],
        parameters=[
            *(PathJoinSubstitution([SETTINGS, f'{name}.yaml']) for name in names),
            {'use_sim_time': use_sim_time}, *extra, LaunchConfiguration('params_file')])


def generate_launch_description() -> LaunchDescription:
    """Arguments and nodes."""
    simulated = EqualsSubstitution(LaunchConfiguration('robot'), 'sim')
    real = EqualsSubstitution(LaunchConfiguration('robot'), 'ros')
    home = {
        'seed': ParameterValue(LaunchConfiguration('seed'), value_type=int),
        'window': ParameterValue(LaunchConfiguration('window'), value_type=bool),
        'publish_clock': ParameterValue(LaunchConfiguration('use_sim_time'), value_type=bool),
        'speed': ParameterValue(LaunchConfiguration('speed'), value_type=float),
    }
    return LaunchDescription([
        *(DeclareLaunchArgument(name, default_value=default, description=description)
          for name, default, description in ARGUMENTS),
        # Several processes share the cores: none may take them all for small matrices.
        SetEnvironmentVariable('OMP_NUM_THREADS', '1'),
        # Raw images are lost otherwise; why is said where yan_brain/cli/programs.py sets it too.
        SetEnvironmentVariable(
            'FASTDDS_BUILTIN_TRANSPORTS', EnvironmentVariable(
                'FASTDDS_BUILTIN_TRANSPORTS', default_value='DEFAULT?sockets_size=4MB'),
            condition=IfCondition(real)),
        brain_node('home_node', 'home', condition=IfCondition(simulated), extra=(home,)),
        brain_node('camera_node', 'camera', condition=IfCondition(
            AndSubstitution(real, LaunchConfiguration('camera')))),
        brain_node('microphone_node', 'microphone', condition=IfCondition(
            AndSubstitution(real, LaunchConfiguration('microphone')))),
        brain_node('mind', 'cognition', 'learning', extra=({
            'fleet.exchange': ParameterValue(LaunchConfiguration('fleet'), value_type=bool)},)),
        brain_node('planner_node', 'planner'),
    ])
