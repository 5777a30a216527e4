"""Frozen features of a dataset: extraction, checks, and the source that holds them."""

import logging
import zlib
from dataclasses import dataclass

import torch
from mmengine.dist import all_gather, get_rank, get_world_size
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper
from torch.utils.data import DataLoader

from mmwsl.datasets.collate import collate_batch
from mmwsl.ops.modes import eval_mode
from mmwsl.progress import progress_bar
from mmwsl.protocols.base import Source

NO_TRAINING = ('this protocol got features alone, and no network can be trained from them: give its class '
               '`trains = True`, and run it on a checkpoint with mmwsl.apis.benchmark')
MARKS = dict(cameras='camera', queries='is_query')  # of Features, and where samples have them
GATHER_ROWS = 16384  # rows a rank sends at once: bounds what a GPU must hold beside the features


@dataclass
class Features:
    """Features of one dataset, in dataset order.

    Attributes:
        features: (N, D) float32 tensor (arrays and other dtypes are converted).
        labels: (N,) int64 class numbers, or (N, C) int64 of 1 (present), 0 (absent), -1 (ignore), or None.
        classes: the C class names.
        indices: (N,) int64 positions in the dataset; default 0..N-1. Unreadable images that a dataset skips are absent.
        cameras: (N,) int64, which camera took each image, where samples have ``camera``; else None.
        queries: (N,) bool, which images ask for the others, where samples have ``is_query``; else None.

    Raises:
        ValueError: no image, another shape, a feature that is not finite, a label that fits no class.
    """
    features: torch.Tensor
    labels: torch.Tensor | None
    classes: list
    indices: torch.Tensor = None  # only until it is filled in
    cameras: torch.Tensor | None = None
    queries: torch.Tensor | None = None

    def __post_init__(self):
        self.features = torch.as_tensor(self.features).float()
        if self.indices is None:
            self.indices = torch.arange(len(self.features))
        self.classes = list(self.classes)
        if self.features.ndim != 2 or self.features.numel() == 0:
            raise ValueError('features must be (N, D) with at least one image; got shape '
                             f'{tuple(self.features.shape)}: is the dataset empty?')
        bad = ~self.features.isfinite().all(dim=1)
        if bad.any():
            raise ValueError(f'{int(bad.sum())} of {len(bad)} images have features that are NaN or infinite, the '
                             f'first is index {int(bad.nonzero()[0])} of the dataset: is the image corrupt, has '
                             'training diverged, or does half precision overflow (try without AMP)?')
        if self.labels is not None:
            self.labels = self._checked_labels(torch.as_tensor(self.labels))

    def _checked_labels(self, labels):
        count, classes = len(self.features), len(self.classes)
        if not classes:
            raise ValueError('there are labels but no class names: give the dataset its classes')
        whole = labels.long()
        if labels.shape == (count,):
            low, high = 0, classes - 1
        elif labels.shape == (count, classes):
            low, high = -1, 1
        else:
            raise ValueError(f'labels of {count} images in {classes} classes must be ({count},) or '
                             f'({count}, {classes}); got {tuple(labels.shape)}')
        if whole.min() < low or whole.max() > high or not torch.equal(whole.to(labels.dtype), labels):
            raise ValueError(f'labels of shape {tuple(labels.shape)} must be whole numbers from {low} to {high} '
                             f'({classes} classes); they run from {labels.min()} to {labels.max()}')
        return whole

    def __len__(self):
        return len(self.features)


class FeatureSource(Source):
    """Source of features at hand, for protocols that train no network: ``KNN().run(FeatureSource(train, test))``.

    Args:
        train, test: :class:`Features` of the training and of the test images.
        name: of the protocol in the benchmark, if it is run by one.
    """

    def __init__(self, train, test, name=None):
        self.name, self._features = name, (train, test)

    def features(self):
        return self._features

    def train(self, config, options, seed, holdout):
        """Raises TypeError: features are no backbone that a training could start from."""
        raise TypeError(NO_TRAINING)

    def dataset_name(self, config):
        """Raises TypeError, as :meth:`train` does."""
        raise TypeError(NO_TRAINING)


