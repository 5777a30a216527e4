import copy

import pytest
import torch
import torch.nn.functional as F
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from tiny_runs import TINY_DATA, check_resume

from mmwsl.apis import load_config
from mmwsl.models.heads import DINOHead
from mmwsl.registry import MODELS, PARAM_SCHEDULERS

HEAD = dict(type='DINOHead', in_channels=32, hidden_channels=24, bottleneck_channels=8, out_channels=12)
MODEL = dict(type='DINO', backbone=dict(type='ResNet', depth=18, base_channels=4, stem='cifar'), head=HEAD,
             momentum=0.9, end_momentum=None)
VIT = dict(type='VisionTransformer', arch='tiny', embed_dims=32, depth=2, num_heads=2, image_size=16, patch_size=4)


def build(**settings):
    torch.manual_seed(0)
    return MODELS.build(dict(copy.deepcopy(MODEL), **settings))


def unlike(model):
    """The model in fp64, its teacher and centre unlike the student and zero."""
    model.double()
    with torch.no_grad():
        for parameter in model.teacher.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
        model.center.normal_(std=0.05)
    return model


def views(sides=(16, 16), count=16, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randn(count, 3, side, side, generator=generator).double() for side in sides]


@pytest.mark.parametrize('backbone', [VIT, dict(VIT, out_type='average')], ids=['class', 'average'])
@pytest.mark.parametrize('sides', [(16, 16), (16, 16, 8, 8)])
def test_loss_by_its_formula(backbone, sides):
    model = unlike(build(backbone=backbone))  # without BN each view may be encoded by itself
    crops = views(sides)
    center, tau = model.center.clone(), model.teacher_temperature.item()
    student = [model.head(model.backbone(crop)) for crop in crops]
    teacher = [model.teacher.chain[1](model.teacher.chain[0](crop)) for crop in crops[:2]]
    total, pairs = 0, 0
    for t in range(2):
        for s in range(len(crops)):
            if s != t:
                for b in range(16):
                    target = torch.softmax((teacher[t][b] - center) / tau, 0)
                    total -= sum(target[k] * torch.softmax(student[s][b] / 0.1, 0)[k].log() for k in range(12)) / 16
                pairs += 1
    result = model(crops, mode='loss')
    assert result['loss'].item() == pytest.approx((total / pairs).item(), rel=1e-9)
    expected = 0.9 * center + 0.1 * torch.cat(teacher).mean(0)
    torch.testing.assert_close(model.center, expected, rtol=1e-9, atol=1e-12)  # which the loss did not use yet
    result['loss'].backward()
    assert all(p.grad is None for p in model.teacher.parameters())
    assert all(p.grad.abs().max() > 0 for part in (model.backbone, model.head) for p in part.parameters())


def test_batch_statistics_are_those_of_views_of_one_size():
    model = unlike(build(head=dict(HEAD, norm_cfg=dict(type='BN'))))
    crops = views((16, 16, 8))
    reference = copy.deepcopy(model)
    pooled = [reference.backbone(torch.cat(crops[:2]))[0].mean((2, 3)), reference.backbone(crops[2])[0].mean((2, 3))]
    student = reference.head(torch.cat(pooled)).split(16)
    teacher = reference.teacher(torch.cat(crops[:2])).split(16)
    terms = [F.cross_entropy(student[s] / 0.1, torch.softmax((teacher[t] - reference.center) / 0.04, 1))
             for t in range(2) for s in range(3) if s != t]
    assert model(crops, mode='loss')['loss'].item() == pytest.approx(sum(terms).item() / 4, rel=1e-6)


def test_head():
    torch.manual_seed(0)
    head = DINOHead(16, out_channels=40, hidden_channels=64, bottleneck_channels=8)
    assert [type(layer).__name__ for layer in head.layers] == ['Linear', 'GELU', 'Linear', 'GELU', 'Linear']
    assert head.layers[0].weight.std().item() == pytest.approx(0.02, rel=0.1) and not head.layers[0].bias.any()
    x = torch.randn(5, 16, 2, 2)
    scores = head(x)
    z, rows = F.normalize(head.layers(x.mean((2, 3)))), F.normalize(head.last.weight)
    torch.testing.assert_close(scores, z @ rows.T)
    with torch.no_grad():
        head.last.weight.mul_(3)
    torch.testing.assert_close(head(x), scores)  # the length of a row does not count
    with torch.autocast('cpu', torch.bfloat16):
        assert head(x).dtype == torch.float32 and head(x).unique().numel() > 150  # cosines not rounded to 8 bits
    learned = DINOHead(16, out_channels=40, hidden_channels=64, bottleneck_channels=8, learn_gain=True)
    learned.load_state_dict(dict(head.state_dict(), **{'last.gain': torch.full((40, 1), 2.0)}))
    torch.testing.assert_close(learned(x), 2 * scores)


def test_the_teacher_follows_backbone_and_head_with_its_gains():
    model = build(head=dict(HEAD, learn_gain=True))
    with torch.no_grad():
        model.head.last.gain.add_(1)
        model.head.last.weight.add_(1)
        model.backbone.conv1.weight.add_(1)
    before = copy.deepcopy(model.teacher.chain)
    model.after_optimizer_step(0.0)
    for now, then in zip((model.teacher.chain[0].conv1.weight, model.teacher.chain[1].last.gain,
                          model.teacher.chain[1].last.weight),
                         (before[0].conv1.weight, before[1].last.gain, before[1].last.weight), strict=True):
        torch.testing.assert_close(now, then + 0.1)


def test_stochastic_depth_is_the_students():
    model = build(backbone=dict(VIT, drop_path_rate=0.5))
    images = torch.randn(16, 3, 16, 16)
    assert model.training and torch.equal(model.teacher(images), model.teacher(images))
    assert not torch.equal(model.backbone(images)[0], model.backbone(images)[0])


