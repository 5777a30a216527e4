"""Packaging of mmwsl. Nothing here imports torch or mmwsl."""

import re
import shutil
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent


def requirements(name):
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text(encoding='utf-8').splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith(('#', '-'))]


class BuildWithConfigs(build_py):
    """Ship ``configs/`` and the records of ``docs/results/`` inside the package: an installed user has no clone."""

    def run(self):
        super().run()
        if not getattr(self, 'editable_mode', False):
            target = Path(self.build_lib) / 'mmwsl' / 'configs'
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(ROOT / 'configs', target, ignore=shutil.ignore_patterns('__pycache__'))
            shutil.rmtree(Path(self.build_lib) / 'mmwsl' / 'results', ignore_errors=True)
            for records in sorted((ROOT / 'docs' / 'results').glob('*/records.jsonl')):
                folder = Path(self.build_lib) / 'mmwsl' / 'results' / records.parent.name
                folder.mkdir(parents=True, exist_ok=True)
                shutil.copy(records, folder)


setup(
    name='mmwsl',
    version=re.search(r"__version__ = '(.+)'", (ROOT / 'mmwsl' / '__init__.py').read_text(encoding='utf-8')).group(1),
    description='Learning vision with little or no human labelling: self-supervised and weakly-supervised methods, '
    'and one benchmark suite, on mmengine',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    license='Apache-2.0',
    python_requires='>=3.11',
    packages=find_packages(include=['mmwsl', 'mmwsl.*']),
    package_data={'mmwsl': ['py.typed', 'augment/data/*.npy', 'checkpoints/*.txt',
                            'reporting/*.html', 'reporting/*.css', 'reporting/*.js',
                            'apis/scenes/*.html', 'apis/scenes/*.css', 'apis/scenes/*.js']},
    install_requires=requirements('runtime'),
    extras_require={name: requirements(name)
                    for name in ('onnx', 'optional', 'pretrained', 'contrib', 'tests', 'docs')},
    entry_points={'console_scripts': ['mmwsl = mmwsl.cli:main']},
    cmdclass={'build_py': BuildWithConfigs},
    classifiers=[
        'Development Status :: 3 - Alpha',
        'Intended Audience :: Science/Research',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
    ],
)
