"""``mmwsl motion``: boxes of what moves in clips of scenes, and clips that cannot be used."""

import json

import cv2
import numpy as np
import pytest

from mmwsl.apis import motion_boxes
from mmwsl.cli.program import main
from mmwsl.datasets import COCO, DigitScenes


def write_clips(root, count, speed=0.05, length=4):
    """Clips of one digit that moves before a moving ground; the true boxes by the number of clip and frame."""
    data = DigitScenes(num_scenes=count, size=128, clip_length=length, max_speed=speed, supervision='boxes', seed=3)
    boxes = {}
    for number in range(count):
        item = data[number]
        folder = root / f'clip_{number}'
        folder.mkdir(parents=True)
        for frame, image in enumerate(item['inputs']):
            cv2.imwrite(str(folder / f'{frame:03}.png'), image.permute(1, 2, 0).numpy()[..., ::-1])
            boxes[f'images/clip_{number}/{frame:05}.jpg'] = item['data_samples'].gt_boxes[frame, 0].numpy()
    return boxes


def box_iou(one, other):
    width, height = (min(one[i + 2], other[i + 2]) - max(one[i], other[i]) for i in (0, 1))
    inter = max(width, 0) * max(height, 0)
    return inter / (sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)) - inter)


@pytest.fixture(scope='module')
def moving(tmp_path_factory):
    """Six clips of scenes, what was found in them, and the true boxes."""
    root = tmp_path_factory.mktemp('motion')
    truth = write_clips(root / 'clips', 6)
    return root, motion_boxes(root / 'clips', root / 'out', workers=1), truth


def test_boxes_lie_on_the_digits(moving):
    root, found, truth = moving
    data = COCO(str(root / 'out' / 'instances.json'), str(root / 'out'), supervision='boxes')
    values = [box_iou(each['boxes'][0], truth[path.split('out/')[1]])
              for path, each in zip(data.paths, data.annotations, strict=True)]
    assert found['clips'] == 6 and found['frames'] == 18 and found['boxes'] == len(data) >= 6
    assert np.mean(values) > 0.5
    assert data.classes == ['moving object']
    assert cv2.imread(str(root / 'out' / 'motion.jpg')).shape[1] == 3 * 160


def test_the_same_command_goes_on_where_it_stopped(moving, monkeypatch):
    root, found, _ = moving
    before = (root / 'out' / 'instances.json').read_bytes()
    (root / 'out' / 'clips' / 'clip_2.json').unlink()
    looked = []
    import mmwsl.apis.motion.boxes as module
    pairs = module.frame_pairs
    monkeypatch.setattr(module, 'frame_pairs', lambda clip, *rest: looked.append(clip) or pairs(clip, *rest))
    assert motion_boxes(root / 'clips', root / 'out') == found
    assert [clip.rpartition('/')[2] for clip in looked] == ['clip_2']
    assert (root / 'out' / 'instances.json').read_bytes() == before


def test_clips_that_cannot_be_read_are_named_and_the_others_done(tmp_path, capsys):
    write_clips(tmp_path / 'clips', 2)
    (tmp_path / 'clips' / 'torn.mp4').write_bytes(b'not a video')
    small = tmp_path / 'clips' / 'small'
    small.mkdir()
    for number in range(2):
        cv2.imwrite(str(small / f'{number}.png'), np.zeros((8, 8, 3), np.uint8))
    assert main(['motion', str(tmp_path / 'clips'), '--out', str(tmp_path / 'out'), '--workers', '1']) == 1
    error = capsys.readouterr().err
    assert 'torn.mp4 cannot be opened' in error and '16 x 16 pixels or more' in error
    assert '2 clips cannot be read and are left out' in error
    assert len(json.loads((tmp_path / 'out' / 'instances.json').read_text())['images']) > 0


@pytest.mark.parametrize(('settings', 'message'), [
    (dict(method='raft'), 'choose one of dis'), (dict(gap=0), 'gap=0'), (dict(step=-1), 'step=-1')])
def test_impossible_settings_are_refused_before_anything_is_written(tmp_path, settings, message):
    write_clips(tmp_path / 'clips', 1, length=2)
    with pytest.raises(ValueError, match=message):
        motion_boxes(tmp_path / 'clips', tmp_path / 'out', **settings)
    assert not (tmp_path / 'out').exists()


def test_clips_in_which_nothing_moves_say_so(tmp_path):
    write_clips(tmp_path / 'clips', 2, speed=0.0)
    with pytest.raises(ValueError, match='none of 6 frames of 2 clips shows a moving object'):
        motion_boxes(tmp_path / 'clips', tmp_path / 'out', workers=1)
