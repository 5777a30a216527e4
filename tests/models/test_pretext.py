import copy
import math

import numpy as np
import pytest
import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.losses import nt_xent
from mmwsl.models.layers.shuffle import shuffle_batch, unshuffle
from mmwsl.models.pretext import MoCo
from mmwsl.registry import MODELS

SPLIT = dict(type='SplitBN', batch_per_split=8)


def backbone(**settings):
    return dict(type='ResNet', depth=18, base_channels=4, stem='cifar', **settings)


def mlp(in_channels=32, **settings):
    return dict(type='MLPNeck', in_channels=in_channels, hidden_channels=32, out_channels=16, **settings)


def classifier(in_channels, num_classes):
    return dict(type='ClassificationHead', in_channels=in_channels, num_classes=num_classes)


METHODS = dict(
    simclr=dict(type='SimCLR', backbone=backbone(), neck=mlp(last_norm=True, last_bias=False), temperature=0.2),
    moco_v1=dict(type='MoCo', backbone=backbone(norm_cfg=SPLIT), neck=mlp(num_layers=1), momentum=0.9,
                 queue=dict(type='FeatureQueue', length=128, channels=16), temperature=0.2),
    moco_v2=dict(type='MoCo', backbone=backbone(norm_cfg=SPLIT), neck=mlp(norm_cfg=None), momentum=0.9,
                 queue=dict(type='FeatureQueue', length=128, channels=16), temperature=0.2),
    moco_symmetric=dict(type='MoCo', backbone=backbone(norm_cfg=SPLIT), neck=mlp(norm_cfg=None), momentum=0.9,
                        queue=dict(type='FeatureQueue', length=128, channels=16), symmetric=True),
    byol=dict(type='BYOL', backbone=backbone(), neck=mlp(), head=mlp(16), momentum=0.9),
    rotation=dict(type='Rotation', backbone=backbone(), head=classifier(32, 4)),
    jigsaw=dict(type='Jigsaw', backbone=backbone(), neck=mlp(num_layers=1, last_norm=True), grid=2, patch_size=6,
                permutations=6, head=classifier(64, 6)),
)
CONTRASTIVE = ['simclr', 'moco_v1', 'moco_v2', 'moco_symmetric', 'byol']
TEACHERS = CONTRASTIVE[1:]


def build(method, **settings):
    torch.manual_seed(0)
    return MODELS.build(dict(copy.deepcopy(METHODS[method]), **settings))


def pictures(count, seed):
    """Images (count, 3, 16, 16) that get darker from top to bottom and redder from left to right, under a pattern."""
    generator = torch.Generator().manual_seed(seed)
    ramp = torch.linspace(1, -1, 16)
    images = torch.zeros(count, 3, 16, 16) + ramp.view(1, 1, 16, 1)
    images[:, 0] -= ramp
    return images + F.interpolate(torch.randn(count, 3, 4, 4, generator=generator), size=16, mode='bilinear')


def views_of(images, seed, shift=0.2):
    """Two views that differ in brightness and noise."""
    generator = torch.Generator().manual_seed(seed)
    return [images + shift * torch.randn(len(images), 3, 1, 1, generator=generator)
            + 0.2 * torch.randn(images.shape, generator=generator) for _ in range(2)]


def train(model, steps, lr, views=None, shift=0.2):
    """Learn from new pictures in every step, or always from the same ``views``; returns the logged values."""
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=lr, momentum=0.9)
    logs = []
    model.train()
    for step in range(steps):
        result = model(views or views_of(pictures(32, seed=step), step, shift), mode='loss')
        optimizer.zero_grad()
        result['loss'].backward()
        optimizer.step()
        if hasattr(model, 'after_optimizer_step'):
            model.after_optimizer_step(step / steps)
        logs.append({name: value.item() for name, value in result.items()})
    return {name: torch.tensor([log[name] for log in logs]) for name in logs[0]}


def test_simclr_learns_to_find_the_other_view_of_new_images():
    model = build('simclr')

    @torch.no_grad()
    def loss_of_new_images():
        views = views_of(pictures(32, seed=1000), seed=1000, shift=1.0)
        first, second = (F.normalize(model.neck(model.backbone(view))) for view in views)
        return nt_xent(first, second, first, second, 0.2).item()

    before = loss_of_new_images()
    logs = train(model, steps=30, lr=0.03, shift=1.0)
    assert loss_of_new_images() < before - 1.5
    assert logs['embedding_std'][-1] > 0.8


