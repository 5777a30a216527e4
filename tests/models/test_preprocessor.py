import pytest
import torch

from mmwsl.models.preprocessors import ViewPreprocessor
from mmwsl.registry import MODELS
from mmwsl.structures import DataSample

MEAN, STD = (100.0, 110.0, 120.0), (50.0, 55.0, 60.0)
CROP = dict(type='RandomResizedCrop', size=8, scale=(0.2, 1.0), flip_prob=0.5)


def batch(count=4, side=12):
    images = torch.randint(256, (count, 3, side, side), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    samples = DataSample()
    samples.gt_label = torch.arange(count)
    return dict(inputs=images, data_samples=samples)


def preprocessor(**settings):
    return MODELS.build(dict(type='ViewPreprocessor', mean=MEAN, std=STD, **settings))


def test_normalises_by_hand():
    images = torch.tensor([0, 150, 255], dtype=torch.uint8).view(1, 3, 1, 1)
    out = preprocessor()(dict(inputs=images), training=True)
    assert len(out['inputs']) == 1  # without pipelines, training sees the image itself as its only view
    assert out['inputs'][0].flatten().tolist() == pytest.approx([-100 / 50, 40 / 55, 135 / 60], abs=1e-5)
    assert out['data_samples'] is None
    assert images.flatten().tolist() == [0, 150, 255]
    floats = torch.tensor([0.0, 150 / 255, 1.0]).view(1, 3, 1, 1)  # floats are in [0, 1] already
    assert preprocessor()(dict(inputs=floats))['inputs'].flatten().tolist() == pytest.approx([-2, 40 / 55, 2.25],
                                                                                            abs=1e-5)
    assert floats.flatten().tolist() == pytest.approx([0, 150 / 255, 1])


def test_one_pipeline_per_view_from_the_same_image():
    data = batch()
    views = preprocessor(views=[[], [dict(type='RandomSolarize', prob=1.0)], [CROP]])(data, training=True)['inputs']
    assert [tuple(view.shape) for view in views] == [(4, 3, 12, 12), (4, 3, 12, 12), (4, 3, 8, 8)]
    pixels = data['inputs'].float()
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    torch.testing.assert_close(views[0], (pixels - mean) / std, rtol=1e-4, atol=1e-4)
    solarized = torch.where(pixels >= 128, 255 - pixels, pixels)
    torch.testing.assert_close(views[1], (solarized - mean) / std, rtol=1e-4, atol=1e-4)


def test_chained_views_start_from_the_one_before():
    data, strong = batch(), [dict(type='RandomSolarize', prob=1.0)]
    weak, changed = preprocessor(views=[[CROP], strong], chained=True)(data, training=True)['inputs']
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in (MEAN, STD))
    pixels = weak * std + mean
    solarized = torch.where(pixels >= 127.5, 255 - pixels, pixels)
    torch.testing.assert_close(changed, (solarized - mean) / std, rtol=1e-4, atol=1e-4)
    with pytest.raises(ValueError, match='cut 2 crops of its own'):
        preprocessor(views=[[], strong], chained=True)(dict(inputs=[data['inputs']] * 2), training=True)


def test_pixels_undo_the_normalization():
    data = batch()
    model = preprocessor()
    assert torch.allclose(model.pixels(model(data)['inputs']), data['inputs'].float(), atol=1e-3)


def test_num_views_of_one_pipeline_differ():
    data = batch()
    out = preprocessor(views=[[CROP]] * 3)(data, training=True)
    assert [tuple(view.shape) for view in out['inputs']] == [(4, 3, 8, 8)] * 3
    assert not torch.equal(out['inputs'][0], out['inputs'][1])
    assert torch.equal(out['data_samples'].gt_label, torch.arange(4))


def test_views_as_dumped_configs_have_them():
    """One pipeline and how often it runs: what configs said before, read with a warning."""
    data, pipeline = batch(), [dict(type='RandomSolarize', prob=1.0)]
    with pytest.warns(DeprecationWarning, match=r'write views=\[\[...\]\] \* V'):
        old = preprocessor(views=dict(num=2, pipeline=pipeline))(data, training=True)['inputs']
    new = preprocessor(views=[pipeline] * 2)(data, training=True)['inputs']
    assert len(old) == 2 and all(torch.equal(*pair) for pair in zip(old, new, strict=True))


def test_crops_that_the_dataset_cut_keep_their_pipelines():
    crops = [torch.full((2, 3, side, side), value, dtype=torch.uint8) for side, value in ((8, 100), (4, 200))]
    make = preprocessor(views=[[], [dict(type='RandomSolarize', prob=1.0)]])
    views = make(dict(inputs=crops), training=True)['inputs']
    assert [tuple(view.shape) for view in views] == [(2, 3, 8, 8), (2, 3, 4, 4)]
    assert views[0][0, :, 0, 0].tolist() == pytest.approx([0, -10 / 55, -20 / 60], abs=1e-5)
    assert views[1][0, :, 0, 0].tolist() == pytest.approx([-45 / 50, -55 / 55, -65 / 60], abs=1e-5)
    with pytest.raises(ValueError, match='the dataset cut 2 crops but data_preprocessor.views has 3 pipelines; make'):
        preprocessor(views=[[], [], []])(dict(inputs=crops), training=True)


def test_no_views_outside_training():
    data = batch()
    out = preprocessor(views=[[CROP]] * 2)(data)['inputs']
    assert torch.equal(out, preprocessor()(data)['inputs']) and out.shape == (4, 3, 12, 12)


