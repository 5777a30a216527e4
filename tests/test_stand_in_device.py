"""A training step of every small recipe mixes no devices and waits for nothing; known without a GPU.

``python tests/test_stand_in_device.py`` prints the table: recipe, mixed placements, read-backs.
"""

import functools
import logging
from collections import Counter, namedtuple

import pytest
import torch
from mmengine.optim import build_optim_wrapper
from recipes import RECIPES, WAITING, first_labels, load_recipe, make_batch
from stand_in_device import DEVICE, REASON, UPLOAD, StandInDevice, StandInTensor

from mmwsl.apis import build_model
from mmwsl.clustering import kmeans, whiten
from mmwsl.clustering.sinkhorn import sinkhorn
from mmwsl.protocols.knn import knn_predict
from mmwsl.protocols.linear import train_linear
from mmwsl.protocols.logistic import fit_logistic

pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON)

DETECTION = 'how many boxes there are is known on the device alone, and regions of a size go together'
CLUSTERING = 'once before an epoch; the host decides when to stop and which clusters are empty'
LATTICE = 'how many cells of the lattice are filled is known on the device alone'
SCENES = 'the order of the objects, and which of them may be hidden, is found on the host'
EXCEPTIONS = {  # where the host may wait, and why
    'mmwsl/models/supervised/matching.py sample': DETECTION,
    'mmwsl/models/supervised/region_heads.py BoxHead.detect': DETECTION,
    'mmwsl/models/supervised/region_heads.py BoxHead.loss': DETECTION,
    'mmwsl/models/supervised/region_heads.py pool_regions': DETECTION,
    'mmwsl/models/supervised/rpn.py RPNHead.loss': DETECTION,
    'mmwsl/models/supervised/rpn.py RPNHead.propose': DETECTION,
    'mmwsl/models/supervised/two_stage.py TwoStageDetector._objects': DETECTION,
    'mmwsl/models/supervised/yolact/anchors.py level_anchors': DETECTION,
    'mmwsl/models/supervised/yolact/anchors.py _match_best_pairs': DETECTION,
    'mmwsl/models/supervised/yolact/masks.py DirectMasks.paste': DETECTION,
    'mmwsl/models/supervised/yolact/masks.py PrototypeMasks.loss': DETECTION,
    'mmwsl/models/supervised/yolact/masks.py PrototypeMasks.masks': DETECTION,
    'mmwsl/models/supervised/yolact/model.py YOLACT._objects': DETECTION,
    'mmwsl/models/supervised/yolact/model.py YOLACT.loss': DETECTION,
    'mmwsl/models/supervised/yolact/model.py YOLACT.predict': DETECTION,
    'mmwsl/models/weak/instances/boxinst.py BoxInstPrototypes.loss': DETECTION,
    'mmwsl/ops/nms.py _greedy': DETECTION,
    'mmwsl/ops/roi_align.py _align': DETECTION,
    'mmwsl/ops/roi_align.py per_image': DETECTION,
    'mmwsl/ops/box_coder.py decode_boxes': 'constants of four numbers are sent to the device',
    'mmwsl/ops/box_coder.py encode_boxes': 'constants of four numbers are sent to the device',
    'mmwsl/ops/boxes.py clip_boxes': 'the size of an image is sent to the device',
    'mmwsl/models/supervised/two_stage.py TwoStageDetector.predict': 'the scale of an image is sent to the device',
    'mmwsl/models/scenes/pcnet_m.py PCNetM.predict': SCENES,
    'mmwsl/refine/permutohedral.py PermutohedralLattice.__init__': LATTICE,
    'mmwsl/refine/permutohedral.py _pack': LATTICE,
    'mmwsl/models/scenes/pcnet_c.py PCNetC._content': SCENES,
    'mmwsl/models/scenes/supervised.py SupervisedCompletion.predict': SCENES,
    'mmwsl/ops/occlusion/completion.py _squares': SCENES,
    'mmwsl/ops/occlusion/completion.py complete_shapes': SCENES,
    'mmwsl/ops/occlusion/completion.py recover_order': SCENES,
    'mmwsl/models/weak/detection/detector.py WeakDetector.predict': DETECTION,
    'mmwsl/models/weak/detection/oicr.py OICRHead.loss': 'which tags an image has is asked for once',
    'mmwsl/models/weak/detection/pcl.py cluster_centers': DETECTION,
    'mmwsl/models/weak/detection/pcl.py graph_centers': DETECTION,
    'mmwsl/models/weak/detection/pcl.py top_cluster': DETECTION,
    'mmwsl/models/weak/localization/localizer.py add_maps': 'an image with several tags has as many maps as tags',
    'mmwsl/models/weak/localization/localizer.py map_labels': 'an image with several tags has as many maps as tags',
    'mmwsl/models/weak/mil/attention_mil.py BagClassifier.embed': 'only instances that are there go through the network',
    'mmwsl/models/weak/mil/attention_mil.py BagClassifier.predict': 'a bag has as many scores as it has members',
    'mmwsl/models/weak/temporal/temporal_localizer.py TemporalLocalizer.predict': 'a map has as many steps as its sequence',
    'mmwsl/clustering/kmeans.py kmeans': CLUSTERING,
    'mmwsl/clustering/kmeans.py sample_rows': CLUSTERING,
    'mmwsl/clustering/kmeans.py split_largest': CLUSTERING,
    'mmwsl/clustering/pca.py whiten': 'the eigenvectors of one small matrix are found on the CPU',
    'mmwsl/dist.py row_numbers': CLUSTERING,
    'mmwsl/ops/tensors.py refuse_nan': 'what is predicted is looked at for NaN, which thresholds would hide',
    'mmwsl/protocols/knn.py knn_predict': 'labels are checked once',
    'mmwsl/protocols/linear.py train_linear': 'settings once, and an order of the images, drawn on the CPU, every epoch',
    'mmwsl/protocols/logistic.py fit_logistic': 'L-BFGS searches along a line on the host',
}

