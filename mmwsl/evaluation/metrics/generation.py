"""mmengine metric around generated images: Fréchet distance, Inception score, and what their codes say."""

import functools
import json

import numpy as np
import torch
from mmengine.evaluator import BaseMetric

from mmwsl.clustering import kmeans
from mmwsl.clustering.partition_metrics import partition_scores
from mmwsl.evaluation.functional.generation import feature_statistics, frechet_distance, inception_score, mask_iou
from mmwsl.evaluation.small_encoder import encode, train_encoder, unit
from mmwsl.registry import DATASETS, METRICS

CODES = dict(child=('shape', 'color'), parent=('shape',), background=('texture',))  # and what they should stand for
CODES_OF_CLASSES = dict(child=('class',), parent=('class',))  # where classes are all that is known
FACTORS = ('texture', 'shape', 'color')


@METRICS.register_module()
class GenerationMetric(BaseMetric):
    """Generated images against as many real ones, those of the test set.

    * ``fid``: Fréchet distance of the features of ``network``
    * ``inception_score``: of the judge's probabilities of shape and color together, or of the network's second output

    With a judge, a small network that learns the factors of real training scenes, or their classes alone where they
    have no factors, and then says which of them a generated image has, in percent:

    * ``nmi_child``, ``nmi_parent``, ``nmi_background``: of a code with the factors that it should stand for: shape and
      color, shape, texture; and ``nmi_CODE_FACTOR`` of each code with each factor: which it moves. Of classes alone:
      ``nmi_child`` and ``nmi_parent`` with them
    * ``judge_accuracy``: the judge's own on the real test scenes, of the factor it knows worst
    * ``cluster_nmi``, ``cluster_nmi_pixels``: k-means of real images by encoders that learnt the codes of the generated
      ones, and by their pixels, with the classes

    With masks, in percent: ``child_swap_mask_iou`` and ``parent_swap_mask_iou``, of the masks of two images of which
    one code differs; ``mask_area`` and ``true_mask_area``, shares of the image.

    Args:
        judge: config of a set on which the judge learns, as ``FactorScenes``, or one in memory whose images have one
            class each.
        judge_steps, encoder_steps: of their trainings; without steps of encoders nothing is clustered.
        network: path of a TorchScript file that takes uint8 images (B, 3, H, W) and returns features (B, D), or these
            and class probabilities; published values need the standard Inception network. None: the judge.
        splits: of the Inception score.
    """

    default_prefix = 'generation'

    def __init__(self, judge=None, judge_steps=400, encoder_steps=300, network=None, splits=10, collect_device='cpu',
                 prefix=None):
        super().__init__(collect_device=collect_device, prefix=prefix)
        if judge is None and network is None:
            raise ValueError('GenerationMetric needs a network for its features: give judge, a set of scenes whose '
                             'factors are known, or network, the path of a TorchScript file')
        self.judge, self.judge_steps, self.encoder_steps = judge, judge_steps, encoder_steps
        self.network, self.splits = network, splits
        self.described = dict(network=str(network) if network else f'judge of factors, {judge_steps} steps')

    def process(self, data_batch, data_samples):
        inputs = data_batch['inputs']
        inputs = inputs[0] if isinstance(inputs, (list, tuple)) and inputs[0].ndim == 4 else inputs
        for image, sample in zip(inputs, data_samples, strict=True):
            codes = {name: int(value) for name, value in sample['pred_codes'].items() if name in CODES}
            result = dict(real=image.cpu(), made=sample['pred_image'].cpu(), codes=codes)
            if 'pred_masks' in sample:
                mask = _mask(sample['pred_masks'])
                result.update(area=mask.mean(), swaps={name: mask_iou(mask[None], _mask(other)[None])[0]
                                                       for name, other in sample.get('pred_swaps', {}).items()})
            if 'gt_mask' in sample:
                result['true_area'] = (torch.as_tensor(sample['gt_mask']) > 0).float().mean().item()
            if self.judge is not None:
                label = torch.as_tensor(sample['gt_label']).cpu()
                result.update(factors=torch.as_tensor(sample.get('gt_factors', label[None])).cpu(), label=int(label))
            self.results.append(result)

    def compute_metrics(self, results):
        real, made = (torch.stack([each[name] for each in results]) for name in ('real', 'made'))
        values = {}
        if self.judge is not None:
            network = _trained_judge(json.dumps(self.judge, sort_keys=True, default=str), self.judge_steps)
            (real_features, told), (features, judged) = encode(network, real), encode(network, made)
            names = FACTORS if len(judged) == len(FACTORS) else ('class',)
            probabilities = judged[0] if names == ('class',) else (
                judged[1][:, :, None] * judged[2][:, None]).reshape(len(made), -1)
            truth = torch.stack([each['factors'] for each in results]).numpy()
            values['judge_accuracy'] = 100 * min((each.argmax(1) == truth[:, factor]).mean()
                                                 for factor, each in enumerate(told))
            values.update(self._code_values(results, dict(zip(names, [each.argmax(1) for each in judged],
                                                              strict=True))))
            if self.encoder_steps:
                values.update(self._cluster_values(results, real, made))
        if self.network is not None:
            real_features, features, probabilities = self._network_outputs(real, made)
        values['fid'] = frechet_distance(feature_statistics(real_features), feature_statistics(features))
        if probabilities is not None:
            values['inception_score'] = inception_score(probabilities, min(self.splits, len(made)))
        values.update(_mask_values(results))
        return {name: round(float(value), 4) for name, value in values.items()}

    def _code_values(self, results, judged):
        """NMI of every code that the images have with what it should stand for, and with each factor."""
        values = {}
        for code, meant in (CODES_OF_CLASSES if set(judged) == {'class'} else CODES).items():
            if code not in results[0]['codes']:
                continue
            numbers = np.array([each['codes'][code] for each in results])
            together = np.zeros(len(results), dtype=np.int64)
            for factor in meant:
                together = together * (judged[factor].max() + 1) + judged[factor]
            values[f'nmi_{code}'] = 100 * partition_scores(numbers, together)['nmi']
            if len(judged) > 1:
                values.update({f'nmi_{code}_{factor}': 100 * partition_scores(numbers, each)['nmi']
                               for factor, each in judged.items()})
        return values

    def _cluster_values(self, results, real, made):
        """NMI of clusters of real images with their classes, by encoders of the codes and by pixels."""
        labels = np.array([each['label'] for each in results])
        features = []
        for code in ('child', 'parent'):
            if code in results[0]['codes']:
                numbers = torch.tensor([each['codes'][code] for each in results])
                network = train_encoder(made, numbers[:, None], [int(numbers.max()) + 1], self.encoder_steps)
                features.append(torch.from_numpy(encode(network, real)[0]))
        classes = len(np.unique(labels))

        def nmi(rows):
            clusters = kmeans(rows, classes, seed=0, distributed=False).assignments.cpu().numpy()
            return 100 * partition_scores(clusters, labels)['nmi']
        values = dict(cluster_nmi_pixels=nmi(unit(real).flatten(1)))
        return dict(values, cluster_nmi=nmi(torch.cat(features, dim=1))) if features else values

    def _network_outputs(self, real, made):
        """Features of real and generated images, and probabilities of the latter or None, of a TorchScript network."""
        network = torch.jit.load(self.network, map_location='cpu').eval()
        outputs = []
        with torch.no_grad():
            for images in (real, made):
                parts = [network(part) for part in images.split(50)]
                parts = [part if isinstance(part, tuple) else (part,) for part in parts]
                outputs.append([torch.cat(each).numpy() for each in zip(*parts, strict=True)])
        return outputs[0][0], outputs[1][0], outputs[1][1] if len(outputs[1]) > 1 else None


def _mask(mask):
    return torch.as_tensor(mask).cpu().numpy().astype(bool).reshape(mask.shape[-2:])


def _mask_values(results):
    values = {}
    for name in ('child', 'parent'):
        ious = [each['swaps'][name] for each in results if name in each.get('swaps', {})]
        if ious:
            values[f'{name}_swap_mask_iou'] = 100 * np.mean(ious)
    for name, shown in (('area', 'mask_area'), ('true_area', 'true_mask_area')):
        areas = [each[name] for each in results if name in each]
        if areas:
            values[shown] = 100 * np.mean(areas)
    return values


@functools.lru_cache(maxsize=2)
def _trained_judge(settings, steps):
    """The judge of a training set, trained once a process."""
    dataset = DATASETS.build(json.loads(settings))
    if hasattr(dataset, 'factors'):
        return train_encoder(dataset.images, dataset.factors, dataset.num_factors, steps)
    return train_encoder(dataset.images, dataset.labels[:, None], [len(dataset.metainfo['classes'])], steps)
