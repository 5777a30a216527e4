"""From the items of a data set to a batch."""

import torch
from mmengine.registry import FUNCTIONS as MMENGINE_FUNCTIONS
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import default_collate

from mmwsl.registry import FUNCTIONS
from mmwsl.structures import DataSample, split_samples, stack_samples


@MMENGINE_FUNCTIONS.register_module()  # mmengine's Runner looks for a plain name there, and only there
@FUNCTIONS.register_module()
def collate_batch(batch):
    """Make one batch of what a dataset gave: dict(inputs, data_samples).

    A dict is a whole batch already (in-memory datasets fetch it in one go) and passes unchanged. A list of items is
    stacked: images to ``inputs`` (B, C, H, W); lists of V views to a list of V tensors (B, C, H, W), where the views
    may differ in size from each other, but not from image to image; the :class:`DataSample` objects to a batched one.

    Raises:
        ValueError: empty batch, or images of different sizes or numbers of views.
    """
    if isinstance(batch, dict):
        return batch
    if not batch:
        raise ValueError('there is nothing in the batch; the dataset or the sampler gave no items')
    inputs = [item['inputs'] for item in batch]
    if isinstance(inputs[0], torch.Tensor):
        inputs = _stack(inputs)
    else:
        counts = sorted({len(views) for views in inputs})
        if len(counts) > 1:
            raise ValueError(f'images of one batch have different numbers of views: {counts}')
        inputs = [_stack(views) for views in zip(*inputs, strict=True)]
    return dict(inputs=inputs, data_samples=stack_samples([item['data_samples'] for item in batch]))


def _stack(images):
    shapes = sorted({tuple(image.shape) for image in images})
    if len(shapes) > 1:
        raise ValueError(f'images of one batch have different shapes, among them {shapes[0]} and {shapes[-1]}; give '
                         'the dataset a pipeline that ends in one size (RandomCrops, ResizeCenterCrop, ResizeToSquare, '
                         '...), or use batch_size=1')
    return default_collate(list(images))  # in a worker it stacks straight into shared memory


@MMENGINE_FUNCTIONS.register_module()
@FUNCTIONS.register_module()
def collate_list(batch):
    """A batch of images of different sizes: ``inputs`` a list of (C, H, W), ``data_samples`` a list as well.

    A dict is a whole batch already (in-memory datasets) and is split.

    Raises:
        ValueError: empty batch.
    """
    if not batch:
        raise ValueError('there is nothing in the batch; the dataset or the sampler gave no items')
    if isinstance(batch, dict):
        images = list(batch['inputs'])
        return dict(inputs=images, data_samples=split_samples(batch['data_samples'], len(images)))
    return dict(inputs=[item['inputs'] for item in batch], data_samples=[item['data_samples'] for item in batch])


@MMENGINE_FUNCTIONS.register_module()
@FUNCTIONS.register_module()
def collate_bags(batch):
    """Bags of different lengths as one batch: ``inputs`` (B, N, C, H, W), zeros after a bag's end.

    The batched :class:`DataSample` has ``bag_mask`` bool (B, N), true where an instance is, and, where the items have
    them, ``gt_label`` (B,) and ``gt_instance_labels`` (B, N), false beyond.
    """
    lengths = [len(item['inputs']) for item in batch]
    inputs = pad_sequence([item['inputs'] for item in batch], batch_first=True)
    samples = [item['data_samples'] for item in batch]
    together = DataSample(bag_mask=torch.arange(max(lengths)) < torch.tensor(lengths)[:, None],
                          **{key: torch.stack([each.get(key) for each in samples])
                             for key in ('index', 'gt_label') if key in samples[0]})
    if 'gt_instance_labels' in samples[0]:
        together.gt_instance_labels = pad_sequence([each.gt_instance_labels for each in samples], batch_first=True)
    return dict(inputs=inputs, data_samples=together)


@MMENGINE_FUNCTIONS.register_module()
@FUNCTIONS.register_module()
def collate_sequences(batch):
    """Sequences of different lengths as one batch: ``inputs`` (B, T, D), zeros after a sequence's end.

    The batched :class:`DataSample` has ``lengths`` (B,), what stacks stacked, and the ``gt_*segment*`` fields as lists.
    """
    samples = [item['data_samples'] for item in batch]
    together = DataSample(lengths=torch.tensor([len(item['inputs']) for item in batch]),
                          **{key: torch.stack([each.get(key) for each in samples])
                             for key in ('index', 'gt_label', 'rate')})
    for key in ('gt_segments', 'gt_segment_labels', 'gt_ignored_segments'):
        if key in samples[0]:
            setattr(together, key, [each.get(key) for each in samples])
    return dict(inputs=pad_sequence([item['inputs'] for item in batch], batch_first=True), data_samples=together)


@MMENGINE_FUNCTIONS.register_module()
@FUNCTIONS.register_module()
def collate_graphs(batch):
    """Small graphs of different sizes as one batch: ``inputs`` (B, N, D), zeros after a graph's end.

    The batched :class:`DataSample` has ``node_mask`` bool (B, N), true where a node is, ``adjacency`` (B, N, N), in
    which what is not there is joined to itself alone, and, where the items have them, ``gt_node_labels`` (B, N), -100
    beyond, and ``gt_score`` (B,).
    """
    lengths = [len(item['inputs']) for item in batch]
    most, samples = max(lengths), [item['data_samples'] for item in batch]
    adjacency = torch.eye(most).repeat(len(batch), 1, 1)
    for whole, length, sample in zip(adjacency, lengths, samples, strict=True):
        whole[:length, :length] = sample.adjacency
    together = DataSample(node_mask=torch.arange(most) < torch.tensor(lengths)[:, None], adjacency=adjacency,
                          **{key: torch.stack([each.get(key) for each in samples])
                             for key in ('index', 'gt_score') if key in samples[0]})
    if 'gt_node_labels' in samples[0]:
        together.gt_node_labels = pad_sequence([each.gt_node_labels for each in samples], batch_first=True,
                                               padding_value=-100)
    inputs = pad_sequence([item['inputs'] for item in batch], batch_first=True)
    return dict(inputs=inputs, data_samples=together)
