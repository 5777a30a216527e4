"""Images with class maps."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import torch
from PIL import Image

from mmwsl.datasets import ClassMaps, ImageError
from mmwsl.datasets.checks import AnnotationError, check_quickly, inspect
from mmwsl.engine.runner import Runner
from mmwsl.evaluation.metrics import IoUMetric


@pytest.fixture
def folders(tmp_path):
    """Three photos in Cityscapes' layout: the left third of each is class 1."""
    for city, name in (('aachen', 'a'), ('aachen', 'b'), ('bonn', 'c')):
        for kind in ('images', 'maps'):
            (tmp_path / kind / city).mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(tmp_path / 'images' / city / f'{name}_leftImg8bit.png'), np.full((20, 30, 3), 90, np.uint8))
        classes = np.zeros((20, 30), np.uint8)
        classes[:, :10] = 1
        cv2.imwrite(str(tmp_path / 'maps' / city / f'{name}_gtFine_labelTrainIds.png'), classes)
    return dict(images=tmp_path / 'images', maps=tmp_path / 'maps', image_suffix='_leftImg8bit.png',
                map_suffix='_gtFine_labelTrainIds.png')


def test_cityscapes_layout(folders):
    data = ClassMaps(**folders, supervision='full')
    sample = data[2]['data_samples']
    assert len(data) == 3 and sample.gt_mask[:, :10].eq(1).all() and sample.gt_mask[:, 10:].eq(0).all()
    assert sample.class_map.endswith('bonn/c_gtFine_labelTrainIds.png') and 'gt_boxes' not in sample
    assert 'gt_mask' not in ClassMaps(**folders, supervision='image')[0]['data_samples']


def test_a_list_and_what_is_missing(folders, tmp_path):
    names = tmp_path / 'names.txt'
    names.write_text('bonn/c\n')
    assert len(ClassMaps(**folders, list_file=names)) == 1
    with pytest.raises(FileNotFoundError, match='1 of 1 images have no class map'):
        names.write_text('bonn/d\n')
        ClassMaps(**folders, list_file=names)
    with pytest.raises(ValueError, match='no images'):
        names.write_text('')
        ClassMaps(**folders, list_file=names)
    with pytest.raises(FileNotFoundError, match='the list .* does not exist'):
        ClassMaps(**folders, list_file=tmp_path / 'none.txt')
    with pytest.raises(FileNotFoundError, match='correct `maps`'):
        ClassMaps(folders['images'], tmp_path / 'nowhere')
    with pytest.raises(FileNotFoundError, match='3 of 3 images have no class map'):
        ClassMaps(**dict(folders, map_suffix='.png'))


def test_names_of_a_list_may_have_spaces_and_stand_there_once(folders, tmp_path):
    for kind, suffix in (('images', '_leftImg8bit.png'), ('maps', '_gtFine_labelTrainIds.png')):
        (folders[kind] / 'bonn' / f'c{suffix}').rename(folders[kind] / 'bonn' / f'my c{suffix}')
    names = tmp_path / 'names.txt'
    names.write_text('bonn/my c\n\n aachen/a \n')
    data = ClassMaps(**folders, list_file=names)
    assert [path.rpartition('/')[2] for path in data.paths] == ['my c_leftImg8bit.png', 'a_leftImg8bit.png']
    names.write_text('bonn/my c\naachen/a\nbonn/my c\n')
    with pytest.raises(ValueError, match='1 images are named more than once, among them .*my c_leftImg8bit.png'):
        ClassMaps(**folders, list_file=names)


def test_items_of_a_whole_pipeline(folders):
    data = ClassMaps(**folders, supervision='full', pipeline=[
        dict(type='RandomScale', size=(60, 40)), dict(type='RandomCropMap', size=32), dict(type='RandomFlip'),
        dict(type='PhotometricDistortion')])
    item = data[0]
    assert item['inputs'].shape == (3, 32, 32) and item['data_samples'].gt_mask.shape == (32, 32)
    assert item['data_samples'].ori_shape == (20, 30) and item['inputs'].dtype == torch.uint8


def save_maps(folder, maps):
    for kind in ('photos', 'maps'):
        (folder / kind).mkdir()
    for number, values in enumerate(maps):
        cv2.imwrite(str(folder / 'photos' / f'{number}.png'), np.full((8, 12, 3), 90, np.uint8))
        cv2.imwrite(str(folder / 'maps' / f'{number}.png'), np.broadcast_to(np.uint8(values), (8, 12)))
    return dict(images=folder / 'photos', maps=folder / 'maps', image_suffix='.png', supervision='full')


def halves(value):
    return [0] * 6 + [value] * 6