@pytest.mark.parametrize('method', ['moco_v2', *(pytest.param(each, marks=pytest.mark.long) for each in ('moco_v1', 'moco_symmetric'))])
def test_moco_learns_to_tell_keys_from_those_of_other_images(method):
    model = build(method, momentum=1.0, temperature=0.1, backbone=backbone(norm_cfg=dict(SPLIT, batch_per_split=16)))
    with torch.no_grad():
        for step in range(4):  # a queue of keys in place of random vectors, which are told apart too easily
            model(views_of(pictures(32, seed=500 + step), step), mode='loss')
    model.queue.enqueue = lambda keys: None  # ... and which stays: a queue that is new in each step hides the progress
    logs = train(model, steps=24, lr=0.03, views=views_of(pictures(32, seed=0), seed=0))
    assert logs['loss'][:3].mean() > math.log(129) - 1
    assert logs['loss'][-5:].mean() < logs['loss'][:3].mean() - 0.7
    assert logs['embedding_std'][-1] > 0.6


def test_byol_learns_to_predict_and_does_not_collapse():
    logs = train(build('byol'), steps=30, lr=0.03)
    assert logs['loss'][0] > 3 and logs['loss'][-5:].mean() < 2
    assert logs['embedding_std'][-1] > 0.4


@pytest.mark.parametrize('method, chance', [('rotation', 25), ('jigsaw', 100 / 6)])
def test_puzzles_are_solved_on_new_images(method, chance):
    model = build(method)
    logs = train(model, steps=30, lr=0.05)
    assert logs['loss'][0] == pytest.approx(math.log(100 / chance), abs=0.1)
    with torch.no_grad():
        result = model([pictures(200, seed=1000)], mode='loss')
    assert result['accuracy'] > chance + 40 and result['loss'] < math.log(100 / chance) - 0.5


@pytest.mark.parametrize('method', METHODS)
def test_modes(method):
    model = build(method).eval()
    images = pictures(5, seed=0)
    features = model(images)
    assert features.shape == (5, 32) and features.dtype == torch.float32
    torch.testing.assert_close(features, model.backbone(images)[0].mean((2, 3)))
    assert torch.equal(torch.stack([each.pred_features for each in model(images, mode='predict')]), features)
    with pytest.raises(ValueError, match="mode='train' is unknown; choose 'loss', 'predict' or 'tensor'"):
        model(images, mode='train')


def test_features_of_several_levels_are_a_tuple():
    model = build('rotation', backbone=backbone(out_indices=(2, 4)))
    assert [tuple(level.shape) for level in model(pictures(5, seed=0))] == [(5, 8), (5, 32)]


@pytest.mark.parametrize('method', METHODS)
def test_collapse_shows_in_the_log(method):
    views = views_of(pictures(32, seed=0), seed=0)
    model = build(method)
    healthy = model(views, mode='loss')
    assert healthy['embedding_std'] > 0.15 and not healthy['embedding_std'].requires_grad
    with torch.no_grad():  # nothing of the image arrives: every embedding is the same constant
        model.backbone.layer4[1].bn2.weight.zero_()
        model.backbone.layer4[1].bn2.bias.fill_(50)
        model.backbone.layer4[0].bn2.weight.zero_()
        model.backbone.layer4[0].downsample[1].weight.zero_()
        if method == 'byol':  # BN in the neck would make large again what is left
            model.neck.layers[1].eval()
        if method in ('simclr', 'jigsaw'):
            model.neck.layers[-1].weight.zero_()
            model.neck.layers[-1].bias.fill_(1)
    assert model(views, mode='loss')['embedding_std'] < 0.01


@pytest.mark.parametrize('method', METHODS)
def test_channels_last_gives_the_same_loss(method):
    views = views_of(pictures(16, seed=0), seed=0)
    losses = []
    for layout in (torch.contiguous_format, torch.channels_last):
        model = build(method).to(memory_format=layout)
        seen = []
        model.backbone.register_forward_pre_hook(
            lambda module, inputs, layout=layout, seen=seen: seen.append(inputs[0].is_contiguous(memory_format=layout)))
        torch.manual_seed(3)
        losses.append(model([view.contiguous(memory_format=layout) for view in views], mode='loss')['loss'].item())
        assert seen and all(seen)  # the network never gets the other layout
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)


@pytest.mark.parametrize('method', TEACHERS)
def test_the_teacher_follows_backbone_and_neck_only(method):
    model = build(method)
    model.init_weights()
    students = dict(model.backbone.state_dict(prefix='0.'), **model.neck.state_dict(prefix='1.'))
    teacher = model.teacher.chain.state_dict()
    assert teacher.keys() == students.keys()  # BYOL's predictor has no slow copy
    assert all(torch.equal(value, students[name]) for name, value in teacher.items())
    before = model.teacher.chain[0].conv1.weight.clone()
    with torch.no_grad():
        model.backbone.conv1.weight.add_(1.0)
    model.after_optimizer_step(0.0)
    torch.testing.assert_close(model.teacher.chain[0].conv1.weight, before + 0.1)
    model(views_of(pictures(16, seed=0), seed=0), mode='loss')['loss'].backward()
    assert all(parameter.grad is None for parameter in model.teacher.parameters())
    assert all(parameter.grad is not None for part in (model.backbone, model.neck) for parameter in part.parameters())


