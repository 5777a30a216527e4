"""Maps against their definitions, weak heads against cases worked by hand, and a localiser from the user's side."""

import pytest
import torch
import torch.nn as nn
import torch.nn.functional as F

from mmwsl.augment.cutmix import CutMix
from mmwsl.models.layers.layout import layout_of
from mmwsl.models.weak import (
    ADL,
    ACoLHead,
    CAMHead,
    ErasingLocalizer,
    HideFeatures,
    Localizer,
    LocalizerEnsemble,
    class_activation_maps,
    grad_cam,
    input_gradient,
    normalize_maps,
    resize_maps,
    saliency,
    smooth_gradient,
)
from mmwsl.models.weak.localization.acol import erase
from mmwsl.models.weak.localization.spg import SPGHead, guided_loss, seeds
from mmwsl.registry import MODELS, WEAK_HEADS
from mmwsl.structures import DataSample, stack_samples

BACKBONE = dict(type='ResNet', depth=18, base_channels=8, stem='cifar', strides=(2, 2, 1, 1), out_indices=(3,))


def localizer(head=None, **settings):
    torch.manual_seed(0)
    return Localizer(BACKBONE, head or dict(type='CAMHead', num_classes=7), **settings)


def test_cam_is_what_the_paper_says():
    torch.manual_seed(0)
    features, head = torch.rand(2, 5, 3, 4), CAMHead(5, 6)
    maps = head.class_maps((features,))
    expected = torch.zeros(2, 6, 3, 4)
    for k in range(5):
        for c in range(6):
            expected[:, c] += head.classifier.weight[c, k] * features[:, k]
    assert torch.allclose(maps, expected, atol=1e-6)
    assert torch.allclose(maps.mean((2, 3)) + head.classifier.bias, head((features,)), atol=1e-6)
    before = F.conv2d(features, head.classifier.weight[:, :, None, None])  # a 1 x 1 convolution before the pooling
    assert torch.allclose(maps, before, atol=1e-6)


def test_grad_cam_of_a_pooling_classifier_is_the_rectified_cam():
    torch.manual_seed(1)
    features, head = torch.randn(3, 5, 4, 6, requires_grad=True), CAMHead(5, 6)
    labels = torch.tensor([1, 5, 0])
    shown = grad_cam(head((features,))[torch.arange(3), labels], features)
    cam = class_activation_maps(features, head.classifier.weight)[torch.arange(3), labels]
    assert torch.allclose(shown, cam.relu() / 24, atol=1e-6)
    assert (shown == 0).any() and (shown > 0).any()


def test_gradients_of_a_linear_score():
    torch.manual_seed(2)
    weight, images = torch.randn(3, 4, 5), torch.randn(2, 3, 4, 5)

    def score_of(x):
        return (x * weight).sum((1, 2, 3))

    assert torch.allclose(input_gradient(score_of, images), weight.expand(2, -1, -1, -1))
    assert torch.allclose(saliency(score_of, images)[1], weight.abs().amax(0))
    assert torch.allclose(smooth_gradient(score_of, images, samples=3)[0], weight, atol=1e-6)
    assert torch.allclose(smooth_gradient(score_of, images, samples=3, squared=True)[0], weight.square(), atol=1e-5)


def test_smooth_gradient_averages_over_noise():
    """Of x^3 the mean gradient at x + noise is 3 (x^2 + variance); the noise is a share of the range of values."""
    images = torch.tensor([[[[0.0, 2.0]]], [[[1.0, 1.0]]]])
    generator = torch.Generator().manual_seed(0)
    mean = smooth_gradient(lambda x: (x ** 3).sum((1, 2, 3)), images, samples=4000, noise=0.15, generator=generator)
    assert mean[0, 0, 0].tolist() == pytest.approx([3 * 0.09, 3 * 4.09], rel=0.1)
    assert mean[1, 0, 0].tolist() == pytest.approx([3, 3])  # a constant image gets no noise


def test_maps_are_normalised_one_by_one():
    maps = normalize_maps(torch.tensor([[[[1., 3.], [2., 5.]], [[4., 4.], [4., 4.]]]]))
    assert maps.tolist() == [[[[0, 0.5], [0.25, 1]], [[0, 0], [0, 0]]]]


def test_max_pooling_by_hand():
    head = CAMHead([3, 2], 2, pooling='max')
    features = torch.tensor([[[[1., 4.]], [[-3., -2.]]]])
    expected = head.classifier.weight @ torch.tensor([4., -2.]) + head.classifier.bias
    assert torch.allclose(head((torch.zeros(1, 3, 9, 9), features))[0], expected)
    with pytest.raises(ValueError, match="pooling='sum' is unknown"):
        CAMHead(3, 2, pooling='sum')


