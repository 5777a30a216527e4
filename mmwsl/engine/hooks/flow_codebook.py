"""The motions that a network tells apart, clustered before training."""

import torch
from mmengine.hooks import Hook

from mmwsl.clustering import kmeans
from mmwsl.engine.runner import unwrap
from mmwsl.registry import HOOKS


@HOOKS.register_module()
class FlowCodebookHook(Hook):
    """Set the model's ``codebook``, before a training begins, to the k-means centers of the training set's flow.

    Every rank clusters the same vectors, of images spread evenly over the set. A resumed training keeps its codebook.

    Args:
        images: flow of so many images is looked at.
        vectors: of so many pixels of each.
        seed: of the pixels and of k-means.

    Raises:
        ValueError: the model has no codebook, or images of the data set have no flow.
    """

    once = True

    def __init__(self, images=500, vectors=100, seed=0):
        self.images, self.vectors, self.seed = images, vectors, seed

    def before_train(self, runner):
        if runner.iter:
            return
        model, dataset = unwrap(runner.model), runner.train_dataloader.dataset
        if not hasattr(model, 'codebook'):
            raise ValueError(f'FlowCodebookHook: {type(model).__name__} has no codebook; leave the hook out of '
                             'custom_hooks')
        vectors = self.sample(dataset)
        found = kmeans(vectors, len(model.codebook), seed=self.seed, distributed=False)
        model.codebook.copy_(found.centroids)

    def sample(self, dataset):
        """Flow vectors (n, 2) of the set, those that are known."""
        count, generator = min(self.images, len(dataset)), torch.Generator().manual_seed(self.seed)
        rows = []
        for index in (torch.arange(count) * len(dataset) // count).tolist():
            sample = dataset[index]['data_samples']
            if 'flow' not in sample:
                raise ValueError(f'FlowCodebookHook: items of {type(dataset).__name__} have no flow; train on '
                                 'FlowFrames or FlowPairs')
            flow = sample.flow.flatten(1).T
            rows.append(flow[torch.randint(len(flow), (self.vectors,), generator=generator)])
        rows = torch.cat(rows)
        return rows[rows.isfinite().all(1)]
