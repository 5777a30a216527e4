"""The page of what a single-stage model assigns."""

import importlib

import numpy as np
import pytest
import torch
from PIL import Image

from mmwsl.apis import assignment_sheet, build_dataset, build_model, load_config
from mmwsl.datasets import evenly_spaced

COSA = 'mmwsl::weaksup/segmentation/cosa/cosa_r18w16_1xb16-cos-1e_shapes.py'
TINY = {'model.backbone.base_channels': 4, 'model.head.decoder.channels': 8, 'test_dataloader.dataset.num_images': 3,
        'test_dataloader.dataset.size': 32}


def test_the_page_of_a_checkpoint(tmp_path, monkeypatch):
    """A row for each photo; maps of the tags alone, their mean, and the masks under the photo's colors."""
    torch.manual_seed(0)
    cfg = load_config(COSA, TINY)
    torch.save(dict(state_dict=build_model(cfg)[0].state_dict()), tmp_path / 'one.pth')
    rows = []
    save = kept_rows(monkeypatch, rows)
    assert assignment_sheet(COSA, tmp_path / 'one.pth', tmp_path / 'page.png', count=2, options=TINY).name == 'page.png'
    with Image.open(tmp_path / 'page.png') as page:
        assert page.width > 2 * page.height > 0
    assert save.columns == ('photo', 'auxiliary map', 'map', 'the two mixed', 'prediction', 'truth')
    dataset = build_dataset(cfg.test_dataloader.dataset)
    assert len(rows) == 2 and all(len(row) == 6 for row in rows)
    for row, item in zip(rows, [dataset[row] for row in evenly_spaced(3, 2).tolist()], strict=True):
        names = {dataset.metainfo['classes'][number] for number in item['data_samples'].gt_label.nonzero()[:, 0].tolist()}
        assert np.array_equal(row[0][0], item['inputs'].permute(1, 2, 0).numpy())
        assert set(filter(None, row[2][1].split(', '))) <= names and set(row[5][1].split(', ')) == names
        background = item['data_samples'].gt_mask.numpy() == 0
        assert np.array_equal(row[5][0][background], row[0][0][background])
        assert not np.array_equal(row[5][0][~background], row[0][0][~background])


def kept_rows(monkeypatch, rows):
    """Keep what is handed to the page's writer, and write it."""
    sheet = importlib.import_module('mmwsl.apis.pseudo_masks.assignment_sheet')
    write = sheet.save_sheet

    def save(given, columns, out):
        rows.extend(given)
        save.columns = columns
        return write(given, columns, out)

    monkeypatch.setattr(sheet, 'save_sheet', save)
    return save


def test_a_model_without_two_maps_is_refused(tmp_path):
    with pytest.raises(ValueError, match='Localizer has no auxiliary map to draw'):
        assignment_sheet('mmwsl::weaksup/localization/cam/cam_r18w16_1xb64-cos-4e_digitscenes.py', 'random',
                         tmp_path / 'page.png')
