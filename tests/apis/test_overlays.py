"""Overlays of photos with several tags, with one class and without labels: which map is shown, and what it is called."""

import cv2
import numpy as np
import pytest
import torch
from sklearn.metrics import average_precision_score

from mmwsl.apis import evaluate, load_config, overlays
from mmwsl.apis.build import build_dataset, build_model
from mmwsl.apis.overlays import _draw_boxes, _rows
from mmwsl.datasets import collate_batch
from mmwsl.evaluation.functional.localization import boxes_from_map
from mmwsl.visualization import overlay

NAMES = ['cat', 'dog', 'emu', 'fox']
CONFIG = """
default_scope = 'mmwsl'
model = dict(type='Localizer', topk=3, backbone=dict(type='ResNet', depth=18, base_channels=4, out_indices=(4,)),
             head=dict(type={head!r}, num_classes=4, init_std=1),
             data_preprocessor=dict(type='ViewPreprocessor', mean=[124, 116, 104], std=[58, 57, 57]))
test_dataloader = dict(batch_size=4, dataset=dict(
    type='ImageList', list_file={file!r}, data_prefix={folder!r}, classes={classes!r}, multi_label={several!r}, size=32),
    sampler=dict(type='DefaultSampler', shuffle=False), collate_fn=dict(type='collate_batch'))
test_cfg = dict()
test_evaluator = dict(type='MultiLabelMetric')
"""
TAGS = [[0, 3], [1], [2]]


def config(folder, labels, several=None, head='MultiLabelHead'):
    """A config of three pictures, and the file of a network."""
    rng, lines = np.random.default_rng(0), []
    for number, each in enumerate(labels):
        cv2.imwrite(str(folder / f'{number}.png'), rng.integers(0, 255, (32, 32, 3)).astype(np.uint8))
        lines.append(' '.join(map(str, [f'{number}.png', *each])) + '\n')
    (folder / 'list.txt').write_text(''.join(lines))
    path = folder / 'config.py'
    path.write_text(CONFIG.format(head=head, file=str(folder / 'list.txt'), folder=str(folder), several=several,
                                  classes=NAMES if any(labels) else None))
    model, _ = build_model(load_config(path))
    torch.save(dict(state_dict=model.state_dict(), meta=dict(dataset_meta=dict(classes=NAMES))), folder / 'net.pth')
    return path, folder / 'net.pth'


def expected(path, checkpoint, row, label):
    """The picture of one image with the map of one class, by way of a prediction."""
    cfg = load_config(path)
    dataset, (model, _) = build_dataset(cfg.test_dataloader.dataset), build_model(cfg, checkpoint, 'cpu')
    batch = collate_batch([dataset[n] for n in range(3)])
    found = model(**model.data_preprocessor(dict(batch)), mode='predict')[row]
    values = found.pred_maps[found.pred_map_labels.tolist().index(label)].numpy()
    return overlay(batch['inputs'][row].permute(1, 2, 0).numpy(), values, boxes_from_map(values, 0.2))


@pytest.mark.parametrize('kind', ['several tags', 'one class', 'unlabelled'])
def test_which_map_is_shown_and_what_it_is_called(tmp_path, kind):
    labels = dict(zip(('several tags', 'one class', 'unlabelled'), (TAGS, [[0], [1], [2]], [[], [], []]), strict=True))[kind]
    path, checkpoint = config(tmp_path, labels, head='ClassificationHead' if kind == 'one class' else 'MultiLabelHead')
    columns = _draw_boxes([('net', path, checkpoint)], [load_config(path)], 3, 0.2, 1)
    (_, images, blank), (name, pictures, captions) = columns
    cfg = load_config(path)
    best = build_best(cfg, checkpoint)
    shown = dict(zip(('several tags', 'one class', 'unlabelled'), (
        [(0, 0), (0, 3), (1, 1), (2, 2)], [(0, 0), (1, 1), (2, 2)], list(enumerate(best))), strict=True))[kind]
    assert name == 'net' and len(pictures) == len(images) == len(shown) and not any(blank)
    assert captions == (['', '', ''] if kind == 'one class' else [NAMES[label] for _, label in shown])
    for picture, (row, label) in zip(pictures, shown, strict=True):
        assert np.array_equal(picture, expected(path, checkpoint, row, label))
    out = overlays([('net', path, checkpoint)], tmp_path / 'overlays.png', count=3)
    assert cv2.imread(str(out)).shape == (len(shown) * 200 + 40, 400, 3)


