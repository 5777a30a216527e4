"""CoSA: the step against its terms, what each switch changes, the copy, predictions, resume."""

import pytest
import torch
from tiny_runs import check_resume

from mmwsl.models.preprocessors import ViewPreprocessor
from mmwsl.models.weak.segmentation import CoSA, TwoMapHead
from mmwsl.models.weak.segmentation.base import soft_margin_loss
from mmwsl.models.weak.segmentation.one_stage.cosa_terms import (
    balanced_cross_entropy,
    guidance_loss,
    normalize_by_range,
    pseudo_labels,
    sharpened_probabilities,
)
from mmwsl.models.weak.segmentation.one_stage.single_stage import assign
from mmwsl.structures import DataSample

DECODER = dict(type='LargeFOVHead', channels=8, dilations=(2, 2))
RESNET = dict(type='ResNet', depth=18, base_channels=4, strides=(1, 1, 1, 1), out_indices=(3, 4))
VIT = dict(type='VisionTransformer', embed_dims=16, depth=4, num_heads=2, image_size=32, patch_size=8, out_type='map',
           out_indices=(-3, -1))
TAGS = torch.tensor([[1., 0., 1.], [0., 1., 0.]])
PLAIN = dict(warmup=0, guidance_weight=0.0, regularization_weight=0.0, assignment_scales=(1.0,))


def cosa(backbone=RESNET, **settings):
    torch.manual_seed(0)
    model = CoSA(backbone, dict(type='TwoMapHead', num_classes=3, decoder=DECODER),
                 data_preprocessor=ViewPreprocessor([127.] * 3, [64.] * 3), **settings)
    with torch.no_grad():
        for layer in (model.head.classifier, model.head.auxiliary_classifier):
            layer.weight.abs_().mul_(10)  # so that no map is 0
    model.init_weights()
    return model


def views():
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(2, 3, 32, 32, generator=generator) for _ in range(2)]


@pytest.mark.parametrize('backbone', [RESNET, VIT])
def test_step_is_the_sum_of_its_terms(backbone):
    """Pseudo-labels of the weak view and its mirror image, by the copy, for the logits of the strong view."""
    model, (weak, strong) = cosa(backbone, **PLAIN).eval(), views()
    with torch.no_grad():
        for parameter in model.teacher.parameters():
            parameter.add_(0.02)
        losses = model([weak, strong], DataSample(gt_label=TAGS), mode='loss')
        maps, auxiliary_maps, logits = model.head(model.backbone(strong))
        straight, mirrored = model.teacher(weak), model.teacher(weak.flip(3))
        logits, total = torch.nn.functional.interpolate(logits, size=(32, 32), mode='bilinear'), 0
        for name in ('maps', 'auxiliary_maps'):
            pair = getattr(straight, name), getattr(mirrored, name).flip(3)
            labels = normalize_by_range(torch.maximum(*pair).relu(), TAGS)
            labels = torch.nn.functional.interpolate(labels, size=(32, 32), mode='bilinear')
            total += balanced_cross_entropy(logits, pseudo_labels(labels, 0.25, 0.7)).item() / 2
    assert losses['loss_c2s'].item() == pytest.approx(0.1 * total, rel=1e-4)
    assert losses['loss_cls'].item() == pytest.approx(soft_margin_loss(maps.amax((2, 3)), TAGS).item(), rel=1e-5)
    assert losses['loss_aux'].item() == pytest.approx(
        soft_margin_loss(auxiliary_maps.amax((2, 3)), TAGS).item(), rel=1e-5)
    assert {'loss_cls', 'loss_aux', 'loss_c2s'} == {name for name in losses if 'loss' in name}


def test_each_switch_adds_what_it_says():
    samples, batch = DataSample(gt_label=TAGS), views()

    def losses(**settings):
        return cosa(**{**PLAIN, **settings}).eval()(batch, samples, mode='loss')

    plain = losses()
    assert losses(reliability=dict(alpha=0.8))['loss_c2s'] != plain['loss_c2s']
    assert losses(refine=True)['loss_c2s'] != plain['loss_c2s']
    assert losses(assignment_scales=(1.0, 0.5))['loss_c2s'] != plain['loss_c2s']
    assert 'loss_s2c' not in plain and losses(guidance_weight=0.05)['loss_s2c'] > 0
    assert losses(separation_weight=1.0)['loss_separation'] > 0
    assert losses(regularization_weight=1.0)['loss_reg'] > 0
    moved = losses(thresholds=dict(num_components=2, momentum=0.5))
    assert moved['threshold_low'] != 0.25 and plain['threshold_low'] == 0.25