def test_several_convolutions_and_a_1x1_before_the_pooling():
    """InceptionV3's classifier: two 3 x 3 convolutions and a 1 x 1, averaged, is the head with its linear layer."""
    torch.manual_seed(0)
    head, x = CAMHead([9, 4], 3, channels=(6, 5), dropout=0.5), torch.randn(2, 4, 7, 7)
    convolutions = [layer for layer in head.conv if isinstance(layer, nn.Conv2d)]
    assert [(each.in_channels, each.out_channels) for each in convolutions] == [(4, 6), (6, 5)]
    expected = x
    for each in convolutions:
        expected = F.relu(F.conv2d(expected, each.weight, each.bias, padding=1))
    weight, bias = head.classifier.weight[:, :, None, None], head.classifier.bias
    shown = F.conv2d(expected, weight, bias)
    head.eval()
    assert torch.allclose(head((x,)), shown.mean((2, 3)), atol=1e-6)
    assert torch.allclose(normalize_maps(head.class_maps((x,))), normalize_maps(shown), atol=1e-5)
    features = head.train().features((torch.ones(2, 4, 64, 64),))  # the last dropout leaves half of what is there
    whole = head.eval().features((torch.ones(2, 4, 64, 64),))
    alive = whole.mean((0, 2, 3)) > 0
    assert (features[:, alive] == 0).float().mean() > 0.4 and alive.any()
    with pytest.raises(ValueError, match='dropout=1.0 must be'):
        CAMHead(3, 2, dropout=1.0)


def test_spg_reads_its_sides_from_where_it_is_told():
    """With two maps, as the paper's InceptionV3 has, B1 reads the first, and B2 the one that is classified."""
    torch.manual_seed(0)
    head = SPGHead([4, 6], 3, channels=5, side_layers=(-2, -1), classifier=dict(channels=(8, 7)), min_pixels=1)
    assert [side[0].in_channels for side in head.sides] == [4, 6] and head.top[0][0].in_channels == 7
    maps = (torch.randn(2, 4, 6, 6), torch.randn(2, 6, 6, 6))
    losses = head.loss(maps, torch.tensor([0, 2]))
    sum(value for name, value in losses.items() if name.startswith('loss')).backward()
    assert all(side[0].weight.grad.abs().sum() > 0 for side in head.sides)
    with pytest.raises(ValueError, match='needs two maps'):
        SPGHead([6], 3, side_layers=(-2, -1))
    with pytest.warns(DeprecationWarning, match='is now called'):  # the names of before, for one release
        old = WEAK_HEADS.build(dict(type='SPGHead', in_channels=[4, 6, 8], num_classes=3, sides=(-3, -1), least=7))
    assert (old.side_layers, old.min_pixels) == ((-3, -1), 7)


def test_adl_by_hand():
    features = torch.tensor([[[[2., 1.]], [[0., 9.]]], [[[-1., 3.]], [[1., 2.]]]])  # attention (1, 5) and (0, 2.5)
    always, never = ADL(drop_rate=1.0, threshold=0.8), ADL(drop_rate=0.0)
    assert always(features).tolist() == [[[[2, 0]], [[0, 0]]], [[[-1, 0]], [[1, 0]]]]
    importance = torch.tensor([[[[1., 5.]]], [[[0., 2.5]]]]).sigmoid()
    assert torch.allclose(never(features), features * importance)
    assert always.eval()(features) is features and never.eval()(features) is features
    torch.manual_seed(0)
    often = ADL(drop_rate=0.75)
    assert sum((often(features)[0, 0, 0, 1] == 0).item() for _ in range(2000)) / 2000 == pytest.approx(0.75, abs=0.04)


def test_adl_draws_once_a_batch():
    torch.manual_seed(0)
    features = torch.rand(6, 3, 4, 4) + 0.1
    for _ in range(8):
        hidden = (ADL(0.5)(features) == 0).flatten(1).any(1)
        assert hidden.all() or not hidden.any()


def test_acol_by_hand():
    features = torch.ones(2, 3, 1, 3)
    attention = torch.tensor([[[0.0, 0.7, 1.0]], [[0.0, 0.0, 0.0]]])  # a constant map was normalised to 0
    kept = erase(features, attention, 0.7)
    assert kept[:, 1, 0].tolist() == [[1, 0, 0], [1, 1, 1]]


def test_acol_erases_for_the_second_what_the_first_sees_of_the_label():
    torch.manual_seed(0)
    head, x, labels = ACoLHead(4, 3, channels=8, threshold=0.6), torch.rand(2, 4, 6, 6), torch.tensor([2, 0])
    first, second = head.branches((x,), labels)
    erased = x.clone()
    for row, label in enumerate(labels.tolist()):
        shown = first[row, label]
        shown = (shown - shown.min()) / (shown.max() - shown.min())
        erased[row, :, shown >= 0.6] = 0
    assert torch.allclose(second, head.second(erased), atol=1e-6) and (erased == 0).any()
    losses = head.loss((x,), labels)
    assert losses['loss_first'].item() == pytest.approx(F.cross_entropy(first.mean((2, 3)), labels).item(), rel=1e-5)
    assert losses['loss_second'].item() == pytest.approx(F.cross_entropy(second.mean((2, 3)), labels).item(), rel=1e-5)
    losses['loss_second'].backward()
    assert all(layer.weight.grad is None for layer in head.first if isinstance(layer, nn.Conv2d))  # detached
    both = head.class_maps((x,), labels)
    assert torch.equal(both, torch.maximum(normalize_maps(first), normalize_maps(second)))


