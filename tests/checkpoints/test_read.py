import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer

from mmwsl.checkpoints import read_checkpoint
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