@pytest.mark.parametrize('scores, pool', [('max', lambda maps: maps.amax((2, 3))), ('mean', lambda maps: maps.mean((2, 3)))])
def test_scores_of_tags(scores, pool):
    model, (images, _) = cosa(scores=scores).eval(), views()
    with torch.no_grad():
        maps, auxiliary_maps, _ = model.network(images)
        losses = model([images], DataSample(gt_label=TAGS), mode='loss')
        predicted = model.scores_and_maps(images)[0]
    assert torch.equal(predicted, pool(maps))
    assert losses['loss_cls'].item() == pytest.approx(soft_margin_loss(pool(maps), TAGS).item(), rel=1e-5)
    assert losses['loss_aux'].item() == pytest.approx(soft_margin_loss(pool(auxiliary_maps), TAGS).item(), rel=1e-5)


def test_warm_up_ends_with_its_share():
    model, samples = cosa(**{**PLAIN, 'warmup': 0.5}), DataSample(gt_label=TAGS)
    assert model(views(), samples, mode='loss')['loss_c2s'] == 0
    model.after_optimizer_step(0.4)
    assert model(views(), samples, mode='loss')['loss_c2s'] == 0
    model.after_optimizer_step(0.5)
    assert model(views(), samples, mode='loss')['loss_c2s'] > 0
    other = cosa(**{**PLAIN, 'warmup': 0.5})
    other.load_state_dict(model.state_dict())
    assert other(views(), samples, mode='loss')['loss_c2s'] > 0


def test_the_copy_is_the_average():
    """It starts equal, and after n steps is the sum that the formula says."""
    model = cosa(**PLAIN, momentum=0.9)
    weight, copy = model.head.classifier.weight, model.teacher.chain[1].classifier.weight
    assert torch.equal(weight, copy)
    first = weight.detach().clone()
    for step in range(1, 4):
        with torch.no_grad():
            weight.copy_(first + step)
        model.after_optimizer_step(0.5)
    assert torch.allclose(copy - first, torch.full_like(copy, 0.1 * (3 + 0.9 * 2 + 0.81 * 1)), atol=1e-5)


def test_guidance_is_by_the_copys_segmentation():
    model, (weak, strong) = cosa(**{**PLAIN, 'guidance_weight': 0.05}).eval(), views()
    with torch.no_grad():
        for parameter in model.teacher.parameters():
            parameter.add_(0.02)
    logits = assign(model.teacher, weak, TAGS, (1.0,)).logits
    expected = guidance_loss(model.network(strong).maps, sharpened_probabilities(logits, TAGS)).item()
    loss = model([weak, strong], DataSample(gt_label=TAGS), mode='loss')['loss_s2c']
    assert loss.item() == pytest.approx(0.05 * expected, rel=1e-4)


