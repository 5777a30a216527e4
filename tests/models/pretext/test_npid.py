import copy
import math

import pytest
import torch
import torch.nn.functional as F
from tiny_runs import TINY_DATA, check_resume

from mmwsl.registry import MODELS
from mmwsl.structures import DataSample

MODEL = dict(
    type='NPID', backbone=dict(type='ResNet', depth=18, base_channels=4, stem='cifar'),
    neck=dict(type='MLPNeck', in_channels=32, out_channels=8, num_layers=1),
    bank=dict(type='FeatureBank', length=40, channels=8), temperature=0.1, negatives=None)


def build(**settings):
    torch.manual_seed(0)
    return MODELS.build(dict(copy.deepcopy(MODEL), **settings))


def batch(count=6, seed=1):
    generator = torch.Generator().manual_seed(seed)
    images = torch.randn(count, 3, 16, 16, generator=generator).double()
    return [images], DataSample(index=torch.randperm(40, generator=generator)[:count])


def slow_logits(model, views, samples):
    """e^(v_j f_i / T) in the exponent, for every image and row, and the embeddings."""
    f = F.normalize(model.neck(model.backbone(views[0])).detach())
    return [[sum(f[i, d] * model.bank.features[j, d] for d in range(8)).item() / model.temperature for j in range(40)]
            for i in range(len(f))], f


def test_full_softmax_by_its_formula_and_the_bank_moves_after_it():
    model = build().double()
    views, samples = batch()
    reference = copy.deepcopy(model)
    logits, f = slow_logits(reference, views, samples)
    own = [math.exp(row[i]) / sum(map(math.exp, row)) for row, i in zip(logits, samples.index.tolist(), strict=True)]
    result = model(views, samples, mode='loss')
    assert result['loss'].item() == pytest.approx(-sum(map(math.log, own)) / 6, rel=1e-9)
    expected = reference.bank.features.clone()
    expected[samples.index] = F.normalize(0.5 * expected[samples.index] + 0.5 * f)
    torch.testing.assert_close(model.bank.features, expected, rtol=1e-9, atol=1e-12)
    result['loss'].backward()  # the rows it needs are those from before the update
    assert model.neck.layers[0].weight.grad.abs().max() > 0 and not model.bank.features.requires_grad


@pytest.mark.parametrize('form', ['softmax', 'nce'])
def test_sampled_negatives_by_their_formula(form):
    model = build(negatives=5, form=form).double()
    for step in range(2):  # Z is that of the first batch in the second one too
        views, samples = batch(seed=step)
        reference = copy.deepcopy(model)
        logits, _ = slow_logits(reference, views, samples)
        torch.manual_seed(3)
        drawn = reference.draw_negatives(samples.index).tolist()
        positive = [math.exp(row[i]) for row, i in zip(logits, samples.index.tolist(), strict=True)]
        negative = [[math.exp(row[j]) for j in picked] for row, picked in zip(logits, drawn, strict=True)]
        if form == 'softmax':
            expected = sum(-math.log(p / (p + sum(others))) for p, others in zip(positive, negative, strict=True)) / 6
        else:
            if step == 0:
                partition = 40 * sum(p + sum(others) for p, others in zip(positive, negative, strict=True)) / (6 * 6)
            noise, expected = 5 / 40, 0
            for p, others in zip(positive, negative, strict=True):
                expected -= math.log(p / partition / (p / partition + noise)) / 6
                expected -= sum(math.log(1 - q / partition / (q / partition + noise)) for q in others) / 6
        torch.manual_seed(3)
        assert model(views, samples, mode='loss')['loss'].item() == pytest.approx(expected, rel=1e-9)
    if form == 'nce':
        assert model.log_partition.item() == pytest.approx(math.log(partition), rel=1e-9)


def test_negatives_are_uniform_over_the_other_images():
    model = build(negatives=40000)
    index = torch.tensor([0, 17, 39])
    torch.manual_seed(0)
    for i, drawn in zip(index.tolist(), model.draw_negatives(index), strict=True):
        counts = drawn.bincount(minlength=40)
        assert counts[i] == 0
        counts = counts[counts > 0]
        assert len(counts) == 39 and abs(counts / (40000 / 39) - 1).max() < 0.15  # 4.8 deviations of 32
    plain = build(negatives=40000, ensure_negatives=False).draw_negatives(index)
    assert all(plain[row].eq(i).sum() > 800 for row, i in enumerate(index.tolist()))


@pytest.mark.parametrize('settings', [dict(), dict(negatives=16), dict(negatives=16, form='nce')], ids=str)
def test_it_learns_to_know_images_again(settings):
    """A new view of an image comes nearest to the row of that image, which chance brings about once in 40."""
    model = build(bank_momentum=1.0, **settings)  # rows that stay, so that the loss shows the progress
    pictures = F.interpolate(torch.randn(40, 3, 4, 4, generator=torch.Generator().manual_seed(0)), size=16)
    noise = torch.Generator().manual_seed(1)

    def view(images):
        return images + 0.3 * torch.randn(images.shape, generator=noise)

    def known():
        with torch.no_grad():
            f = F.normalize(model.neck(model.backbone(view(pictures))))
            return (f @ model.bank.features.T).argmax(1).eq(torch.arange(40)).float().mean().item()

    before, losses = known(), []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.03, momentum=0.9)
    for _ in range(25):
        for index in torch.randperm(40).split(20):
            result = model([view(pictures[index])], DataSample(index=index), mode='loss')
            optimizer.zero_grad()
            result['loss'].backward()
            optimizer.step()
            losses.append(result['loss'].item())
    assert before < 0.2 and known() > 0.7
    assert sum(losses[-5:]) < 0.4 * sum(losses[:5])
    assert result['embedding_std'] > 0.8


def test_errors():
    with pytest.raises(ValueError, match="form='hinge' is unknown; choose 'softmax' or 'nce'"):
        build(form='hinge')
    with pytest.raises(ValueError, match="form='nce' needs a number of negatives, not None"):
        build(form='nce')
    with pytest.raises(ValueError, match='an image has position 40 in the data set, but the feature bank has 40 rows'):
        build()([torch.randn(2, 3, 16, 16)], DataSample(index=torch.tensor([3, 40])), mode='loss')


TINY = """
_base_ = 'mmwsl::selfsup/npid/npid_r18w16_1xb256-cos-20e_cifar10.py'
model = dict(
    backbone=dict(base_channels=4), neck=dict(in_channels=32, out_channels=8),
    bank=dict(length=320, channels=8), negatives=20, form='nce')
""" + TINY_DATA + """
data_preprocessor['views'] = data_preprocessor['views'][:1]
"""


def test_resume(tmp_path):
    check_resume(tmp_path, TINY, changed=['bank.features', 'backbone.conv1.weight'])
