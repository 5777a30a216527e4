"""The contract of every model: modes, the form of what is predicted, one view where one is needed."""

import sys

import pytest
import torch
import torch.nn as nn

from mmwsl.models.base import Model
from mmwsl.registry import MODELS
from mmwsl.structures import DataSample

BACKBONE = dict(type='ResNet', depth=18, base_channels=4, stem='cifar')
LAYERS = dict(BACKBONE, out_indices=(1, 2, 3, 4))


class Plain(Model):
    """The least a method needs."""

    def loss(self, views, data_samples=None):
        return dict(loss=self.backbone(views[0])[-1].mean(), count=torch.tensor(len(views)))


def test_components_are_configs_or_modules():
    torch.manual_seed(0)
    built = Plain(BACKBONE)
    given = Plain(built.backbone)
    assert given.backbone is built.backbone and given.encoders() == [built.backbone]
    classifier = MODELS.build(dict(type='ImageClassifier', backbone=built.backbone,
                                   head=MODELS.build(dict(type='ClassificationHead', in_channels=32, num_classes=3))))
    assert classifier.num_classes == 3


def test_modes():
    model, images = Plain(BACKBONE).eval(), torch.randn(3, 3, 16, 16)
    assert model([images, images], mode='loss')['count'] == 2
    features = model(images)
    assert torch.equal(model([images]), features)  # one view is that view
    found = model(images.requires_grad_(), DataSample(index=torch.tensor([5, 6, 7])), mode='predict')
    assert [int(sample.index) for sample in found] == [5, 6, 7]
    for row, sample in zip(features, found, strict=True):
        assert torch.equal(sample.pred_features, row) and not sample.pred_features.requires_grad
    with pytest.raises(ValueError, match='mode='):
        model(images, mode='train')
    for mode in ('predict', 'tensor'):
        with pytest.raises(ValueError, match='2 views of an image where one is needed'):
            model([images, images], mode=mode)


def test_prediction_of_the_last_of_several_levels():
    model = Plain(LAYERS).eval()
    images = torch.randn(2, 3, 16, 16)
    levels = model(images)
    assert [level.shape[1] for level in levels] == [4, 8, 16, 32]
    assert torch.equal(model(images, mode='predict')[1].pred_features, levels[-1][1])


def images_of(count=2, side=32):
    return torch.randn(count, 3, side, side, generator=torch.Generator().manual_seed(0))


def small(kind):
    """A model of each kind, its inputs for two items and their samples."""
    labelled = DataSample(index=torch.arange(2), gt_label=torch.tensor([1, 2]))
    photos = [DataSample(metainfo=dict(img_shape=(32, 32), ori_shape=(64, 48), scale_factor=(0.5, 2 / 3)))
              for _ in range(2)]
    head = dict(type='ClassificationHead', num_classes=4)
    if kind == 'classifier':
        return dict(type='ImageClassifier', backbone=BACKBONE, head=head), images_of(), labelled
    if kind == 'layers':
        return dict(type='ImageClassifier', backbone=LAYERS, head=dict(
            type='MultiLayerHead', num_classes=4, layers=(1, 2, 3, 4))), images_of(), labelled
    if kind == 'localizer':
        return dict(type='Localizer', backbone=BACKBONE, head=dict(type='CAMHead', num_classes=4), topk=2), images_of(), labelled
    if kind == 'bags':
        mask = torch.tensor([[True, True, False], [True, True, True]])
        return (dict(type='BagClassifier', backbone=dict(type='BagEncoder'), pooling=dict(type='AttentionPooling')),
                torch.randn(2, 3, 1, 28, 28), DataSample(bag_mask=mask))
    if kind == 'clips':
        return (dict(type='TemporalLocalizer', in_channels=5, num_classes=4), torch.randn(2, 7, 5),
                DataSample(lengths=torch.tensor([7, 4])))
    if kind == 'segmentor':
        return dict(type='FCN', backbone=BACKBONE, head=dict(
            type='FCNHead', channels=8, num_classes=4, norm_cfg=dict(type='BN'))), images_of(), photos
    rpn = dict(type='RPNHead', in_channels=32, strides=(8,), sizes=((16,),), pre_nms=(50, 50), post_nms=(20, 20))
    return dict(
        type='TwoStageDetector', backbone=BACKBONE, rpn_head=rpn, region_strides=(8,), region_size=4,
        box_head=dict(type='BoxHead', in_channels=32, num_classes=4, size=4, fc_channels=(8,), score_threshold=0.0),
        mask_head=dict(type='MaskHead', in_channels=32, num_classes=4, size=4, conv_channels=(8,), channels=8)), images_of(), photos


