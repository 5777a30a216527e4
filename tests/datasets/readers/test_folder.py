import logging
import os

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from mmwsl.datasets import EpochSampler, ImageError, ImageFolder, check_same_classes, collate_batch
from mmwsl.registry import DATASETS


def save(path, value, size=(6, 4)):
    """A picture (width, height) of one grey value."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((size[1], size[0], 3), value, np.uint8)).save(path)
    return path


def textured(path, seed, size=(40, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)).save(path)
    return path


@pytest.fixture
def animals(tmp_path):
    """cat: 10, 11 and a nested 12; dog: 20. Grey values tell the images apart."""
    root = tmp_path / 'animals'
    save(root / 'dog' / 'a.png', 20)
    save(root / 'cat' / 'b.PNG', 11)
    save(root / 'cat' / 'a.png', 10)
    save(root / 'cat' / 'more' / 'a.png', 12)
    (root / 'cat' / 'notes.txt').write_text('no image')
    save(root / 'cat' / '.hidden.png', 99)
    save(root / '.cache' / 'a.png', 99)
    return root


@pytest.fixture
def log(monkeypatch):
    """The warnings and notes that a dataset logs."""
    lines = []
    from mmwsl.datasets import file_dataset
    from mmwsl.datasets.readers import folder
    for module in (file_dataset, folder):
        monkeypatch.setattr(module, 'print_log', lambda message, logger=None, level=logging.INFO: lines.append(message))
    return lines


def values(dataset):
    return [int(item['inputs'][0, 0, 0]) for item in dataset]


def test_class_folders(animals):
    dataset = DATASETS.build(dict(type='ImageFolder', data_root=str(animals)))
    assert dataset.metainfo == dict(classes=['cat', 'dog'])
    assert values(dataset) == [10, 11, 12, 20]
    assert dataset.labels.tolist() == [0, 0, 0, 1] and dataset.labels.dtype == torch.int64
    item = dataset[3]
    assert item['inputs'].dtype == torch.uint8 and item['inputs'].shape == (3, 4, 6)
    assert (int(item['data_samples'].index), int(item['data_samples'].gt_label)) == (3, 1)
    assert item['data_samples'].metainfo['path'] == str(animals / 'dog' / 'a.png')


def test_flat_folder_has_no_labels(tmp_path):
    for value in (3, 1, 2):
        save(tmp_path / f'{value}.png', value)
    dataset = ImageFolder(tmp_path)
    assert values(dataset) == [1, 2, 3] and dataset.labels is None and dataset.metainfo == dict(classes=[])
    assert set(dataset[0]['data_samples'].keys()) == {'index'}


def test_images_beside_folders_are_all_taken_without_labels(animals, log):
    save(animals / 'loose.png', 5)
    dataset = ImageFolder(animals)
    assert sorted(values(dataset)) == [5, 10, 11, 12, 20] and dataset.labels is None
    assert 'without labels' in log[-1]
    with pytest.raises(ValueError, match='1 images lie in .*animals itself, in no class folder'):
        ImageFolder(animals, labelled=True)


@pytest.mark.parametrize('place, target', [('dog/all', '..'), ('dog/all', '../..'), ('ant', 'dog'), ('cat/x', '../dog'),
                                           ('all', '.')])
def test_linked_folders_are_read_once(animals, log, place, target):
    """Under their own name, wherever a link to them lies."""
    save(animals.parent / 'beside.png', 77)
    (animals / place).symlink_to(target, target_is_directory=True)
    dataset = ImageFolder(animals, on_error='skip')
    assert values(dataset) == [10, 11, 12, 20] and dataset.labels.tolist() == [0, 0, 0, 1]
    assert any(f'1 links lead to folders that are read anyway and are left out: {place}' in line for line in log)


def test_links_out_of_the_folder_are_followed(animals, tmp_path):
    save(tmp_path / 'elsewhere' / 'a.png', 40)
    (tmp_path / 'elsewhere' / 'back').symlink_to(animals, target_is_directory=True)
    (animals / 'emu').symlink_to(tmp_path / 'elsewhere', target_is_directory=True)
    dataset = ImageFolder(animals)
    assert values(dataset) == [10, 11, 12, 20, 40] and dataset.classes == ['cat', 'dog', 'emu']


def test_a_folder_that_cannot_be_read(animals, log, monkeypatch):
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith('more'):
            raise PermissionError(13, 'Permission denied', str(path))
        return scandir(path)

    monkeypatch.setattr(os, 'scandir', refuse)
    with pytest.raises(PermissionError, match='cat/more'):
        ImageFolder(animals)
    assert values(ImageFolder(animals, on_error='skip')) == [10, 11, 20]
    assert any('1 folders cannot be read' in line and 'cat/more' in line for line in log)


def test_files_that_are_left_out_are_counted(animals, log):
    (animals / 'dog' / 'b.heic').write_bytes(b'x')
    assert len(ImageFolder(animals)) == 4
    assert any('3 files have no ending of an image, or are hidden, and are left out: .heic, .png, .txt' in line for line in log)


def test_labels_can_be_ignored(animals):
    assert ImageFolder(animals, labelled=False).labels is None
    assert ImageFolder(animals, supervision='none').labels is None
    assert set(ImageFolder(animals, supervision='none')[0]['data_samples'].keys()) == {'index'}


def test_classes_set_the_order(animals):
    dataset = ImageFolder(animals, classes=['dog', 'cat'])
    assert dataset.labels.tolist() == [0, 1, 1, 1] and values(dataset) == [20, 10, 11, 12]


def test_max_images_is_evenly_spaced(animals):
    dataset = ImageFolder(animals, max_images=2)
    assert values(dataset) == [10, 12] and dataset.labels.tolist() == [0, 0] and len(dataset) == 2


def test_in_memory_behaves_like_a_tensor(animals):
    save(animals / 'dog' / 'b.png', 30, size=(9, 20))
    dataset = ImageFolder(animals, in_memory=True, size=5)
    batch = dataset.__getitems__([4, 0])
    assert batch['inputs'].shape == (2, 3, 5, 5) and batch['inputs'][:, 0, 2, 2].tolist() == [30, 10]
    assert batch['data_samples'].gt_label.tolist() == [1, 0] and batch['data_samples'].index.tolist() == [4, 0]
    assert torch.equal(dataset[4]['inputs'], batch['inputs'][0])
    assert len(dataset) == 5 and dataset.labels.tolist() == [0, 0, 0, 1, 1]


def test_in_memory_takes_the_central_square(tmp_path):
    picture = np.zeros((10, 30, 3), np.uint8)
    picture[:, 10:20] = 200
    Image.fromarray(picture).save(tmp_path / 'a.png')
    assert (ImageFolder(tmp_path, in_memory=True, size=10)[0]['inputs'] == 200).all()


# Crops in workers


def crops_of(dataset, workers, epochs=(0,), seed=5):
    sampler = EpochSampler(dataset, shuffle=False, seed=seed)
    loader = DataLoader(dataset, batch_size=3, sampler=sampler, num_workers=workers, collate_fn=collate_batch,
                        persistent_workers=workers > 0)
    found = []
    for epoch in epochs:
        sampler.set_epoch(epoch)
        batches = list(loader)
        found.append([torch.cat([batch['inputs'][view] for batch in batches]) for view in (0, 1)])
    return found


def test_crops_do_not_depend_on_workers_and_change_with_the_epoch(tmp_path):
    for number in range(8):
        textured(tmp_path / f'{number}.png', number)
    pipeline = [dict(type='RandomCrops', num_views=2, size=16)]
    # workers that live on must see the new epoch in their copy of the dataset
    alone = crops_of(ImageFolder(tmp_path, pipeline=pipeline), 0, epochs=(0, 1, 0))
    workers = crops_of(ImageFolder(tmp_path, pipeline=pipeline), 2, epochs=(0, 1, 0))
    for one, other in zip(alone, workers, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(one, other, strict=True))
    first, second, again = alone
    assert first[0].shape == (8, 3, 16, 16)
    for view in (0, 1):
        assert torch.equal(first[view], again[view])
        assert not any(torch.equal(a, b) for a, b in zip(first[view], second[view], strict=True))


def test_seed_of_the_dataset_goes_before_the_sampler_s(tmp_path):
    textured(tmp_path / 'a.png', 0)
    pipeline = [dict(type='RandomCrops', size=16)]

    def crop(dataset_seed, sampler_seed):
        return crops_of(ImageFolder(tmp_path, pipeline=pipeline, seed=dataset_seed), 0, seed=sampler_seed)[0][0]

    assert torch.equal(crop(None, 1), crop(1, 2)) and torch.equal(crop(1, 2), crop(1, 3))
    assert not torch.equal(crop(None, 1), crop(None, 2))


def test_crops_of_photos_in_workers(voc_root):
    settings = dict(data_root=voc_root / 'JPEGImages', max_images=12,
                    pipeline=[dict(type='RandomCrops', num_views=2, size=64)])
    alone, workers = crops_of(ImageFolder(**settings), 0), crops_of(ImageFolder(**settings), 2)
    assert all(torch.equal(a, b) for a, b in zip(alone[0], workers[0], strict=True))
    assert alone[0][0].float().std() > 30


def test_pipeline_of_callables(animals):
    def read(results):
        return {**results, 'image': np.full((4, 4, 3), 7, np.uint8)}

    def nothing(results):
        return results

    dataset = ImageFolder(animals, pipeline=[read, dict(type='ResizeToSquare', size=2)])
    assert (dataset[0]['inputs'] == 7).all() and dataset[0]['inputs'].shape == (3, 2, 2)
    assert ImageFolder(animals, pipeline=[read])[0]['inputs'].shape == (3, 4, 4)  # the picture as it was left
    with pytest.raises(ValueError, match=r"pipeline \['function'\] leaves neither inputs nor an image"):
        ImageFolder(animals, pipeline=[nothing])[0]


# Bad input


def test_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match='nowhere does not exist .* correct data_root'):
        ImageFolder(tmp_path / 'nowhere')
    path = save(tmp_path / 'a.png', 1)
    with pytest.raises(FileNotFoundError, match='a.png is a file, not a folder'):
        ImageFolder(path)


def test_empty_folder(tmp_path):
    (tmp_path / 'cat').mkdir()
    (tmp_path / 'cat' / 'readme.txt').write_text('')
    with pytest.raises(ValueError, match=r'no images in .* \(looked for .jpg .*correct data_root or extensions'):
        ImageFolder(tmp_path)


def test_empty_class_folder(animals, log):
    (animals / 'horse').mkdir()
    with pytest.raises(ValueError, match='class folders without images: horse.*on_error'):
        ImageFolder(animals)
    assert ImageFolder(animals, on_error='skip').classes == ['cat', 'dog']
    assert 'without images: horse; 0 images are left out' in log[-1]


def test_folders_that_do_not_fit_the_classes(animals, log):
    with pytest.raises(ValueError, match='folders that are not in classes: dog; classes without a folder: cow'):
        ImageFolder(animals, classes=['cow', 'cat'])
    dataset = ImageFolder(animals, classes=['cow', 'cat'], on_error='skip')
    assert dataset.labels.tolist() == [1, 1, 1] and dataset.classes == ['cow', 'cat']
    assert '1 images are left out' in log[-1]
    with pytest.raises(ValueError, match='no image in .* belongs to one of the classes cow'):
        ImageFolder(animals, classes=['cow'], on_error='skip')


def test_a_class_that_stands_twice(animals):
    with pytest.raises(ValueError, match='cat stands in classes more than once'):
        ImageFolder(animals, classes=['cat', 'dog', 'cat'])


def test_classes_without_class_folders(tmp_path):
    save(tmp_path / 'a.png', 1)
    with pytest.raises(ValueError, match='classes are given, but the images .* have none'):
        ImageFolder(tmp_path, classes=['a'])


@pytest.mark.parametrize('content', [b'', b'no picture', 'half'])
@pytest.mark.parametrize('in_memory', [False, True])
def test_corrupt_image(tmp_path, log, content, in_memory):
    for number in range(4):
        textured(tmp_path / f'{number}.jpg', number)
    broken = tmp_path / '1.jpg'
    whole = broken.read_bytes()
    broken.write_bytes(whole[:len(whole) // 2] if content == 'half' else content)
    settings = dict(in_memory=True, size=8) if in_memory else dict(pipeline=[dict(type='ResizeToSquare', size=8)])

    with pytest.raises(ImageError, match='1.jpg'):
        list(ImageFolder(tmp_path, **settings))

    dataset = ImageFolder(tmp_path, on_error='skip', **settings)
    indices = [int(item['data_samples'].index) for item in dataset]
    if in_memory:  # known when the set is built: left out
        assert indices == [0, 1, 2] and dataset.paths == [str(tmp_path / f'{n}.jpg') for n in (0, 2, 3)]
        assert '1 of 4 images cannot be read and are left out, among them' in log[0] and '1.jpg' in log[0]
    else:  # met on the way: the next image takes its place, with its own index
        assert indices == [0, 2, 2, 3]
        assert torch.equal(dataset[1]['inputs'], dataset[2]['inputs'])
        assert len(log) == 1 and '1.jpg' in log[0] and '(1 so far in this process)' in log[0]


def test_replacement_brings_its_own_label_and_wraps_around(animals, log):
    (animals / 'dog' / 'a.png').write_bytes(b'')
    item = ImageFolder(animals, on_error='skip')[3]
    assert (int(item['data_samples'].index), int(item['data_samples'].gt_label)) == (0, 0)
    assert int(item['inputs'][0, 0, 0]) == 10 and item['data_samples'].metainfo['path'].endswith('a.png')


def test_nothing_readable(tmp_path, log):
    for number in range(3):
        (tmp_path / f'{number}.jpg').write_bytes(b'')
    with pytest.raises(ImageError, match='none of the 3 images can be read; the first is .*0.jpg'):
        ImageFolder(tmp_path, on_error='skip')[2]
    with pytest.raises(ImageError, match='3 of 3 images cannot be read'):
        ImageFolder(tmp_path, on_error='skip', verify=True)
    with pytest.raises(ImageError, match='none of 3 images can be decoded'):
        ImageFolder(tmp_path, on_error='skip', in_memory=True)


def test_verify_finds_broken_headers_when_building(animals, log):
    (animals / 'cat' / 'a.png').write_text('no picture')
    (animals / 'dog' / 'a.png').write_bytes(b'')
    with pytest.raises(ImageError, match='2 of 4 images cannot be read; the first: .*cat.*a.png'):
        ImageFolder(animals, verify=True)
    dataset = ImageFolder(animals, verify=True, on_error='skip')
    assert values(dataset) == [11, 12] and dataset.labels.tolist() == [0, 0] and dataset.classes == ['cat', 'dog']
    assert '2 of 4 images' in log[-1]


@pytest.mark.parametrize('settings, message', [
    (dict(on_error='ignore'), "on_error='ignore' is unknown; choose one of raise, skip"),
    (dict(in_memory=True, pipeline=[dict(type='ResizeToSquare')]), 'leave out one of the two'),
    (dict(in_memory=True, size=0), 'size=0 is impossible'),
    (dict(supervision='some'), "supervision='some' is unknown"),
    (dict(max_images=0), 'max_images=0 leaves no image')])
def test_bad_settings(animals, settings, message):
    with pytest.raises(ValueError, match=message):
        ImageFolder(animals, **settings)


def test_unknown_transform_names_the_nearest(animals):
    with pytest.raises(KeyError, match='RandomCrops'):
        ImageFolder(animals, pipeline=[dict(type='RandomCrop')])


def test_train_and_test_must_have_the_same_classes(animals, tmp_path):
    train = ImageFolder(animals)
    check_same_classes(train, ['cat', 'dog'])
    save(tmp_path / 'test' / 'cat' / 'a.png', 1)
    save(tmp_path / 'test' / 'wolf' / 'a.png', 1)
    with pytest.raises(ValueError, match='only in train: dog; only in test: wolf'):
        check_same_classes(train, ImageFolder(tmp_path / 'test'))
    with pytest.raises(ValueError, match='only in train: none; only in test: emu'):
        check_same_classes(train, ['cat', 'dog', 'emu'])
    with pytest.raises(ValueError, match='another order: number 0 is cat in train and dog in test'):
        check_same_classes(train, ['dog', 'cat'])
