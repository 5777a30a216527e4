"""One set of boxes in four forms is the same set; VOC's and COCO's real photos as they lie in their archives."""

import json

import pytest
from own_photos import names, write_photo

from mmwsl.datasets.own import check_sizes, describe, read_own_data, split_positions

BOXES = [('a.jpg', 'cat', (3, 4, 18, 14)), ('a.jpg', 'dog', (0, 0, 30, 20)), ('b.jpg', 'dog', (15, 5, 21, 20))]
PARTS = {'a.jpg': 'train', 'b.jpg': 'val'}


def as_csv(root):
    rows = [','.join(map(str, (file, name, *box, PARTS[file]))) for file, name, box in BOXES]
    (root / 'boxes.csv').write_text('\n'.join(['file,class,xmin,ymin,xmax,ymax,split', *rows]))


def as_coco(root):
    for file, part in PARTS.items():
        rows = [dict(image_id=1, category_id=dict(cat=1, dog=2)[name], bbox=[x, y, right - x, lower - y])
                for photo, name, (x, y, right, lower) in BOXES if photo == file]
        (root / f'{part}.json').write_text(json.dumps(dict(
            images=[dict(id=1, file_name=file, width=30, height=20)], annotations=rows,
            categories=[dict(id=2, name='dog'), dict(id=1, name='cat')])))


def as_yolo(root):
    for file, part in PARTS.items():
        (root / f'{part}.txt').write_text(f'images/{file}\n')
    (root / 'labels').mkdir()
    for photo, name, (x, y, right, lower) in BOXES:
        with open(root / 'labels' / photo.replace('.jpg', '.txt'), 'a') as file:
            print(int(name == 'dog'), (x + right) / 60, (y + lower) / 40, (right - x) / 30, (lower - y) / 20, file=file)
    (root / 'data.yaml').write_text('train: train.txt\nval: val.txt\nnames: [cat, dog]\n')


def as_voc(root):
    """Pixels from 1, of which the last is inside the box."""
    (root / 'Annotations').mkdir()
    (root / 'ImageSets' / 'Main').mkdir(parents=True)
    for file, part in PARTS.items():
        stem = file.replace('.jpg', '')
        (root / 'ImageSets' / 'Main' / f'{part}.txt').write_text(f'{stem}\n')
        objects = ''.join(f'<object><name>{name}</name><bndbox><xmin>{x + 1}</xmin><ymin>{y + 1}</ymin><xmax>{right}'
                          f'</xmax><ymax>{lower}</ymax></bndbox></object>'
                          for photo, name, (x, y, right, lower) in BOXES if photo == file)
        (root / 'Annotations' / f'{stem}.xml').write_text(f'<annotation>{objects}</annotation>')


@pytest.mark.parametrize('write', [as_csv, as_coco, as_yolo, as_voc])
def test_four_forms(tmp_path, write):
    for name in PARTS:
        write_photo(tmp_path / 'images' / name)
    write(tmp_path)
    records = read_own_data(tmp_path)
    check_sizes(records)
    assert names(records) == ['a.jpg', 'b.jpg'] and records.classes == ['cat', 'dog']
    assert records.parts == ['train', 'test'] and records.tags.tolist() == [[1, 1], [0, 1]]
    found = [(name, records.classes[label], pytest.approx(box.tolist(), abs=1e-4))
             for name, each in zip(names(records), records.annotations, strict=True)
             for box, label in zip(each['boxes'], each['box_labels'], strict=True)]
    assert found == [(file, name, list(box)) for file, name, box in BOXES]


@pytest.mark.slow
def test_real_voc(voc_root):
    records = read_own_data(voc_root)
    assert describe(records).endswith('VOC XML, 700 photos, 20 classes (tags, boxes, class maps); 400 to train on, 300 '
                                      'to test (as the data says)')
    assert records.remarks == [] and sum('class_map' in each for each in records.annotations) == 210
    assert sum(len(each['boxes']) for each in records.annotations) == 2009  # <object> in all files
    check_sizes(records)


@pytest.mark.slow
def test_real_coco(coco_root):
    """Both parts; rare classes of the test are on no photo of the training, which is told."""
    records = read_own_data(coco_root)
    assert records.kinds() == ['tags', 'boxes', 'masks of objects'] and len(records.classes) == 80
    assert records.parts.count('train') == records.parts.count('test') == 100
    assert sum(len(each['boxes']) for each in records.annotations) == 1458  # 746 + 712, as its notes say
    check_sizes(records)
    with pytest.raises(ValueError, match='only photos of the test have the classes fire hydrant, sheep, surfboard'):
        split_positions(records)
