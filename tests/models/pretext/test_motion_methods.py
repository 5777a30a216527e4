"""Methods of motion: losses against slow formulas, what is refused, that they learn, resume and ranks."""

import copy
import math

import numpy as np
import pytest
import torch
from tiny_runs import check_resume

from mmwsl.datasets import FlowFrames, MotionClips
from mmwsl.engine.hooks import FlowCodebookHook
from mmwsl.models.pretext.motion.cross_pixel import flow_kernel, kernel_alignment, kernel_cross_entropy
from mmwsl.models.pretext.motion.flow_prediction import disc
from mmwsl.registry import MODELS
from mmwsl.structures import DataSample

BACKBONE = dict(type='ResNet', depth=18, base_channels=2, strides=(1, 1, 1, 1), out_indices=(4,))
SMALL = dict(
    cmp=dict(type='ConditionalMotionPropagation', backbone=BACKBONE, channels=8, limit=6.0,
             sparse_encoder=dict(type='SparseEncoder', stride=4, norm_cfg=dict(type='BN')),
             decoder=dict(type='PropagationDecoder', channels=8, bins=13, norm_cfg=dict(type='BN'))),
    flow_prediction=dict(type='FlowPrediction', backbone=BACKBONE, clusters=12, limit=5.0,
                         head=dict(type='DenseHead', in_channels=16, out_channels=12)),
    cross_pixel=dict(type='CrossPixelFlow', backbone=BACKBONE, pixels=32,
                     head=dict(type='DenseHead', in_channels=16, out_channels=6)),
    moving_foreground=dict(type='MovingForeground', backbone=BACKBONE,
                           head=dict(type='DenseHead', in_channels=16, out_channels=1)))


def build(name, **settings):
    torch.manual_seed(0)
    return MODELS.build(dict(copy.deepcopy(SMALL[name]), **settings))


