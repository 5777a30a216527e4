"""A picture is taken apart and composed anew, by functions and by commands."""

import json

import cv2
import numpy as np
import pytest
import torch

from mmwsl.apis.scenes import decompose, read_masks, rearrange
from mmwsl.cli.program import main
from mmwsl.datasets import DigitScenes
from mmwsl.datasets.readers.scenes.scene_files import read_scene, write_scene
from mmwsl.models.backbones import PartialUNet, UNet
from mmwsl.models.preprocessors import ViewPreprocessor
from mmwsl.models.scenes import PCNetC, PCNetM
from mmwsl.ops.occlusion.layers import compose, visible_parts


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)
    torch.manual_seed(0)


def scene():
    """A picture of three digits with masks of what is seen of them."""
    item = DigitScenes(num_scenes=1, objects=(3, 3), stacked=True, size=48, digit_scale=(0.5, 0.6), supervision='full')[0]
    return item['inputs'].permute(1, 2, 0).numpy(), item['data_samples'].gt_instance_masks.numpy()


def network():
    preprocessor = ViewPreprocessor(mean=[120.0] * 3, std=[60.0] * 3)
    return PCNetM(UNet(4, in_channels=2), size=16, data_preprocessor=preprocessor)


def test_what_is_taken_apart_composes_to_the_same_picture(tmp_path):
    """Whatever an untrained network says of hidden parts: pixels that are seen stay."""
    image, masks = scene()
    layers = decompose(image, masks, network(), names=['a', 'b', 'c'], out=tmp_path / 'scene.npz', grow=0)
    assert layers.names == ('a', 'b', 'c') and (layers.shapes >= masks).all()
    acyclic = all((visible_parts(layers)[i] == masks[i]).all() for i in range(3))
    assert not acyclic or np.array_equal(compose(layers), image)
    assert np.array_equal(layers.background[~masks.any(0)], image[~masks.any(0)])
    found = read_scene(tmp_path / 'scene.npz')
    assert np.array_equal(found.contents, layers.contents) and np.array_equal(found.order, layers.order)
    wider = decompose(image, masks, network(), grow=2).background
    around = cv2.dilate(masks.any(0).astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert np.array_equal(wider[~around], image[~around]) and (wider != image)[around & ~masks.any(0)].any()
    with pytest.raises(ValueError, match='do not fit an image'):
        decompose(image[:20], masks, network())


def test_a_person_knows_better():
    image, masks = scene()
    for front, back in ((0, 1), (1, 0)):
        layers = decompose(image, masks[:2], network(), above=[(front, back)])
        assert layers.order[front, back] == 1 and layers.order[back, front] == -1
        assert np.array_equal(layers.shapes[front], masks[front])  # nothing is completed beneath what lies behind
    with pytest.raises(ValueError, match='names no two of 3 objects'):
        decompose(image, masks, network(), above=[(1, 3)])


def test_the_background_by_opencv_and_the_rest_by_the_network():
    image, masks = scene()
    shapes, content = network(), PCNetC(PartialUNet((4, 4), (3, 3)), size=16, data_preprocessor=ViewPreprocessor(
        mean=[120.0] * 3, std=[60.0] * 3))
    both, plain = decompose(image, masks, shapes, content, grow=1), decompose(image, masks, shapes, grow=1)
    mixed = decompose(image, masks, shapes, content, grow=1, background='opencv')
    assert np.array_equal(mixed.background, plain.background) and np.array_equal(mixed.contents, both.contents)
    assert not np.array_equal(both.background, plain.background)
    with pytest.raises(ValueError, match="background='blur' is unknown; choose network or opencv"):
        decompose(image, masks, shapes, content, background='blur')


def test_rearrange_makes_the_changes_in_order(tmp_path):
    image, masks = scene()
    layers = decompose(image, masks, network())
    picture, changed = rearrange(layers, [('delete', (0,)), ('shift', (2, 4, 0)), ('front', (1,))],
                                 tmp_path / 'picture.png', tmp_path / 'changed.npz')
    assert changed.names == ('object 1', 'object 2') and changed.order[0, 1] == 1
    assert np.array_equal(changed.shapes[1][:, 4:], layers.shapes[2][:, :-4])
    read = cv2.cvtColor(cv2.imread(str(tmp_path / 'picture.png')), cv2.COLOR_BGR2RGB)
    assert np.array_equal(read, picture) and np.array_equal(compose(read_scene(tmp_path / 'changed.npz')), picture)
    assert np.array_equal(rearrange(layers, [('swap', (0, 1)), ('swap', (0, 1))])[0], compose(layers)) or (
        layers.order[0, 1] == 0)
    for changes, message in (([('turn', (1,))], 'is no change'), ([('front', (9,))], '3 objects'),
                             ([('shift', (1, 2))], 'is no change')):
        with pytest.raises(ValueError, match=message):
            rearrange(layers, changes)
    with pytest.raises(ValueError, match='.png or .jpg'):
        rearrange(layers, [], tmp_path / 'picture.txt')


def test_the_command(tmp_path, capsys):
    image, masks = scene()
    layers = decompose(image, masks, network())
    write_scene(tmp_path / 's.npz', layers)
    arguments = ['rearrange', str(tmp_path / 's.npz'), '--out', str(tmp_path / 'p.png')]
    assert main([*arguments, '--shift', '1', '-3', '2', '--front', '0', '--delete', '2']) == 0
    assert '2 objects' in capsys.readouterr().out
    expected, _ = rearrange(layers, [('shift', (1, -3, 2)), ('front', (0,)), ('delete', (2,))])
    assert np.array_equal(cv2.imread(str(tmp_path / 'p.png'))[..., ::-1], expected)
    assert main([*arguments, '--front', '7']) == 1
    assert 'there is no 7' in capsys.readouterr().err


def test_masks_of_files(tmp_path):
    numbers = np.zeros((6, 8), dtype=np.uint8)
    numbers[1:3, 1:4], numbers[4:, 5:] = 3, 7
    cv2.imwrite(str(tmp_path / 'masks.png'), numbers)
    masks, names = read_masks(tmp_path / 'masks.png', 6, 8)
    assert np.array_equal(masks, [numbers == 3, numbers == 7]) and names == ['object 0', 'object 1']
    np.save(tmp_path / 'masks.npy', masks)
    assert np.array_equal(read_masks(tmp_path / 'masks.npy', 6, 8)[0], masks)
    with pytest.raises(ValueError, match='its image of 9 x 8'):
        read_masks(tmp_path / 'masks.png', 9, 8)
    with pytest.raises(FileNotFoundError, match='do not exist'):
        read_masks(tmp_path / 'none.png', 6, 8)
    cv2.imwrite(str(tmp_path / 'empty.png'), numbers * 0)
    with pytest.raises(ValueError, match='no object'):
        read_masks(tmp_path / 'empty.png', 6, 8)


def test_masks_in_the_layout_of_coco(tmp_path):
    square = [1, 1, 5, 1, 5, 5, 1, 5]
    annotations = [dict(id=1, image_id=3, category_id=9, iscrowd=0, bbox=[1, 1, 4, 4], area=16, segmentation=[square]),
                   dict(id=2, image_id=3, category_id=2, iscrowd=0, bbox=[4, 2, 3, 3], area=9, segmentation=[[4, 2, 7, 2, 7, 5, 4, 5]]),
                   dict(id=3, image_id=3, category_id=2, iscrowd=1, bbox=[0, 0, 8, 6], area=48,
                        segmentation=dict(size=[6, 8], counts=[0, 48])),
                   dict(id=4, image_id=4, category_id=2, iscrowd=0, bbox=[1, 1, 4, 4], area=16, segmentation=[square])]
    content = dict(images=[dict(id=3, file_name='train/a.jpg', width=8, height=6), dict(id=4, file_name='b.jpg', width=8, height=6)],
                   annotations=annotations, categories=[dict(id=9, name='cup'), dict(id=2, name='plate')])
    (tmp_path / 'instances.json').write_text(json.dumps(content))
    masks, names = read_masks(tmp_path / 'instances.json', 6, 8, 'photos/a.jpg')
    assert names == ['cup 0', 'plate 1'] and masks.shape == (2, 6, 8) and masks[0, 1:5, 1:5].all() and masks[1, 2:5, 4:7].all()
    assert (masks[0] & masks[1]).any()  # outlines hold the pixels they go through, so that these two overlap
    with pytest.raises(ValueError, match='0 images of the name c.jpg'):
        read_masks(tmp_path / 'instances.json', 6, 8, 'c.jpg')
    with pytest.raises(ValueError, match='name the photo'):
        read_masks(tmp_path / 'instances.json', 6, 8)
    with pytest.raises(ValueError, match='its image of 9 x 8'):
        read_masks(tmp_path / 'instances.json', 9, 8, 'a.jpg')
