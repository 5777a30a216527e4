import itertools
import math

import numpy as np
import pytest
import torch

from mmwsl.augment import ColorJitter, Lighting, RandomGrayscale, RandomSolarize, apply_color, color_matrix, hue_matrix

GREY = np.array([0.299, 0.587, 0.114])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def reference_hue(image, turns):
    """Pixel by pixel, through YIQ and polar coordinates of its chroma."""
    to_yiq = np.array([GREY, [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]])
    out = np.empty_like(image)
    for y in range(image.shape[1]):
        for x in range(image.shape[2]):
            luma, i, q = to_yiq @ image[:, y, x]
            radius, angle = math.hypot(i, q), math.atan2(q, i) - 2 * math.pi * turns
            out[:, y, x] = np.linalg.solve(to_yiq, [luma, radius * math.cos(angle), radius * math.sin(angle)])
    return out


def reference_operation(image, operation, brightness, contrast, saturation, hue):
    if operation == 0:
        return image * brightness
    grey = np.tensordot(GREY, image, 1)
    if operation == 1:
        return contrast * image + (1 - contrast) * grey.mean()
    if operation == 2:
        return saturation * image + (1 - saturation) * grey
    return reference_hue(image, hue)


def test_matrix_equals_operations_one_by_one_in_any_order():
    count = 24
    images = torch.rand(count, 3, 5, 7, generator=seeded())
    brightness, contrast, saturation = torch.rand(3, count, generator=seeded(1)) * 2
    contrast[0] = saturation[1] = brightness[2] = 0
    hue = torch.rand(count, generator=seeded(2)) - 0.5
    orders = list(itertools.permutations(range(4)))
    matrix = color_matrix(images.mean((2, 3)), brightness, contrast, saturation, hue).double()
    views = torch.einsum('bij,bjhw->bihw', matrix[:, :, :3], images.double()) + matrix[:, :, 3, None, None]
    for b in range(count):
        expected = images[b].double().numpy()
        for operation in orders[b]:
            expected = reference_operation(expected, operation, *(float(f[b]) for f in
                                                                  (brightness, contrast, saturation, hue)))
        np.testing.assert_allclose(views[b].numpy(), expected, atol=1e-5)
    clamped = apply_color(images, matrix.float())
    torch.testing.assert_close(clamped, views.clamp(0, 1).float(), atol=1e-5, rtol=0)


def test_hue_keeps_grey_and_luma_and_goes_from_red_to_green():
    matrix = hue_matrix(torch.tensor([0., 1 / 3, -1 / 3, 0.5, 1.0]))
    torch.testing.assert_close(matrix[0], torch.eye(3), atol=1e-6, rtol=0)
    torch.testing.assert_close(matrix[4], torch.eye(3), atol=1e-5, rtol=0)
    torch.testing.assert_close(matrix @ torch.ones(3), torch.ones(5, 3), atol=1e-6, rtol=0)
    grey = torch.tensor([0.299, 0.587, 0.114])
    torch.testing.assert_close(grey @ matrix, grey.expand(5, 3), atol=1e-6, rtol=0)
    red = matrix @ torch.tensor([1., 0, 0])
    assert red.argmax(1).tolist()[:3] == [0, 1, 2]


def test_factors_are_uniform_in_their_range():
    # grey images of 0.25: brightness alone multiplies, so the factor can be read off the view
    images = torch.full((8000, 3, 1, 1), 0.25)
    factors = ColorJitter(brightness=0.6)(images, seeded())[:, 0, 0, 0].div(0.25).sort().values
    expected = torch.linspace(0.4, 1.6, 8000)
    assert (factors - expected).abs().max() < 1.2 * 1.95 / math.sqrt(8000)
    wide = ColorJitter(brightness=2.0)(images, seeded())[:, 0, 0, 0].div(0.25)
    assert 0 <= wide.min() < 0.01 and wide.max() > 2.99