def test_teacher_temperature():
    model = build(teacher_temperature=(0.04, 0.07), temperature_warmup=0.1)
    seen = [model.teacher_temperature.item()]
    for progress in (0.05, 0.1, 0.9):
        model.after_optimizer_step(progress)
        seen.append(model.teacher_temperature.item())
    assert seen == pytest.approx([0.04, 0.055, 0.07, 0.07])
    for settings in (dict(teacher_temperature=(0.04, 0.07)), dict(temperature_warmup=0.1)):
        with pytest.raises(ValueError, match=r'give \(start, end\) with a share of training in \(0, 1\], or one number'):
            build(**settings)
    with pytest.raises(ValueError, match='DINO shows 2 views to the teacher and others to the student, but got 1'):
        build().double()(views((16,)), mode='loss')


def test_it_learns_and_does_not_collapse():
    """Twelve kinds of pictures: the choices for two views come to agree, and are not the same for all pictures."""
    model = build(head=dict(HEAD, norm_cfg=dict(type='BN'), hidden_channels=64, bottleneck_channels=16, out_channels=24),
                  momentum=0.99, teacher_temperature=0.02)
    generator = torch.Generator().manual_seed(0)
    kinds = F.interpolate(torch.randn(12, 3, 3, 3, generator=generator), size=16, mode='bilinear')
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.02, momentum=0.9)

    def crops():
        def noise():
            return F.interpolate(torch.randn(48, 3, 3, 3, generator=generator), size=16)
        return [kinds.repeat(4, 1, 1, 1) + 0.3 * noise() for _ in range(2)]

    def choices():
        with torch.no_grad():
            first, second = (model.head(model.backbone(crop)).argmax(1) for crop in crops())
        return first.eq(second).float().mean().item(), len(first.unique())

    before = choices()[0]
    for step in range(50):
        result = model(crops(), mode='loss')
        optimizer.zero_grad()
        result['loss'].backward()
        optimizer.step()
        model.after_optimizer_step(step / 50)
    agreement, chosen = choices()
    assert agreement > before + 0.4 and chosen >= 3, (before, agreement, chosen)
    assert result['embedding_std'] > 0.25


def test_schedules_of_the_shipped_recipe():
    """Decay goes from 0.04 to 0.4 where there is any, and stays 0 for biases, scales and shifts."""
    init_default_scope('mmwsl')
    cfg = load_config('mmwsl::selfsup/dino/dino_vits16_8xb64-cos-100e_imagenet.py')
    model = build(backbone=VIT)
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    groups = wrapper.optimizer.param_groups
    assert [group['weight_decay'] for group in groups] in ([0.04, 0.0], [0.0, 0.04])
    plain = groups[[group['weight_decay'] for group in groups].index(0.0)]
    names = {id(p): name for name, p in model.named_parameters()}
    assert {'head.layers.0.bias', 'backbone.norm.weight'} <= {names[id(p)] for p in plain['params']}
    assert all(p.dim() == 1 for p in plain['params'])
    schedulers = []
    for scheduler in cfg.param_scheduler:
        scheduler = {'end': 100, **scheduler}  # as the Runner has it
        del scheduler['convert_to_iter_based']
        kind = PARAM_SCHEDULERS.get(scheduler.pop('type'))
        schedulers.append(kind.build_iter_from_epoch(optimizer=wrapper, **scheduler, epoch_length=10))
    decays, rates = [], []
    for _ in range(1000):
        decays.append(sorted(group['weight_decay'] for group in groups))
        rates.append(groups[0]['lr'])
        for scheduler in schedulers:
            scheduler.step()
    assert all(decay[0] == 0 for decay in decays)
    assert [decays[step][1] for step in (0, 500, 999)] == pytest.approx([0.04, 0.22, 0.4], rel=1e-3)
    assert rates[0] < 1e-5 and max(rates) == pytest.approx(1e-3, rel=1e-3) and rates[-1] == pytest.approx(1e-6, rel=0.1)


TINY = """
_base_ = 'mmwsl::selfsup/dino/dino_r18w16_1xb256-cos-5e_cifar10.py'
model = dict(
    backbone=dict(_delete_=True, type='VisionTransformer', arch='tiny', embed_dims=16, depth=2, num_heads=2,
                  image_size=16, patch_size=4, drop_path_rate=0.2),
    head=dict(in_channels=16, hidden_channels=16, bottleneck_channels=8, out_channels=12, norm_cfg=None),
    teacher_temperature=(0.04, 0.07), temperature_warmup=0.8)
custom_hooks = [dict(type='FreezeHook', modules=['head.last'], epochs=1)]
""" + TINY_DATA + """
optim_wrapper.update(
    constructor='GroupingConstructor', paramwise_cfg=dict(norm_decay_mult=0.0, bias_decay_mult=0.0),
    optimizer=dict(_delete_=True, type='AdamW', lr=1e-3, weight_decay=0.04),
    clip_grad=dict(type='norm_per_tensor', max_norm=3.0))
param_scheduler = [
    dict(type='LinearLR', start_factor=1e-4, end=1, convert_to_iter_based=True),
    dict(type='CosineAnnealingParamScheduler', param_name='weight_decay', eta_min_ratio=10, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=1, convert_to_iter_based=True),
]
"""


def test_resume(tmp_path):
    """From step 6 of the epoch in which the last layer is frozen, with all the schedules of the transformer recipe."""
    check_resume(tmp_path, TINY, changed=['center', 'teacher_temperature', 'head.last.weight',
                                          'teacher.chain.1.last.weight', 'backbone.pos_embed'])