def test_init_weights_gives_the_teacher_the_pretrained_student(tmp_path):
    source = build('byol')
    with torch.no_grad():
        source.backbone.conv1.weight.fill_(0.25)
    torch.save(dict(state_dict=source.backbone.state_dict()), tmp_path / 'backbone.pth')
    model = build('byol', backbone=backbone(init_cfg=dict(type='Pretrained', checkpoint=f'{tmp_path}/backbone.pth')))
    model.init_weights()
    assert model.backbone.conv1.weight.unique().tolist() == [0.25]
    assert model.teacher.chain[0].conv1.weight.unique().tolist() == [0.25]


def test_simclr_by_its_formula():
    model = build('simclr').double()
    first, second = (view.double() for view in views_of(pictures(8, seed=0), seed=0))
    z = F.normalize(model.neck(model.backbone(torch.cat([first, second]))[0]))
    similarity = (z @ z.T / 0.2).fill_diagonal_(-math.inf)
    positive = similarity[torch.arange(16), torch.arange(16).roll(8)]
    expected = (similarity.logsumexp(1) - positive).mean()
    assert model([first, second], mode='loss')['loss'].item() == pytest.approx(expected.item(), rel=1e-9)


def test_byol_by_its_formula():
    model = build('byol').double()
    with torch.no_grad():
        for parameter in model.teacher.parameters():
            parameter.mul_(1.1)
    views = [view.double() for view in views_of(pictures(8, seed=0), seed=0)]
    predictions = [model.head(model.neck(model.backbone(view))) for view in views]
    targets = [model.teacher.chain[1](model.teacher.chain[0](view)) for view in views]
    expected = sum((2 - 2 * F.cosine_similarity(prediction, target, dim=1)).mean()
                   for prediction, target in zip(predictions, reversed(targets), strict=True))
    assert model(views, mode='loss')['loss'].item() == pytest.approx(expected.item(), rel=1e-9)


@pytest.mark.parametrize('method', ['moco_v1', 'moco_v2'])
def test_moco_by_its_formula_and_the_queue_gets_the_keys(method):
    model = build(method).double()
    with torch.no_grad():
        for parameter in model.teacher.parameters():
            parameter.mul_(1.1)
    model.queue.enqueue(F.normalize(torch.randn(120, 16).double()))  # 8 rows to the end: the batch wraps around
    reference = copy.deepcopy(model)
    first, second = (view.double() for view in views_of(pictures(16, seed=0), seed=0))
    torch.manual_seed(7)
    loss = model([first, second], mode='loss')['loss']

    torch.manual_seed(7)
    order = torch.randperm(16)
    keys = torch.empty(16, 16).double()
    keys[order] = F.normalize(reference.teacher(second[order]))
    queries = F.normalize(reference.neck(reference.backbone(first)))
    logits = torch.cat([(queries * keys).sum(1, keepdim=True), queries @ reference.queue.features.T], 1) / 0.2
    expected = (logits.logsumexp(1) - logits[:, 0]).mean()
    assert loss.item() == pytest.approx(expected.item(), rel=1e-9)  # against the queue before this batch
    rows = torch.arange(120, 136) % 128
    torch.testing.assert_close(model.queue.features[rows], keys, rtol=1e-9, atol=1e-12)
    others = torch.arange(8, 120)
    assert torch.equal(model.queue.features[others], reference.queue.features[others])
    assert model.queue.position.item() == 8


def test_symmetric_moco_is_the_mean_of_both_directions():
    model = build('moco_symmetric', backbone=backbone()).double().eval()  # no BN statistics of a batch
    first, second = (view.double() for view in views_of(pictures(16, seed=0), seed=0))
    single = [copy.deepcopy(model), copy.deepcopy(model)]
    for one in single:
        one.symmetric = False
    losses = [one(views, mode='loss')['loss'] for one, views in zip(single, ([first, second], [second, first]),
                                                                    strict=True)]
    assert model([first, second], mode='loss')['loss'].item() == pytest.approx(sum(losses).item() / 2, rel=1e-9)
    expected = torch.cat([one.queue.features[:16] for one in single])
    torch.testing.assert_close(model.queue.features[:32], expected, rtol=1e-9, atol=1e-12)


def test_moco_keys_come_back_in_the_order_of_their_images():
    model = build('moco_v2').eval()
    images = pictures(16, seed=0)
    torch.testing.assert_close(model.keys(images), F.normalize(model.teacher(images)))