def build_best(cfg, checkpoint):
    """The class of the largest score of each image."""
    dataset, (model, _) = build_dataset(cfg.test_dataloader.dataset), build_model(cfg, checkpoint, 'cpu')
    data = model.data_preprocessor(dict(collate_batch([dataset[n] for n in range(3)])))
    return model.head(model.backbone(data['inputs'])).argmax(1).tolist()


def test_rows():
    tags = torch.tensor([[1., 0, 1], [0, 0, 0], [0, -1, 1]])
    assert _rows(tags, 3) == [(0, -2, True), (0, -1, True), (1, 0, True), (2, -1, True)]  # without a tag the best class


def test_several_tags_are_scored_by_the_config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path, checkpoint = config(tmp_path, TAGS)
    cfg = load_config(path)
    dataset, (model, _) = build_dataset(cfg.test_dataloader.dataset), build_model(cfg, checkpoint, 'cpu')
    scores = model.head(model.backbone(model.data_preprocessor(collate_batch([dataset[n] for n in range(3)]))['inputs']))
    expected = 100 * average_precision_score(dataset.labels, scores.detach())  # the mean over classes
    assert evaluate(load_config(path), checkpoint) == {'multi_label/mAP': pytest.approx(expected, abs=1e-3)}
    assert expected < 100


def test_other_classes_are_refused(tmp_path):
    """By the names that the checkpoint, or else its config, says; and by their number."""
    path, checkpoint = config(tmp_path, [[0], [1], [2]], head='ClassificationHead')
    out, models = tmp_path / 'out.png', [('net', path, checkpoint)]
    renamed = path.with_name('renamed.py')
    renamed.write_text(path.read_text().replace(repr(NAMES), repr(['cat', 'dog', 'emu', 'Fox'])))
    with pytest.raises(ValueError, match='renamed.py, net against .*only in train: fox; only in test: Fox'):
        overlays([('net', renamed, checkpoint)], out)
    with pytest.raises(ValueError, match='config.py, second against .*only in train: Fox; only in test: fox'):
        renamed.write_text(renamed.read_text() + 'train_dataloader = test_dataloader\n')
        overlays([*models, ('second', renamed, 'random')], out)
    with pytest.raises(ValueError, match='Localizer has 3 classes, ImageList has 4'):
        fewer = path.with_name('fewer.py')
        fewer.write_text(path.read_text().replace('num_classes=4', 'num_classes=3'))
        overlays([*models, ('fewer', fewer, 'random')], out)
    assert not out.exists()
    overlays([*models, ('again', path, 'random')], out)
    assert out.exists()


def test_best_boxes_of_a_weak_detector(tmp_path):
    """One row for each tag of each scene: the true boxes of the class, and the detector's best box of it."""
    from mmwsl.apis.overlays import _draw_top_boxes
    detector = 'mmwsl::weaksup/detection/wsddn/wsddn_r18w16_1xb16-cos-4e_digitscenes.py'
    cfg = load_config(detector, {'test_dataloader.dataset.dataset.num_scenes': 4})
    dataset = build_dataset(cfg.test_dataloader.dataset)
    tags = [len(dataset[index]['data_samples'].gt_box_labels.unique()) for index in range(4)]
    (_, plain, captions), (name, found, _) = _draw_top_boxes([('untrained', cfg, 'random')], [cfg], 4, 0.2, 1)
    assert name == 'untrained' and len(plain) == len(found) == len(captions) == sum(tags)
    assert all(((picture == (255, 0, 0)).all(2).any() and not (before == (255, 0, 0)).all(2).any())
               for before, picture in zip(plain, found, strict=True))
    file = overlays([('untrained', detector, 'random')], tmp_path / 'boxes.png', count=1)
    assert cv2.imread(str(file)).shape[2] == 3


def test_maps_and_boxes_do_not_mix(tmp_path):
    detector = 'mmwsl::weaksup/detection/wsddn/wsddn_r18w16_1xb16-cos-4e_digitscenes.py'
    localizer = 'mmwsl::weaksup/localization/cam/cam_r18w16_1xb64-cos-4e_digitscenes.py'
    with pytest.raises(ValueError, match='do not stand in one picture'):
        overlays([('a', detector, 'random'), ('b', localizer, 'random')], tmp_path / 'both.png')
