"""What is summarized of each field, by hand-made samples."""

import numpy as np
import pytest
import torch

from mmwsl.structures import DataSample
from mmwsl.structures.summary import class_name, summarize


def test_classes_best_first_and_the_best_whatever_its_score():
    sample = DataSample(pred_scores=torch.tensor([.1, .5, .3, .05]), pred_label=torch.tensor(1))
    named = [dict(number=1, name='b', score=.5), dict(number=2, name='class 2', score=pytest.approx(.3))]
    assert summarize(sample, ['a', 'b'], score_threshold=.3) == dict(classes=named)
    assert summarize(sample, ['a', 'b'], score_threshold=.9) == dict(classes=named[:1])
    assert len(summarize(sample, score_threshold=0, top_k=3)['classes']) == 3
    sample = DataSample(pred_layer_scores=dict(conv1=torch.tensor([.2, .8]), conv2=torch.tensor([.6, .4])))
    layers = summarize(sample, ['a', 'b'], top_k=1)['layers']
    assert {name: found[0]['name'] for name, found in layers.items()} == dict(conv1='b', conv2='a')
    assert (class_name(1, ['a', 'b']), class_name(2, ['a', 'b']), class_name(-1, ['a'])) == ('b', 'class 2', '')


def test_objects():
    masks = torch.zeros(3, 4, 5, dtype=torch.bool)
    masks[1, 2] = True
    sample = DataSample(pred_boxes=torch.tensor([[0., 0, 1, 1], [1, 1, 4, 3], [2, 2, 3, 3]]), pred_masks=masks,
                        pred_box_labels=torch.tensor([0, 1, 0]), pred_box_scores=torch.tensor([.3, .75, .25]))
    first, second = summarize(sample, ['a', 'b'], score_threshold=.3 - 1e-6)['objects']
    assert (first['name'], first['box'], first['score']) == ('b', [1, 1, 4, 3], .75) and second['number'] == 0
    assert np.array_equal(first['mask'], masks[1].numpy())
    bare = summarize(DataSample(pred_boxes=torch.tensor([[0., 0, 1, 1]])))['objects']
    assert bare == [dict(number=-1, name='', score=1.0, box=[0, 0, 1, 1])]


def test_class_maps_and_maps():
    class_map = torch.tensor([[0, 0, 2], [0, 2, 1]])
    summary = summarize(DataSample(pred_mask=class_map), ['a', 'b'])
    assert [(each['name'], each['share']) for each in summary['areas']] == [('background', .5), ('b', 2 / 6), ('a', 1 / 6)]
    assert summary['class_map'].dtype == np.uint8 and np.array_equal(summary['class_map'], class_map)
    assert summarize(DataSample(pred_mask=class_map), ['a', 'b'], ['x', 'y', 'z'])['areas'][0]['name'] == 'x'
    maps = torch.zeros(3, 10, 10)
    maps[0, 2:5, 3:7] = 1
    sample = DataSample(pred_scores=torch.tensor([.2, .8]), pred_maps=maps, pred_map_labels=torch.tensor([1, 0, 1]))
    found, = summarize(sample, ['a', 'b'])['maps']  # of the class that is listed, once
    assert found['name'] == 'b' and found['boxes'] == [[3, 2, 7, 5]] and np.array_equal(found['values'], maps[0])
    nameless = summarize(DataSample(pred_maps=maps))['maps']
    assert [each['name'] for each in nameless] == ['', '', ''] and nameless[1]['boxes'] == []


def test_members_features_and_fields_of_other_names():
    sample = DataSample(pred_instance_scores=torch.tensor([.25, .75]), pred_features=torch.ones(40),
                        pred_age=torch.tensor(3), pred_long=torch.zeros(100), gt_label=torch.tensor(1))
    sample.set_metainfo(dict(members=['x.png', 'y.png']))
    summary = summarize(sample)
    assert summary['members'] == [dict(file='x.png', score=.25), dict(file='y.png', score=.75)]
    assert summary['features'].shape == (40,) and summary['age'] == 3 and 'long' not in summary and 'label' not in summary


def test_nan_is_refused():
    sample = DataSample(pred_scores=torch.tensor([.1, torch.nan]))
    sample.set_metainfo(dict(path='a.jpg'))
    with pytest.raises(ValueError, match='1 of 2 pred_scores of a.jpg are NaN'):
        summarize(sample)
