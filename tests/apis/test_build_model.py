
import pytest
import torch
from tiny_runs import MOCO, train_here, write_config

from mmwsl.apis import build_dataset, build_model, load_config
from mmwsl.apis.build import fuse_norms, inference_dtype


@pytest.fixture
def cfg(tmp_path):
    return load_config(write_config(tmp_path))


def weights(model):
    return torch.cat([p.detach().flatten() for p in model.parameters()])


def test_random_weights_follow_the_seed(cfg):
    torch.manual_seed(123)
    expected = torch.rand(3)
    torch.manual_seed(123)
    first, report = build_model(cfg, 'random')
    assert torch.equal(torch.rand(3), expected)  # the caller's generator is left alone
    assert report is None and not first.training
    torch.rand(7)
    assert torch.equal(weights(first), weights(build_model(cfg)[0]))
    other = load_config(cfg.filename, {'randomness.seed': 1})
    assert not torch.equal(weights(first), weights(build_model(other)[0]))


def test_where_weights_came_from_is_not_shown(tmp_path, capfd):
    """mmengine shows two lines for each of them where there is no log file, as in predict."""
    cfg = load_config(write_config(tmp_path))
    cfg.model.backbone.init_cfg = [dict(type='Constant', layer='Conv2d', val=0.5)]
    model, _ = build_model(cfg)
    assert model.backbone.conv1.weight.unique().tolist() == [0.5]
    assert 'conv1.weight' not in ''.join(capfd.readouterr())


def test_a_teacher_starts_as_its_student(tmp_path):
    model, _ = build_model(load_config(write_config(tmp_path, MOCO)))
    assert torch.equal(model.teacher.chain[0].conv1.weight, model.backbone.conv1.weight)


@pytest.mark.long
def test_the_random_floor_is_where_training_starts(tmp_path):
    """'random' means the network that the training of the same config and seed starts from."""
    path = write_config(tmp_path)
    runner = train_here(path, tmp_path / 'run', optim_wrapper__optimizer__lr=0.0, train_cfg__max_epochs=1)
    assert torch.equal(weights(runner.model).cpu(), weights(build_model(load_config(path), device='cpu')[0]))


def test_checkpoint(cfg, tmp_path):
    model, _ = build_model(cfg)
    state = {key: value + 1 for key, value in model.state_dict().items()}
    torch.save(dict(state_dict=state), tmp_path / 'whole.pth')
    loaded, meta = build_model(cfg, tmp_path / 'whole.pth')
    assert meta == {}
    for key, value in loaded.state_dict().items():
        assert torch.equal(value.cpu(), state[key].cpu()), key
    # the backbone alone, as a bare state dict
    torch.save({key: value for key, value in state.items() if key.startswith('backbone')}, tmp_path / 'backbone.pth')
    loaded, _ = build_model(cfg, tmp_path / 'backbone.pth')
    assert torch.equal(loaded.backbone.conv1.weight.cpu(), state['backbone.conv1.weight'].cpu())


def test_incomplete_backbone(cfg, tmp_path):
    """A network that would stay random in part is never judged."""
    state = build_model(cfg)[0].state_dict()
    torch.save({key: value for key, value in state.items() if 'layer4.1' not in key}, tmp_path / 'cut.pth')
    with pytest.raises(ValueError, match='cut.pth: 10 keys of the backbone are '
                       r'missing and would stay random, the first is backbone.layer4.1.conv1.weight'):
        build_model(cfg, tmp_path / 'cut.pth')


def test_a_head_that_would_stay_random(cfg, tmp_path):
    """It is no matter to features, and none of a model that gives features alone; predictions would mean nothing."""
    state = {key: value for key, value in build_model(cfg)[0].state_dict().items() if key.startswith('backbone')}
    torch.save(state, tmp_path / 'backbone.pth')
    build_model(cfg, tmp_path / 'backbone.pth', whole=True)
    cfg.model = dict(type='ImageClassifier', backbone=cfg.model.backbone,
                     head=dict(type='ClassificationHead', in_channels=32, num_classes=3))
    build_model(cfg, tmp_path / 'backbone.pth')
    with pytest.raises(ValueError, match=r'backbone.pth: 2 tensors of the model are missing and would stay random, the '
                       r'first is head\..*, so that its predictions would mean nothing: .* lies in its work dir'):
        build_model(cfg, tmp_path / 'backbone.pth', whole=True)