Found = namedtuple('Found', 'mixed step predict')  # lists of events: mixed placements, waits of a step and of predict


def waits(record):
    """What the host waited for: read-backs and uploads."""
    return record.reads + record.uploads


def find(name, plant=None):
    """Run a recipe on the device: two steps of training, with the teacher's, and ``predict``.

    Constants are made and labels looked at in the first step, so waits are those of the second.

    Args:
        name: one of :data:`RECIPES`.
        plant: called with the model before the run, to put a fault into it.
    """
    torch.set_num_threads(1)
    cfg = load_recipe(name)
    if cfg.optim_wrapper.type == 'AutocastOptimWrapper':
        cfg.optim_wrapper.dtype = 'float32'  # the stand-in has no autocast
    model, _ = build_model(cfg, device='cpu')
    if plant is not None:
        plant(model)
    count = 2 if name.startswith('benchmarks/quick/') else 4
    with StandInDevice() as record:
        model.to(DEVICE)
        first_labels(model, cfg)
        wrapper = build_optim_wrapper(model, cfg.optim_wrapper)
        model.train()
        mixed, batch = record.mixed, model.data_preprocessor.cast_data(make_batch(cfg, count))
        for _ in range(2):
            record.clear()
            model.train_step(batch, wrapper)
            if hasattr(model, 'after_optimizer_step'):
                model.after_optimizer_step(0.5)
            mixed = mixed + record.mixed
        step = waits(record)
        batch = model.data_preprocessor.cast_data(make_batch(cfg, count, training=False))
        model.eval()
        record.clear()
        with torch.no_grad():
            model(**model.data_preprocessor(batch, False), mode='predict')
        return Found(mixed + record.mixed, step, waits(record))


find_once = functools.cache(find)


def check(mixed, waits):
    """Fail, with the lines, at a mixed placement or a wait that :data:`EXCEPTIONS` does not name."""
    unnamed = mixed + [event for event in waits if event.where not in EXCEPTIONS]
    assert not unnamed, '\n'.join(f'{count} x {event}' for event, count in Counter(map(str, unnamed)).items())


@pytest.mark.parametrize('name', RECIPES)
def test_recipe(name):
    """Mixes no devices, and neither a step nor ``predict`` waits for the device but where an exception says why."""
    found = find_once(name)
    check(found.mixed, found.step + found.predict)
    assert bool(found.step) == (name in WAITING)


def test_recipes_of_every_family():
    """The pattern finds what it should."""
    assert {'/'.join(name.split('/')[:-1]) for name in RECIPES} >= {
        *(f'selfsup/{method}' for method in (
            'barlow_twins', 'byol', 'cmp', 'colorization', 'counting', 'cpc', 'cross_pixel', 'deepcluster', 'densecl',
            'dino', 'flow_prediction', 'inpainting', 'moving_foreground',
            'jigsaw', 'mae', 'moco', 'moco_v3', 'npid', 'odc', 'relative_location', 'rotation', 'simclr', 'simmim',
            'simsiam', 'split_brain', 'supervised', 'swav', 'vicreg')),
        *(f'weaksup/localization/{method}' for method in (
            'acol', 'adl', 'cam', 'cutmix', 'erasing', 'hide_and_seek', 'input_dropout', 'spg')),
        *(f'weaksup/detection/{method}' for method in ('cam_box', 'oicr', 'pcl', 'start', 'wsddn')),
        'weaksup/mil/attention_mil', 'weaksup/temporal/hide_and_seek_video',
        *(f'benchmarks/{kind}' for kind in ('finetune', 'linear', 'multi_layer', 'semi_supervised', 'quick')),
        'classification/hide_and_seek', 'classification/resnet'}
    assert len(RECIPES) >= 56


