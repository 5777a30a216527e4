import warnings
import zipfile

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer

from mmwsl.checkpoints import read_checkpoint, read_meta
from mmwsl.cli import main


class Foreign:
    pass


def test_read_checkpoint_of_what_is_none(tmp_path):
    good, path = tmp_path / 'good.pth', tmp_path / 'bad.pth'
    torch.save(dict(x=torch.zeros(5000)), good)
    with pytest.raises(FileNotFoundError, match='checkpoint .*absent.pth does not exist'):
        read_checkpoint(tmp_path / 'absent.pth')
    with pytest.raises(FileNotFoundError, match='does not exist'):
        read_checkpoint(tmp_path)
    texts = (b'epoch 1\nloss 0.5\n', b'hello\n', b'<!doctype html>\n', b'q', b'version https://git-lfs.github.com\n')
    for content in (b'', good.read_bytes()[:10000], good.read_bytes()[:100], b'\x00' * 64, *texts):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r'bad.pth is not readable \(.*truncated, or no checkpoint at all\?') as error:
            read_checkpoint(path)
        assert 'weights_only' not in str(error.value)  # torch's advice to switch the check off
    torch.save([torch.zeros(1)], path)
    with pytest.raises(ValueError, match='bad.pth holds a list, not a dictionary'):
        read_checkpoint(path)


@pytest.mark.parametrize('foreign', [Foreign(), HistoryBuffer([0.5], [1]), np.float64(1)])
@pytest.mark.parametrize('old_format', [False, True])
def test_read_checkpoint_with_foreign_objects(tmp_path, foreign, old_format):
    path = tmp_path / 'foreign.pth'
    torch.save(dict(state_dict={}, extra=foreign), path, _use_new_zipfile_serialization=not old_format)
    with pytest.raises(ValueError, match='foreign.pth holds Python objects.*would run code.*convert it once'):
        read_checkpoint(path)


def test_the_advised_conversion(tmp_path):
    """What the message tells the user to type works."""
    path, new_path = tmp_path / 'foreign.pth', tmp_path / 'new.pth'
    torch.save(dict(state_dict={'backbone.w': torch.ones(2)}, extra=Foreign()), path)
    with pytest.raises(ValueError) as error:
        read_checkpoint(path)
    command = str(error.value).split('convert it once: mmwsl ')[1]
    assert main(command.replace('CHECKPOINT', str(path)).replace('OUT', str(new_path)).split()) == 0
    assert read_checkpoint(new_path)['state_dict']['backbone.w'].tolist() == [1, 1]


def flip(path, place, bit=0):
    """Turn one bit of a file around."""
    content = bytearray(path.read_bytes())
    content[place] ^= 1 << bit
    path.write_bytes(content)


def tensor_places(path):
    """Where the parts of a checkpoint's archive begin that hold tensors."""
    content = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return {each.filename: content.index(archive.read(each)) for each in archive.infolist()
                if '/data/' in each.filename and each.file_size}


def test_a_flipped_bit(tmp_path):
    """torch does not look at the checksums that it writes."""
    weights = dict(state_dict=dict(w=torch.arange(5000.0), v=torch.rand(300)))
    ours, theirs = tmp_path / 'ours.pth', tmp_path / 'theirs.pth'
    torch.save(dict(weights, meta=dict(mmwsl_version='0.2.0', iter=7)), ours)
    torch.save(weights, theirs)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert read_checkpoint(ours)['meta']['iter'] == read_meta(ours)['iter'] == 7
        assert torch.equal(read_checkpoint(theirs)['state_dict']['w'], weights['state_dict']['w'])
    for place in tensor_places(ours).values():
        flip(ours, place + 801, bit=3)
        with pytest.raises(ValueError, match='ours.pth is damaged: the checksum of its part .*data/. is wrong.*Copy it again'):
            read_checkpoint(ours)
        flip(ours, place + 801, bit=3)
    read_checkpoint(ours)
    flip(theirs, tensor_places(theirs)['theirs/data/0'] + 4)
    with pytest.warns(UserWarning, match='theirs.pth is damaged: the checksum of its part theirs/data/0 is wrong'):
        assert read_checkpoint(theirs)['state_dict']['w'][1] != 1


@pytest.mark.parametrize('place', range(0, 100, 7))
def test_no_flipped_bit_changes_what_a_file_gives_in_silence(tmp_path, place):
    path, weights = tmp_path / 'a.pth', torch.arange(100.0)
    torch.save(dict(state_dict=dict(w=weights), meta=dict(mmwsl_version='0.2.0')), path)
    flip(path, len(path.read_bytes()) * place // 100, bit=place % 8)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter('always')
        try:
            found = read_checkpoint(path)
        except ValueError:
            return
    assert said or torch.equal(found['state_dict']['w'], weights)


def test_old_files_hold_no_checksums(tmp_path):
    path = tmp_path / 'old.pth'
    torch.save(dict(w=torch.ones(2)), path, _use_new_zipfile_serialization=False)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert read_checkpoint(path)['w'].tolist() == [1, 1]


@pytest.mark.parametrize('version', ['2.3.0+cu118', '2.4.1+cu118', '2.5.1+cu118'])
def test_an_old_torch_is_named_as_the_cause(tmp_path, monkeypatch, capsys, version):
    path = tmp_path / 'good.pth'
    torch.save({'backbone.layer1.0.conv1.weight': torch.ones(2)}, path)
    assert read_checkpoint(path)
    monkeypatch.setattr(torch, '__version__', version)
    with pytest.raises(RuntimeError, match='torch 2.*cu118 is too old .*the files are not at fault: install torch 2.6'):
        read_checkpoint(path)
    assert main(['convert', str(path), str(tmp_path / 'out.pth')]) == 1
    assert 'is too old' in capsys.readouterr().err