def test_bad_checkpoints(cfg, tmp_path):
    wide = build_model(load_config(cfg.filename, {'model.backbone.base_channels': 8, 'model.neck.in_channels': 64}))[0]
    torch.save(dict(state_dict=wide.state_dict()), tmp_path / 'wide.pth')
    with pytest.raises(ValueError, match='wide.pth: .* tensors have another shape .*another architecture'):
        build_model(cfg, tmp_path / 'wide.pth')
    torch.save(dict(state_dict=dict(x=torch.zeros(1))), tmp_path / 'other.pth')
    with pytest.raises(ValueError, match='other.pth: none of its 1 keys fits'):
        build_model(cfg, tmp_path / 'other.pth')
    with pytest.raises(FileNotFoundError, match='absent.pth does not exist'):
        build_model(cfg, tmp_path / 'absent.pth')


def test_build_dataset(cfg):
    settings = cfg.benchmark.test
    dataset = build_dataset(settings)
    assert len(dataset) == 100 and dataset.images.shape == (100, 3, 16, 16)
    assert settings.type == 'Digits'  # the config can be built again
    assert len(build_dataset(settings)) == 100


@pytest.mark.parametrize('wrapper, native, expected', [
    (dict(type='OptimWrapper'), True, None), (dict(type='AutocastOptimWrapper'), True, torch.bfloat16),
    (dict(type='AutocastOptimWrapper', dtype='auto'), False, None),
    (dict(type='AutocastOptimWrapper', dtype='float32'), True, None),
    (dict(type='AutocastOptimWrapper', dtype='bfloat16'), False, torch.bfloat16)])
def test_inference_dtype(monkeypatch, wrapper, native, expected):
    monkeypatch.setattr('mmwsl.compat.cpu_has_bf16', lambda: native)
    assert inference_dtype(dict(optim_wrapper=wrapper), 'cpu') is expected
    assert inference_dtype(dict(), 'cpu') is None


def test_random_rescaled(cfg):
    """Random weights of the same seed, standardised on images of benchmark.train; twice the same."""
    expected = torch.random.get_rng_state()
    model, meta = build_model(cfg, 'random_rescaled', device='cpu')
    assert torch.equal(torch.random.get_rng_state(), expected) and meta is None and not model.training
    plain, again = build_model(cfg, 'random', device='cpu')[0], build_model(cfg, 'random_rescaled', device='cpu')[0]
    for (name, value), other in zip(model.state_dict().items(), again.state_dict().values(), strict=True):
        assert torch.equal(value, other), name
    # a channel's weights are a multiple of what they were
    ratio = model.backbone.conv1.weight / plain.backbone.conv1.weight
    assert torch.allclose(ratio, ratio[:, :1, :1, :1].expand_as(ratio), rtol=1e-3) and (ratio - 1).abs().max() > 0.1
    assert torch.equal(model.neck.layers[0].weight, plain.neck.layers[0].weight)  # features do not go through it
    images = torch.stack([build_dataset(cfg.benchmark.train)[row * 320 // 256]['inputs'] for row in range(256)])
    seen = []
    hook = model.backbone.layer4[1].bn2.register_forward_hook(lambda _, __, output: seen.append(output.detach().clone()))
    model(**model.data_preprocessor(dict(inputs=images)), mode='tensor')
    hook.remove()
    deviation, mean = torch.std_mean(seen[0], (0, 2, 3), correction=0)
    assert (deviation - 1).abs().max() < 1e-2 and mean.abs().max() < 1e-3
    cfg.benchmark.pop('train')
    with pytest.raises(ValueError, match="'random_rescaled' needs images to rescale on, and .*tiny.py has no benchmark.train"):
        build_model(cfg, 'random_rescaled')


def test_fused_norms_leave_the_features_as_they_are():
    torch.manual_seed(0)
    model, _ = build_model(load_config('mmwsl::pretrained/efficientnet_lite0.py'), 'random')
    images = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        before = model.backbone(images)[-1]
        fuse_norms(model)
        after = model.backbone(images)[-1]
    assert torch.allclose(before, after, atol=1e-4 * before.abs().max()) and before.std() > 0
    assert not any(isinstance(module, torch.nn.BatchNorm2d) for module in model.backbone.modules())