SIMCLR = 'selfsup/simclr/simclr_r18w16_1xb256-cos-2e_cifar10.py'


def test_values_are_those_of_the_cpu():
    """Loss and gradients of SimCLR, views included, bit for bit."""
    results = []
    with StandInDevice():
        for device in ('cpu', DEVICE):
            cfg = load_recipe(SIMCLR)
            model = build_model(cfg, device='cpu')[0].to(device).train()
            torch.manual_seed(0)
            loss = model(**model.data_preprocessor(make_batch(cfg), True), mode='loss')['loss']
            loss.backward()
            results.append([loss.detach().cpu(), *(p.grad.cpu() for p in model.parameters() if p.grad is not None)])
    assert len(results[0]) > 50
    for first, second in zip(*results, strict=True):
        assert not isinstance(second, StandInTensor) and torch.equal(first, second)


def _item(model):
    model.backbone.register_forward_hook(lambda _, __, maps: maps[0].sum().item() and None)


def _constant(model):
    model.backbone.register_forward_hook(lambda _, __, maps: (maps[0] * torch.ones(maps[0].shape[1:]),))


def _boolean_index(model):
    def above_zero(_, __, maps):
        maps[0][maps[0] > 0].sum()
    model.backbone.register_forward_hook(above_zero)


def _boolean_assignment(model):
    def emptied(_, __, maps):
        copy = maps[0].clone()
        copy[copy > 0] = copy[copy > 0] * 2
        return copy,
    model.backbone.register_forward_hook(emptied)


def _item_of_the_gradient(model):
    def hook(_, __, maps):
        maps[0].register_hook(lambda gradient: gradient.sum().item() and None) if maps[0].requires_grad else None
    model.backbone.register_forward_hook(hook)


@pytest.mark.parametrize('plant, message', [
    (_item, 'aten._local_scalar_dense in tests/test_stand_in_device.py _item'),
    (_constant, r'aten.mul with a CPU tensor \(128, 4, 4\) in tests/test_stand_in_device.py _constant'),
    (_boolean_index, 'aten.index by a Boolean mask in tests/test_stand_in_device.py _boolean_index'),
    (_boolean_assignment, 'aten.index_put_ by a Boolean mask in tests/test_stand_in_device.py _boolean_assignment'),
    (_item_of_the_gradient, 'aten._local_scalar_dense in tests/test_stand_in_device.py _item_of_the_gradient')])
def test_planted_fault_is_caught(plant, message):
    """With the line that is at fault, also in the backward pass, which another thread runs."""
    found = find(SIMCLR, plant)
    with pytest.raises(AssertionError, match=message):
        check(found.mixed, found.step)


@pytest.mark.parametrize('use, mixed, reads, uploads', [
    (lambda x: x + 1, 0, 0, 0),
    (lambda x: x * torch.tensor(2.0), 0, 0, 0),  # a number, wherever it lies
    (lambda x: x[torch.zeros(2, dtype=torch.long, device=DEVICE)], 0, 0, 0),
    (lambda x: x.clone().__setitem__(x > 0, 0.0), 0, 0, 0),  # filled without counting
    (lambda x: x.masked_fill(x > 0, 0.0), 0, 0, 0),
    (lambda x: torch.rand(3, device=DEVICE, generator=torch.Generator(DEVICE)), 0, 0, 0),
    (lambda x: torch.zeros(3).to(DEVICE, non_blocking=True), 0, 0, 0),
    (lambda x: x + torch.ones(3), 1, 0, 0),
    (lambda x: torch.cat([x, torch.ones(3)]), 1, 0, 0),
    (lambda x: torch.ones(3)[x.long()], 1, 0, 0),
    (lambda x: torch.rand(3, device=DEVICE, generator=torch.Generator()), 1, 0, 0),
    (lambda x: x[torch.zeros(2, dtype=torch.long)], 0, 1, 0),
    (lambda x: x.clone().__setitem__(x > 0, x[0]), 0, 1, 0),
    (lambda x: x[x > 0], 0, 1, 0),
    (lambda x: x[x.argmax()], 0, 1, 0),  # indexing with a scalar tensor asks for its value
    (lambda x: x.masked_select(x > 0), 0, 1, 0),
    (lambda x: x.nonzero(), 0, 1, 0),
    (lambda x: x.unique(), 0, 1, 0),
    (lambda x: torch.equal(x, x), 0, 1, 0),
    (lambda x: x.sum().item(), 0, 1, 0),
    (lambda x: bool(x.sum() > 0), 0, 1, 0),
    (lambda x: x.tolist(), 0, 1, 0),
    (lambda x: x.cpu(), 0, 1, 0),
    (lambda x: x.to('cpu').numpy(), 0, 1, 0),
    (lambda x: torch.empty(3).copy_(x), 0, 1, 0),
    (lambda x: x.long().bincount(), 0, 1, 0),
    (lambda x: x.repeat_interleave(x.long()), 0, 1, 0),
    (lambda x: torch.zeros(3).to(DEVICE), 0, 0, 1),
    (lambda x: torch.tensor([1.0, 2.0], device=DEVICE), 0, 0, 1),
    (lambda x: x.new_tensor([1.0, 2.0]), 0, 0, 1),
    (lambda x: x.copy_(torch.ones(3)), 0, 0, 1)])
