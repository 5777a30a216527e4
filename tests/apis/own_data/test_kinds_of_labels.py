"""What recipes become for the kinds of labels that a form has: boxes for a localizer, class maps beside boxes, masks."""

import pytest
from own_photos import write_mask, write_photo

from mmwsl.apis import load_config
from mmwsl.registry import DATASETS

CAM = 'mmwsl::weaksup/localization/cam/cam_r18w16_1xb64-cos-4e_digitscenes.py'
FCN = 'mmwsl::benchmarks/quick/fcn_voc07.py'
MASK_RCNN = 'mmwsl::benchmarks/detection/mask_rcnn_r50fpn_8xb2-step-90k_coco.py'
XML = ('<annotation><object><name>{}</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>15</xmax><ymax>5</ymax></bndbox>'
       '</object></annotation>')


def types(evaluator):
    return [each['type'] for each in (evaluator if isinstance(evaluator, list) else [evaluator])]


@pytest.mark.parametrize(('more', 'metrics'), [
    ('', ['AccuracyMetric', 'LocalizationMetric']),
    ('0.jpg,dog,1,1,9,9\n', ['MultiLabelMetric', 'LocalizationMetric'])])
def test_boxes_for_a_localizer(tmp_path, more, metrics):
    """Photos of one class and of several tags are localized, with their boxes moved."""
    rows = [f'{number}.jpg,{"cat" if number % 2 else "dog"},0,0,15,20\n' for number in range(10)]
    for number in range(10):
        write_photo(tmp_path / f'{number}.jpg')
    more = more.replace('dog', 'cat')
    (tmp_path / 'labels.csv').write_text('file,class,xmin,ymin,xmax,ymax\n' + ''.join(rows) + more)
    cfg = load_config(CAM, dict(data=str(tmp_path)))
    assert types(cfg.test_evaluator) == metrics and cfg.model.head.num_classes == 2
    item = DATASETS.build(cfg.test_dataloader.dataset)[0]
    assert set(item['data_samples'].keys()) == {'index', 'gt_label', 'gt_boxes', 'gt_box_labels', 'gt_difficult'}
    height, width = item['inputs'].shape[-2:]
    assert height == width
    assert item['data_samples'].gt_boxes[0].tolist() == [0, 0, width / 2, height]


def test_class_maps_beside_boxes(tmp_path):
    """A segmentor learns from the photos with a map, and does not see boxes; a mask network is refused."""
    for number in range(6):
        write_photo(tmp_path / 'JPEGImages' / f'{number}.jpg')
        (tmp_path / 'Annotations').mkdir(exist_ok=True)
        (tmp_path / 'Annotations' / f'{number}.xml').write_text(XML.format('cat' if number % 2 else 'dog'))
    for number in range(5):
        write_mask(tmp_path / 'SegmentationClass' / f'{number}.png', 0, 8)
    cfg = load_config(FCN, dict(data=str(tmp_path)))
    assert cfg.model.head.num_classes == cfg.model.auxiliary_head.num_classes == cfg.test_evaluator.num_classes == 21
    train = DATASETS.build(cfg.train_dataloader.dataset)
    assert len(train) == 4 and set(train[0]['data_samples'].keys()) == {'index', 'gt_mask'}
    with pytest.raises(ValueError, match=r'learns from masks of objects, and .* \(VOC XML\) has one class a photo, boxes, '
                                         'class maps; choose a detector of boxes'):
        load_config(MASK_RCNN, dict(data=str(tmp_path)))


def test_a_segmentor_of_boxes_alone(tmp_path):
    (tmp_path / 'Annotations').mkdir()
    for number in range(4):
        write_photo(tmp_path / 'JPEGImages' / f'{number}.jpg')
        (tmp_path / 'Annotations' / f'{number}.xml').write_text(XML.format('cat'))
    with pytest.raises(ValueError, match=r'fcn_voc07.py learns from class maps, and .* has one class a photo, boxes'):
        load_config(FCN, dict(data=str(tmp_path)))
