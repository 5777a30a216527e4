"""Benchmarks on a user's own photos: which protocols their labels serve, with settings for as many as there are."""

import os
from typing import Any

import torch
from mmengine.config import Config

from mmwsl.apis.own_data.views import crop_size, is_localizer, test_pipeline
from mmwsl.datasets.own import Records

FOLDS = 3  # of the cross-validation that chooses the cost of an SVM
NEIGHBORS = (10, 20, 100, 200)
SHOTS = (1, 2, 4, 8, 16)
BATCH, STEPS, MOST_EPOCHS = 64, 600, 100  # of the trainings with class labels
TRAINED = ('linear_online', 'finetune', 'semi_supervised')
FOLDER = 'mmwsl::benchmarks/'
# training configs for networks with CIFAR's stem, and for the others
CONFIGS = dict(
    linear_online='linear/linear_quick_r18w16_1xb256-cos-4e_cifar10.py',
    finetune='finetune/finetune_quick_r18w16_1xb256-cos-3e_cifar10.py',
    semi_supervised='semi_supervised/semi_supervised_quick_r18w16_1xb64-step-40e_cifar10.py')
DENSE_CONFIGS = dict(
    detection=('quick/faster_rcnn_voc07.py', 'detection/faster_rcnn_r50c4_8xb2-step-24k_voc0712.py'),
    segmentation=('quick/fcn_voc07.py', 'segmentation/fcn_r50d8_4xb4-poly-20k_voc12aug.py'))


def use_benchmark(cfg: Config, source: dict[str, Any], records: Records, parts: dict[str, list[int]]) -> None:
    """Set ``cfg.benchmark`` to the photos and to the protocols that their labels serve, in place.

    Protocols of frozen features run unasked (``default``); those that train are there to be named; why one cannot be
    used stands in ``refused``.

    Args:
        cfg: any config.
        source: arguments of :class:`mmwsl.datasets.OwnData`.
        records: the photos.
        parts: positions to train and to test on.
    """
    old, pipeline = cfg.get('benchmark') or {}, _pipeline(cfg)
    known = old.get('protocols') or {}
    frozen = frozen_protocols(records, parts['train'], known)
    trained = _trained_protocols(cfg, source, records, len(parts['train']), pipeline)
    cfg.benchmark = dict(
        dataset=os.path.basename(os.path.abspath(source['data'])), batch_size=old.get('batch_size', 64),
        num_workers=old.get('num_workers', 0), protocols={**frozen, **trained}, default=list(frozen),
        refused=_refusals(cfg, source, records, {**frozen, **trained}),
        **{key: old[key] for key in ('layers', 'pooling') if key in old},
        train=dict(split='train', pipeline=pipeline, **source), test=dict(split='test', pipeline=pipeline, **source))


def frozen_protocols(records: Records, train: list[int], known: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Settings of the protocols of frozen features: kNN, linear, SVM and few labels for one class a photo, SVM,
    logistic regression and few labels for tags; none without labels.

    Args:
        records: the photos.
        train: positions of those to train on.
        known: settings of the recipe, which are kept as far as there are photos enough.
    """
    if records.tags is None:
        return {}
    tags = records.tags[train]
    counts = [(tags == value).sum(0) for value in (1, 0)]
    learnt = counts[0] > 0
    fewest = int(torch.minimum(*counts)[learnt].min()) if learnt.any() else 0
    svm = dict(costs='quick') if fewest >= FOLDS else dict(costs=(1.0,))
    shots = tuple(k for k in SHOTS if k <= int(counts[0][learnt].min())) if fewest >= FOLDS else ()
    few = dict(low_shot=dict(k=shots, samples=3, costs='quick')) if shots else {}
    if not records.one_class_each:
        return dict(svm=svm, logistic=dict(metric='mAP'), **few)
    knn = dict(known.get('knn') or {})
    k = [knn['k']] if isinstance(knn.get('k'), int) else knn.get('k') or NEIGHBORS
    kept = tuple(number for number in k if number <= len(train)) or (min(5, len(train)),)
    return dict(knn=dict(k=kept, temperature=knn.get('temperature', 0.07)), linear=dict(known.get('linear') or {}),
                svm=svm, **few)


def _pipeline(cfg: Config) -> list[dict[str, Any]]:
    """The test's pipeline, of images alone: one of detectors would leave photos of different sizes."""
    model = str((cfg.get('model') or {}).get('type'))
    pipeline = test_pipeline(cfg)
    if model in ('TwoStageDetector', 'FCN') or not (is_localizer(cfg) or crop_size(pipeline)):
        return [dict(type='ResizeCenterCrop', resize=256, crop=224)]
    return pipeline


def _trained_protocols(cfg: Config, source: dict[str, Any], records: Records, count: int,
                       pipeline: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Settings of the protocols that train, at the size that the recipe is tested at."""
    data = dict(data=source['data'], **({'data_format': source['format']} if 'format' in source else {}))
    found: dict[str, dict[str, Any]] = {}
    backbone = (cfg.get('model') or {}).get('backbone') or {}
    if records.one_class_each:
        size, batch = crop_size(pipeline) or 224, min(BATCH, count)
        epochs = min(MOST_EPOCHS, -(-STEPS * batch // count))
        crop = dict(type='RandomCrops', num_views=1, size=size, scale=(0.5, 1.0), flip_prob=0.5)
        for name in TRAINED:
            part = 'dataset.dataset' if name == 'semi_supervised' else 'dataset'
            found[name] = dict(config=FOLDER + CONFIGS[name], options={
                **data, 'epochs': epochs, 'auto_scale_lr.base_batch_size': batch,
                f'train_dataloader.{part}.pipeline': [crop], 'test_dataloader.dataset.pipeline': pipeline})
            if name != 'semi_supervised':  # which is tuned for 64 photos a step
                rate = dict(linear_online=0.1, finetune=0.05)[name] * batch / 256
                found[name]['options'].update({
                    'train_dataloader.batch_size': batch, 'optim_wrapper.optimizer.lr': rate})
    for name, there in (('detection', records.has_boxes), ('segmentation', records.has_class_maps)):
        if there and backbone.get('type') == 'ResNet':
            small, large = DENSE_CONFIGS[name]
            config = small if backbone.get('stem') == 'cifar' else large
            found[name] = dict(config=FOLDER + config, options=data)
    return found


def _refusals(cfg: Config, source: dict[str, Any], records: Records,
              there: dict[str, Any]) -> dict[str, str]:
    """Why each protocol that is not there cannot be used."""
    kinds = ', '.join(records.kinds()) or 'no labels'
    backbone = ((cfg.get('model') or {}).get('backbone') or {}).get('type', 'no backbone')
    needs = dict.fromkeys(('knn', 'linear', *TRAINED), 'exactly one class a photo')
    needs |= dict(svm='classes or tags', detection='boxes', segmentation='class maps',
                  low_shot=f'{FOLDS} photos or more with every class to train on')
    refused = {name: f'{name} needs {need}, and {source["data"]} ({records.form}) has {kinds}'
               for name, need in needs.items() if name not in there}
    for name, labelled in (('detection', records.has_boxes), ('segmentation', records.has_class_maps)):
        if labelled and name in refused:
            refused[name] = f'{name} is for networks with a ResNet, and {cfg.filename} has {backbone}'
    return refused