def test_values_of_masks_are_mapped(tmp_path):
    """To the sample and to the metric alike."""
    data = ClassMaps(**save_maps(tmp_path, [halves(255), halves(7)]), classes=['ground', 'object'], values={255: 1, 7: 255})
    samples = [data[number]['data_samples'] for number in range(2)]
    assert [sample.gt_mask[0].tolist() for sample in samples] == [halves(1), halves(255)]
    metric = IoUMetric(num_classes=2)
    for sample, predicted in zip(samples, (halves(1), halves(1)), strict=True):
        metric.process({}, [dict(pred_mask=torch.tensor(predicted).expand(8, 12), class_map=sample.class_map,
                                 class_map_values=sample.class_map_values)])
    assert metric.compute_metrics(metric.results) == dict(mIoU=100, mAcc=100, aAcc=100)
    assert sum(each['confusion'] for each in metric.results).tolist() == [[96, 0], [0, 48]]
    with pytest.raises(ValueError, match="values={'255': 1}: '255' is no number from 0 to 255"):
        ClassMaps(tmp_path / 'photos', tmp_path / 'maps', values={'255': 1})


def test_maps_in_color(tmp_path):
    """By VOC's palette, whose last color is void, or by colors of one's own; to the sample and to the metric alike."""
    settings = save_maps(tmp_path, [halves(1)] * 2)
    of_voc = np.zeros((8, 12, 3), np.uint8)
    of_voc[:, 4:], of_voc[:, 8:] = (128, 0, 0), (224, 224, 192)
    own = np.full((8, 12, 3), (9, 8, 7), np.uint8)
    own[:, 6:] = (200, 0, 50)
    for number, colors in enumerate((of_voc, own)):
        Image.fromarray(colors).save(tmp_path / 'maps' / f'{number}.png')
    with pytest.raises(AnnotationError, match=r"0.png is uint8 of shape \(8, 12, 3\).*name them .* values='voc' for VOC's"):
        ClassMaps(**settings)[0]
    sample = ClassMaps(**settings, classes=['background', 'aeroplane'], values='voc')[0]['data_samples']
    assert sample.gt_mask[0].tolist() == [0] * 4 + [1] * 4 + [255] * 4
    metric = IoUMetric(num_classes=2)
    metric.process({}, [dict(pred_mask=sample.gt_mask % 255, class_map=sample.class_map, class_map_values=sample.class_map_values)])
    assert metric.results[0]['confusion'].tolist() == [[32, 0], [0, 32]]
    values = {(9, 8, 7): 0, (200, 0, 50): 1}
    assert ClassMaps(**settings, values=values)[1]['data_samples'].gt_mask[0].tolist() == halves(1)
    with pytest.raises(AnnotationError, match=r'0.png has 96 pixels of 3 colors without a name, among them \(0, 0, 0\)'):
        ClassMaps(**settings, values=values)[0]
    for wrong, message in (('cityscapes', "'cityscapes' is no palette"), ({(0, 0, 0): 0, 255: 1}, 'both numbers and colors'),
                           ({(0, 0, 300): 0}, '300 is no number from 0 to 255'), ({(0, 0): 0}, r'\(0, 0\) is no color')):
        with pytest.raises(ValueError, match=message):
            ClassMaps(**settings, values=wrong)


def test_colors_of_a_config_file(tmp_path):
    """They are still colors after a config was written and read again, as a run does it."""
    from mmengine.config import Config
    (tmp_path / 'a.py').write_text('settings = {(128, 0, 0): 1, (0, 0, 0): 0}\n')
    Config.fromfile(tmp_path / 'a.py').dump(tmp_path / 'b.py')
    assert dict(Config.fromfile(tmp_path / 'b.py').settings) == {(128, 0, 0): 1, (0, 0, 0): 0}


def test_a_map_of_another_size_than_its_photo(tmp_path):
    settings = save_maps(tmp_path, [halves(1)])
    cv2.imwrite(str(tmp_path / 'maps' / '0.png'), np.zeros((4, 6), np.uint8))
    with pytest.raises(AnnotationError, match='0.png has 12 x 8 pixels, but .*0.png says 6 x 4'):
        ClassMaps(**settings)[0]


def test_a_value_that_is_no_class(tmp_path):
    data = ClassMaps(**save_maps(tmp_path, [halves(1), halves(7)]), classes=['ground', 'object'])
    assert data[0]['data_samples'].gt_mask.max() == 1
    with pytest.raises(AnnotationError, match=r'1.png holds the values 0 \(50 %\), 7 \(50 %\); classes are 0 to 1'):
        data[1]


def test_maps_of_one_bit(tmp_path):
    """As some tools write masks: 1 is class 1."""
    settings = save_maps(tmp_path, [halves(1)])
    Image.fromarray(np.broadcast_to(np.array(halves(1), bool), (8, 12)).copy()).save(tmp_path / 'maps' / '0.png')
    assert Image.open(tmp_path / 'maps' / '0.png').mode == '1'
    assert ClassMaps(**settings)[0]['data_samples'].gt_mask[0].tolist() == halves(1)


@pytest.mark.parametrize('classes', [None, ['ground', 'object']])
def test_masks_of_0_and_255_stop_a_training(tmp_path, classes):
    """In them no class but one has a pixel; it says what they hold and how to map it."""
    settings = dict(save_maps(tmp_path, [halves(255)] * 3), classes=classes)
    with pytest.raises(ValueError, match=r'nothing .* 3 class maps .* 0 \(50 %\), 255 \(50 %\).*values={255: 1} makes class 1'):
        check_quickly(ClassMaps(**settings), training=True)
    check_quickly(ClassMaps(**settings, values={255: 1}), training=True)
    check_quickly(ClassMaps(**settings), training=False)  # a part to test on may have one class


