"""Lists of clips of actions, in the two forms of UCF101, and lists that say something wrong."""

import cv2
import numpy as np
import pytest
import torch

from mmwsl.datasets import ActionClips, ImageError
from mmwsl.datasets.readers.motion.action_clips import middles_of_parts


@pytest.fixture
def root(tmp_path):
    for name, count in (('Jump/v_Jump_g01', 6), ('Jump/v_Jump_g02', 9), ('Archery/v_Archery_g01', 2)):
        (tmp_path / name).mkdir(parents=True)
        for number in range(count):
            cv2.imwrite(str(tmp_path / name / f'{number:03d}.png'), np.full((20, 30, 3), 10 * number, np.uint8))
    (tmp_path / 'classInd.txt').write_text('1 Archery\n2 Jump\n')
    (tmp_path / 'train.txt').write_text('Jump/v_Jump_g01.avi 2\nArchery/v_Archery_g01.avi 1\n')
    (tmp_path / 'test.txt').write_text('Jump/v_Jump_g02.avi\n\n')
    return tmp_path


def test_frames_are_the_middles_of_equal_parts(root):
    assert middles_of_parts(9, 3).tolist() == [1, 4, 7] and middles_of_parts(2, 4).tolist() == [0, 0, 1, 1]
    assert middles_of_parts(5, 5).tolist() == [0, 1, 2, 3, 4]
    clips = ActionClips(root, root / 'test.txt', root / 'classInd.txt', length=3, size=16)
    item = clips[0]
    assert item['inputs'].shape == (3, 3, 16, 16) and item['inputs'].dtype == torch.uint8
    assert item['inputs'].float().mean((1, 2, 3)).tolist() == [10, 40, 70]
    assert int(item['data_samples'].gt_label) == 1 and clips.classes == ['Archery', 'Jump']


def test_both_forms_of_lists(root):
    known = ActionClips(root, root / 'train.txt', root / 'classInd.txt', length=2, size=16)
    assert known.labels.tolist() == [1, 0] and [clip.name for clip in known.clips] == ['v_Jump_g01', 'v_Archery_g01']
    alone = ActionClips(root, root / 'train.txt', length=2, size=16, supervision='none')
    assert alone.classes == ['Archery', 'Jump'] and alone.labels is None and 'gt_label' not in alone[1]['data_samples']


@pytest.mark.parametrize(('text', 'message'), [
    ('v_Jump_g01.avi 2', "names no class; lines are 'CLASS/CLIP'"), ('', 'names no clip'),
    ('Jump/v_Jump_g01.avi 1', "'Jump' is number 2"), ('Swim/v_Swim_g01.avi', "'Swim' of Swim/v_Swim_g01.avi is not")])
def test_lists_that_are_wrong(root, text, message):
    (root / 'list.txt').write_text(text + '\n')
    with pytest.raises(ValueError, match=message):
        ActionClips(root, root / 'list.txt', root / 'classInd.txt')


def test_files_that_are_missing_or_broken(root):
    (root / 'list.txt').write_text('Jump/v_Jump_g09.avi\n')
    with pytest.raises(FileNotFoundError, match=r'line 1: neither .*v_Jump_g09.avi nor a folder'):
        ActionClips(root, root / 'list.txt')
    with pytest.raises(FileNotFoundError, match='none.txt does not exist'):
        ActionClips(root, root / 'none.txt')
    (root / 'classes.txt').write_text('Archery 1\n')
    with pytest.raises(ValueError, match="lines must be 'NUMBER CLASS'"):
        ActionClips(root, root / 'test.txt', root / 'classes.txt')
    (root / 'classes.txt').write_text('1 Archery\n3 Jump\n')
    with pytest.raises(ValueError, match='numbers must be 1 to 2, each once'):
        ActionClips(root, root / 'test.txt', root / 'classes.txt')
    (root / 'Jump' / 'v_Jump_g02' / '004.png').write_bytes(b'broken')
    with pytest.raises(ImageError, match='004.png'):
        ActionClips(root, root / 'test.txt')[0]
    with pytest.raises(ValueError, match='length=0'):
        ActionClips(root, root / 'test.txt', length=0)
