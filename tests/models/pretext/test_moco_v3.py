"""MoCo v3: value, labels over ranks, the teacher's parts, the frozen patch projection, resume."""

import math

import pytest
import torch
import torch.nn.functional as F
from mmengine.optim import build_optim_wrapper
from mmengine.registry import init_default_scope
from tiny_runs import TINY_DATA, check_resume
from toy_pictures import noisy_views

from mmwsl.apis import load_config
from mmwsl.losses import in_batch_info_nce
from mmwsl.registry import MODELS

TINY = """
_base_ = 'mmwsl::selfsup/moco_v3/moco_v3_r18w16_1xb256-cos-5e_cifar10.py'
model = dict(
    backbone=dict(base_channels=4),
    neck=dict(in_channels=32, hidden_channels=16, out_channels=8),
    head=dict(in_channels=8, hidden_channels=16, out_channels=8),
    momentum=0.9)
""" + TINY_DATA
VIT = 'mmwsl::selfsup/moco_v3/moco_v3_vits16_32xb128-cos-300e_imagenet.py'


def build(**settings):
    torch.manual_seed(0)
    bare = dict(last_norm=True, last_affine=False, last_bias=False)
    return MODELS.build(dict(
        type='MoCoV3',
        backbone=dict(type='ResNet', depth=18, base_channels=4, stem='cifar'),
        neck=dict(type='MLPNeck', in_channels=32, hidden_channels=32, out_channels=16, **bare),
        head=dict(type='MLPNeck', in_channels=16, hidden_channels=32, out_channels=16, last_bias=False), **settings))


def contrast_by_loops(queries, keys, temperature, offset=0):
    total = 0
    for i, query in enumerate(queries):
        scores = [sum(x * y for x, y in zip(query, key, strict=True)) / temperature for key in keys]
        total += math.log(sum(math.exp(score) for score in scores)) - scores[i + offset]
    return 2 * temperature * total / len(queries)


@pytest.mark.parametrize('rank', [0, 1])
def test_contrast_by_loops(rank):
    """Positives stand in the block of keys that belongs to the rank."""
    generator = torch.Generator().manual_seed(0)
    queries, keys = (F.normalize(torch.randn(count, 5, generator=generator)).double() for count in (4, 8))
    found = in_batch_info_nce(queries, keys, 0.2, rank).item()
    assert found == pytest.approx(contrast_by_loops(queries.tolist(), keys.tolist(), 0.2, 4 * rank), rel=1e-9)


def test_value_by_its_formula():
    """Queries come through the predictor, keys of the other view from the teacher without it."""
    model = build(temperature=0.3).double()
    with torch.no_grad():
        for parameter in model.teacher.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    views = [view.double() for view in noisy_views(0, count=6)]
    queries = [F.normalize(model.head(model.neck(model.backbone(view)))).tolist() for view in views]
    backbone, neck = model.teacher.chain
    keys = [F.normalize(neck(backbone(view))).tolist() for view in views]
    expected = contrast_by_loops(queries[0], keys[1], 0.3) + contrast_by_loops(queries[1], keys[0], 0.3)
    assert model(views, mode='loss')['loss'].item() == pytest.approx(expected, rel=1e-9)


def test_learns_to_find_the_keys_of_new_images():
    model = build(momentum=0.9)
    model.init_weights()
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.1, momentum=0.9)
    losses = []
    for step in range(40):
        result = model(noisy_views(step), mode='loss')
        optimizer.zero_grad()
        result['loss'].backward()
        optimizer.step()
        model.after_optimizer_step(step / 40)
        losses.append(result['loss'].item())
    chance = 4 * 0.2 * math.log(32)
    assert losses[0] > chance - 0.6 and sum(losses[-5:]) / 5 < chance - 0.8
    assert result['embedding_std'] > 0.6
    assert all(p.grad is None for p in model.teacher.parameters())


def test_vit_recipe_trains_all_but_the_patch_projection_and_positions():
    cfg = load_config(VIT, {'model.backbone.depth': 1, 'model.neck.hidden_channels': 8,
                            'model.head.hidden_channels': 8, 'model.backbone.image_size': 32})
    init_default_scope('mmwsl')
    model = MODELS.build(cfg.model)
    names = {id(p): name for name, p in model.named_parameters()}
    wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
    listed = {names[id(p)] for group in wrapper.optimizer.param_groups for p in group['params']}
    student = {name for name in names.values() if not name.startswith('teacher.')}
    assert student - listed == {'backbone.pos_embed', 'backbone.patch_embed.proj.weight',
                                'backbone.patch_embed.proj.bias'}
    assert not listed - student
    assert {group['weight_decay'] for group in wrapper.optimizer.param_groups} == {0.1}
    assert model.backbone.blocks[0].attn.num_heads == 12
    result = model([torch.randn(4, 3, 32, 32) for _ in range(2)], mode='loss')
    result['loss'].backward()
    assert all(p.grad is not None for name, p in model.named_parameters() if name in listed)


def test_resume(tmp_path):
    check_resume(tmp_path, TINY, changed=['backbone.conv1.weight', 'head.layers.0.weight',
                                          'teacher.chain.0.conv1.weight', 'teacher.chain.0.bn1.running_var',
                                          'teacher.chain.1.layers.0.weight'])
