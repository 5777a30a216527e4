import pytest
import torch
import torch.nn.functional as F

from mmwsl.models.heads import ClassificationHead, MultiLayerHead
from mmwsl.registry import MODELS
from mmwsl.structures import DataSample

BACKBONE = dict(type='ResNet', depth=18, base_channels=4, stem='cifar', out_indices=(0, 1, 2, 3, 4))


def build(head=None, **settings):
    torch.manual_seed(0)
    head = dict(dict(type='ClassificationHead', num_classes=3), **(head or {}))
    return MODELS.build(dict(dict(type='ImageClassifier', backbone=BACKBONE, head=head), **settings))


def batch(count=6, size=32):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(count, 3, size, size, generator=generator), DataSample(
        index=torch.arange(count), gt_label=torch.arange(count) % 3)


def steps(model, count=2):
    model.train()
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1)
    for _ in range(count):
        images, samples = batch()
        losses = model([images], samples, mode='loss')
        optimizer.zero_grad()
        sum(value for name, value in losses.items() if 'loss' in name).backward()
        optimizer.step()
    return losses


def test_dropout_is_of_training_alone():
    head = ClassificationHead(4, 3, dropout=0.5)
    features = torch.ones(2000, 4)
    torch.manual_seed(0)
    varied, fixed = head.train()(features), head.eval()(features)
    assert varied.std(0).min() > 0 and fixed.std(0).max() < 1e-6
    assert (varied.mean(0) - fixed[0]).abs().max() < 3 * varied.std(0).max() / 2000**0.5


@pytest.mark.parametrize('frozen', [True, False])
def test_what_is_frozen(frozen):
    """Frozen means weights and running statistics; the head learns in either case."""
    model = build(frozen=frozen)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    steps(model)
    changed = {name.split('.')[0] for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed == ({'head'} if frozen else {'head', 'backbone'})


def test_widths_come_from_the_backbone():
    model = build()
    assert model.head.classifier.in_features == 32
    images, samples = batch()
    scored = model.eval()(images, samples, mode='predict')
    pooled = model.backbone(images)[-1].mean((2, 3))
    expected = (pooled @ model.head.classifier.weight.T).softmax(1)  # the bias is 0
    assert torch.allclose(torch.stack([each.pred_scores for each in scored]), expected, atol=1e-6)
    assert [int(each.pred_label) for each in scored] == expected.argmax(1).tolist()


def test_head_with_norm_and_smoothing():
    """MAE's probe normalises each feature over the batch; smoothing by the formula."""
    torch.manual_seed(0)
    head = ClassificationHead(5, 4, init_std=1.0, norm_cfg=dict(type='BN'), label_smoothing=0.1)
    assert not list(head.norm.parameters())
    x, labels = torch.randn(8, 5) * 3 + 1, torch.arange(8) % 4
    scores = (x - x.mean(0)) / (x.var(0, correction=0) + 1e-5).sqrt() @ head.classifier.weight.T
    log_p = scores.log_softmax(1)
    expected = -(0.9 * log_p[torch.arange(8), labels] + 0.1 * log_p.mean(1)).mean()
    assert torch.allclose(head.loss(x, labels)['loss'], expected, atol=1e-5)


def test_layers_by_hand():
    """Average over the parts, norm over the batch and the places of a channel, one linear layer."""
    torch.manual_seed(0)
    head = MultiLayerHead([2, 3], 4, layers=(3, 4), norm_cfg=dict(type='BN'), init_std=1.0)
    maps = torch.randn(5, 2, 6, 6), torch.randn(5, 3, 4, 4)
    scores = head.train()(maps)
    parts = maps[0].view(5, 2, 3, 2, 3, 2).mean((3, 5))  # 6 x 6 in 3 x 3 parts
    normal = (parts - parts.mean((0, 2, 3), keepdim=True)) / (
        parts.var((0, 2, 3), correction=0, keepdim=True) + 1e-5).sqrt()
    expected = torch.einsum('bchw,kchw->bk', normal, head.classifiers[0].weight.view(4, 2, 3, 3))
    assert list(scores) == ['layer3', 'layer4']
    assert torch.allclose(scores['layer3'], expected, atol=1e-4)


def test_layers_learn_as_if_alone():
    together = build(dict(type='MultiLayerHead', norm_cfg=dict(type='BN')), frozen=True)
    alone = build(dict(type='MultiLayerHead', norm_cfg=dict(type='BN'), layers=(2,)), frozen=True,
                  backbone=dict(BACKBONE, out_indices=(2,)))
    alone.backbone.load_state_dict(together.backbone.state_dict())
    alone.head.classifiers[0].load_state_dict(together.head.classifiers[2].state_dict())
    both, one = steps(together), steps(alone)
    assert torch.allclose(both['loss_layer2'], one['loss_layer2'], atol=1e-6)
    assert torch.allclose(together.head.classifiers[2].weight, alone.head.classifiers[0].weight, atol=1e-6)


@pytest.mark.parametrize('pooling, layers, shapes', [
    ('openselfsup', (0, 1, 2, 3, 4), [(64, 112), (256, 56), (512, 28), (1024, 14), (2048, 7)]),
    ('adaptive', (0, 1, 2, 3, 4), [(64, 112), (256, 56), (512, 28), (1024, 14), (2048, 7)]),
    ('deepcluster', (1, 2, 3, 4, 5), [(96, 55), (256, 27), (384, 13), (384, 13), (256, 13)]),
    ('rotnet', (1, 2, 3, 4, 5), [(64, 55), (192, 27), (384, 13), (256, 13), (256, 13)])])
def test_published_sizes(pooling, layers, shapes):
    """At 224 px every layer has between 8,192 and 9,600 numbers, and the head is made for as many as come."""
    head = MultiLayerHead([channels for channels, _ in shapes], 2, layers, pooling).eval()
    assert all(8192 <= classifier.in_features <= 9600 for classifier in head.classifiers)
    scores = head(tuple(torch.zeros(1, channels, side, side) for channels, side in shapes))
    assert [name for name in scores] == [f'layer{layer}' for layer in layers]


def test_bad_input():
    images, samples = batch()
    with pytest.raises(ValueError, match='needs labels'):
        build()(images, DataSample(index=samples.index), mode='loss')
    with pytest.raises(ValueError, match='several tags'):
        build()(images, DataSample(gt_label=F.one_hot(samples.gt_label).float()), mode='loss')
    with pytest.raises(ValueError, match='mode='):
        build()(images, samples, mode='other')
    with pytest.raises(ValueError, match='5 layers but 1 in_channels'):
        MultiLayerHead([4], 3)
    with pytest.raises(ValueError, match='says nothing of 7'):
        MultiLayerHead([4], 3, layers=(7,))
    with pytest.raises(ValueError, match='Use images of 224 px'):
        MultiLayerHead([4], 3, layers=(4,), pooling='openselfsup')((torch.zeros(1, 4, 8, 8),))
    with pytest.raises(ValueError, match='Identity has no out_channels'):
        MODELS.build(dict(type='ImageClassifier', backbone=torch.nn.Identity(),
                          head=dict(type='ClassificationHead', num_classes=3)))
