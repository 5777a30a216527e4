"""Files of scenes read back, and what is no such file is refused."""

import dataclasses

import numpy as np
import pytest

from mmwsl.datasets.readers.scenes.scene_files import read_scene, write_scene
from mmwsl.ops.occlusion.layers import SceneLayers


def layers(count=3):
    rng = np.random.default_rng(0)
    shapes = np.zeros((count, 20, 30), dtype=bool)
    for number, shape in enumerate(shapes):
        shape[2 + number:12, 3:9 + 5 * number] = rng.random((10 - number, 6 + 5 * number)) < 0.8
    upper = np.triu(rng.integers(-1, 2, (count, count)), 1).astype(np.int8)
    return SceneLayers(rng.integers(0, 256, (20, 30, 3), dtype=np.uint8),
                       rng.integers(0, 256, (count, 20, 30, 3), dtype=np.uint8) * shapes[..., None], shapes,
                       upper - upper.T, tuple(f'Objekt <{number}> ä' for number in range(count)))


@pytest.mark.parametrize('count', [0, 1, 3])
def test_a_scene_reads_back(tmp_path, count):
    """Also without an object, and with one that has no pixel."""
    scene = layers(count)
    if count:
        scene.shapes[0], scene.contents[0] = False, 0
    write_scene(tmp_path / 'scene.npz', scene)
    found = read_scene(tmp_path / 'scene.npz')
    for field in dataclasses.fields(SceneLayers):
        assert np.array_equal(getattr(found, field.name), getattr(scene, field.name)), field.name


def test_what_is_no_scene(tmp_path):
    with pytest.raises(FileNotFoundError, match='mmwsl decompose'):
        read_scene(tmp_path / 'none.npz')
    path = tmp_path / 'scene.npz'
    path.write_bytes(b'nothing of the kind')
    with pytest.raises(ValueError, match='no scene that can be read'):
        read_scene(path)
    np.savez(path, background=np.zeros((4, 4, 3), np.uint8))
    with pytest.raises(ValueError, match='it lacks format, order, boxes, names'):
        read_scene(path)
    np.savez(path, format=9, background=0, order=0, boxes=0, names=0)
    with pytest.raises(ValueError, match='format 9, of a later mmwsl'):
        read_scene(path)
    write_scene(path, layers())
    with np.load(path) as content:
        held = dict(content)
    held['shape_1'] = held['shape_1'][:2]
    np.savez(path, **held)
    with pytest.raises(ValueError, match='do not fit together'):
        read_scene(path)


def test_objects_of_code_are_not_loaded(tmp_path):
    path = tmp_path / 'scene.npz'
    write_scene(path, layers())
    with np.load(path) as content:
        held = dict(content)
    np.savez(path, **dict(held, names=np.array([dict(a=1)] * 3, dtype=object)))
    with pytest.raises(ValueError, match='no scene that can be read'):
        read_scene(path)