@pytest.mark.parametrize('many', [False, True])
def test_a_view_for_the_test_is_for_the_test_only(many):
    data = batch()
    if many:
        data['inputs'] = [data['inputs'], data['inputs'][..., :6]]
    plain, shown = preprocessor(), preprocessor(test_view=[dict(type='RandomSolarize', prob=1.0, threshold=0.0)])
    inverted = dict(data, inputs=[255 - images for images in data['inputs']] if many else 255 - data['inputs'])
    for image, expected in zip(*([out] if not many else out for out in (
            shown(data)['inputs'], plain(inverted)['inputs'])), strict=True):
        torch.testing.assert_close(image, expected, rtol=1e-5, atol=1e-5)
    for image, expected in zip(shown(data, training=True)['inputs'], plain(data, training=True)['inputs'], strict=True):
        assert torch.equal(image, expected)


def test_the_global_generator_decides_the_views():
    make = preprocessor(views=[[CROP, dict(type='ColorJitter', brightness=0.4, hue=0.1)]] * 2)
    runs = []
    for seed in (3, 3, 4):
        torch.manual_seed(seed)
        runs.append(make(batch(), training=True)['inputs'])
    assert all(torch.equal(first, again) for first, again in zip(runs[0], runs[1], strict=True))
    assert not torch.equal(runs[0][0], runs[2][0])


@pytest.mark.parametrize('training', [True, False])
def test_channels_last_changes_the_layout_only(training):
    layouts = []
    for channels_last in (False, True):
        torch.manual_seed(0)
        out = preprocessor(views=[[CROP]] * 2, channels_last=channels_last)(batch(), training)['inputs']
        layouts.append(out if training else [out])
    for plain, last in zip(*layouts, strict=True):
        assert plain.is_contiguous() and not plain.is_contiguous(memory_format=torch.channels_last)
        assert last.is_contiguous(memory_format=torch.channels_last) and torch.equal(plain, last)


def test_views_are_fp32_under_autocast():
    make = preprocessor(views=[[CROP]])
    torch.manual_seed(0)
    expected = make(batch(), training=True)['inputs'][0]
    torch.manual_seed(0)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        view = make(batch(), training=True)['inputs'][0]
    assert view.dtype == torch.float32 and torch.equal(view, expected)


def test_constants_are_not_in_a_checkpoint():
    assert not preprocessor().state_dict()


@pytest.mark.parametrize('mean, std', [((1, 2, 3), (1, 2)), ((1,), (0,)), ((1,), (-1,))])
def test_bad_constants(mean, std):
    with pytest.raises(ValueError, match='need the same length, and std must be positive'):
        ViewPreprocessor(mean, std)


DETECTION = dict(type='DetectionPreprocessor', mean=MEAN, std=STD)
HIDE = dict(type='HideAndSeek', patch_sizes=4, hide_prob=0.5, fill=[value / 255 for value in MEAN])


def annotated():
    """Two images of different sizes with boxes, masks and a class map, as a data set hands them over."""
    images = [torch.randint(256, (3, *size), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
              for size in ((40, 56), (64, 33))]
    samples = [DataSample() for _ in images]
    for sample, image in zip(samples, images, strict=True):
        sample.gt_boxes = torch.tensor([[2.0, 3.0, 20.0, 30.0], [0.0, 0.0, 33.0, 40.0]])
        sample.gt_instance_masks = torch.rand(2, *image.shape[1:], generator=torch.Generator().manual_seed(1)) < 0.5
        sample.gt_mask = torch.randint(21, image.shape[1:], generator=torch.Generator().manual_seed(2))
    return dict(inputs=images, data_samples=samples)


def test_cells_are_hidden_in_training_only_and_boxes_and_masks_stay():
    plain, hiding = MODELS.build(DETECTION), MODELS.build(dict(DETECTION, view=[HIDE]))
    whole, untouched = plain(annotated(), training=True)['inputs'], annotated()
    assert torch.equal(hiding(annotated())['inputs'], whole)  # in the test nothing is hidden
    data = annotated()
    torch.manual_seed(0)
    batch = hiding(data, training=True)
    assert all(torch.equal(image, before) for image, before in zip(data['inputs'], untouched['inputs'], strict=True))
    for number, (sample, before) in enumerate(zip(batch['data_samples'], untouched['data_samples'], strict=True)):
        for key in ('gt_boxes', 'gt_instance_masks', 'gt_mask'):
            assert torch.equal(sample.get(key), before.get(key)), key
        height, width = sample.img_shape
        assert (height, width) == tuple(untouched['inputs'][number].shape[1:])
        image, expected = batch['inputs'][number], whole[number]
        hidden = image.abs().amax(0) < 1e-5  # the mean, 0 after normalisation
        torch.testing.assert_close(image[:, ~hidden], expected[:, ~hidden], rtol=1e-5, atol=1e-5)
        assert hidden[:height, :width].float().mean().item() == pytest.approx(0.5, abs=0.15)
        assert not image[:, height:].any() and not image[:, :, width:].any()  # the padding stays
        cells = hidden[:height // 4 * 4, :width // 4 * 4].unfold(0, 4, 4).unfold(1, 4, 4).flatten(2)
        assert torch.equal(cells.any(2), cells.all(2))


def test_an_op_that_changes_the_size_of_images_with_boxes_is_refused():
    with pytest.raises(ValueError, match='RandomResizedCrop made .* boxes and masks would no longer fit'):
        MODELS.build(dict(DETECTION, view=[CROP]))(annotated(), training=True)