def test_probabilities():
    images = torch.rand(3000, 3, 2, 2, generator=seeded())
    assert torch.equal(ColorJitter(0.4, 0.4, 0.4, 0.1, prob=0)(images, seeded()), images)
    changed = (ColorJitter(0.4, 0.4, 0.4, 0.1, prob=1)(images, seeded()) != images).flatten(1).any(1)
    assert changed.all()
    changed = (ColorJitter(0.4, 0.4, 0.4, 0.1, prob=0.8)(images, seeded()) != images).flatten(1).any(1)
    assert changed.float().mean().item() == pytest.approx(0.8, abs=0.03)
    views = ColorJitter(0.4, 0.4, 0.4, 0.1, prob=0.8, gray_prob=0.2)(images, seeded())
    grey = (views[:, :1] - views).abs().flatten(1).amax(1) < 1e-5
    assert grey.float().mean().item() == pytest.approx(0.2, abs=0.03)
    # independent of each other
    only_grey = ColorJitter(0.4, 0.4, 0.4, 0.1, prob=0, gray_prob=1)(images)
    torch.testing.assert_close(only_grey, RandomGrayscale(1)(images), atol=1e-6, rtol=0)


@pytest.mark.parametrize('operation', [ColorJitter(0.8, 0.8, 0.8, 0.5, gray_prob=0.2), RandomGrayscale(0.5),
                                       RandomSolarize(0.5, 0.5)])
def test_range_seed_and_layout(operation):
    images = torch.rand(64, 3, 9, 5, generator=seeded())
    views = operation(images, seeded(1))
    assert views.shape == images.shape and views.min() >= 0 and views.max() <= 1
    assert torch.equal(views, operation(images, seeded(1))) and not torch.equal(views, operation(images, seeded(2)))
    last = operation(images.to(memory_format=torch.channels_last), seeded(1))
    torch.testing.assert_close(last, views, atol=1e-6, rtol=0)
    same = operation(images[:1].repeat(64, 1, 1, 1), seeded(1))
    assert len(torch.unique(same.flatten(1), dim=0)) > 1
    assert operation(images[:1]).shape == (1, 3, 9, 5)


def test_jitter_stays_float32_under_autocast():
    images = torch.rand(4, 3, 8, 8, generator=seeded())
    jitter = ColorJitter(0.4, 0.4, 0.4, 0.1)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        under = jitter(images, seeded(1))
    assert torch.equal(under, jitter(images, seeded(1)))


def test_grayscale_values():
    image = torch.tensor([1.0, 0.5, 0.0]).view(1, 3, 1, 1)
    assert RandomGrayscale(1)(image).flatten().tolist() == pytest.approx([0.299 + 0.2935] * 3)
    assert torch.equal(RandomGrayscale(0)(image), image)


def test_solarize_inverts_bytes_from_128():
    image = torch.tensor([0, 127, 128, 255]).div(255).view(1, 1, 2, 2)
    for threshold in (0.5, 128 / 255):
        view = RandomSolarize(threshold, 1)(image).flatten() * 255
        assert view.tolist() == pytest.approx([0, 127, 127, 0], abs=1e-4)
    assert torch.equal(RandomSolarize(0.5, 0)(image), image)


def test_lighting_by_loops():
    """Alpha_j x eigenvalue_j along the j-th direction, one draw an image, the same at every pixel."""
    images = torch.rand(3, 3, 2, 2)
    shift = Lighting(0.1)(images, seeded(3)) - images
    multiples = torch.randn(3, 3, generator=seeded(3)) * 0.1
    values, directions = (0.2175, 0.0188, 0.0045), ((-0.5675, 0.7192, 0.4009), (-0.5808, -0.0045, -0.8140),
                                                    (-0.5836, -0.6948, 0.4203))
    for image in range(3):
        for channel in range(3):
            expected = sum(directions[channel][j] * multiples[image, j] * values[j] for j in range(3))
            assert torch.allclose(shift[image, channel], expected.expand(2, 2), atol=1e-6)
    assert torch.equal(Lighting(0)(images), images)


@pytest.mark.parametrize('make, text', [
    (lambda: Lighting(-1), 'std=-1'),
    (lambda: ColorJitter(brightness=-1), 'brightness=-1 must not be negative'),
    (lambda: ColorJitter(hue=0.6), r'hue=0.6 must lie in \[0, 0.5\]'),
    (lambda: ColorJitter(prob=2), 'prob=2 is not a probability'),
    (lambda: ColorJitter(gray_prob=-1), 'gray_prob=-1'),
    (lambda: RandomSolarize(128), 'divide a threshold in bytes by 255'),
    (lambda: RandomGrayscale(-0.1), 'prob=-0.1'),
    (lambda: ColorJitter()(torch.rand(2, 1, 4, 4)), 'needs RGB images'),
    (lambda: RandomGrayscale()(torch.rand(3, 4, 4)), r'\(B, C, H, W\)'),
])
def test_bad_arguments(make, text):
    with pytest.raises(ValueError, match=text):
        make()
