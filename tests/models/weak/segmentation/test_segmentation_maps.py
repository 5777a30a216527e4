"""Class maps over scales, their normalization and background."""

import pytest
import torch
import torch.nn.functional as F

from mmwsl.models.weak import Localizer
from mmwsl.models.weak.segmentation import multi_scale_maps, normalize_by_maximum, with_background


class Brightness(torch.nn.Module):
    """Two class maps of half the size: the mean color, and the left neighbor's red."""

    def class_maps(self, images):
        pooled = F.avg_pool2d(images, 2)
        return torch.stack([pooled.mean(1), F.pad(pooled[:, 0], (1, 0))[..., :-1]], dim=1)


def test_maps_are_summed_over_scales_and_mirror_images():
    images, model = torch.rand(2, 3, 8, 12), Brightness()
    expected = 0
    for sides in ((8, 12), (4, 6)):
        view = images if sides == (8, 12) else F.interpolate(images, size=sides, mode='bilinear', antialias=True)
        for maps in (model.class_maps(view), model.class_maps(view.flip(3)).flip(3)):
            expected = expected + F.interpolate(maps, size=(5, 7), mode='bilinear')
    torch.testing.assert_close(multi_scale_maps(model, images, (1.0, 0.5), size=(5, 7)), expected)
    one = multi_scale_maps(model, images, (1.0,), flip=False)
    torch.testing.assert_close(one, F.interpolate(model.class_maps(images), size=(8, 12), mode='bilinear'))
    with pytest.raises(ValueError, match='factors above 0'):
        multi_scale_maps(model, images, ())


def test_maximum_and_tags():
    maps = torch.tensor([[[2.0, 4.0]], [[0.0, 0.0]], [[1.0, 3.0]], [[5.0, 5.0]]])
    assert normalize_by_maximum(maps)[:, 0].tolist() == [[0.5, 1.0], [0.0, 0.0], [pytest.approx(1 / 3), 1.0], [1, 1]]
    assert normalize_by_maximum(maps, torch.tensor([1.0, 1, 0, -1]))[:, 0].tolist() == [[0.5, 1], [0, 0], [0, 0], [0, 0]]


def test_background_is_a_constant_or_a_power():
    maps = torch.tensor([[[0.5, 0.9]], [[0.2, 1.0]]])
    assert with_background(maps, threshold=0.3)[0].tolist() == [[pytest.approx(0.3)] * 2]
    assert with_background(maps, power=2)[:, 0].tolist() == [[0.25, 0.0], [0.5, pytest.approx(0.9)],
                                                             [pytest.approx(0.2), 1.0]]
    for wrong in ({}, dict(threshold=0.3, power=4)):
        with pytest.raises(ValueError, match='give one of them'):
            with_background(maps, **wrong)


BACKBONE = dict(type='ResNet', depth=18, base_channels=4, strides=(1, 2, 1, 1), out_indices=(3,))


@pytest.mark.parametrize('head', [dict(type='CAMHead', num_classes=3), dict(type='MultiLabelHead', num_classes=3),
                                  dict(type='ACoLHead', num_classes=3)])
def test_class_maps_of_a_localizer(head):
    model = Localizer(BACKBONE, head).eval()
    images = torch.rand(2, 3, 32, 48, requires_grad=True)
    maps = model.class_maps(images)
    assert maps.shape == (2, 3, 4, 6) and maps.dtype == torch.float32 and maps.min() >= 0
    maps.sum().backward()
    assert images.grad.abs().sum() > 0
    if head['type'] == 'MultiLabelHead':  # the mean of what is rectified is the score without its bias
        features = model.backbone(images)[-1].detach()
        expected = torch.einsum('bkhw,ck->bchw', features, model.head.classifier.weight).relu()
        torch.testing.assert_close(maps, expected)


def test_gradient_maps_are_refused():
    model = Localizer(BACKBONE, dict(type='CAMHead', num_classes=3), maps='grad_cam')
    with pytest.raises(ValueError, match="set maps='cam'"):
        model.class_maps(torch.rand(1, 3, 32, 32))
