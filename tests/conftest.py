"""Real images for the tests that want them.

The environment variable ``MMWSL_TEST_DATA`` names a folder with the archives; tests that need one skip where it is not
set. An archive is unpacked once into the system's folder for temporary files and found there by later runs.
"""

import os
import shutil
import tarfile
import tempfile
from pathlib import Path

# One thread a process, set before torch is imported: pytest runs several processes, and their threads would wait for
# each other.
os.environ.setdefault('OMP_NUM_THREADS', '1')

import pytest  # noqa: E402


def unpacked(archive):
    """The folder with the content of an archive; unpacks it on first use.

    Skips the test if ``MMWSL_TEST_DATA`` is not set, or has no such archive.
    """
    folder = os.environ.get('MMWSL_TEST_DATA')
    if not folder:
        pytest.skip(f'MMWSL_TEST_DATA is not set: it names the folder with {archive}')
    source = Path(folder) / archive
    if not source.is_file():
        pytest.skip(f'MMWSL_TEST_DATA={folder} has no {archive}')
    status = source.stat()
    user = os.getuid() if hasattr(os, 'getuid') else 'user'
    cache = Path(tempfile.gettempdir()) / f'mmwsl_test_data_{user}'
    target = cache / f'{archive}_{status.st_mtime_ns}_{status.st_size}'
    if not target.is_dir():
        cache.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Beside the target and renamed when complete: a killed run leaves nothing that looks whole, and of several
        # processes that unpack at once the first wins.
        partial = Path(tempfile.mkdtemp(dir=cache, prefix='unpacking_'))
        try:
            with tarfile.open(source) as tar:
                tar.extractall(partial, filter='data')
            try:
                partial.rename(target)
            except OSError:
                if not target.is_dir():
                    raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    return target


@pytest.fixture(scope='session')
def cifar10_root():
    """CIFAR-10 as JPEG folders: ``{train,test}/<class>/*.jpg``."""
    return unpacked('cifar10_jpg.tar.gz') / 'cifar10'


@pytest.fixture(scope='session')
def voc_root():
    """A part of VOC2007 in its own layout: the folder ``VOCdevkit/VOC2007``."""
    return unpacked('voc2007_subset.tar') / 'VOCdevkit' / 'VOC2007'


@pytest.fixture(scope='session')
def coco_root():
    """A part of COCO 2017 in its own layout: the folder with ``train2017``, ``val2017`` and ``annotations``."""
    return unpacked('coco_subset.tar') / 'coco'


@pytest.fixture(scope='session')
def video_root():
    """Clips and pairs of frames with flow: the folder with ``davis_car_shadow``, ``flow_pairs``, ``ucf101_clips``."""
    return unpacked('video_flow.tar') / 'video'


@pytest.fixture(autouse=True, scope='session')
def lay_out_a_config_once():
    """mmengine has yapf lay out the config's text four times a run and once a checkpoint, up to 0.4 s each."""
    from mmengine.config import config
    original, done = getattr(config, 'FormatCode', None), {}  # None: a release that lays out by something else

    def format_code(text, **settings):
        key = text, repr(settings)
        if key not in done:
            done[key] = original(text, **settings)
        return done[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(config, 'FormatCode', format_code, raising=False)
        yield


def pytest_collection_modifyitems(items):
    """Files with slow tests first, so that no process ends up alone with a long file at the end of a parallel run."""
    slow = {item.path for item in items if item.get_closest_marker('slow')}
    items.sort(key=lambda item: item.path not in slow)


@pytest.fixture
def no_power_iterations(monkeypatch):
    """The steps that a spectral norm begins with take long without data, and nothing asks for them there."""
    monkeypatch.setattr('torch.nn.utils.parametrizations._SpectralNorm._power_method', lambda self, weight, steps: None)