def test_all_maps_are_read_before_a_training_is_stopped(tmp_path, monkeypatch):
    """The only map with another class is none of those looked at first."""
    monkeypatch.setattr('mmwsl.datasets.checks.QUICK_ITEMS', 2)
    data = ClassMaps(**save_maps(tmp_path, [halves(0), halves(1), halves(0), halves(0)]), classes=['ground', 'object'])
    check_quickly(data, training=True)
    data.keep([0, 2, 3])
    with pytest.raises(ValueError, match='3 class maps .* one class at most'):
        check_quickly(data, training=True)


def test_a_network_of_another_number_of_classes(tmp_path):
    data = ClassMaps(**save_maps(tmp_path, [halves(1)] * 2), classes=['ground', 'cat', 'dog'])
    for training in (True, False):
        check_quickly(data, training, num_classes=3)
        for other in (2, 4):
            with pytest.raises(ValueError, match=f'3 classes in its class maps, the head of the network {other}; set num'):
                check_quickly(data, training, num_classes=other)


def test_a_network_that_learns_tags_does_not_count_the_background(tmp_path):
    data = ClassMaps(**save_maps(tmp_path, [halves(1)] * 2), classes=['ground', 'cat', 'dog'])
    network = SimpleNamespace(model=SimpleNamespace(head=SimpleNamespace(num_classes=2, several_tags=True)))
    Runner._check_data(network, SimpleNamespace(dataset=data), training=False)
    network.model.head.several_tags = False
    with pytest.raises(ValueError, match='the head of the network 2'):
        Runner._check_data(network, SimpleNamespace(dataset=data), training=False)


def test_maps_that_are_the_images(tmp_path):
    settings = save_maps(tmp_path, [halves(1)])
    with pytest.raises(ValueError, match='are the images themselves; correct `maps`'):
        ClassMaps(**dict(settings, images=settings['maps'], image_suffix='.png'))


def test_one_declared_class_is_enough(tmp_path):
    check_quickly(ClassMaps(**save_maps(tmp_path, [[0] * 12]), classes=['ground']), training=True)


def test_values_beyond_the_classes_of_the_network(tmp_path):
    data = ClassMaps(**save_maps(tmp_path, [halves(1), halves(3)]))
    check_quickly(data, training=False, num_classes=4)
    with pytest.raises(ValueError, match=r'0 \(50 %\), 1 \(25 %\), 3 \(25 %\); classes are 0 to 2'):
        check_quickly(data, training=False, num_classes=3)


def test_items_that_cannot_be_used_are_counted(tmp_path):
    settings = save_maps(tmp_path, [halves(1)] * 4)
    cv2.imwrite(str(tmp_path / 'maps' / '2.png'), np.zeros((4, 6), np.uint8))
    (tmp_path / 'photos' / '3.png').write_bytes(b'')
    with pytest.raises(ImageError, match='2 of 4 items looked at cannot be used, the first: .*2.png has 12 x 8 pixels, but .*2.png says 6 x 4'):
        check_quickly(ClassMaps(**settings), training=True)
    check_quickly(ClassMaps(**settings, on_error='skip'), training=True)
    faults, seen, counts = inspect(ClassMaps(**settings), range(4))
    assert len(faults) == 2 and seen == 4 and counts[:2].tolist() == [96, 96]
    assert inspect(ClassMaps(**settings), range(4), seconds=-1)[1] == 0


def test_every_spelling_of_an_ending(tmp_path, monkeypatch):
    """All photos that have a class map are used; what is left out is counted."""
    said = []
    monkeypatch.setattr('mmwsl.datasets.readers.class_maps.print_log', lambda message, **_: said.append(message))
    (tmp_path / 'maps').mkdir()
    (tmp_path / 'photos').mkdir()
    for name in ('a.jpg', 'b.JPG', 'c.jpeg', 'd.JFIF', 'e.png'):
        encoded = cv2.imencode('.png' if name == 'e.png' else '.jpg', np.full((8, 8, 3), 90, np.uint8))[1]
        (tmp_path / 'photos' / name).write_bytes(encoded.tobytes())
        cv2.imwrite(str(tmp_path / 'maps' / f'{name[0]}.png'), np.eye(8, dtype=np.uint8))
    data = ClassMaps(tmp_path / 'photos', tmp_path / 'maps', supervision='full')
    assert [path[-6:].split('/')[-1] for path in data.paths] == ['a.jpg', 'b.JPG', 'c.jpeg', 'd.JFIF']
    assert data[2]['data_samples'].gt_mask.sum() == 8 and int(data[3]['inputs'].min()) > 80
    assert '1 of 5 images' in said[0]
    (tmp_path / 'names.txt').write_text('c\nb\n')
    data = ClassMaps(tmp_path / 'photos', tmp_path / 'maps', list_file=tmp_path / 'names.txt')
    assert [path[-6:] for path in data.paths] == ['c.jpeg', '/b.JPG'] and int(data[1]['inputs'].min()) > 80