class Groups(nn.Module):
    """An encoder that notes which images share a group of SplitBN: an image is its number."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x):
        self.seen.append([set(group.tolist()) for group in x[:, 0, 0, 0].split(8)])
        return (x,)


def test_moco_keys_are_normalised_in_other_company_than_queries():
    neck = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 16))
    model = MoCo(Groups(), nn.Sequential(), dict(type='FeatureQueue', length=64, channels=16))
    model.neck, model.teacher.chain[1] = Last(neck), Last(copy.deepcopy(neck))
    views = [torch.arange(32.0).view(32, 1, 1, 1).expand(32, 3, 4, 4)] * 2
    torch.manual_seed(0)
    model(views, mode='loss')
    (queries,), (keys,) = model.backbone.seen, model.teacher.chain[0].seen
    assert queries == [set(range(start, start + 8)) for start in (0, 8, 16, 24)]
    assert set().union(*keys) == set(range(32)) and [len(group) for group in keys] == [8] * 4
    assert max(len(query & key) for query in queries for key in keys) < 6  # a key knows few of its query's company


class Last(nn.Module):
    """Gives a module the last map of a tuple."""

    def __init__(self, module):
        super().__init__()
        self.module = module

    def forward(self, x):
        return self.module(x[-1])


def test_shuffle_is_a_permutation_that_unshuffle_undoes():
    images = torch.arange(24.0).view(24, 1, 1, 1)
    shuffled, order = shuffle_batch(images)
    assert sorted(order.tolist()) == list(range(24)) and order.tolist() != list(range(24))
    assert shuffled.flatten().tolist() == order.tolist()
    assert torch.equal(unshuffle(shuffled.flatten(1), order).flatten(), images.flatten())


def test_rotation_shows_every_image_in_four_rotations():
    model = build('rotation').double()
    images = pictures(3, seed=0)
    model.backbone.register_forward_pre_hook(lambda module, inputs: (inputs[0].double(),))
    turned = torch.stack([torch.from_numpy(np.rot90(image.numpy(), k, (1, 2)).copy()) for k in range(4)
                          for image in images])
    scores = model.head.classifier(model.backbone(turned)[0].mean((2, 3)))
    labels = [k for k in range(4) for _ in images]
    expected = torch.stack([row.logsumexp(0) - row[label] for row, label in zip(scores, labels, strict=True)]).mean()
    result = model([images], mode='loss')
    assert result['loss'].item() == pytest.approx(expected.item(), rel=1e-9)
    right = sum(row.argmax().item() == label for row, label in zip(scores, labels, strict=True))
    assert result['accuracy'].item() == pytest.approx(100 * right / 12)


class Identity(nn.Module):
    """A backbone whose feature map is its input."""

    def forward(self, x):
        return (x,)


class Mean(nn.Module):
    """A neck that averages the last feature map."""

    def forward(self, features):
        return features[-1].mean((2, 3))


def test_jigsaw_hands_over_patches_in_the_order_of_the_label(monkeypatch):
    model = build('jigsaw', backbone=Identity(), neck=Mean(), head=classifier(12, 6))
    cells = torch.tensor([[1.0, 2.0], [3.0, 4.0]])
    images = cells.repeat_interleave(8, 0).repeat_interleave(8, 1) + 10 * torch.arange(50.0).view(50, 1, 1, 1)
    images = images.repeat(1, 3, 1, 1)
    received = {}

    def loss(feature, labels):
        received.update(feature=feature, labels=labels)
        return {}

    monkeypatch.setattr(model.head, 'loss', loss)
    torch.manual_seed(0)
    model.loss([images])
    assert set(received['labels'].tolist()) == set(range(6))
    for number, (feature, label) in enumerate(zip(received['feature'], received['labels'], strict=True)):
        expected = [10 * number + 1 + cell for cell in model.permutations[label].tolist() for _ in range(3)]
        assert feature.tolist() == pytest.approx(expected)


def test_jigsaw_permutations(tmp_path):
    assert build('jigsaw').permutations.unique(dim=0).shape == (6, 4)
    nine = build('jigsaw', grid=3, patch_size=5, permutations=100, head=classifier(9 * 16, 100))
    assert nine.permutations.shape == (100, 9) and 'permutations' in nine.state_dict()
    with pytest.raises(ValueError, match='6 permutations but the head has 7 classes; set head.num_classes'):
        build('jigsaw', head=classifier(64, 7))
    np.save(tmp_path / 'table.npy', np.array([[0, 1, 2], [2, 1, 0]]))
    with pytest.raises(ValueError, match='permutations of 3 patches do not fit a grid of 2 x 2'):
        build('jigsaw', permutations=str(tmp_path / 'table.npy'), head=classifier(64, 2))


def test_components_may_be_modules():
    network = MODELS.build(backbone())
    model = build('rotation', backbone=network)
    assert model.backbone is network
