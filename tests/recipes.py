"""The small recipes: every shipped config that trains on a CPU in minutes, and a batch for each.

A recipe is in the list because its name says that it is small, so a new one cannot be forgotten.
"""

import re

import torch

from mmwsl.apis import build_dataset, load_config
from mmwsl.apis.config import configs_root
from mmwsl.registry import FUNCTIONS
from mmwsl.structures import DataSample

SMALL = re.compile(r'_(r18w\d+|r8|vitxs\d+|swinxs\d+|mitxs\d+|conv8|bagencoder|seq32|p?unet(?:8|16)|g16)_|_alexnet_[^/]*_cifar10|^benchmarks/quick/')
RECIPES = sorted(path.relative_to(configs_root()).as_posix() for path in configs_root().rglob('*.py')
                 if SMALL.search(path.relative_to(configs_root()).as_posix()) and path.parent.name != 'four_step')
# A step of these waits for the device: how many boxes or instances there are is known there alone.
WAITING = [name for name in RECIPES if re.search(r'_rcnn_|_mil_|/(wsddn|oicr|pcl|motion|instances)/|/(points|scribbles)/(?!\w+_plain)', name)]
CLUSTERED = 64  # images of the methods that keep labels of all of them
OPTIONS = dict(  # by type of model
    DeepCluster={'model.num_images': CLUSTERED, 'model.head.num_classes': 4, 'model.pca_dims': 8},
    ODC={'model.num_images': CLUSTERED, 'model.head.num_classes': 3})


def load_recipe(name):
    """The config of a recipe, cut down where it is made for more images than a test has."""
    cfg = load_config(f'mmwsl::{name}')
    options = OPTIONS.get(cfg.model.type)
    return load_config(f'mmwsl::{name}', options) if options else cfg


def make_batch(cfg, count=8, training=True):
    """What the data loader of a recipe could hand over, on the CPU.

    Args:
        cfg: of :func:`load_recipe`.
        count: images, bags or sequences.
        training: whether it is for training, where the data set may cut several crops of an image.

    Returns:
        dict: ``inputs`` and ``data_samples``, random images with labels of every kind that the model can want.
    """
    loader, generator = cfg.train_dataloader, torch.Generator().manual_seed(0)
    collate, kind = loader.get('collate_fn', dict(type='collate_batch'))['type'], loader.dataset.type
    for number in ('num_bags', 'num_sequences'):
        if number in loader.dataset:  # made on the fly, and small
            dataset = build_dataset({**loader.dataset, number: count})
            return FUNCTIONS.get(collate)([dataset[index] for index in range(count)])
    if kind in ('MotionClips', 'ActionFigures', 'TrackedPatches', 'MultiViewFigures') and (training or cfg.model.type == 'OddOneOut'):
        small = dict(TrackedPatches={'clips': {**loader.dataset.get('clips', {}), 'num_clips': 4 * count}},
                     MultiViewFigures={'num_moments': 12, 'people': 3}).get(kind, {'num_clips': count})
        dataset = build_dataset({**loader.dataset, **small})
        return FUNCTIONS.get(collate)([dataset[index] for index in range(count)])
    if kind == 'DigitScenes' and cfg.model.type == 'FineGAN':  # which needs boxes
        return build_dataset({**loader.dataset, 'num_scenes': count}).__getitems__(range(count))
    if kind == 'FactorScenes':
        return build_dataset({**loader.dataset, 'num_images': count}).__getitems__(range(count))
    if kind == 'ObjectCrops':
        scenes = loader.dataset.dataset
        if scenes.type != 'DigitScenes':  # read from files
            scenes = dict(type='DigitScenes', objects=(2, 4), size=64, digit_scale=(0.4, 0.65), supervision='full')
        settings = {**loader.dataset, 'dataset': {**scenes, 'num_scenes': count}, 'amodal': True, 'min_pixels': 16}
        return build_dataset(settings).__getitems__(range(count))
    if collate == 'collate_list':
        classes = cfg.model.get('box_head', cfg.model.get('head', {})).get('num_classes', 10)
        classes -= kind == 'WeakMasks'  # tags are without the background
        return FUNCTIONS.get(collate)([_photo(64, 64 + 16 * index, classes, generator) for index in range(count)])
    views = [step.num_views for step in loader.dataset.get('pipeline', ()) if 'num_views' in step] if training else []
    shape = (count, 3, 64, 64) if kind in ('ImageFolder', 'FlowFrames') else (count, 3, 32, 32)
    images = [torch.randint(256, shape, dtype=torch.uint8, generator=generator) for _ in range(sum(views) or 1)]
    labels = torch.arange(count) % min(cfg.model.get('head', {}).get('num_classes', 10), 10)
    if cfg.model.get('head', {}).get('type') == 'MultiLabelHead':
        labels = torch.eye(cfg.model.head.num_classes)[labels]
    samples = DataSample(index=torch.arange(count), gt_label=labels)
    if kind == 'FlowFrames':
        samples.flow = 3 * torch.randn(count, 2, 64, 64, generator=generator)
        told = (torch.rand(count, 1, 64, 64, generator=generator) < 0.01).float()
        samples.guidance = torch.cat([samples.flow * told, told], dim=1)
        samples.moving = torch.tensor([0, 1, 255], dtype=torch.uint8)[torch.randint(3, (count, 64, 64), generator=generator)]
    return dict(inputs=images if views else images[0], data_samples=samples)


def first_labels(model, cfg):
    """Cluster a few images with a model that trains on clusters, on its device; of other models nothing."""
    if not hasattr(model, 'cluster'):
        return
    model.eval()
    data = model.data_preprocessor(make_batch(cfg, CLUSTERED, training=False), False)
    with torch.no_grad():
        model.cluster(model.cluster_features(data['inputs']), data['data_samples'].index, seed=0)
        if hasattr(model, 'refresh_clusters'):
            model.refresh_clusters(0)


def _photo(height, width, classes, generator):
    """An image with two objects, a class map, and all that is known of them."""
    boxes = torch.tensor([[8., 8., 40., 48.], [30., 20., 60., 60.]])
    masks = torch.zeros(2, height, width, dtype=torch.bool)
    masks[0, 8:48, 8:40] = masks[1, 20:60, 30:60] = True
    sample = DataSample(index=torch.tensor(0), gt_boxes=boxes, gt_box_labels=torch.tensor([1, 3]) % classes,
                        gt_difficult=torch.zeros(2, dtype=torch.bool), gt_instance_masks=masks,
                        gt_mask=torch.where(masks.any(0), 1, 0).byte())
    sample.gt_label = torch.zeros(classes).index_fill(0, sample.gt_box_labels, 1)
    sample.box_fill_rates = torch.full((classes,), 0.6)
    corner = torch.rand(20, 2, generator=generator) * 30
    sample.proposals = torch.cat([corner, corner + 10 + torch.rand(20, 2, generator=generator) * 20], dim=1)
    sample.proposal_scores = torch.rand(20, generator=generator)
    sample.set_metainfo(dict(ori_shape=(height, width), img_shape=(height, width), scale_factor=(1.0, 1.0)))
    return dict(inputs=torch.randint(256, (3, height, width), dtype=torch.uint8, generator=generator),
                data_samples=sample)
