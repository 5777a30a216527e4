import copy

import numpy as np
import pytest
import torch
import torch.distributed
import torch.multiprocessing
from torch import nn

from mmwsl.protocols import Features, check_features, extract_features, features
from mmwsl.structures import DataSample

CLASSES = ['cat', 'dog', 'emu']


def image(index):
    return torch.full((3, 4, 4), index, dtype=torch.uint8)


class Images:
    """Image i is uniformly i, of class i % 3; remembers what was asked for."""
    metainfo = dict(classes=CLASSES)

    def __init__(self, count, labelled=True):
        self.count, self.labelled, self.seen = count, labelled, []

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        self.seen.append(index)
        sample = DataSample(index=torch.tensor(index))
        if self.labelled:
            sample.gt_label = torch.tensor(index % 3)
        return dict(inputs=image(index), data_samples=sample)


class ShuffledBatches(Images):
    """Hands over whole batches, in an order of its own."""

    def __getitems__(self, indices):
        indices = torch.tensor(indices).flip(0)
        return dict(inputs=torch.stack([image(int(i)) for i in indices]),
                    data_samples=DataSample(index=indices, gt_label=indices % 3))


class Preprocessor(nn.Module):

    def forward(self, data, training=False):
        assert not training
        return dict(inputs=data['inputs'].float(), data_samples=data['data_samples'])


class Toy(nn.Module):
    """Feature of image i: (i, 2 i), behind a batch norm that must be in eval mode."""

    def __init__(self, layers=None):
        super().__init__()
        self.data_preprocessor = Preprocessor()
        self.norm = nn.BatchNorm1d(2, eps=0.0)
        self.frozen = nn.Dropout(0.9).eval()
        self.layers = layers
        self.register_buffer('calls', torch.zeros(()))
        self.counting = False

    def forward(self, inputs, data_samples, mode):
        assert mode == 'tensor' and len(data_samples.index) == len(inputs)
        if self.counting:
            self.calls += 1
        value = inputs.mean(dim=(1, 2, 3))
        output = self.frozen(self.norm(torch.stack([value, 2 * value], dim=1)))
        return output if self.layers is None else [output * n for n in self.layers]


def expected(count):
    return torch.stack([torch.arange(count) * 1., torch.arange(count) * 2.], dim=1)


@pytest.mark.parametrize('dataset', [Images(11), ShuffledBatches(11)])
@pytest.mark.parametrize('batch_size', [1, 4, 50])
def test_features_come_in_dataset_order(dataset, batch_size):
    result = extract_features(Toy(), dataset, batch_size=batch_size)
    assert torch.equal(result.features, expected(11)) and result.features.dtype == torch.float32
    assert result.labels.tolist() == [i % 3 for i in range(11)] and result.labels.dtype == torch.int64
    assert result.classes == CLASSES


def test_unlabelled_dataset():
    assert extract_features(Toy(), Images(5, labelled=False)).labels is None


def test_model_and_global_generator_are_left_as_they_were():
    model = Toy().train()
    model.frozen.eval()
    before = copy.deepcopy(model.state_dict())
    state = torch.get_rng_state()
    extract_features(model, Images(11), batch_size=4)
    assert torch.equal(torch.get_rng_state(), state)
    assert model.training and model.norm.training and not model.frozen.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_model_that_changes_is_an_error_and_gets_its_mode_back():
    model = Toy().train()
    model.counting = True
    with pytest.raises(RuntimeError, match=r'changed 1 tensors of the model \(calls'):
        extract_features(model, Images(5))
    assert model.training


def test_layers():
    model = Toy(layers=(1, 10, 100))
    assert torch.equal(extract_features(model, Images(4)).features, 100 * expected(4))
    assert torch.equal(extract_features(model, Images(4), layer=1).features, 10 * expected(4))
    with pytest.raises(ValueError, match='layer=3 is out of range: the model returns 3 layers'):
        extract_features(model, Images(4), layer=3)
    with pytest.raises(ValueError, match='returns one layer'):
        extract_features(Toy(), Images(4), layer=2)


def test_autocast_keeps_order_and_returns_float32():
    model = Toy()
    model.project = nn.Linear(2, 2, bias=False)
    nn.init.eye_(model.project.weight)
    plain = model.forward
    model.forward = lambda *args, **kwargs: model.project(plain(*args, **kwargs))
    half = extract_features(model, Images(9), amp_dtype=torch.bfloat16).features
    assert half.dtype == torch.float32 and torch.equal(half, expected(9))  # small whole numbers are exact in bfloat16
    seen = []
    model.forward = lambda *args, **kwargs: seen.append(model.project(plain(*args, **kwargs))) or seen[-1]
    extract_features(model, Images(9), amp_dtype=torch.bfloat16)
    assert seen[0].dtype == torch.bfloat16