def test_what_a_gpu_minds(use, mixed, reads, uploads):
    with StandInDevice() as record:
        x = torch.tensor([0.0, 1.0, 2.0], device=DEVICE)
        record.clear()
        use(x)
        assert (len(record.mixed), len(record.reads), len(record.uploads)) == (mixed, reads, uploads)


def test_numpy_is_refused():
    with StandInDevice(), pytest.raises(TypeError, match='copy it to the CPU first'):
        torch.zeros(3, device=DEVICE).numpy()


def _rows(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


FUNCTIONS = {
    'kmeans': lambda rows, labels: kmeans(rows, 6, iterations=5).assignments,
    'kmeans, random start': lambda rows, labels: kmeans(rows, 6, iterations=5, init='random').assignments,
    'whiten': lambda rows, labels: whiten(rows, 4),
    'sinkhorn': lambda rows, labels: sinkhorn(rows),
    'knn': lambda rows, labels: knn_predict(rows, labels, rows[:9], k=(1, 5))[5],
    'linear': lambda rows, labels: train_linear(rows, labels, 5, [0.1, 0.3], [0.0, 1e-3], epochs=2, batch_size=20)[0],
    'logistic': lambda rows, labels: fit_logistic(rows.double(), labels, 5, 1.0, iterations=5),
}


@functools.cache
def find_function(name):
    """Run one of :data:`FUNCTIONS` on the CPU and on the device: both results, and what was recorded."""
    rows, labels = _rows(60, 8), torch.arange(60) % 5
    expected = FUNCTIONS[name](rows, labels)
    with StandInDevice() as record:
        rows, labels = rows.to(DEVICE), labels.to(DEVICE)
        record.clear()
        result = FUNCTIONS[name](rows, labels)
        found = record.mixed, waits(record)
        return expected, result.device.type, result.cpu(), *found


@pytest.mark.parametrize('name', FUNCTIONS)
def test_functions_of_features(name):
    """Clustering and protocols: on the device from end to end, with the CPU's result."""
    expected, device, result, mixed, waits = find_function(name)
    assert device == DEVICE and torch.equal(result, expected)
    check(mixed, waits)
    if name == 'sinkhorn':
        assert not waits


def test_start_of_k_means_does_not_wait_for_each_centroid():
    counts = []
    with StandInDevice() as record:
        for k in (3, 9):
            rows = _rows(60, 8).to(DEVICE)
            record.clear()
            kmeans(rows, k, iterations=0)
            counts.append(len(waits(record)))
    assert counts[0] == counts[1]


def test_bags_wait_once():
    """For the number of instances, and not again in the backward pass."""
    name, = (name for name in WAITING if name.endswith('scenebags.py'))
    assert len(find_once(name).step) == 1


def test_every_exception_is_needed():
    """An exception that nothing needs any more is taken out."""
    found = map(find_once, RECIPES)  # temporal maps wait in predict alone
    events = [event for each in found for event in each.step + each.predict]
    events += [event for name in FUNCTIONS for event in find_function(name)[-1]]
    assert set(EXCEPTIONS) <= {event.where for event in events}


def table(names=RECIPES):
    """Markdown: for every recipe the mixed placements, and read-backs and uploads of a step and of ``predict``."""
    lines = ['| recipe | mixed placements | read-backs of a step | uploads | read-backs of `predict` | uploads |',
             '|---|--:|--:|--:|--:|--:|']
    for name in names:
        found = find_once(name)
        counts = [len(found.mixed)]
        for events in (found.step, found.predict):
            uploads = sum(event.operation == UPLOAD for event in events)
            counts += [len(events) - uploads, uploads]
        lines.append(f'| {name.removesuffix(".py")} | {" | ".join(map(str, counts))} |')
    return '\n'.join(lines)


if __name__ == '__main__':
    logging.disable(logging.WARNING)
    print(REASON or table())