def check_features(train, test, protocol, multi_label=False):
    """Raise ValueError where a protocol could only give a wrong value.

    Args:
        train: the :class:`Features` a protocol learns from.
        test: those it is scored on.
        protocol: its name, for the message.
        multi_label: whether it can use labels (N, C).

    Raises:
        ValueError: labels missing or of another form, classes or feature sizes that differ, a class of the test set
            without a training image, or images of one class alone.
    """
    for name, part in (('training', train), ('test', test)):
        if part.labels is None:
            raise ValueError(f"the protocol '{protocol}' needs a labelled dataset, but the {name} features have no "
                             "labels: build the dataset with supervision='image' (or stronger)")
        if part.labels.ndim == 2 and not multi_label:
            raise ValueError(f"the protocol '{protocol}' needs one class per image, but the {name} labels are (N, C): "
                             "use 'svm' for images with several tags")
    if train.classes != test.classes:
        only = [sorted(map(str, set(a) - set(b))) for a, b in ((train.classes, test.classes),
                                                               (test.classes, train.classes))]
        detail = f'only in training {only[0]}, only in test {only[1]}' if any(only) else 'the same names in another ' \
            f'order, {train.classes} and {test.classes}'
        raise ValueError(f'training and test classes differ: {detail}; give both datasets the same class list')
    if train.labels.ndim != test.labels.ndim:
        raise ValueError(f'training labels have shape {tuple(train.labels.shape)}, test labels '
                         f'{tuple(test.labels.shape)}; both must be (N,) or both (N, C)')
    if train.features.shape[1] != test.features.shape[1]:
        raise ValueError(f'training features have {train.features.shape[1]} dimensions, test features '
                         f'{test.features.shape[1]}: were they extracted from the same layer of the same model?')
    present = [(as_targets(part.labels, len(train.classes)) == 1).any(dim=0) for part in (train, test)]
    if train.labels.ndim == 1 and present[0].sum() < 2:
        raise ValueError(f"the protocol '{protocol}' needs images of two classes or more; all training images are of "
                         f'{[train.classes[c] for c in present[0].nonzero().flatten()]}, and any features would score '
                         '100 percent')
    absent = (present[1] & ~present[0]).nonzero().flatten().tolist()
    if absent:
        raise ValueError(f"the protocol '{protocol}' cannot learn every class: the test set has images of "
                         f'{[train.classes[c] for c in absent]}, the training set has none; use more training images')


def as_targets(labels, num_classes):
    """One-hot int64 matrix (N, C) of class numbers (N,); an (N, C) matrix stays as it is."""
    return labels if labels.ndim == 2 else torch.nn.functional.one_hot(labels, num_classes)


def describe(train, test):
    """Settings that the records of every protocol share."""
    return dict(n_train=len(train), n_test=len(test), feature_dim=train.features.shape[1],
                num_classes=len(train.classes))


