"""CoSA-MS: the second phase on masks of CoSA's maps, by the command that makes them."""

import pytest
import torch

from mmwsl.apis import four_steps, load_config
from mmwsl.registry import MODELS
from mmwsl.reporting.records import read_records

CHAIN = 'mmwsl::weaksup/segmentation/four_step/four_step_cosa_r18w16_shapes.py'


@pytest.mark.long
def test_second_phase(tmp_path, monkeypatch):
    """CoSA, its maps, masks of them and a segmentor, cut down: each is scored by its own name, and learns from the masks."""
    torch.set_num_threads(1)
    monkeypatch.chdir(tmp_path)
    narrow = {'model.backbone.base_channels': 4, 'epochs': 1, 'train_dataloader.batch_size': 8}
    small = {'train_dataloader.dataset.num_images': 16, 'train_dataloader.dataset.size': 32}
    photos = dict(load_config(CHAIN).photos[0], num_images=12, size=32)
    table = four_steps(CHAIN, tmp_path / 'out', options={
        'photos': [photos], 'maps.scales': (1.0,),
        'classifier.options': {**narrow, **small, 'model.head.decoder.channels': 8},
        'segmentor.options': {**narrow, 'model.head.channels': 8, 'test_dataloader.dataset.num_images': 6,
                              'test_dataloader.dataset.size': 32}})
    records = read_records(tmp_path / 'out' / 'records.jsonl')
    assert {(each['method'], each['split']) for each in records} == {
        ('cosa_maps', 'train'), ('cosa_maps_refined', 'train'), ('cosa_ms', 'test')}
    assert '| cosa_ms | test |' in table and len(list((tmp_path / 'out' / 'masks' / 'masks').iterdir())) == 12


@pytest.mark.parametrize('name, method', [
    ('r101_1xb10-poly-20k', 'deeplabv2_r101_1xb10-poly-20k'), ('wrn38_1xb10-poly-20k', 'deeplabv1_wrn38_1xb10-poly-20k')])
def test_full_configs_differ_from_true_masks_in_the_masks_alone(name, method):
    ours = load_config(f'mmwsl::weaksup/segmentation/cosa_ms/cosa_ms_{name}_voc12aug.py')
    true = load_config(f'mmwsl::supervised/segmentation/{method}_voc12aug.py')
    data = ours.train_dataloader.dataset
    assert (data.images, data.maps) == ('data/cosa_masks/images', 'data/cosa_masks/masks') and data.list_file is None
    data.update({key: true.train_dataloader.dataset[key] for key in ('images', 'maps', 'list_file')})
    assert ours.to_dict() == true.to_dict()


def test_swin_gives_four_maps():
    cfg = load_config('mmwsl::weaksup/segmentation/cosa_ms/cosa_ms_swinb_8xb2-poly-40k_voc12aug.py')
    with torch.device('meta'):
        model = MODELS.build(cfg.model).eval()
    assert model.backbone.out_channels == [128, 256, 512, 1024] and len(model.head.lateral) == 3
    assert model.auxiliary_head.scores.out_channels == model.head.scores.out_channels == 21