@pytest.mark.parametrize('alpha', [0.3, 1.0])
def test_cutmix_counts_what_it_pasted(alpha):
    torch.manual_seed(0)
    images = torch.arange(5.).view(5, 1, 1, 1).expand(5, 3, 9, 12).contiguous()
    shares = []
    for _ in range(200):
        mixed, order, share = CutMix(alpha)(images)
        for row in range(5):
            foreign = (mixed[row, 0] != row)
            assert not foreign.any() or set(mixed[row, 0][foreign].tolist()) == {float(order[row])}
            if order[row] != row:
                assert share.item() == pytest.approx(1 - foreign.float().mean().item())
                ys, xs = foreign.any(1).nonzero()[:, 0], foreign.any(0).nonzero()[:, 0]
                assert foreign.sum() == len(ys) * len(xs)  # a rectangle
        shares.append(share.item())
    # a box of area A keeps, around a uniform centre, (1 - s / 4)^2 of it within the image, s its side; for alpha = 1 the
    # mean of s^2 (1 - s / 4)^2 over A = s^2 uniform is 1/2 - 1/5 + 1/48
    if alpha == 1.0:
        assert sum(shares) / 200 == pytest.approx(1 - (1 / 2 - 1 / 5 + 1 / 48), abs=0.05)
    with pytest.raises(ValueError, match='alpha=0'):
        CutMix(0)


def test_mixed_labels_by_hand():
    torch.manual_seed(0)
    head, maps = CAMHead(4, 3), (torch.rand(2, 4, 2, 2),)
    labels, others, share = torch.tensor([0, 1]), torch.tensor([1, 0]), torch.tensor(0.3)
    scores = head(maps).log_softmax(1)
    expected = -(0.3 * (scores[0, 0] + scores[1, 1]) + 0.7 * (scores[0, 1] + scores[1, 0])) / 2
    assert head.loss(maps, labels, others, share)['loss'].item() == pytest.approx(expected.item(), rel=1e-5)


def test_predictions_have_maps_of_the_best_classes_and_the_true_one():
    model = localizer(topk=3).eval()
    images = torch.randn(2, 3, 32, 40)
    sample = DataSample(gt_label=torch.tensor([6, 0]))
    found = stack_samples(model(images, sample, mode='predict'))
    assert found.pred_maps.shape == (2, 4, 32, 40) and found.pred_map_labels[:, -1].tolist() == [6, 0]
    assert torch.equal(found.pred_map_labels[:, :3], found.pred_scores.topk(3).indices)
    assert found.pred_maps.amin((2, 3)).eq(0).all() and found.pred_maps.amax((2, 3)).eq(1).all()
    cam = model.head.class_maps(model.backbone(images))[1, 0][None, None]
    resized = F.interpolate(cam, size=(32, 40), mode='bicubic', align_corners=False)
    assert torch.allclose(found.pred_maps[1, -1], normalize_maps(resized)[0, 0], atol=1e-5)
    unknown = model(images, DataSample(), mode='predict')
    assert [each.pred_maps.shape for each in unknown] == [(3, 32, 40)] * 2


def test_averages_over_the_mirror_image_are_its_own_mirror():
    model = localizer(scales=(0.5, 1.0), flip=True).eval()
    images, sample = torch.randn(1, 3, 32, 32), DataSample(gt_label=torch.tensor([4]))
    straight = model(images, sample.clone(), mode='predict')[0].pred_maps
    mirrored = model(images.flip(3), sample.clone(), mode='predict')[0].pred_maps
    assert torch.allclose(mirrored[-1].flip(1), straight[-1], atol=1e-4)


def test_adl_stands_behind_the_named_parts():
    model = localizer(after={'layer2.0': dict(type='ADL', drop_rate=1.0), 'layer3': dict(type='ADL', drop_rate=1.0)})
    images = torch.randn(2, 3, 32, 32)
    model.eval()
    assert torch.equal(model.backbone(images)[0], localizer().eval().backbone(images)[0])
    model.train()
    assert (model.backbone(images)[0].flatten(2) == 0).all(1).any()
    assert not [name for name, _ in model.named_parameters() if name.startswith('after_')]
    with pytest.raises(ValueError, match="after='layer9' is no part of ResNet; it has conv1"):
        localizer(after={'layer9': dict(type='ADL')})


@pytest.mark.parametrize('head', [dict(type='CAMHead', num_classes=7, channels=16), dict(type='ACoLHead', num_classes=7,
                                                                                        channels=16)])