KINDS = dict(
    classifier=dict(pred_scores=[(4,)] * 2, pred_label=[()] * 2),
    layers=dict(pred_scores=[(4,)] * 2, pred_label=[()] * 2),
    localizer=dict(pred_scores=[(4,)] * 2, pred_label=[()] * 2, pred_map_labels=[(3,)] * 2, pred_maps=[(3, 32, 32)] * 2),
    bags=dict(pred_scores=[(2,)] * 2, pred_label=[()] * 2, pred_instance_scores=[(2,), (3,)]),
    clips=dict(pred_scores=[(4,)] * 2, pred_label=[()] * 2, pred_map_labels=[(4,)] * 2, pred_maps=[(4, 7), (4, 4)]),
    segmentor=dict(pred_mask=[(64, 48)] * 2),
    detector=dict(pred_boxes=None, pred_box_scores=None, pred_box_labels=None, pred_masks=None))


@pytest.mark.parametrize('kind', KINDS)
def test_one_sample_an_item(kind):
    """The fields of the contract, their shapes, no gradient; probabilities sum to one and name the label."""
    torch.manual_seed(0)
    config, inputs, samples = small(kind)
    model = MODELS.build(config).eval()
    found = model(inputs, samples, mode='predict')
    assert len(found) == 2
    for number, sample in enumerate(found):
        for name, shapes in KINDS[kind].items():
            value = sample.get(name)
            assert not value.requires_grad and value.device == inputs.device, name
            if shapes is not None:
                assert value.shape == shapes[number], name
        if 'pred_scores' in sample:
            assert sample.pred_scores.sum().item() == pytest.approx(1, abs=1e-5)
            assert sample.pred_scores.argmax() == sample.pred_label
        if kind == 'layers':
            assert list(sample.pred_layer_scores) == [f'layer{layer}' for layer in (1, 2, 3, 4)]
            assert torch.equal(sample.pred_layer_scores['layer4'], sample.pred_scores)
        if kind == 'detector':
            count = len(sample.pred_boxes)
            assert count and sample.pred_boxes.shape == (count, 4)
            assert sample.pred_box_scores.shape == sample.pred_box_labels.shape == (count,)
            assert sample.pred_masks.shape == (count, 64, 48) and sample.pred_masks.dtype == torch.bool
    if kind in ('classifier', 'localizer'):  # who asks of one item gets the same
        alone = model(inputs[1:], mode='predict')
        torch.testing.assert_close(alone[0].pred_scores, found[1].pred_scores)


def test_a_part_that_is_neither():
    with pytest.raises(TypeError):
        Plain(3)
    given = nn.Identity()
    assert Plain(given).backbone is given


def test_a_plugin_of_the_release_before():
    """Its imports work for one release, with a warning that says what to write instead."""
    sys.modules.pop('mmwsl.models.pretext.base', None)
    with pytest.warns(DeprecationWarning, match='derive from mmwsl.models.base.Model'):
        from mmwsl.models.pretext.base import PretextModel
    assert PretextModel is Model
    import mmwsl.dist
    import mmwsl.models.utils as utils
    with pytest.warns(DeprecationWarning, match='import all_gather from mmwsl.dist'):
        assert utils.all_gather is mmwsl.dist.all_gather
