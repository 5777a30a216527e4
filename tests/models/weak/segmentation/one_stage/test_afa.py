"""AFA: pairs, loss, walk and labels against loops and hand-worked cases, the step, resume."""

import pytest
import torch
from tiny_runs import check_resume

from mmwsl.models.preprocessors import ViewPreprocessor
from mmwsl.models.weak.segmentation import AFA
from mmwsl.models.weak.segmentation.one_stage.afa import affinity_loss, near_pairs, present_scores, spread
from mmwsl.models.weak.segmentation.one_stage.cosa_terms import balanced_cross_entropy
from mmwsl.structures import DataSample

TAGS = torch.tensor([[1., 0., 1.], [0., 1., 0.]])


def test_near_pairs_by_loop():
    near = near_pairs((3, 4), 1)
    for i in range(12):
        for j in range(12):
            assert near[i, j] == (abs(i // 4 - j // 4) <= 1 and abs(i % 4 - j % 4) <= 1)


def test_affinity_loss_by_loop():
    generator = torch.Generator().manual_seed(0)
    affinity = torch.rand(2, 6, 6, generator=generator, dtype=torch.float64)
    labels, near = torch.tensor([[0, 0, 1, 1, 255, 2], [1, 1, 1, 1, 0, 255]]), near_pairs((2, 3), 1)
    same, other = [], []
    for image in range(2):
        numbers = labels[image].tolist()
        for i in range(6):
            for j in range(6):
                if near[i, j] and 255 not in (numbers[i], numbers[j]):
                    (same if numbers[i] == numbers[j] else other).append(affinity[image, i, j].item())
    expected = (1 - sum(same) / len(same)) / 2 + sum(other) / len(other) / 2
    assert affinity_loss(affinity, labels, near).item() == pytest.approx(expected, rel=1e-9)
    assert affinity_loss(affinity, torch.full_like(labels, 255), near).item() == 0


def test_walk_by_hand():
    """Positions 0 and 1 are near, 2 is not near 0: A^2 = [[1, .25, 0], [.25, 1, .25], [0, .25, 1]]."""
    affinity = torch.tensor([[[1., .5, .9], [.5, 1., .5], [.9, .5, 1.]]])
    found = spread(torch.tensor([[[[1., 0., 0.]], [[1., 1., 1.]]]]), affinity, near_pairs((1, 3), 1))
    assert found[0, 0, 0].tolist() == pytest.approx([1 / 1.25, 0.25 / 1.5, 0])
    assert found[0, 1, 0].tolist() == pytest.approx([1, 1, 1])  # columns sum to 1: a constant map stays


def test_scores_of_absent_classes_are_0():
    maps = torch.tensor([[[[0.9]], [[0.2]], [[0.0]]]])
    found = present_scores(maps, torch.tensor([[1., 0., 1.]]), 0.35)[0, :, 0, 0]
    expected = torch.tensor([0.35, 0.9, 0.0]).exp()
    assert found[[0, 1, 3]].tolist() == pytest.approx((expected / expected.sum()).tolist()) and found[2] == 0


def afa(**settings):
    torch.manual_seed(0)
    return AFA(
        dict(type='MixTransformer', embed_dims=(8, 8, 8, 16), depths=(1, 1, 1, 1), num_heads=(1, 1, 1, 2),
             strides=(4, 2, 1, 1), reductions=(2, 2, 1, 1), drop_path_rate=0.0),
        dict(type='AFAHead', num_classes=3, decoder=dict(type='SegFormerHead', channels=8, norm_cfg=dict(type='BN'))),
        data_preprocessor=ViewPreprocessor([127.] * 3, [64.] * 3), **settings)


def test_labels_of_two_backgrounds():
    """On an even image refining changes nothing inside: below .35 background, above .55 the class, between them void."""
    model = afa(radius=0)
    maps = torch.zeros(1, 3, 1, 3)
    maps[0, 0, 0] = torch.tensor([0.0, 0.45, 0.9])
    maps = maps.repeat_interleave(48, 2).repeat_interleave(48, 3)  # 48 x 144, refined at that size
    images = torch.zeros(1, 3, 96, 288)
    labels = model.pseudo_labels(images, maps, TAGS[:1])
    assert labels.shape == (1, 96, 288)
    assert labels[0, 48, [10, 144, 280]].tolist() == [0, 255, 1]


def test_affinity_spreads_to_like_positions():
    """All of one row alike: its class takes the row, where alone it was too weak."""
    model = afa(radius=9, refiner=dict(num_iterations=0))
    maps = torch.zeros(1, 3, 1, 4)
    maps[0, 0, 0] = torch.tensor([1.0, 1.0, 1.0, 0.1])
    images = torch.zeros(1, 3, 2, 8)
    assert model.pseudo_labels(images, maps, TAGS[:1])[0, 0, 7] == 0
    assert model.pseudo_labels(images, maps, TAGS[:1], torch.ones(1, 4, 4))[0, 0, 7] == 1


def test_affinity_is_symmetric():
    model = afa()
    affinity = model.affinity(torch.randn(2, 2, 5, 5))
    assert affinity.shape == (2, 5, 5) and torch.equal(affinity, affinity.transpose(1, 2))
    assert affinity.min() > 0 and affinity.max() < 1


def test_step():
    """The classifier alone, then affinity and segmentation from plain labels, then from spread ones."""
    model, images = afa(warmup=0.2, spread_from=0.6, assignment_scales=(1.0, 0.5)).eval(), torch.randn(2, 3, 32, 32)
    samples = DataSample(gt_label=TAGS)
    with torch.no_grad():
        model.head.classifier.weight.abs_().mul_(10)  # so that no map is 0
    losses = model(images, samples, mode='loss')
    assert losses['loss_cls'] > 0 and losses['loss_seg'] == losses['loss_aff'] == 0
    model.after_optimizer_step(0.2)
    maps, affinity = model.assign(images, TAGS)
    assert maps.shape == (2, 3, 4, 4) and affinity.shape == (2, 16, 16) and not maps[TAGS == 0].any()
    logits = torch.nn.functional.interpolate(model.tensor(images), size=(32, 32), mode='bilinear')
    plain, wide = model.pseudo_labels(images, maps, TAGS), model.pseudo_labels(images, maps, TAGS, affinity)
    assert not torch.equal(plain, wide)
    for progress, labels in ((0.2, plain), (0.6, wide)):
        model.after_optimizer_step(progress)
        losses = model(images, samples, mode='loss')
        expected = 0.1 * balanced_cross_entropy(logits, labels).item()
        assert losses['loss_seg'].item() == pytest.approx(expected, rel=1e-4) and losses['loss_aff'] > 0


def test_largest_scale_gives_the_affinity():
    maps, affinity = afa(assignment_scales=(1.0, 0.5, 1.5)).assign(torch.randn(2, 3, 32, 32), TAGS)
    assert maps.shape == (2, 3, 6, 6) and affinity.shape == (2, 36, 36)


def test_predictions():
    model, images = afa().eval(), torch.randn(2, 3, 32, 32)
    assert model.class_maps(images).shape == (2, 3, 4, 4)
    first, _ = model(images, [DataSample(), DataSample()], mode='predict')
    assert first.pred_mask.shape == (32, 32) and first.pred_scores.shape == (3,)


def test_what_it_refuses():
    with pytest.raises(ValueError, match='AFA: thresholds low=0.8 and high=0.55'):
        afa(low=0.8)
    with pytest.raises(ValueError, match='spread_from=2 must be a share'):
        afa(spread_from=2)
    with pytest.raises(ValueError, match='which ResNet does not return; take a MixTransformer'):
        AFA(dict(type='ResNet', depth=18, base_channels=4, out_indices=(3, 4)), afa().head)


TINY = """
_base_ = 'mmwsl::weaksup/segmentation/afa/afa_mitxs4_1xb32-cos-8e_shapes.py'
model = dict(backbone=dict(embed_dims=(4, 4, 4, 8), depths=(1, 1, 1, 1), num_heads=(1, 1, 1, 2)),
             head=dict(decoder=dict(channels=8)))
train_dataloader = dict(batch_size=4, dataset=dict(num_images=40, size=32))
optim_wrapper = dict(dtype='float32')
train_cfg = dict(max_epochs=2)
auto_scale_lr = dict(base_batch_size=4)
default_hooks = dict(logger=dict(interval=3))
"""


def test_resume(tmp_path):
    """After the warm-up of 6 steps, before maps are spread from step 10 on."""
    check_resume(tmp_path, TINY, changed=['spreading', 'attention_projection.weight', 'head.decoder.scores.weight'],
                 position=9)