def extract_features(model, dataset, *, data_preprocessor=None, batch_size=256, layer=-1, device=None, amp_dtype=None,
                     num_workers=0, progress=True):
    """Run a frozen model over a dataset.

    The model is in eval mode meanwhile (batch statistics too) and gets every module's own mode back. With several
    processes each takes its own share of the images, none twice, and all of them return the whole result. The global
    random generator is not touched.

    Args:
        model: called as ``model(inputs, data_samples, mode='tensor')`` -> (B, D), or a list or tuple of such layers.
        dataset: items as described in the design; ``data_samples.index`` must be the position in the dataset.
        data_preprocessor: called with ``(batch, training=False)``; default ``model.data_preprocessor``.
        batch_size: images per forward pass and process.
        layer: which entry, where the model returns several layers.
        device: where to run; default where the model is. The model is moved there.
        amp_dtype: run under autocast with this torch dtype; default the model's own precision.
        num_workers: worker processes that load images.
        progress: show a bar on stderr.

    Returns:
        Features: on the CPU, in dataset order; labels are None if the dataset hands over none.

    Raises:
        ValueError: empty dataset, output that is not (B, D), layer out of range, features that are not finite.
        RuntimeError: the model changed while it was run, or an image was not seen exactly once.
    """
    if len(dataset) == 0:
        raise ValueError('cannot extract features of an empty dataset: check its path and its filters')
    if is_model_wrapper(model):
        model = model.module  # a wrapper synchronises buffers in forward, and the ranks do not run equally often
    if data_preprocessor is None:
        data_preprocessor = model.data_preprocessor
    if device is not None:
        model.to(device)
        data_preprocessor.to(device)
    first = next(model.parameters(), torch.empty(0))

    count = len(dataset)
    world, rank = (get_world_size(), get_rank()) if count >= get_world_size() else (1, 0)  # few images: all do all
    bounds = [count * r // world for r in range(world + 1)]
    loader = DataLoader(dataset, batch_size, sampler=range(bounds[rank], bounds[rank + 1]), num_workers=num_workers,
                        collate_fn=collate_batch, generator=torch.Generator())  # the default one would be advanced

    before = _checksums(model)
    with eval_mode(model):
        features, labels, indices, marks = _run(
            model, data_preprocessor, loader, layer, first.device, amp_dtype,
            progress_bar(total=bounds[rank + 1] - bounds[rank], description='features', unit='image', enabled=progress))
    changed = [name for name, value in _checksums(model).items() if before.get(name) != value]
    if changed:
        raise RuntimeError(f'extracting features changed {len(changed)} tensors of the model ({", ".join(changed[:5])}'
                           "...): mode='tensor' in eval mode must leave parameters and buffers alone")

    if world > 1:
        counts = [stop - start for start, stop in zip(bounds, bounds[1:], strict=False)]
        features, indices = _gather(features, counts), _gather(indices, counts)
        labels = None if labels is None else _gather(labels, counts)
        marks = {name: _gather(values, counts) for name, values in marks.items()}
    order = indices.argsort(stable=True)
    ordered = indices[order]
    first = torch.cat([torch.ones(1, dtype=torch.bool), ordered[1:] != ordered[:-1]])
    order, ordered = order[first], ordered[first]
    lost = count - len(ordered)
    if ordered[0] < 0 or ordered[-1] >= count or (lost and getattr(dataset, 'on_error', 'raise') != 'skip'):
        raise RuntimeError(f'the {count} images of the dataset came back with {len(ordered)} different values of '
                           f'data_samples.index, from {ordered[0]} to {ordered[-1]}; every image must be seen exactly '
                           'once, with its position as its index')
    if lost:  # a dataset that skips an unreadable image hands over another one in its place
        print_log(f'{lost} of {count} images could not be read and are left out of the features', logger='current',
                  level=logging.WARNING)
    return Features(features[order], None if labels is None else labels[order], dataset.metainfo['classes'], ordered,
                    **{name: values[order] for name, values in marks.items()})


@torch.no_grad()  # not inference_mode: a tensor the model caches during the run could not be used in training later
def _run(model, data_preprocessor, loader, layer, device, amp_dtype, bar):
    features, labels, indices, marks = [], [], [], {}
    for batch in loader:
        samples = batch['data_samples']
        if 'index' not in samples:
            raise ValueError('data_samples has no index: a dataset must state the position of every image')
        indices.append(samples.index.reshape(-1).cpu())
        label = samples.get('gt_label')
        if label is not None and not isinstance(label, torch.Tensor):
            raise ValueError('gt_label must have one shape for all images: a class number, or a vector of tags')
        labels.append(None if label is None else label.cpu())
        for name, field in MARKS.items():
            if field in samples:
                marks.setdefault(name, []).append(samples.get(field).cpu())
        data = data_preprocessor(batch, training=False)
        with torch.autocast(device.type, dtype=amp_dtype, enabled=amp_dtype is not None):
            output = model(data['inputs'], data['data_samples'], mode='tensor')
        features.append(_select(output, layer, len(indices[-1])).float().cpu())
        bar.update(len(indices[-1]))
    bar.close()
    missing = sum(label is None for label in labels)
    if 0 < missing < len(labels):
        raise ValueError(f'{missing} of {len(labels)} batches have no gt_label, the others have: a dataset must label '
                         'all of its images or none')
    return (torch.cat(features), None if missing else torch.cat(labels), torch.cat(indices),
            {name: torch.cat(values) for name, values in marks.items()})


def _select(output, layer, batch):
    if isinstance(output, (list, tuple)):
        if not -len(output) <= layer < len(output):
            raise ValueError(f"layer={layer} is out of range: the model returns {len(output)} layers in mode='tensor' "
                             f'(0 to {len(output) - 1})')
        output = output[layer]
    elif layer not in (-1, 0):
        raise ValueError(f"layer={layer} was asked for, but the model returns one layer in mode='tensor'; let its "
                         'backbone return several (out_indices)')
    if output.ndim != 2 or len(output) != batch:
        raise ValueError(f"mode='tensor' must return pooled features ({batch}, D) for {batch} images; got "
                         f'{tuple(output.shape)}: pool the maps (a GlobalAveragePooling neck)')
    return output


def _checksums(model):
    """Checksum of every parameter and buffer, by name."""
    tensors = dict(model.named_parameters()) | dict(model.named_buffers())
    return {name: zlib.crc32(tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy())
            for name, tensor in tensors.items()}


def _gather(rows, counts):
    """Rows of all ranks, in rank order, on every rank; ``counts`` are the numbers of rows of the ranks."""
    parts = [[] for _ in counts]
    for start in range(0, max(counts), GATHER_ROWS):
        block = rows.new_zeros(min(GATHER_ROWS, max(counts) - start), *rows.shape[1:])
        mine = rows[start:start + len(block)]
        block[:len(mine)] = mine
        for part, received, count in zip(parts, all_gather(block), counts, strict=True):
            part.append(received[:max(count - start, 0)].to(rows.device))
    return torch.cat([piece for part in parts for piece in part])
