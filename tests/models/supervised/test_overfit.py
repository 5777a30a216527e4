"""Twenty photos learnt by heart: whatever is wrong between the file and the metric, a detector cannot get there.

Five and ten minutes of a core, so they belong to ``make test-long``; ``test_detectors.py`` has scenes that are learnt in
seconds.
"""

import json
from collections import defaultdict

import pytest

from mmwsl.apis import evaluate, load_config, train

pytestmark = [pytest.mark.slow, pytest.mark.long]
RESIZE = dict(type='ResizeShortEdge', short=256, longest=410)


def by_heart(name, dataset, evaluator, epochs, work_dir, mask_head=None):
    """Train the quick detector, with ImageNet's stem and all four stages, and score it on what it was trained on."""
    config = load_config(f'mmwsl::benchmarks/quick/{name}.py')
    loader = dict(batch_size=4, num_workers=0, persistent_workers=False)
    options = {
        'model.backbone.stem': 'imagenet',
        'model.backbone.out_indices': (1, 2, 3, 4),
        'model.region_strides': (4, 8, 16, 32),
        'model.finest_scale': 64,
        'train_dataloader': loader,
        'test_dataloader': loader,
        'train_dataloader.dataset': dict(dataset, pipeline=[RESIZE]),
        'test_dataloader.dataset': dict(dataset, pipeline=[RESIZE]),
        'test_evaluator': evaluator,
        'optim_wrapper.optimizer': dict(_delete_=True, type='AdamW', lr=1e-3, weight_decay=1e-4),
        'train_cfg.max_epochs': epochs,
        'default_hooks.checkpoint': dict(interval=epochs, max_keep_ckpts=1),
        'default_hooks.logger.interval': 100,
        'auto_scale_lr': None,
    }
    if mask_head:
        options['model.mask_head'] = mask_head
    config.merge_from_dict(options)
    config.param_scheduler = [
        dict(type='OneCycleLR', eta_max=1e-3, total_steps=epochs * 20 // 4, pct_start=0.1, by_epoch=False)]
    train(config, work_dir=str(work_dir))
    return evaluate(load_config(str(work_dir / f'{name}.py')), str(work_dir / f'epoch_{epochs}.pth'))


def test_faster_rcnn_learns_twenty_photos(voc_root, tmp_path):
    dataset = dict(data_root=str(voc_root.parent), sets=['VOC2007/train'], drop_empty='boxes', max_images=20)
    figures = by_heart('faster_rcnn_voc07', dataset, dict(type='VOCMetric'), 90, tmp_path)
    assert figures['voc/AP50'] > 90


def test_mask_rcnn_learns_twenty_photos(coco_root, tmp_path):
    """Photos of up to four objects, none narrower than 32 pixels: at 256 pixels less is too little for its mask."""
    content = json.loads((coco_root / 'annotations' / 'instances_train2017.json').read_text())
    objects = defaultdict(list)
    for each in content['annotations']:
        objects[each['image_id']].append(each)
    chosen = [number for number, each in objects.items()
              if len(each) <= 4 and all(min(one['bbox'][2:]) >= 32 and not one['iscrowd'] for one in each)][:20]
    content['images'] = [each for each in content['images'] if each['id'] in chosen]
    content['annotations'] = [each for number in chosen for each in objects[number]]
    assert len(content['images']) == 20
    few = tmp_path / 'few.json'
    few.write_text(json.dumps(content))
    dataset = dict(ann_file=str(few), data_prefix=str(coco_root / 'train2017'), supervision='full')
    metric = dict(type='COCOMetric', ann_file=str(few), kinds=['bbox', 'segm'])
    figures = by_heart('mask_rcnn_coco', dataset, metric, 150, tmp_path, dict(norm_cfg=dict(type='BN')))
    assert figures['coco/bbox_AP50'] > 90
    assert figures['coco/segm_AP50'] > 90