def test_every_part_gets_a_gradient(head):
    model = localizer(head)
    losses = model([torch.randn(4, 3, 32, 32)], DataSample(gt_label=torch.tensor([0, 3, 6, 1])), mode='loss')
    sum(value for name, value in losses.items() if 'loss' in name).backward()
    assert all(parameter.grad is not None for parameter in model.head.parameters())


def test_acol_averages_the_features_before_both_classifiers():
    """3 x 3 with stride 1, zeros around the map, as in both references; left out by default."""
    torch.manual_seed(0)
    plain, averaging = ACoLHead(4, 3, channels=8), ACoLHead(4, 3, channels=8, average=True)
    averaging.load_state_dict(plain.state_dict())
    x, labels = torch.rand(2, 4, 6, 5), torch.tensor([2, 0])
    kernel = torch.full((4, 1, 3, 3), 1 / 9)
    mean = F.conv2d(x, kernel, padding=1, groups=4)
    assert torch.allclose(averaging((x,)), plain((mean,)), atol=1e-6)
    assert torch.allclose(averaging.class_maps((x,), labels), plain.class_maps((mean,), labels), atol=1e-5)
    assert averaging.loss((x,), labels)['loss_second'].item() == pytest.approx(
        plain.loss((mean,), labels)['loss_second'].item(), rel=1e-5)
    assert not torch.allclose(averaging.class_maps((x,), labels), plain.class_maps((x,), labels), atol=0.01)


def test_spg_chooses_seeds_on_maps_of_224():
    """As both references: every map is enlarged first, so that 30 of 50,176 positions make an object."""
    torch.manual_seed(0)
    head, labels = SPGHead([4, 6, 8], 3, channels=5), torch.tensor([2, 0])
    maps = [torch.rand(2, 4, 8, 8), torch.rand(2, 6, 4, 4), torch.rand(2, 8, 4, 4)]
    losses, rows = head.loss(maps, labels), torch.arange(2)

    def enlarged(values):
        return F.interpolate(values[:, None], size=(224, 224), mode='bilinear', align_corners=False)[:, 0]

    attention = normalize_maps(enlarged(head.class_maps(maps)[rows, labels]))
    first, second = (enlarged(head.shared(side(x))[:, 0]) for side, x in zip(head.sides, maps, strict=False))
    top = enlarged(head.top(head.classifier.features(maps))[:, 0])
    both = (first.sigmoid() + second.sigmoid()) / 2
    guides = dict(loss_b2=(second, attention, 0.7, 0.01), loss_b1=(first, second.sigmoid(), 0.5, 0.05),
                  loss_c=(top, both, 0.7, 0.1))
    for name, (logits, guide, high, low) in guides.items():
        few = (guide > high).sum((1, 2), keepdim=True) < 30
        objects = guide > torch.where(few, 0.7 * guide.amax((1, 2), keepdim=True), torch.tensor(high))
        known, target = objects | (guide < low), (objects & (guide >= low)).float()
        expected = F.binary_cross_entropy_with_logits(logits[known], target[known])
        assert losses[name].item() == pytest.approx(expected.item(), rel=1e-5), name
    small = SPGHead([4, 6, 8], 3, channels=5, size=None)
    small.load_state_dict(head.state_dict())
    assert small.loss(maps, labels)['loss_b2'].item() != pytest.approx(losses['loss_b2'].item(), rel=1e-3)


def test_seeds_of_a_map_that_is_low_everywhere_are_background():
    assert seeds(torch.tensor([[[0.001, 0.004]]]), 0.5, 0.05).tolist() == [[[0, 0]]]


@pytest.mark.parametrize('head', ['CAMHead', 'ACoLHead', 'SPGHead', 'ClassificationHead', 'MultiLayerHead'])
def test_one_class_leaves_nothing_to_learn(head):
    """The softmax of one score is 1 whatever the network sees: accuracy 100 with a loss of 0."""
    with pytest.raises(ValueError, match=f'{head}: num_classes=1 leaves nothing to tell apart'):
        MODELS.build(dict(type=head, in_channels=[4, 4, 4], num_classes=1))


def test_cutmix_is_of_the_whole_batch():
    model = localizer(cutmix=dict(alpha=1.0))
    seen = []
    model.backbone.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0].clone()))
    images = torch.arange(4.).view(4, 1, 1, 1).expand(4, 3, 32, 32).contiguous()
    for _ in range(5):
        model([images], DataSample(gt_label=torch.tensor([0, 1, 2, 3])), mode='loss')['loss'].backward()
    mixed = [len(image.unique()) == 2 for each in seen for image in each]
    assert any(mixed) and not torch.equal(seen[0], seen[1])
    with pytest.raises(ValueError, match='cutmix mixes labels, which ACoLHead does not take'):
        localizer(dict(type='ACoLHead', num_classes=7), cutmix=dict(alpha=1.0))
    with pytest.raises(ValueError, match="Localizer needs labels: set supervision='image'"):
        model([images], DataSample(), mode='loss')


