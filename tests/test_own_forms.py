"""Each form of labels, from a command of the page to pictures of new photos: trained, tested, predicted."""

import json
import re

import pytest
from own_forms import FORMS, toy_photos

from mmwsl.cli import main

CAM = 'mmwsl::weaksup/localization/cam/cam_efficientnetlite0_1xb32-cos-5e_voc07.py'
CLASSES = 'mmwsl::weaksup/localization/cam/cam_efficientnetlite0_1xb32-cos-5e_voccrops.py'
HIDE = 'mmwsl::weaksup/localization/hide_and_seek/hide_and_seek_finetune_efficientnetlite0_1xb32-cos-10e_voc07.py'
DETECTOR = 'mmwsl::supervised/detection/faster_rcnn_efficientnetlite0_1xb4-cos-12e_voc07.py'
SEGMENTOR = 'mmwsl::supervised/segmentation/fcn_efficientnetlite0_1xb8-cos-40e_voc07.py'


@pytest.mark.long
@pytest.mark.parametrize('form, config, metric, predicted', [
    ('tags', CAM, 'multi_label/mAP', 'maps'), ('boxes', HIDE, 'multi_label/mAP', 'maps'),
    ('class_folders', CLASSES, 'accuracy/top1', 'maps'), ('boxes', DETECTOR, 'AP50', 'objects'),
    ('labelimg', DETECTOR, 'AP50', 'objects'), ('coco', DETECTOR, 'AP50', 'objects'),
    ('yolo', DETECTOR, 'AP50', 'objects'), ('masks', SEGMENTOR, 'mIoU', 'areas')],
    ids=['tags', 'boxes-maps', 'class_folders', 'boxes', 'labelimg', 'coco', 'yolo', 'masks'])
def test_trained_tested_and_predicted(tmp_path, monkeypatch, capsys, form, config, metric, predicted):
    monkeypatch.chdir(tmp_path)
    photos = toy_photos(tmp_path / 'toy', 48)
    data = str(FORMS[form](photos, tmp_path / form))
    assert main(['train', config, '--data', data, '--epochs', '1', '--work-dir', 'run']) == 0
    capsys.readouterr()
    assert main(['test', config, 'run/epoch_1.pth', '--data', data]) == 0
    values = dict(re.findall(r'^(\S+): ([\d.]+)$', capsys.readouterr().out, re.M))
    name, = [name for name in values if name.endswith(metric)]
    assert 0 <= float(values[name]) <= 100
    if form == 'boxes' and config == HIDE:  # the boxes stayed out of the training, and score the maps
        assert 0 <= float(values['localization/gt_known']) <= 100
    new = 'run/' + config.split('/')[-1]
    assert main(['predict', new, 'run/epoch_1.pth', str(photos[0].path), str(photos[1].path), '--out', 'out',
                 '--score-threshold', '0']) == 0
    lines = json.loads((tmp_path / 'out' / 'predictions.json').read_text())
    assert [name for name in lines['classes'] if name != 'background'] == ['blue', 'green', 'red']
    assert all(predicted in line for line in lines['predictions']) and len(lines['predictions']) == 2
    assert len(list((tmp_path / 'out' / 'pictures').iterdir())) == 2
