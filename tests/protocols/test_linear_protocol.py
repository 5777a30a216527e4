import json

import pytest
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from mmwsl.protocols import Features, FeatureSource, Linear, train_linear
from mmwsl.registry import PROTOCOLS


def digits():
    data = load_digits()
    features, labels = torch.tensor(data.data).float(), torch.tensor(data.target)
    held = torch.arange(len(labels)) % 3 == 0
    return (Features(features[~held], labels[~held], [str(n) for n in range(10)]),
            Features(features[held], labels[held], [str(n) for n in range(10)]))


def random_set(count=70, dims=5, classes=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(classes, (count, ), generator=generator)
    centres = torch.randn(classes, dims, generator=generator)
    return centres[labels] + torch.randn(count, dims, generator=generator), labels


@pytest.mark.parametrize('weight_decay', [0.0, 0.1])
def test_training_equals_torch_optim(weight_decay):
    features, labels = random_set()
    weight, bias = train_linear(features, labels, 3, [0.2], [weight_decay], epochs=3, batch_size=16, seed=5)

    model = torch.nn.Linear(5, 3)
    torch.nn.init.zeros_(model.weight)
    torch.nn.init.zeros_(model.bias)
    optimizer = torch.optim.SGD([dict(params=[model.weight], weight_decay=weight_decay), dict(params=[model.bias])],
                                lr=0.2, momentum=0.9)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=3 * 5)
    generator = torch.Generator().manual_seed(5)
    for _ in range(3):
        for rows in torch.randperm(70, generator=generator).split(16):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(features[rows]), labels[rows]).backward()
            optimizer.step()
            schedule.step()
    assert torch.allclose(weight[0].T, model.weight, atol=1e-5)
    assert torch.allclose(bias[0], model.bias, atol=1e-5)


def test_a_head_does_not_depend_on_its_neighbours():
    features, labels = random_set()
    lr, weight_decay = [1e38, 0.01, 0.1, 1.0], [0.0, 0.0, 0.01, 0.1]
    weight, bias = train_linear(features, labels, 3, lr, weight_decay, epochs=4, batch_size=32)
    assert not weight[0].isfinite().all()  # even one that diverges
    for head in (1, 2, 3):
        alone, alone_bias = train_linear(features, labels, 3, lr[head:head + 1], weight_decay[head:head + 1],
                                         epochs=4, batch_size=32)
        assert torch.allclose(alone[0], weight[head], atol=1e-5)
        assert torch.allclose(alone_bias[0], bias[head], atol=1e-5)


def test_shift_and_scale_equal_transformed_features():
    features, labels = random_set()
    shift, scale = torch.arange(5.), torch.tensor([1., 2., .5, 0., 1.])
    inside = train_linear(features, labels, 3, [0.1], [0.0], epochs=2, shift=shift, scale=scale)
    outside = train_linear((features - shift) * scale, labels, 3, [0.1], [0.0], epochs=2)
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(inside, outside, strict=True))


def test_digits_reach_logistic_regression():
    train, test = digits()
    mean, std = train.features.mean(0), train.features.std(0, correction=0).clamp(min=1e-6)
    x, y = ((part.features - mean) / std for part in (train, test))
    best = max(LogisticRegression(C=C, max_iter=3000).fit(x.numpy(), train.labels.numpy())
               .score(y.numpy(), test.labels.numpy()) for C in (0.1, 1.0, 10.0))  # converged, best of three on the test
    records = Linear(device='cpu').run(FeatureSource(train, test))
    assert [r['metric'] for r in records] == ['linear_top1', 'linear_top5']
    assert records[0]['value'] > 100 * best - 1.0  # 599 test images: one point is six images
    settings = records[0]['settings']
    json.dumps(records)
    assert settings['lr'] in settings['lr_grid'] and settings['weight_decay'] in settings['weight_decay_grid']
    assert (settings['n_train'], settings['n_test'], settings['feature_dim']) == (1198, 599, 64)


def test_deterministic_and_the_global_generator_is_not_used():
    train, test = digits()
    protocol = PROTOCOLS.build(dict(type='linear', epochs=2, lr=(0.01, 0.1), weight_decay=(0.0, ), device='cpu'))
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    first = protocol.run(FeatureSource(train, test))
    assert torch.get_num_threads() == threads
    assert torch.equal(torch.get_rng_state(), state)
    torch.manual_seed(99)
    assert protocol.run(FeatureSource(train, test)) == first


def test_choice_does_not_see_the_test_set():
    train, test = digits()
    protocol = Linear(epochs=2, lr=(0.001, 0.1), weight_decay=(0.0, ), device='cpu')
    wrong = Features(test.features, (test.labels + 1) % 10, test.classes)
    good, bad = protocol.run(FeatureSource(train, test))[0], protocol.run(FeatureSource(train, wrong))[0]
    assert good['settings'] == bad['settings'] and good['settings']['lr'] == 0.1
    assert good['value'] > 85 > 20 > bad['value']


def test_standardisation_removes_scale_and_offset():
    train, test = digits()
    protocol = Linear(epochs=2, lr=(0.01, ), weight_decay=(0.0, ), device='cpu')
    scale, offset = torch.rand(64, generator=torch.Generator().manual_seed(0)) * 50 + 1, torch.arange(64.)
    moved = [Features(part.features * scale + offset, part.labels, part.classes) for part in (train, test)]
    ours, plain = (protocol.run(FeatureSource(*pair))[0]['value'] for pair in (moved, (train, test)))
    assert ours == pytest.approx(plain, abs=0.2)


def test_diverged_rates_are_passed_over():
    train, test = digits()
    records = Linear(epochs=1, lr=(0.01, 1e38), weight_decay=(0.0, ), device='cpu').run(FeatureSource(train, test))
    assert records[0]['settings']['lr'] == 0.01
    with pytest.raises(RuntimeError, match='all 2 learning rates diverged'):
        Linear(epochs=1, lr=(1e38, 2e38), weight_decay=(0.0, ), device='cpu').run(FeatureSource(train, test))
    with pytest.raises(RuntimeError, match=r'lr=1e\+38 diverged'):
        Linear(epochs=1, lr=(1e38, ), weight_decay=(0.0, ), device='cpu').run(FeatureSource(train, test))


def test_bad_settings_and_data():
    with pytest.raises(ValueError, match='positive values'):
        Linear(lr=(0.0, 0.1))
    with pytest.raises(ValueError, match='positive values'):
        Linear(weight_decay=())
    train, test = digits()
    with pytest.raises(ValueError, match="'linear' needs a labelled dataset"):
        Linear().run(FeatureSource(Features(train.features, None, train.classes), test))


@pytest.mark.long
def test_defaults_come_within_three_tenths_of_a_converged_logistic_regression():
    generator = torch.Generator().manual_seed(0)
    centres = torch.randn(10, 16, generator=generator)
    labels = torch.arange(16000) % 10
    features = 1.5 * torch.randn(16000, 16, generator=generator) + centres[labels]
    features *= torch.logspace(-2, 2, 16)  # badly scaled dimensions
    train, test = (Features(features[part], labels[part], [str(n) for n in range(10)])
                   for part in (slice(8000), slice(8000, None)))
    x, y = ((part.features / features.std(0)).numpy() for part in (train, test))
    converged = LogisticRegression(C=1e4, max_iter=3000, tol=1e-6).fit(x, train.labels.numpy())
    ours = Linear(device='cpu').run(FeatureSource(train, test))[0]['value']
    assert abs(ours - 100 * converged.score(y, test.labels.numpy())) < 0.3
