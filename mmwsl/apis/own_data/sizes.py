"""What a recipe's numbers must be for as many photos as there are: batch, memories, clusters."""

import os

from mmengine.config import Config
from mmengine.dist import get_world_size
from mmengine.logging import print_log

SMALLEST = 2  # clusters


def fit_memories(cfg: Config, count: int) -> None:
    """Give a method that keeps something of every photo as many rows as there are photos, in place; it is logged.

    Clusters stay as large as the recipe has them, so there are fewer of fewer photos, but two at least.

    Args:
        cfg: training config.
        count: photos to train on.
    """
    model = cfg.model
    if 'length' in (model.get('bank') or {}):
        model.bank.length = count
    if 'num_images' not in model:
        return
    clusters, before = model.head.num_classes, model.num_images
    model.num_images = count
    model.head.num_classes = min(clusters, max(SMALLEST, round(clusters * count / before)))
    words = f'{clusters} clusters of {before:,} images -> {model.head.num_classes} of {count:,}'
    if model.get('min_cluster', 0) * model.head.num_classes > count:
        model.min_cluster = count // model.head.num_classes
        words += f', the smallest of {model.min_cluster}'
    print_log(words, logger='current')


def lower_batch(cfg: Config, count: int) -> None:
    """Set the batch of the training to the number of photos a rank has, where it is larger, in place; it is logged.

    A batch that is dropped because it is not full would leave no step at all.

    Args:
        cfg: training config.
        count: photos to train on.
    """
    loader = cfg.get('train_dataloader')
    if loader is None or not loader.get('batch_size'):
        return
    ranks = max(get_world_size(), int(os.environ.get('WORLD_SIZE', 1)))  # torchrun's, before its group is there
    most = max(count // ranks, 1)
    if loader.batch_size > most:
        print_log(f'train_dataloader.batch_size {loader.batch_size} -> {most}, as there are {count} photos to train on;'
                  ' the learning rate stays (--auto-scale-lr scales it)', logger='current')
        loader.batch_size = most
