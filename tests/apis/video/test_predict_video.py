"""Frames of a clip predicted: COCO's form, pictures, a video that plays, and messages."""

import json

import cv2
import numpy as np
import pytest
from pycocotools import mask as coco_mask

from mmwsl.apis import load_config, predict_video
from mmwsl.cli.program import main

CONFIG = 'mmwsl::supervised/instances/yolact_r18w16_1xb16-cos-12e_shapes.py'


@pytest.fixture
def clip(tmp_path):
    """Three frames of 60 x 40 pixels."""
    folder = tmp_path / 'clip'
    folder.mkdir()
    for number in range(3):
        frame = np.random.default_rng(number).integers(256, size=(40, 60, 3), dtype=np.uint8)
        cv2.imwrite(str(folder / f'{number}.png'), frame)
    return folder


def test_a_folder_of_frames(clip, tmp_path):
    found = predict_video(load_config(CONFIG), 'random', clip, tmp_path / 'out', 'cpu', score_threshold=0.06,
                          batch_size=2)
    content = json.loads((tmp_path / 'out' / 'objects.json').read_text())
    assert found['frames'] == len(content['images']) == 3 and 0 < found['fps'] <= found['predict_fps']
    assert [(each['width'], each['height']) for each in content['images']] == [(60, 40)] * 3
    assert [each['id'] for each in content['annotations']] == list(range(found['objects'])) and found['objects'] > 0
    assert [each['name'] for each in content['categories']][:2] == ['class 0', 'class 1']
    for each in content['annotations']:
        mask = coco_mask.decode(each['segmentation'])
        assert mask.shape == (40, 60) and mask.sum() == each['area'] and each['score'] >= 0.06
    assert len(list((tmp_path / 'out' / 'pictures').glob('*.jpg'))) == 3
    video = cv2.VideoCapture(str(tmp_path / 'out' / 'video.mp4'))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == 3 and video.read()[0]


def test_the_command_on_a_video_file(tmp_path, capsys):
    writer = cv2.VideoWriter(str(tmp_path / 'clip.avi'), cv2.VideoWriter.fourcc(*'MJPG'), 10, (64, 48))
    for number in range(4):
        writer.write(np.full((48, 64, 3), 60 * number, np.uint8))
    writer.release()
    arguments = ['predict', CONFIG, 'random', '--out', str(tmp_path / 'out'), '--device', 'cpu', '--no-pictures']
    assert main([*arguments, '--video', str(tmp_path / 'clip.avi'), '--step', '2']) in (None, 0)
    content = json.loads((tmp_path / 'out' / 'objects.json').read_text())
    assert [each['frame'] for each in content['images']] == [0, 2]
    assert 'on 2 frames; ' in capsys.readouterr().out and not (tmp_path / 'out' / 'video.mp4').exists()


def test_messages(clip, tmp_path):
    config = load_config(CONFIG)
    with pytest.raises(ValueError, match='a camera does not end: give --frames N'):
        predict_video(config, 'random', 0, tmp_path)
    with pytest.raises(FileNotFoundError, match='does not exist'):
        predict_video(config, 'random', tmp_path / 'none.mp4', tmp_path)
    with pytest.raises(ValueError, match='step=0'):
        predict_video(config, 'random', clip, tmp_path, step=0)
    other = load_config('mmwsl::weaksup/localization/cam/cam_r18w16_1xb64-cos-4e_digitscenes.py')
    with pytest.raises(ValueError, match='finds no objects'):
        predict_video(other, 'random', clip, tmp_path / 'other', 'cpu', frames=1)