def test_maps_are_refused():
    model = Toy()
    model.forward = lambda inputs, data_samples, mode: inputs
    with pytest.raises(ValueError, match=r'must return pooled features \(4, D\)'):
        extract_features(model, Images(4))


def test_empty_dataset():
    with pytest.raises(ValueError, match='empty dataset'):
        extract_features(Toy(), Images(0))


def test_image_twice_is_an_error():
    class Twice(Images):
        def __getitem__(self, index):
            return super().__getitem__(min(index, 3))

    with pytest.raises(RuntimeError, match='5 images of the dataset came back with 4 different values'):
        extract_features(Toy(), Twice(5))
    skipping = Twice(5)
    skipping.on_error = 'skip'  # an unreadable image was replaced by its neighbour: known once, the other left out
    result = extract_features(Toy(), skipping)
    assert result.indices.tolist() == [0, 1, 2, 3] and torch.equal(result.features, expected(4))


def test_nan_names_the_first_image():
    model = Toy()
    model.norm.running_var.zero_()  # 0 / 0 for image 0, infinite for the others
    with pytest.raises(ValueError, match='5 of 5 images have features that are NaN or infinite, the first is index 0'):
        extract_features(model, Images(5))
    values = np.zeros((4, 2))
    values[2:] = np.nan
    with pytest.raises(ValueError, match='2 of 4 images .* first is index 2'):
        Features(values, [0, 1, 2, 0], CLASSES)


@pytest.mark.parametrize('values, labels, message', [
    (np.zeros((0, 3)), [], 'is the dataset empty'),
    (np.zeros((2, 3)), [0, 3], 'whole numbers from 0 to 2 .*they run from 0 to 3'),
    (np.zeros((2, 3)), [0, -1], 'they run from -1 to 0'),
    (np.zeros((2, 3)), [0, 1, 2], r'must be \(2,\) or \(2, 3\); got \(3,\)'),
    (np.zeros((2, 3)), [[0, 1, .5], [0, 0, 0]], 'whole numbers from -1 to 1'),
])
def test_features_refuse(values, labels, message):
    with pytest.raises(ValueError, match=message):
        Features(values, labels, CLASSES)


def test_pairs_that_do_not_fit():
    def make(labels=(0, 1, 2), classes=CLASSES, dims=2):
        return Features(torch.zeros(3, dims), None if labels is None else torch.tensor(labels), classes)

    check_features(make(), make([0, 0, 0]), 'knn')
    check_features(make(), make([0, 0, 0], CLASSES[:]), 'knn')
    cases = [
        (make(None), make(), "'knn' needs a labelled dataset, but the training"),
        (make(), make(None), "'knn' needs a labelled dataset, but the test"),
        (make([[1, 0, 0]] * 3), make([[1, 0, 0]] * 3), 'one class per image'),
        (make(), make(classes=['cat', 'dog', 'fox']), r"only in training \['emu'\], only in test \['fox'\]"),
        (make(), make(classes=['dog', 'cat', 'emu']), 'the same names in another order'),
        (make(), make(dims=5), 'have 2 dimensions, test features 5'),
        (make([1, 1, 1]), make([1, 1, 1]), r"all training images are of \['dog'\], and any features would score 100"),
        (make([0, 0, 1]), make(), r"test set has images of \['emu'\], the training set has none"),
    ]
    for train, test, message in cases:
        with pytest.raises(ValueError, match=message):
            check_features(train, test, 'knn')
    with pytest.raises(ValueError, match=r'both must be \(N,\) or both \(N, C\)'):
        check_features(make(), make([[1, 0, 0]] * 3), 'svm', multi_label=True)


def run_rank(rank, world, folder, count):
    torch.set_num_threads(1)
    features.GATHER_ROWS = 4  # several rounds
    torch.distributed.init_process_group('gloo', init_method=f'file://{folder}/rendezvous', rank=rank,
                                         world_size=world)
    dataset, wrapped = Images(count), nn.parallel.DistributedDataParallel(Toy())
    result = extract_features(wrapped, dataset, batch_size=2, progress=False)
    few = extract_features(Toy(), Images(1), progress=False)
    # the wrapper must not be the last owner of the process group: its destructor waits for a gloo thread while it
    # holds the interpreter lock that this thread may need
    del wrapped
    torch.save((result.features, result.labels, dataset.seen, few.features), f'{folder}/{rank}.pt')
    torch.distributed.destroy_process_group()


def test_two_processes_share_the_images(tmp_path):
    torch.multiprocessing.spawn(run_rank, (2, str(tmp_path), 13), nprocs=2)
    parts = [torch.load(tmp_path / f'{rank}.pt') for rank in range(2)]
    for values, labels, _, few in parts:  # every rank has the whole result
        assert torch.equal(values, expected(13)) and labels.tolist() == [i % 3 for i in range(13)]
        assert torch.equal(few, expected(1))
    assert parts[0][2] == list(range(6)) and parts[1][2] == list(range(6, 13))  # no image twice