def test_seeds_by_hand():
    attention = torch.tensor([[[0.0, 0.005, 0.3, 0.8, 0.9]], [[0.0, 0.2, 0.3, 0.4, 0.5]]])
    masks = seeds(attention, 0.7, 0.01, min_pixels=1)
    assert masks[0, 0].tolist() == [0, 0, 255, 1, 1]
    assert masks[1, 0].tolist() == [0, 255, 255, 1, 1]  # nothing above 0.7: what is above 0.7 x 0.5
    assert seeds(attention, 0.7, 0.01, min_pixels=3)[0, 0].tolist() == [0, 0, 255, 1, 1]  # above 0.63


def test_guided_loss_by_hand():
    logits = torch.tensor([[[2.0, -1.0, 5.0, 0.5]]], requires_grad=True)
    attention = torch.tensor([[[0.0, 1.0, 0.5, 0.9]]], requires_grad=True)
    loss = guided_loss(logits, attention, 0.7, 0.1, min_pixels=1)
    expected = F.softplus(torch.tensor([2.0, 1.0, -0.5])).sum() / 3  # not object; object; unknown; object
    assert loss.item() == pytest.approx(expected.item(), rel=1e-6)
    loss.backward()
    assert attention.grad is None and logits.grad[0, 0, 2] == 0
    unknown = guided_loss(logits, torch.full((1, 1, 4), 0.5), 0.7, 0.1, min_pixels=0)
    assert unknown.item() == 0


def test_spg_guides_upwards():
    """B2 is taught by the attention, B1 by B2, C by both; and no mask teaches its teacher."""
    torch.manual_seed(0)
    head = SPGHead([4, 6, 8], 3, channels=5, min_pixels=1, size=None)
    maps, labels = [torch.rand(2, 4, 8, 8), torch.rand(2, 6, 4, 4), torch.rand(2, 8, 4, 4)], torch.tensor([2, 0])
    losses = head.loss(maps, labels)
    rows = torch.arange(2)
    attention = normalize_maps(head.class_maps(maps)[rows, labels])
    first, second = (head.shared(side(x))[:, 0] for side, x in zip(head.sides, maps, strict=False))
    assert losses['loss_b2'].item() == pytest.approx(guided_loss(second, attention, 0.7, 0.01, 1).item(), rel=1e-5)
    assert losses['loss_b1'].item() == pytest.approx(guided_loss(first, second.sigmoid(), 0.5, 0.05, 1).item(), rel=1e-5)
    losses['loss_b2'].backward(retain_graph=True)
    assert head.classifier.classifier.weight.grad is None and head.sides[0][0].weight.grad is None
    assert head.sides[1][0].weight.grad.abs().sum() > 0
    with pytest.raises(ValueError, match='needs three maps'):
        SPGHead([8], 3)


# -- maps of any classifier, several of them, and hiding elsewhere than in the image

VIT = dict(type='VisionTransformer', arch='tiny', embed_dims=16, depth=2, num_heads=2, image_size=32, patch_size=8)


def shown_by(model, images, **truth):
    return stack_samples(model.eval()(images, DataSample(**truth), mode='predict'))


@pytest.mark.parametrize('maps', ['cam', 'grad_cam', 'saliency', 'smooth_gradient'])
def test_maps_of_a_plain_classifier(maps):
    """One linear layer on the mean: Grad-CAM and CAM agree up to rectifying; all are of the size of the image."""
    torch.manual_seed(3)
    model = Localizer(BACKBONE, dict(type='ClassificationHead', num_classes=7), maps=maps, topk=2)
    images, labels = torch.randn(3, 3, 24, 32), torch.tensor([4, 0, 6])
    sample = shown_by(model, images, gt_label=labels)
    assert sample.pred_maps.shape == (3, 3, 24, 32) and sample.pred_map_labels[:, -1].tolist() == [4, 0, 6]
    assert sample.pred_maps.amin() == 0 and sample.pred_maps.amax() == 1
    assert not torch.equal(sample.pred_maps[:, 0], sample.pred_maps[:, 2])  # another class, another map
    if maps == 'grad_cam':
        features = model.backbone(images)[-1]
        cam = class_activation_maps(features, model.head.classifier.weight)[torch.arange(3), labels].relu()
        expected = F.interpolate(cam[:, None], size=(24, 32), mode='bicubic', align_corners=False)[:, 0]
        assert torch.allclose(sample.pred_maps[:, 2], normalize_maps(expected), atol=1e-5)
    if maps == 'smooth_gradient':
        assert torch.equal(sample.pred_maps, shown_by(model, images, gt_label=labels).pred_maps)
    assert all(parameter.grad is None for parameter in model.parameters())


