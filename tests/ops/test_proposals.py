"""Graph segmentation against the plain loop, grouping by hand, and proposals that find what was drawn."""

import cv2
import numpy as np
import pytest

from mmwsl.evaluation.functional import best_overlaps
from mmwsl.ops.proposals import Regions, edge_boxes, graph_segmentation, group_regions, hierarchical, selective_search
from mmwsl.ops.proposals.graph_segmentation import pixel_edges

HAS_CONTRIB = hasattr(cv2, 'ximgproc')
needs_contrib = pytest.mark.skipif(not HAS_CONTRIB, reason='OpenCV is not the contrib build')


def segmentation_by_loops(image, scale, min_pixels):
    """The paper's algorithm as it stands there: one edge after the other, regions as sets of pixels."""
    height, width = image.shape[:2]
    region = {pixel: pixel for pixel in range(height * width)}
    pixels, inner = {pixel: {pixel} for pixel in region}, dict.fromkeys(region, 0.0)
    edges = list(zip(*(each.tolist() for each in pixel_edges(image)), strict=True))
    assert len(edges) == 4 * height * width - 3 * height - 3 * width + 2

    def join(weight, a, b):
        for pixel in pixels[b]:
            region[pixel] = a
        pixels[a] |= pixels.pop(b)
        inner[a] = weight

    for weight, first, second in edges:
        a, b = region[first], region[second]
        if a != b and weight <= min(inner[a] + scale / len(pixels[a]), inner[b] + scale / len(pixels[b])):
            join(weight, a, b)
    for weight, first, second in edges:
        a, b = region[first], region[second]
        if a != b and min(len(pixels[a]), len(pixels[b])) < min_pixels:
            join(weight, a, b)
    order = {name: number for number, name in enumerate(dict.fromkeys(region[pixel] for pixel in range(len(region))))}
    return np.array([order[region[pixel]] for pixel in range(len(region))]).reshape(height, width)


@pytest.mark.parametrize('seed', range(4))
@pytest.mark.parametrize('scale, min_pixels', [(0, 1), (40, 1), (120, 6), (1e6, 1)])
def test_graph_segmentation_by_loops(seed, scale, min_pixels):
    noise = np.random.default_rng(seed).integers(0, 255, (9, 12, 3)).astype(np.uint8)
    image = cv2.resize(noise, (22, 17), interpolation=cv2.INTER_LINEAR).round(-1)  # equal weights too
    found = graph_segmentation(image, scale, min_pixels)
    np.testing.assert_array_equal(found, segmentation_by_loops(image, scale, min_pixels))
    assert np.bincount(found.ravel()).min() >= min_pixels and (scale < 1e6 or found.max() == 0)


def test_segmentation_refuses_what_it_cannot_take():
    with pytest.raises(ValueError, match=r'must be an array \(H, W, C\) with pixels; got shape \(4, 4\)'):
        graph_segmentation(np.zeros((4, 4)), 10)
    with pytest.raises(ValueError, match='scale=-1 must not be negative'):
        graph_segmentation(np.zeros((4, 4, 3)), -1)


def stripes():
    """Four columns of 6 x 2 pixels: red, red with a tinge, blue, green."""
    labels = np.repeat([0, 1, 2, 3], 2)[None].repeat(6, axis=0)
    return labels, np.array([[200, 0, 0], [201, 0, 0], [0, 0, 200], [0, 200, 0]], np.uint8)[labels]


def test_grouping_by_hand():
    labels, image = stripes()
    regions = Regions(labels, image)
    assert regions.sizes.tolist() == [12] * 4
    assert regions.boxes.tolist() == [[0, 0, 2, 6], [2, 0, 4, 6], [4, 0, 6, 6], [6, 0, 8, 6]]
    assert regions.neighbors == [{1}, {0, 2}, {1, 3}, {2}]
    np.testing.assert_allclose(regions.colors.sum(1), 1, rtol=1e-6)
    np.testing.assert_allclose(regions.textures.sum(1), 1, rtol=1e-6)
    # by color the two reds first (bins of 256 / 25 values: 200 and 201 share one); blue and green share the empty red
    # channel alone, as each does with the reds, so the first pair of equal ones is next
    boxes = group_regions(regions, ['color'])
    assert boxes[:4].tolist() == regions.boxes.tolist()
    assert boxes[4:].tolist() == [[0, 0, 4, 6], [4, 0, 8, 6], [0, 0, 8, 6]]


