"""An environment with mmwsl installed from its wheel, as users have it; the dependencies are the parent's."""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def run(*command, cwd, fails=False):
    """Run a command outside the source tree; returns what it said, and checks whether it fails."""
    environment = {key: value for key, value in os.environ.items() if key not in ('PYTHONPATH', 'PYTHONHOME')}
    environment['OMP_NUM_THREADS'] = '1'
    done = subprocess.run([str(part) for part in command], cwd=cwd, env=environment, capture_output=True, text=True)
    assert (done.returncode != 0) == fails, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout + done.stderr


def make_environment(folder, *projects):
    """A fresh virtual environment in ``folder`` with the wheels of mmwsl and of ``projects/NAME``; returns its Python.

    The wheels are in ``folder / 'wheels'``.
    """
    sources = folder / 'source'
    sources.mkdir()
    for name in ('setup.py', 'pyproject.toml', 'MANIFEST.in', 'README.md', 'LICENSE'):
        shutil.copy(ROOT / name, sources)
    shutil.copytree(ROOT / 'docs' / 'results' / 'quickstart', sources / 'docs' / 'results' / 'quickstart')
    for name in ('mmwsl', 'configs', 'requirements', 'projects'):
        shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns('__pycache__', '*.egg-info', 'build'))
    for project in (sources, *(sources / 'projects' / name for name in projects)):
        run(sys.executable, '-m', 'pip', 'wheel', '-q', '--no-deps', '--no-build-isolation', '--no-cache-dir', '-w',
            folder / 'wheels', '.', cwd=project)
    run(sys.executable, '-m', 'venv', '--without-pip', folder / 'venv', cwd=folder)
    python = folder / 'venv' / 'bin' / 'python'
    target = Path(run(python, '-c', 'import sysconfig; print(sysconfig.get_path("purelib"))', cwd=folder).strip())
    for wheel in (folder / 'wheels').glob('*.whl'):
        run(sys.executable, '-m', 'pip', '--python', python, 'install', '-q', '--no-deps', '--no-cache-dir', wheel,
            cwd=folder)
    # Behind the environment's own packages, and without the parent's .pth files, which name this source tree.
    (target / 'parent.pth').write_text(sysconfig.get_path('purelib') + '\n')
    return python