def test_what_guides_in_the_place_of_the_segmentation():
    """The true masks; at random a tag's class or the background; or nothing, as with a weight of 0."""
    model, (weak, strong) = cosa(**PLAIN | dict(guidance_weight=0.5), guidance='truth').eval(), views()
    masks = torch.randint(4, (2, 32, 32), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    truth = torch.stack([masks == number for number in range(4)], dim=1).float()
    expected = guidance_loss(model.network(strong).maps, truth).item()
    for samples in (DataSample(gt_label=TAGS, gt_mask=masks),
                    [DataSample(gt_label=tags, gt_mask=mask) for tags, mask in zip(TAGS, masks, strict=True)]):
        assert model([weak, strong], samples, mode='loss')['loss_s2c'].item() == pytest.approx(0.5 * expected, rel=1e-4)
    with pytest.raises(ValueError, match="supervision='full'"):
        model([weak, strong], DataSample(gt_label=TAGS), mode='loss')
    noisy = cosa(**PLAIN | dict(guidance_weight=0.5), guidance='noise')
    drawn = noisy.guide(torch.zeros(2, 4, 50, 50), TAGS, None)
    assert torch.allclose(drawn.sum(1), torch.ones(2, 50, 50)) and not drawn[:, 1:][TAGS == 0].any()
    shares = drawn.mean((2, 3))
    assert torch.allclose(shares, torch.tensor([[1, 1, 0, 1], [1.5, 0, 1.5, 0]]) / 3, atol=0.05)
    assert 'loss_s2c' not in cosa(**PLAIN | dict(guidance_weight=0.5), guidance=None)(
        [weak, strong], DataSample(gt_label=TAGS), mode='loss')
    with pytest.raises(ValueError, match="guidance='none' is unknown"):
        cosa(guidance='none')


def test_labels_leave_running_statistics_alone():
    """In training the network's norms know the strong view alone, whoever labels."""
    for swap in (True, False):
        model, (weak, strong) = cosa(**PLAIN, swap=swap).train(), views()
        other = cosa(**PLAIN, swap=swap).train()
        other.network(strong)
        model([weak, strong], DataSample(gt_label=TAGS), mode='loss')
        for name in ('running_mean', 'running_var'):
            assert torch.equal(getattr(model.backbone.bn1, name), getattr(other.backbone.bn1, name))


def test_who_labels():
    """With another copy the labels are others, without the swap the same."""
    for swap in (True, False):
        model, samples = cosa(**PLAIN, swap=swap).eval(), DataSample(gt_label=TAGS)
        before = model(views(), samples, mode='loss')['loss_c2s']
        with torch.no_grad():
            for parameter in model.teacher.parameters():
                parameter.add_(0.1)
        assert (before == model(views(), samples, mode='loss')['loss_c2s']) == (not swap)


def test_what_is_assigned():
    """Maps in [0, 1] of the tags alone, of the size of the first scale; a mirrored image gets mirrored ones."""
    model, images = cosa(**PLAIN).eval(), views()[0]
    found = assign(model.network, images, TAGS, (1.0, 0.5))
    assert found.maps.shape == found.auxiliary_maps.shape == (2, 3, 8, 8) and found.logits.shape == (2, 4, 8, 8)
    for each in found[:2]:
        assert not each[TAGS == 0].any() and each.min() == 0 and 0.99 < each.max() <= 1
    mirrored = assign(model.network, images.flip(3), TAGS, (1.0, 0.5))
    for first, second in zip(found, mirrored, strict=True):
        assert torch.allclose(first.flip(3), second, atol=1e-4)


def test_maps_and_predictions():
    model, images = cosa(**PLAIN, flip=True, true_tags=True).eval(), views()[0]
    maps = model.class_maps(images)
    assert maps.shape[:2] == (2, 3) and maps.dtype == torch.float32 and maps.min() >= 0
    samples = [DataSample(gt_label=tags) for tags in TAGS]
    samples[1].set_metainfo(dict(ori_shape=(40, 50)))
    first, second = model(images, samples, mode='predict')
    assert first.pred_mask.shape == (32, 32) and second.pred_mask.shape == (40, 50)
    assert first.given == ('tags', 'flip') and set(first.pred_mask.unique().tolist()) <= {0, 1, 3}
    assert first.pred_scores.shape == (3,) and first.pred_maps.shape[1:] == (32, 32)


def test_what_it_refuses():
    with pytest.raises(ValueError, match='warmup=2 must be a share'):
        cosa(warmup=2)
    with pytest.raises(ValueError, match='CoSA: scales='):
        cosa(scales=())
    with pytest.raises(ValueError, match="CoSA: scores='top' is unknown; choose 'max' or 'mean'"):
        cosa(scores='top')
    with pytest.raises(ValueError, match='set out_indices of the backbone to two'):
        TwoMapHead([8], 3, DECODER)
    with pytest.raises(ValueError, match='make 3 views'):
        cosa()(views() + views()[:1], DataSample(gt_label=TAGS), mode='loss')


TINY = """
_base_ = 'mmwsl::weaksup/segmentation/cosa/cosa_r18w16_1xb16-cos-1e_shapes.py'
model = dict(warmup=0.3, backbone=dict(base_channels=4), head=dict(decoder=dict(channels=8)), thresholds=dict(length=3))
train_dataloader = dict(batch_size=4, dataset=dict(num_images=40, size=32))
optim_wrapper = dict(dtype='float32')
train_cfg = dict(max_epochs=2)
auto_scale_lr = dict(base_batch_size=4)
default_hooks = dict(logger=dict(interval=3))
"""


def test_resume(tmp_path):
    """Averaged copy, thresholds, and the counts that they are read from, after the warm-up of 6 steps."""
    check_resume(tmp_path, TINY, changed=['thresholds.values', 'thresholds.histograms',
                                          'teacher.chain.1.decoder.scores.weight'], position=9)
