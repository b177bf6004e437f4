"""The package for pip and for colcon. Versions of what it needs stand in requirements/."""
from pathlib import Path

from setuptools import find_packages, setup

NAME = 'yan_brain'


def files(folder: str, pattern: str) -> list[str]:
    """Paths for data_files, relative as setuptools wants them."""
    return sorted(str(path) for path in Path(folder).glob(pattern))


setup(
    name=NAME,
    version='0.1.0',
    packages=find_packages(include=[NAME, f'{NAME}.*']),
    package_data={NAME: [f'**/*.{end}' for end in (
        'safetensors', 'npz', 'json', 'md', 'yaml', 'txt', 'onnx', 'cpp', 'h')] + ['py.typed']},
    data_files=[
        ('share/ament_index/resource_index/packages', [f'resource/{NAME}']),
        (f'share/{NAME}', ['package.xml']),
        (f'share/{NAME}/launch', files('launch', '*.launch.py')),
        (f'share/{NAME}/config', files('config', '*.yaml')),
        (f'share/{NAME}/worlds', files('worlds', '*')),
    ],
    install_requires=['setuptools'],
    python_requires='>=3.10',
    zip_safe=False,
    maintainer='yan_brain maintainers',
    maintainer_email='maintainers@example.com',
    description='A brain for robots: sees, hears, understands, decides, acts and learns.',
    license='Apache-2.0',
    entry_points={
        'console_scripts': [
            f'yan-brain = {NAME}.cli.main:main',
            f'camera_node = {NAME}.nodes.camera_node:main',
            f'microphone_node = {NAME}.nodes.microphone_node:main',
            f'cognition_node = {NAME}.nodes.cognition_node:main',
            f'planner_node = {NAME}.nodes.planner_node:main',
            f'learning_node = {NAME}.nodes.learning_node:main',
            f'mind = {NAME}.nodes.mind:main',
            f'home_node = {NAME}.nodes.home_node:main',
        ],
    },
)
