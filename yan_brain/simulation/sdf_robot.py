"""The robot for Gazebo: two driven wheels, a camera and a range scan, as in the simulated home."""
from __future__ import annotations

import math

from yan_brain.simulation.home import HomeConfig
from yan_brain.simulation.room import Pose
from yan_brain.simulation.sdf_text import colours, pose

SCAN_HEIGHT_M = 0.12
_HIGH_M, _MASS_KG = 0.28, 8.0
_WHEEL_M, _WHEEL_KG, _CLEAR_M = 0.04, 0.4, 0.02
# Its own camera and scan do not see it: visibility is flags of a visual and mask of a sensor.
_OWN, _OTHERS = 2, 0xFFFFFFFF - 2


def robot(start: Pose, config: HomeConfig, radius_m: float) -> str:
    """A model whose topics are named `robot/...` in Gazebo; worlds/bridge.yaml names them in ROS.

    Frame `base_link` lies on the floor below the middle of the axle (REP-105), x ahead.
    """
    apart = 2 * (radius_m - 0.03)
    wheels = ''.join(_wheel(name, side * apart / 2) for name, side in
                     (('left', 1), ('right', -1)))
    casters = ''.join(
        f'<collision name="caster{index}">{pose((x, 0, 0.02))}<geometry><sphere>'
        '<radius>0.02</radius></sphere></geometry><surface><friction><ode><mu>0</mu><mu2>0</mu2>'
        '</ode></friction></surface></collision>'
        for index, x in enumerate((radius_m - 0.03, 0.03 - radius_m)))
    high = _HIGH_M - _CLEAR_M
    body = (f'<geometry><cylinder><radius>{radius_m}</radius><length>{high}</length></cylinder>'
            '</geometry>')
    middle = pose((0, 0, _CLEAR_M + high / 2))
    return f"""<model name="robot">{pose((start.x_m, start.y_m, 0), yaw=start.yaw_rad)}
<link name="base_link">
{_inertia(_MASS_KG, radius_m, high, at=0.08)}
<visual name="body">{middle}{body}{colours((0.3, 0.3, 0.35), 0.2)}
<visibility_flags>{_OWN}</visibility_flags></visual>
<collision name="shell">{middle}{body}</collision>
{casters}
{_camera(config)}
{_scan(config)}
</link>
{wheels}
<plugin filename="gz-sim-diff-drive-system" name="gz::sim::systems::DiffDrive">
<left_joint>left</left_joint><right_joint>right</right_joint>
<wheel_separation>{apart:.5g}</wheel_separation><wheel_radius>{_WHEEL_M}</wheel_radius>
<max_linear_velocity>{config.base.speed_mps}</max_linear_velocity>
<min_linear_velocity>{-config.base.speed_mps}</min_linear_velocity>
<max_angular_velocity>{config.base.turn_radps}</max_angular_velocity>
<min_angular_velocity>{-config.base.turn_radps}</min_angular_velocity>
<max_linear_acceleration>{config.base.acceleration_mps2}</max_linear_acceleration>
<min_linear_acceleration>{-config.base.braking_mps2}</min_linear_acceleration>
<topic>robot/cmd_vel</topic><odom_topic>robot/odom</odom_topic><tf_topic>robot/tf</tf_topic>
<frame_id>odom</frame_id><child_frame_id>base_link</child_frame_id>
<odom_publish_frequency>50</odom_publish_frequency>
</plugin>
</model>"""


def _inertia(mass_kg: float, radius_m: float, high_m: float, *, at: float = 0.0) -> str:
    """Of an upright cylinder, its middle `at` metres above the frame."""
    flat = mass_kg * (3 * radius_m ** 2 + high_m ** 2) / 12
    return (f'<inertial>{pose((0, 0, at))}<mass>{mass_kg}</mass><inertia><ixx>{flat:.5g}</ixx>'
            f'<iyy>{flat:.5g}</iyy><izz>{mass_kg * radius_m ** 2 / 2:.5g}</izz>'
            '<ixy>0</ixy><ixz>0</ixz><iyz>0</iyz></inertia></inertial>')


def _wheel(name: str, y_m: float) -> str:
    """A wheel and its joint to the body; it turns about y."""
    shape = (f'<geometry><cylinder><radius>{_WHEEL_M}</radius><length>0.02</length></cylinder>'
             '</geometry>')
    return (
        f'<link name="{name}_wheel">{pose((0, y_m, _WHEEL_M), roll=-math.pi / 2)}'
        f'{_inertia(_WHEEL_KG, _WHEEL_M, 0.02)}'
        f'<visual name="v">{shape}{colours((0.1, 0.1, 0.1), 0.1)}'
        f'<visibility_flags>{_OWN}</visibility_flags></visual>'
        f'<collision name="c">{shape}<surface><friction><ode><mu>1.2</mu><mu2>1.2</mu2></ode>'
        '</friction></surface></collision></link>'
        f'<joint name="{name}" type="revolute"><parent>base_link</parent>'
        f'<child>{name}_wheel</child><axis><xyz>0 0 1</xyz></axis></joint>\n')


def _camera(config: HomeConfig) -> str:
    at = (config.camera_forward_m, 0.0, config.camera_height_m)
    return (
        f'<sensor name="camera" type="camera">{pose(at, pitch=-config.camera_pitch_rad)}'
        f'<update_rate>{config.camera_rate_hz}</update_rate><topic>robot/camera/image</topic>'
        '<gz_frame_id>camera_link_optical</gz_frame_id>'
        f'<camera><horizontal_fov>{config.camera_fov_rad:.6g}</horizontal_fov>'
        f'<image><width>{config.image_width}</width><height>{config.image_height}</height>'
        '<format>R8G8B8</format></image><clip><near>0.02</near><far>30</far></clip>'
        f'<noise><type>gaussian</type><stddev>{config.camera_noise / 255:.4g}</stddev></noise>'
        f'<visibility_mask>{_OTHERS}</visibility_mask></camera></sensor>')


def _scan(config: HomeConfig) -> str:
    return (
        f'<sensor name="lidar" type="gpu_lidar">{pose((0, 0, SCAN_HEIGHT_M))}'
        f'<update_rate>{config.scan_rate_hz}</update_rate><topic>robot/scan</topic>'
        '<gz_frame_id>lidar_link</gz_frame_id><lidar><scan><horizontal>'
        f'<samples>{config.scan_beams}</samples><resolution>1</resolution>'
        f'<min_angle>{-math.pi:.6g}</min_angle>'
        f'<max_angle>{math.pi * (1 - 2 / config.scan_beams):.6g}</max_angle></horizontal></scan>'
        f'<range><min>{config.scan_near_m}</min><max>{config.scan_far_m}</max></range>'
        f'<noise><type>gaussian</type><stddev>{config.scan_noise_m}</stddev></noise>'
        f'<visibility_mask>{_OTHERS}</visibility_mask></lidar></sensor>')
