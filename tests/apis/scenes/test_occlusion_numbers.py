"""How much is hidden: numbers by hand, of a network that knows, and the page in all forms."""

import json

import numpy as np
import pytest
import torch

from mmwsl.apis.scenes import hidden_shares, occlusion_page, occlusion_summary
from mmwsl.cli.program import main
from mmwsl.datasets import DigitScenes
from mmwsl.models.scenes import SceneBaseline
from mmwsl.structures import DataSample


class Scenes:
    """One scene: a square of which a quarter is hidden by another class's, a crowd, and an object that is not seen."""

    metainfo = dict(classes=['<b>cup</b>', 'plate'])

    def __init__(self, amodal=True):
        whole = torch.zeros(4, 20, 20, dtype=torch.bool)
        whole[0, 0:10, 0:10], whole[1, 5:15, 5:15], whole[2, 16:, :], whole[3, 6:8, 6:8] = True, True, True, True
        visible = whole.clone()
        visible[0] &= ~whole[1]
        visible[3] = False
        self.sample = DataSample(gt_instance_masks=visible, gt_box_labels=torch.tensor([0, 1, 1, 1]),
                                 gt_difficult=torch.tensor([False, False, True, False]))
        if amodal:
            self.sample.gt_amodal_masks = whole

    def __len__(self):
        return 2

    def __getitem__(self, index):
        return dict(inputs=torch.zeros(3, 20, 20, dtype=torch.uint8), data_samples=self.sample if index else DataSample())


def test_numbers_by_hand():
    rows = hidden_shares(Scenes())
    assert rows == [dict(image=1, label=0, visible=75, whole=100, hidden=0.25, behind=1),
                    dict(image=1, label=1, visible=100, whole=100, hidden=0.0, behind=0)]
    found = occlusion_summary(rows, ['cup', 'plate'])
    assert found['total'] == dict(name='all', objects=2, occluded=0.5, hidden=0.125, ratio=0.125, behind=0.5)
    assert [(each['name'], each['hidden']) for each in found['classes']] == [('cup', 0.25), ('plate', 0.0)]
    assert found['histogram'] == [1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0] and found['images'] == 1


def test_a_rule_in_place_of_a_network():
    """The hull of what is seen of the square reaches some of its hidden corner, and nothing tells it more."""
    first, second = hidden_shares(Scenes(amodal=False), SceneBaseline('convex_hull', 'hidden_hull'))
    assert 75 < first['whole'] < 100 and first['behind'] == 1
    assert second == dict(image=1, label=1, visible=100, whole=100, hidden=0.0, behind=0)
    with pytest.raises(ValueError, match='--shapes'):
        hidden_shares(Scenes(amodal=False))


def test_page_and_files(tmp_path):
    found = occlusion_page(Scenes(), tmp_path / 'out', title='<i>mine</i>')
    content = json.loads((tmp_path / 'out/occlusion.json').read_text())
    assert content['total'] == found['total'] and len(content['objects']) == 2
    page = (tmp_path / 'out/occlusion.html').read_text()
    assert '&lt;b&gt;cup&lt;/b&gt;' in page and '<b>cup' not in page and '<i>' not in page
    assert '20 to 30' in (tmp_path / 'out/occlusion.svg').read_text() and '<svg' in page and 'http://' not in page.replace(
        'http://www.w3.org', '')


def test_scenes_whose_truth_is_known():
    """The ratio that the scenes' own masks give, counted in another way."""
    scenes = DigitScenes(num_scenes=4, objects=(3, 3), stacked=True, size=48, digit_scale=(0.5, 0.6), supervision='full')
    found = occlusion_summary(hidden_shares(scenes), scenes.classes)
    samples = [scenes[index]['data_samples'] for index in range(4)]
    visible, whole = (np.concatenate([sample.get(name).numpy() for sample in samples]) for name in (
        'gt_instance_masks', 'gt_amodal_masks'))
    seen = visible.any((1, 2))
    assert found['total']['ratio'] == pytest.approx(1 - visible.sum() / whole[seen].sum())
    assert found['total']['occluded'] == pytest.approx(((whole & ~visible).any((1, 2)) & seen).sum() / seen.sum(), abs=0.1)


def test_nothing_to_measure():
    scenes = Scenes()
    scenes.sample.gt_instance_masks = torch.zeros(4, 20, 20, dtype=torch.bool)
    with pytest.raises(ValueError, match='none of 2 images'):
        hidden_shares(scenes)


def test_the_command_reads_kins(tmp_path, capsys):
    import cv2
    cv2.imwrite(str(tmp_path / 'photo.png'), np.zeros((20, 30, 3), np.uint8))
    annotations = [dict(id=1, image_id=1, category_id=4, iscrowd=0, bbox=[2, 2, 6, 10], inmodal_seg=[[2, 2, 8, 2, 8, 12, 2, 12]],
                        segmentation=[[2, 2, 14, 2, 14, 12, 2, 12]])]
    content = dict(images=[dict(id=1, file_name='photo.png', width=30, height=20)], annotations=annotations,
                   categories=[dict(id=4, name='car')])
    (tmp_path / 'kins.json').write_text(json.dumps(content))
    arguments = ['occlusion', str(tmp_path / 'kins.json'), str(tmp_path), '--out', str(tmp_path / 'out')]
    assert main([*arguments, '--layout', 'kins']) == 0
    row, = json.loads((tmp_path / 'out/occlusion.json').read_text())['objects']
    assert 0.4 < row['hidden'] < 0.6
    assert '1 objects, 100.0 % hidden in part' in capsys.readouterr().out
    annotations[0].pop('inmodal_seg')
    (tmp_path / 'kins.json').write_text(json.dumps(content))
    assert main(arguments) == 1  # visible parts alone
    assert '--shapes' in capsys.readouterr().err