def test_grouping_by_size_and_fill():
    """Of a large, a middle and two small regions in a row the small pair goes first, then small with middle."""
    labels = np.repeat([0, 1, 2, 3], [10, 4, 1, 1])[None].repeat(4, axis=0)
    regions = Regions(labels, np.zeros((4, 16, 3), np.uint8))
    assert group_regions(regions, ['size'])[4:].tolist() == [[14, 0, 16, 4], [10, 0, 16, 4], [0, 0, 16, 4]]
    # a bar within the arms of an L: joining the arms' ends leaves a hole in the box, joining what fills it does not
    labels = np.array([[0, 0, 0, 0], [0, 1, 1, 1], [0, 1, 1, 1], [2, 2, 2, 2]])
    boxes = group_regions(Regions(labels, np.zeros((4, 4, 3), np.uint8)), ['fill'])
    assert boxes[3].tolist() == [0, 0, 4, 3]


def test_grouping_refuses_unknown_similarities():
    regions = Regions(*stripes())
    for wrong in ([], ['shape']):
        with pytest.raises(ValueError, match='give some of color, texture, size, fill'):
            group_regions(regions, wrong)


def scene(seed=0):
    """A photo of 300 x 400 with three objects on noise, one of two colors, and their boxes."""
    image = np.random.default_rng(seed).normal(90, 6, (300, 400, 3)).clip(0, 255).astype(np.uint8)
    cv2.ellipse(image, (100, 100), (60, 40), 0, 0, 360, (220, 40, 40), -1)
    cv2.rectangle(image, (250, 60), (329, 139), (40, 60, 220), -1)
    cv2.rectangle(image, (150, 200), (199, 279), (40, 200, 60), -1)
    cv2.rectangle(image, (200, 200), (249, 279), (230, 220, 40), -1)
    return image, np.array([[40, 60, 161, 141], [250, 60, 330, 140], [150, 200, 250, 280], [150, 200, 200, 280]], float)


def check(boxes, scores, size, limit):
    assert boxes.dtype == scores.dtype == np.float32 and len(boxes) == len(scores) <= limit
    assert (boxes[:, :2] >= 0).all() and (boxes[:, 2:] <= size).all() and (boxes[:, :2] < boxes[:, 2:]).all()
    assert scores[0] == 1 and (np.diff(scores) < 0).all() and scores[-1] > 0
    assert len(np.unique(boxes, axis=0)) == len(boxes)


@pytest.mark.parametrize('method', [hierarchical, pytest.param(selective_search, marks=needs_contrib)])
def test_objects_are_found(method):
    image, truth = scene()
    boxes, scores = method(image)
    check(boxes, scores, (400, 300), 2000)
    # an object of two colors too, which no segmentation alone gives
    assert best_overlaps([boxes], [truth], [2000]).min() > 0.85
    few, few_scores = method(image, max_boxes=5)
    assert few.tolist() == boxes[:5].tolist()
    check(few, few_scores, (400, 300), 5)


@needs_contrib
def test_edge_boxes(tmp_path):
    image, truth = scene()
    boxes, scores = edge_boxes(image, max_boxes=300)
    check(boxes, scores, (400, 300), 300)
    assert best_overlaps([boxes], [truth[:2]], [300]).min() > 0.7
    blank, no_scores = edge_boxes(np.zeros((32, 32, 3), np.uint8))
    assert blank.shape == (0, 4) and no_scores.shape == (0,)
    with pytest.raises(FileNotFoundError, match='model of structured edges .* does not exist'):
        edge_boxes(image, edge_model=tmp_path / 'model.yml.gz')


@pytest.mark.skipif(HAS_CONTRIB, reason='OpenCV is the contrib build')
@pytest.mark.parametrize('method', [selective_search, edge_boxes])
def test_without_the_contrib_build(method):
    with pytest.raises(ImportError, match=r"pip uninstall opencv-python, then pip install 'mmwsl\[contrib\]'"):
        method(scene()[0])


def test_hierarchical_repeats_itself():
    image, _ = scene()
    first, again, other = (hierarchical(image, max_boxes=10**6, seed=seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first[0], again[0])
    assert first[0].tolist() != other[0].tolist()
    assert sorted(first[0].tolist()) == sorted(other[0].tolist())  # in another order


def test_thin_boxes_are_left_out():
    image, _ = scene()
    cv2.line(image, (20, 240), (120, 240), (255, 255, 255), 4)  # a region of its own, 4 pixels high
    boxes, _ = hierarchical(image, max_boxes=10**6)
    assert (boxes[:, 2:] - boxes[:, :2]).min() >= 400 / 32
    assert boxes[:, :2].min() == 0 and (boxes.max(0)[2:] == [400, 300]).all()  # the whole photo is one


@pytest.mark.parametrize('size', [(1, 1), (1, 40), (3, 500)])
def test_photos_of_any_size(size):
    boxes, _ = hierarchical(np.full((*size, 3), 7, np.uint8))
    assert boxes.tolist() == [[0, 0, size[1], size[0]]]


def test_no_photo():
    for image in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)):
        with pytest.raises(ValueError, match=r'proposals need an image uint8 \(H, W, 3\), RGB'):
            hierarchical(image)