def test_grad_cam_of_a_vision_transformer():
    """By hand: tokens after a block's norm, the class token left out, in rows of the grid."""
    torch.manual_seed(4)
    model = Localizer(VIT, dict(type='ClassificationHead', num_classes=5, init_std=1), maps='grad_cam',
                      layer='blocks.1.norm1', frozen=True).eval()
    images, labels, kept = torch.randn(2, 3, 32, 40), torch.tensor([3, 1]), []
    with model.backbone.blocks[1].norm1.register_forward_hook(lambda *call: kept.append(call[2])):
        scores = model.head(model.backbone(images.requires_grad_()))
    gradient, = torch.autograd.grad(scores[0, 3] + scores[1, 1], kept[0])
    expected = torch.zeros(2, 1, 4, 5)
    for image in range(2):
        for place in range(20):
            value = (gradient[image, 1:].mean(0) * kept[0][image, 1 + place]).sum().clamp(min=0)
            expected[image, 0, place // 5, place % 5] = value
    sample = shown_by(model, images.detach(), gt_label=labels)
    assert torch.allclose(sample.pred_maps[:, -1:], normalize_maps(resize_maps(expected, (32, 40))), atol=1e-4)
    assert len(model.backbone.blocks[1].norm1._forward_hooks) == 0  # taken away again


@pytest.mark.parametrize('layer', ['blocks.1', 'blocks.1.mlp', 'norm', 'blocks.1.attn'])
def test_behind_the_last_attention_of_a_class_token_there_is_no_grad_cam(layer):
    """The patches' gradient is 0 there and the map would be, too; those that are averaged have one everywhere."""
    head, images = dict(type='ClassificationHead', num_classes=5, init_std=1), torch.randn(1, 3, 32, 32)
    torch.manual_seed(4)
    with pytest.raises(ValueError, match=f"no Grad-CAM of layer='{layer}'.*read a class token.*'blocks.1.norm1'") as error:
        shown_by(Localizer(VIT, head, maps='grad_cam', layer=layer), images)
    assert f"or '{layer}'" not in str(error.value)
    averaged = Localizer(dict(VIT, out_type='average'), head, maps='grad_cam', layer=layer)
    assert shown_by(averaged, images).pred_maps.shape == (1, 5, 32, 32)


SWIN = dict(type='SwinTransformer', embed_dims=8, depths=(2, 2), num_heads=(2, 2), window_size=4, patch_size=4)


class ChannelsLast(nn.Module):
    """A network of others, which declares nothing: its blocks see (B, h, w, K)."""

    out_channels = [6]

    def __init__(self):
        super().__init__()
        self.stem, self.block = nn.Conv2d(3, 6, 4, 4), nn.Linear(6, 6)

    def forward(self, images):
        return self.block(self.stem(images).permute(0, 2, 3, 1)).relu().permute(0, 3, 1, 2),


@pytest.mark.parametrize('backbone, layer, turned', [
    (SWIN, 'layers.1.blocks.1', True), (SWIN, 'layers.0.blocks.0.norm2', True), (SWIN, 'layers.0', True),
    (SWIN, 'patch_embed.proj', False), (VIT, 'patch_embed', True), (VIT, 'patch_embed.proj', False),
    (ChannelsLast, 'block', True), (ChannelsLast, 'stem', False)])
def test_grad_cam_of_channels_last(backbone, layer, turned):
    """By hand; as if the first axis were the channels, it would be stripes."""
    torch.manual_seed(4)
    model = Localizer(backbone() if isinstance(backbone, type) else backbone, dict(
        type='ClassificationHead', num_classes=5, init_std=1), maps='grad_cam', layer=layer).eval()
    images, labels, kept = torch.randn(2, 3, 32, 48), torch.tensor([3, 1]), []
    with dict(model.backbone.named_modules())[layer].register_forward_hook(lambda *call: kept.append(call[2])):
        scores = model.head(model.backbone(images.requires_grad_()))
    gradient, = torch.autograd.grad(scores[0, 3] + scores[1, 1], kept[0])
    channels, places = (3, (1, 2)) if turned else (1, (2, 3))
    expected = (gradient.mean(places, keepdim=True) * kept[0]).sum(channels).clamp(min=0)
    assert expected.shape[2] * 2 == expected.shape[1] * 3 and expected.max() > 0
    sample = shown_by(model, images.detach(), gt_label=labels)
    assert torch.allclose(sample.pred_maps[:, -1:], normalize_maps(resize_maps(expected[:, None], (32, 48))), atol=1e-4)


@pytest.mark.parametrize('layer, shape, expected', [
    ('stages.2', (2, 160, 8, 12), 'channels_first'), ('stages.2.mlp', (2, 8, 12, 160), 'channels_last'),
    ('stages.2.mlp', (2, 12, 12, 12), 'channels_first'), ('blocks.1', (2, 97, 16), 'tokens'),
    ('blocks.1.attn.q_norm', (2, 3, 97, 64), 'windows'), ('blocks.1.attn.attn_drop', (2, 3, 97, 97), 'windows'),
    ('heads', (2, 3, 197, 64), 'windows'), (None, (2, 3, 197, 64), 'channels_first')])
def test_layouts_that_no_backbone_declares(layer, shape, expected):
    assert layout_of(nn.Identity(), layer, torch.zeros(shape), (128, 192)) == expected


def test_windows_are_refused_with_the_layers_that_work():
    model = Localizer(SWIN, dict(type='ClassificationHead', num_classes=5), maps='grad_cam', layer='layers.1.blocks.0.attn')
    with pytest.raises(ValueError, match=r"no Grad-CAM of layer='layers.1.blocks.0.attn'.*windows.*'layers.1'"):
        shown_by(model, torch.randn(1, 3, 32, 32))
    assert not any(part._forward_hooks for part in model.backbone.modules())


def test_maps_that_cannot_be_made():
    with pytest.raises(ValueError, match="maps='camera' is unknown; choose one of cam, grad_cam"):
        localizer(maps='camera')
    with pytest.raises(ValueError, match=r"layer='layer9' is no part of ResNet; it has .*layer3"):
        localizer(maps='grad_cam', layer='layer9')
    head = dict(type='ClassificationHead', num_classes=5)
    for maps, message in (('cam', "returns no map.*maps='grad_cam'"),
                          ('grad_cam', "no Grad-CAM of layer=None of Vision.*have one: .*'blocks.0'.*'blocks.1.norm1'")):
        with pytest.raises(ValueError, match=message):
            shown_by(Localizer(VIT, head, maps=maps), torch.randn(1, 3, 32, 32))
    with pytest.raises(ValueError, match='MultiLayerHead has a classifier for every layer'):
        Localizer(dict(BACKBONE, out_indices=(2, 3)), dict(type='MultiLayerHead', num_classes=5, layers=(0, 1)))
    normed = dict(head, norm_cfg=dict(type='GN', num_groups=4))  # what it does depends on the features
    with pytest.raises(ValueError, match="there is no CAM of it; use maps='grad_cam'"):
        Localizer(BACKBONE, normed)
    assert shown_by(Localizer(BACKBONE, normed, maps='grad_cam'), torch.randn(1, 3, 24, 24)).pred_maps.shape[1] == 5


@pytest.mark.parametrize('kind', ['ClassificationHead', 'MultiLabelHead'])
def test_cam_of_a_head_with_batch_norm(kind):
    """Scores differ between images by what the means of the maps differ: the norm is in the maps."""
    torch.manual_seed(0)
    model = Localizer(BACKBONE, dict(type=kind, num_classes=5, norm_cfg=dict(type='BN'))).eval()
    model.head.norm.running_var.uniform_(0.1, 4)
    model.head.norm.running_mean.normal_()
    images = torch.randn(2, 3, 24, 24)
    with torch.no_grad():
        features = model.backbone(images)
        labels = torch.arange(5).expand(2, 5)
        first, second = model._cams(images, features, labels).mean((2, 3))
        scores = model.head(features)
    assert torch.allclose(first - second, scores[0] - scores[1], atol=1e-5) and (first - second).abs().max() > 1e-3


def test_the_layer_that_is_looked_at_is_no_new_part():
    torch.manual_seed(0)
    plain, looking = localizer(), localizer(maps='grad_cam', layer='layer2')
    assert list(plain.state_dict()) == list(looking.state_dict())


def test_an_ensemble_is_the_mean_of_its_members():
    images, labels = torch.randn(4, 3, 24, 24), torch.tensor([1, 2, 3, 4])
    member = dict(type='Localizer', backbone=BACKBONE, head=dict(type='CAMHead', num_classes=7))
    torch.manual_seed(5)
    ensemble = LocalizerEnsemble([member, member], topk=2)
    together = shown_by(ensemble, images, gt_label=labels)
    alone = [shown_by(each, images, gt_label=labels) for each in ensemble.members]
    scores = (alone[0].pred_scores + alone[1].pred_scores) / 2
    assert torch.allclose(together.pred_scores, scores)
    assert together.pred_map_labels[:, :2].equal(scores.topk(2).indices)
    expected = normalize_maps(alone[0].pred_maps[:, -1] + alone[1].pred_maps[:, -1])
    assert torch.allclose(together.pred_maps[:, -1], expected, atol=1e-6)
    assert not torch.allclose(alone[0].pred_maps, alone[1].pred_maps)
    with pytest.raises(ValueError, match='train its members by themselves'):
        ensemble(images, DataSample(gt_label=labels), mode='loss')
    with pytest.raises(ValueError, match='members is empty'):
        LocalizerEnsemble([])


def test_hiding_features_keeps_their_mean():
    """Cells of one draw are hidden in all channels; the batch's mean per channel fills them, so that it stays."""
    torch.manual_seed(6)
    part, features = HideFeatures(patch_size=2, hide_prob=0.5), torch.rand(64, 3, 5, 6, requires_grad=True)
    hidden = part(features)
    mean = features.mean((0, 2, 3))
    changed = (hidden != features)
    assert changed.any(1).eq(changed.all(1)).all()  # every channel of a place, or none
    assert torch.equal(hidden[changed], mean.expand(64, 5, 6, 3).permute(0, 3, 1, 2)[changed])
    cells = changed[:, 0, ::2, ::2]
    for row in range(5):
        for column in range(6):
            assert torch.equal(changed[:, 0, row, column], cells[:, row // 2, column // 2])
    assert 0.4 < cells.float().mean() < 0.6
    assert torch.allclose(hidden.mean((0, 2, 3)), mean, atol=0.02)
    hidden.sum().backward()
    assert torch.equal(features.grad, (~changed).float())
    assert part.eval()(features) is features
    with pytest.raises(ValueError, match='patch_size=0 must be at least 1'):
        HideFeatures(0)
    model = localizer(after=dict(conv1=dict(type='HideFeatures', patch_size=3, hide_prob=1.0)))
    images = torch.randn(2, 3, 24, 24)
    maps = model.train().backbone(images)[-1]
    assert torch.allclose(maps[:, :, 0, 0], maps[:, :, 0, 0].mean(0).expand(2, -1), atol=1e-5)  # all hidden: all alike


# -- adversarial erasing

def erasing(**settings):
    torch.manual_seed(7)
    return ErasingLocalizer(BACKBONE, dict(type='CAMHead', num_classes=7), **settings)


def test_erasing_takes_away_what_the_steps_before_look_at():
    model = erasing(steps=3, share=0.25).eval()
    images, label = torch.randn(2, 3, 24, 24), torch.tensor([2, 5])
    first = Localizer(BACKBONE, dict(type='CAMHead', num_classes=7))
    first.load_state_dict(model.state_dict(), strict=False)
    first = shown_by(first, images, gt_label=label).pred_maps[:, -1]
    left = images.clone()
    left[(first >= 0.75)[:, None].expand_as(left)] = 0
    second = shown_by(model.later[0], left, gt_label=label).pred_maps[:, -1]
    last = left.clone()
    last[(second >= 0.75)[:, None].expand_as(last)] = 0
    third = shown_by(model.later[1], last, gt_label=label).pred_maps[:, -1]
    sample = shown_by(model, images, gt_label=label)
    assert torch.allclose(sample.pred_maps[:, -1], torch.stack([first, second, third]).amax(0), atol=1e-6)
    union = (first >= 0.75) | (second >= 0.75) | (third >= 0.75)
    assert union.sum() > (first >= 0.75).sum() and torch.equal(sample.pred_maps[:, -1] >= 0.75, union)
    model._step = 2
    seen = []
    hook = model.later[1].backbone.register_forward_pre_hook(lambda _, args: seen.append(args[0]))
    model(images, DataSample(gt_label=label), mode='loss')
    hook.remove()
    assert torch.equal(seen[0], last)


def test_steps_of_erasing_are_trained_in_turn():
    model = erasing(steps=2).train()
    images, sample = torch.randn(4, 3, 24, 24), DataSample(gt_label=torch.tensor([0, 1, 2, 3]))
    optimizer = torch.optim.SGD(model.parameters(), 0.1)

    def states():
        return [{key: value.clone() for part in (each.backbone, each.head) for key, value in part.state_dict().items()}
                for each in (model, *model.later)]

    def step(progress):
        before = states()
        optimizer.zero_grad(set_to_none=True)
        model(images, sample, mode='loss')['loss'].backward()
        optimizer.step()
        model.after_optimizer_step(progress)
        return [any(not torch.equal(value, old[key]) for key, value in each.items())
                for each, old in zip(states(), before, strict=True)]

    assert step(0.25) == [True, False]
    assert step(0.5) == [True, True]  # the second starts from the first's weights
    first, second = states()
    assert all(torch.equal(value, second[key]) for key, value in first.items())
    assert step(0.75) == [False, True]  # batch norm of the first stays, too
    again = erasing(steps=2)
    again.load_state_dict(model.state_dict())
    assert again._step == 1
    for settings in (dict(steps=0), dict(share=1.0)):
        with pytest.raises(ValueError, match='must be at least 1 and share='):
            erasing(**settings)


def test_a_step_looks_with_nothing_hidden():
    """In training, too: what is hidden behind a part of the backbone is for the step that learns."""
    model = erasing(steps=2, after=dict(layer2=dict(type='HideFeatures', patch_size=2))).train()
    images, labels = torch.randn(2, 3, 24, 24), torch.tensor([1, 2])
    first, second = (model._cam(model, images, labels) for _ in range(2))
    assert torch.equal(first, second)
    assert model.training and model.after_layer2.training and model.later[0].after_layer2.training
    model.after_optimizer_step(0.5)
    assert model._step == 1