def batch(count=4, side=32, seed=0):
    """Images and all that the methods ask for; the last image's flow is not known in its upper half."""
    generator = torch.Generator().manual_seed(seed)
    flow = 3 * torch.randn(count, 2, side, side, generator=generator)
    flow[-1, :, :side // 2] = math.nan
    told = (torch.rand(count, 1, side, side, generator=generator) < 0.02).float()
    moving = torch.tensor([0, 1, 255], dtype=torch.uint8)[torch.randint(3, (count, side, side), generator=generator)]
    sample = DataSample(flow=flow, guidance=torch.cat([flow.nan_to_num() * told, told], 1), moving=moving)
    return [torch.randn(count, 3, side, side, generator=generator)], sample


def test_cmp_is_a_cross_entropy_for_each_axis():
    model, (views, sample) = build('cmp').eval(), batch()
    logits = model.logits(model.backbone(views[0]), sample.guidance).detach().double()  # (4, 26, 32, 32)
    total = count = 0
    for b in range(4):
        for axis in range(2):
            for y in range(0, 32, 5):
                for x in range(0, 32, 5):
                    f = sample.flow[b, axis, y, x].item()
                    if math.isnan(f):
                        continue
                    number = min(int((min(max(f, -6), 6) + 6) // (12 / 13)), 12)
                    row = logits[b, 13 * axis:13 * axis + 13, y, x]
                    total += math.log(row.exp().sum()) - row[number].item()
                    count += 1
    sparse = DataSample(flow=torch.full_like(sample.flow, math.nan), guidance=sample.guidance)
    sparse.flow[..., ::5, ::5] = sample.flow[..., ::5, ::5]
    assert model(views, sparse, mode='loss')['loss'].item() == pytest.approx(2 * total / count, rel=1e-5)


def test_cmp_sees_its_guidance_and_predicts_without_any():
    model, (views, sample) = build('cmp').eval(), batch()
    guided = model.propagate(views[0], sample.guidance)
    assert guided.shape == (4, 2, 32, 32) and guided.abs().max() <= 6
    alone = model(views[0], None, mode='predict')
    assert (alone[0].pred_flow == model.propagate(views[0], torch.zeros_like(sample.guidance))[0]).all()
    assert not torch.equal(guided[0], alone[0].pred_flow)


def test_prediction_is_a_softmax_over_the_codebook():
    model, (views, sample) = build('flow_prediction').eval(), batch()
    logits = model.head(model.backbone(views[0])).detach().double()  # (4, 12, 8, 8)
    total = count = 0
    for b in range(4):
        for y in range(8):
            for x in range(8):
                mean = sample.flow[b, :, 4 * y:4 * y + 4, 4 * x:4 * x + 4].double().mean((1, 2))
                if mean.isnan().any():
                    continue
                label = (model.codebook.double() - mean).norm(dim=1).argmin()
                total += math.log(logits[b, :, y, x].exp().sum()) - logits[b, label, y, x].item()
                count += 1
    assert count == 4 * 64 - 32
    assert model(views, sample, mode='loss')['loss'].item() == pytest.approx(total / count, rel=1e-5)
    flow = model.predict_flow(views[0])
    assert flow.shape == (4, 2, 32, 32) and flow.norm(dim=1).max() <= 5 + 1e-5


def test_the_disc_is_even():
    vectors = disc(40, 6.0)
    assert vectors[0].tolist() == [0, 0] and vectors.norm(dim=1).max().item() == pytest.approx(6)
    distance = torch.cdist(vectors, vectors) + 99 * torch.eye(40)
    assert distance.min(1).values.min() > 0.5 * distance.min(1).values.max()


def test_kernels_against_loops():
    rng = np.random.default_rng(0)
    flow, embedding = rng.normal(size=(2, 5, 2)), rng.normal(size=(2, 5, 3))
    embedding /= np.linalg.norm(embedding, axis=-1, keepdims=True)
    entropy, alignment = 0.0, 0.0
    for b in range(2):
        k = np.array([[math.exp(-((flow[b, i] - flow[b, j])**2).sum() / (2 * 0.7**2)) for j in range(5)]
                      for i in range(5)])
        c = embedding[b] @ embedding[b].T
        alignment += (1 - (k * c).sum() / math.sqrt((k**2).sum() * (c**2).sum())) / 2
        for i in range(5):
            others = [j for j in range(5) if j != i]
            p = np.exp(c[i, others] / 0.2) / np.exp(c[i, others] / 0.2).sum()
            entropy -= (k[i, others] / k[i, others].sum() * np.log(p)).sum() / 10
    kernel, cosines = flow_kernel(torch.tensor(flow), 0.7), torch.tensor(embedding @ embedding.transpose(0, 2, 1))
    assert kernel_alignment(cosines, kernel).item() == pytest.approx(alignment)
    assert kernel_cross_entropy(cosines, kernel, 0.2).item() == pytest.approx(entropy)


def test_foreground_counts_what_is_decided():
    model, (views, sample) = build('moving_foreground').eval(), batch()
    logits = model.logits(model.backbone(views[0]), (32, 32)).detach().double()
    each = [math.log1p(math.exp(-z if m == 1 else z)) for z, m in zip(
        logits.flatten().tolist(), sample.moving.flatten().tolist(), strict=True) if m != 255]
    assert model(views, sample, mode='loss')['loss'].item() == pytest.approx(np.mean(each), rel=1e-5)
    found = model(views[0], None, mode='predict')[1]
    assert found.pred_maps.shape == (1, 32, 32) and (found.pred_mask.bool() == (found.pred_maps[0] > 0.5)).all()


@pytest.mark.parametrize('name', SMALL)
def test_what_is_missing_or_of_another_size_says_so(name):
    model, (views, sample) = build(name), batch()
    with pytest.raises(ValueError, match='mmwsl flow'):
        model(views, None, mode='loss')
    field = 'moving' if name == 'moving_foreground' else 'flow'
    setattr(sample, field, getattr(sample, field)[..., :20])
    with pytest.raises(ValueError, match=f'{field} is of shape .*may not crop or resize'):
        model(views, sample, mode='loss')


@pytest.mark.parametrize(('name', 'settings', 'message'), [
    ('flow_prediction', dict(clusters=13), 'must be clusters=13'), ('cross_pixel', dict(objective='l2'), 'cross_entropy'),
    ('cross_pixel', dict(pixels=1), 'two or more'),
    ('moving_foreground', dict(head=dict(type='DenseHead', in_channels=16, out_channels=2)), 'must be 1'),
    ('cmp', dict(sparse_encoder=dict(type='SparseEncoder', stride=5)), 'stride=5 must be 4')])
def test_impossible_settings_are_refused(name, settings, message):
    with pytest.raises(ValueError, match=message):
        build(name, **settings)


def test_a_sparse_encoder_of_another_stride_is_refused():
    model = build('cmp', sparse_encoder=dict(type='SparseEncoder', stride=16, norm_cfg=dict(type='BN')))
    with pytest.raises(ValueError, match='give it the stride of the image encoder'):
        model(*batch(), mode='loss')


@pytest.mark.parametrize('name', SMALL)
def test_it_learns_a_batch_by_heart(name):
    """Thirty steps on eight frames of shapes; the loss falls, and for CMP the error with it."""
    data = FlowFrames(MotionClips(kind='colored', num_clips=8, size=32, supervision='full'), method='true',
                      guidance=dict(stride=16, kernel=7))
    items = data.__getitems__(range(8))
    sample = items['data_samples']
    sample.moving = (sample.flow.norm(dim=1) > 0.3).to(torch.uint8)
    model = build(name).train()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    values = []
    for _ in range(30):
        torch.manual_seed(0)
        result = model([items['inputs'] / 128 - 1], sample, mode='loss')
        optimizer.zero_grad()
        result['loss'].backward()
        optimizer.step()
        values.append({key: value.item() for key, value in result.items()})
    floor = 0.6 if name == 'cross_pixel' else 0.0  # the entropy of its targets
    assert values[-1]['loss'] - floor * values[0]['loss'] < (0.5 if not floor else 0.38) * values[0]['loss']
    if name == 'cmp':
        assert values[-1]['end_point_error'] < 0.7 * values[0]['end_point_error']


TINY = """
_base_ = 'mmwsl::selfsup/{config}.py'
train_dataloader = dict(batch_size=4, dataset=dict(clips=dict({clips}, size=32)))
model = dict(backbone=dict(base_channels=2), {model})
optim_wrapper = dict(dtype='float32')
train_cfg = dict(max_epochs=2)
auto_scale_lr = dict(base_batch_size=4)
default_hooks = dict(logger=dict(interval=3))
"""


@pytest.mark.parametrize(('config', 'model', 'changed'), [
    ('cmp/cmp_r18w4_1xb16-cos-6e_motionclips', '', ['sparse_encoder.layers.0.0.weight']),
    ('flow_prediction/flow_prediction_r18w4_1xb32-cos-5e_motionclips', 'head=dict(in_channels=16)',
     ['head.layers.0.weight']),
    ('cross_pixel/cross_pixel_r18w4_1xb32-cos-5e_shapes', 'head=dict(in_channels=16), pixels=20',
     ['head.layers.0.weight'])])
def test_resume(config, model, changed, tmp_path):
    """The guidance and the drawn pixels of a resumed run are those of an uninterrupted one, and its codebook is kept."""
    clips = 'num_images=20' if config.endswith('shapes') else 'num_clips=40'  # 40 frames either way
    check_resume(tmp_path, TINY.format(config=config, model=model, clips=clips), changed)
    if config.startswith('flow'):
        state = torch.load(tmp_path / 'whole' / 'iter_20.pth', weights_only=True)['state_dict']
        assert not torch.equal(state['codebook'], disc(40, 6.0))  # of the clips' flow
        assert state['codebook'].norm(dim=1).max() < 3


def test_a_codebook_needs_flow():
    hook = FlowCodebookHook()
    with pytest.raises(ValueError, match='items of MotionClips have no flow'):
        hook.sample(MotionClips(num_clips=2))
    vectors = hook.sample(FlowFrames(MotionClips(kind='colored', num_clips=2, supervision='full'), method='true'))
    assert vectors.shape == (200, 2) and vectors.norm(dim=1).max() > 1
