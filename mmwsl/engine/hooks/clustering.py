"""Clustering of the training set between epochs."""

import copy
import time

import numpy as np
import torch
import torch.distributed as dist
from mmengine.hooks import Hook
from torch.utils.data import DataLoader

from mmwsl.datasets.collate import collate_batch
from mmwsl.engine.runner import unwrap
from mmwsl.engine.stop import init_worker
from mmwsl.ops.modes import eval_mode
from mmwsl.registry import HOOKS, TRANSFORMS


@HOOKS.register_module()
class ClusteringHook(Hook):
    """Extract training features, cluster them, give pseudo-labels to the sampler.

    The features are what ``model.cluster_features`` makes of the images without augmentation, in eval mode, under
    training's autocast; rank r takes the r-th part of the dataset and hands over these rows alone, with their positions
    and a seed, to ``model.cluster``. A sampler with ``set_labels`` gets ``model.labels``. In a run that is resumed in
    the middle of an epoch the labels are those of the checkpoint.

    The rows stay on the model's device: 4 bytes x images x channels / ranks.

    Args:
        every: epochs between clusterings, counted from the first; None = before the first epoch only.
        pipeline: transforms for these passes, where the dataset's own cut random crops (files).
        batch_size: images per forward pass and rank; default that of training.
        refresh_interval: iterations between calls of ``model.refresh_clusters(seed)``; None = never.

    Raises:
        ValueError: the model cannot be clustered or was built for another number of images, or the dataset has no
            pipeline to replace.
    """

    once = True

    def __init__(self, every=1, pipeline=None, batch_size=None, refresh_interval=None):
        for name, value in dict(every=every, batch_size=batch_size, refresh_interval=refresh_interval).items():
            if value is not None and value < 1:
                raise ValueError(f'ClusteringHook: {name}={value}; it must be 1 or more, or None')
        self.every, self.batch_size, self.refresh_interval = every, batch_size, refresh_interval
        self.pipeline = None if pipeline is None else [TRANSFORMS.build(step) for step in pipeline]

    def before_train(self, runner):
        model, dataset = unwrap(runner.model), runner.train_dataloader.dataset
        missing = [name for name in ('cluster', 'cluster_features', 'num_images') if not hasattr(model, name)]
        missing += ['refresh_clusters'] if self.refresh_interval and not hasattr(model, 'refresh_clusters') else []
        if missing:
            raise ValueError(f'ClusteringHook: {type(model).__name__} has no {", ".join(missing)}; it is for methods '
                             'that cluster, such as DeepCluster and ODC')
        if len(dataset) != model.num_images:
            raise ValueError(f'the training set has {len(dataset)} images but the model was built for '
                             f'{model.num_images}: set --cfg-options model.num_images={len(dataset)}')
        if self.pipeline is not None and not hasattr(dataset, 'pipeline'):
            raise ValueError(f'ClusteringHook: {type(dataset).__name__} has no pipeline that could be replaced; leave '
                             'out pipeline')

    def before_train_epoch(self, runner):
        model, loader = unwrap(runner.model), runner.train_dataloader
        begun = runner.iter > runner.epoch * len(loader)
        due = runner.epoch == 0 if self.every is None else runner.epoch % self.every == 0
        if due and not begun:
            start = time.perf_counter()
            seed = int(np.random.SeedSequence([runner.seed, runner.epoch]).generate_state(1)[0])
            features, indices = self.extract(runner)
            extracted = time.perf_counter() - start
            facts = model.cluster(features, indices, seed)
            facts.update(seconds=time.perf_counter() - start, extraction_seconds=extracted)
            for name, value in facts.items():
                runner.message_hub.update_scalar(f'clustering/{name}', value)
            runner.logger.info(f'Clustering before epoch {runner.epoch + 1}: ' +
                               ', '.join(f'{name} {value:.4g}' for name, value in facts.items()))
        if hasattr(loader.sampler, 'set_labels'):
            loader.sampler.set_labels(model.labels)

    def after_train_iter(self, runner, batch_idx, data_batch=None, outputs=None):
        if self.refresh_interval and self.every_n_train_iters(runner, self.refresh_interval):
            unwrap(runner.model).refresh_clusters(runner.iter)

    @torch.no_grad()
    def extract(self, runner):
        """This rank's part of the training set: features (n, C), and positions in the dataset (n,), on the device."""
        model, train = unwrap(runner.model), runner.train_dataloader
        dataset = train.dataset
        if self.pipeline is not None:
            dataset = copy.copy(dataset)  # the same images, whatever was left out when it was built
            dataset.pipeline = self.pipeline
        bounds = [len(dataset) * rank // runner.world_size for rank in (runner.rank, runner.rank + 1)]
        loader = DataLoader(dataset, self.batch_size or train.batch_size, sampler=range(*bounds),
                            num_workers=train.num_workers, collate_fn=collate_batch, worker_init_fn=init_worker,
                            generator=torch.Generator())  # the default one would be advanced
        wrapper, device = runner.optim_wrapper, next(model.parameters()).device
        dtype = getattr(wrapper, 'dtype', None)
        features, indices = None, torch.zeros(bounds[1] - bounds[0], dtype=torch.long, device=device)
        start = 0
        with eval_mode(model):
            for batch in loader:
                data = model.data_preprocessor(batch, training=False)
                if not isinstance(data['inputs'], torch.Tensor):
                    raise ValueError('ClusteringHook: the dataset cuts several views of an image; give the hook a '
                                     'pipeline that makes one, e.g. [dict(type=\'ResizeCenterCrop\', resize=256, '
                                     'crop=224)]')
                with torch.autocast(device.type, dtype or torch.bfloat16, enabled=dtype is not None):
                    rows = model.cluster_features(data['inputs'])
                if features is None:
                    features = rows.new_empty(len(indices), rows.shape[1])
                features[start:start + len(rows)] = rows
                indices[start:start + len(rows)] = data['data_samples'].index
                start += len(rows)
        width = torch.tensor(0 if features is None else features.shape[1], device=device)
        if runner.world_size > 1:
            dist.all_reduce(width, dist.ReduceOp.MAX)  # a rank without images has seen none
        return torch.zeros(0, int(width), device=device) if features is None else features, indices
