"""W ranks with B/W images each are one rank with B: loss, gradients and state of methods; a helper of the tests."""

import copy
import functools

import pytest
import torch
import torch.distributed as dist
from gloo_ranks import on_ranks
from torch.nn.parallel import DistributedDataParallel

from mmwsl.registry import MODELS
from mmwsl.structures import DataSample

BATCH, SIDE = 16, 16


def to_double(module, inputs):
    return (inputs[0].double(), *inputs[1:])


def build(cfg):
    """The method in fp64, its teacher unlike its student."""
    torch.manual_seed(0)
    model = MODELS.build({key: value for key, value in copy.deepcopy(cfg).items() if key[0] != '_'}).double()
    for encoder in model.encoders():  # images are float32 up to the networks, as the preprocessor makes them
        encoder.register_forward_pre_hook(to_double)
    with torch.no_grad():
        for parameter in model.parameters():  # BN's ones and zeros hide errors; so does a teacher like its student
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model


def share_draws(monkeypatch, rank, size):
    """Let draws with a row (or several) per image be drawn for the global batch, and return the rank's rows."""
    local = BATCH // size

    def shared(draw, leading=0):
        def drawn(*args, size=None, **settings):
            arguments, shape = args[:leading], size if size is not None else args[leading:]
            if 'high' in settings:
                arguments = (settings.pop('high'),)
            if len(shape) == 1 and not isinstance(shape[0], int):
                shape = shape[0]
            if not shape or shape[0] % local:
                return draw(*arguments, tuple(shape), **settings)
            whole = draw(*arguments, (shape[0] * (BATCH // local), *shape[1:]), **settings)
            return whole.chunk(BATCH // local)[rank]
        return drawn

    monkeypatch.setattr(torch, 'randint', shared(torch.randint, 1))
    monkeypatch.setattr(torch, 'rand', shared(torch.rand))
    monkeypatch.setattr(torch, 'randn', shared(torch.randn))


def two_steps(cfg, rank, size):
    """Losses and gradients of two steps of SGD on this rank's share of the batches, and the state after them."""
    model = build(cfg)
    if '_prepare' in cfg:
        cfg['_prepare'](model, rank, size)
    wrapped = DistributedDataParallel(model, broadcast_buffers=False) if size > 1 else model
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.05)
    pictures = torch.Generator().manual_seed(1)
    losses, gradients = [], []
    for step in range(2):
        views = [torch.randn(BATCH, 3, side, side, generator=pictures).chunk(size)[rank]
                 for side in cfg.get('_views', (SIDE, SIDE))]
        samples = DataSample(index=torch.arange(BATCH).flip(0).chunk(size)[rank],
                             gt_label=(torch.arange(BATCH) % 3).chunk(size)[rank])
        for name, value in cfg.get('_fields', dict)().items():
            setattr(samples, name, value.chunk(size)[rank])
        # Only rank 0's generator may count, unless what is drawn belongs to the images.
        torch.manual_seed(step if rank == 0 or cfg.get('_draws') else 100 + step)
        with pytest.MonkeyPatch.context() as monkeypatch:  # only here: building a model draws too
            if cfg.get('_draws'):
                share_draws(monkeypatch, rank, size)
            result = wrapped(views, samples, mode='loss')
        loss = sum(value for name, value in result.items() if 'loss' in name)
        optimizer.zero_grad()
        loss.backward()
        losses.append(loss.detach())
        gradients.append({name: p.grad.clone() for name, p in model.named_parameters()
                          if p.requires_grad and p.grad is not None})
        optimizer.step()
        if hasattr(model, 'after_optimizer_step'):
            model.after_optimizer_step(step / 2)
    return dict(losses=torch.stack(losses), gradients=gradients, state=model.state_dict())


def on_a_rank(methods, rank, size):
    """Results of all ``methods`` (name -> config) on one rank."""
    results = {}
    for name, cfg in methods.items():
        results[name] = two_steps(cfg, rank, size)
        if dist.is_initialized():
            dist.barrier()
    return results


def close(actual, expected, what):
    scale = expected.abs().max()
    error = (actual - expected).abs().max()
    assert error <= 1e-9 * scale + 1e-13, f'{what}: differs by {error:.3g} at a size of {scale:.3g}'


def compare(cfg, expected, ranks):
    """Loss, gradients and state of one rank against those of several."""
    close(torch.stack([rank['losses'] for rank in ranks]).mean(0), expected['losses'], 'loss')
    for step in range(2):
        assert ranks[0]['gradients'][step].keys() == expected['gradients'][step].keys()
        for name, gradient in expected['gradients'][step].items():
            assert gradient.dtype == torch.float64
            if name not in cfg.get('_no_gradient', ()):
                assert gradient.abs().max() > 1e-6, f'{name} has no gradient: nothing is compared'
            for rank in ranks:
                close(rank['gradients'][step][name], gradient, f'gradient of {name} in step {step}')
    for name, value in expected['state'].items():
        values = [rank['state'][name] for rank in ranks]
        if 'running_' in name and 'SplitBN' in str(cfg):
            values = [torch.stack(values).mean(0)]  # each rank has the mean of its own groups
        for own in values:
            close(own.double(), value.double(), name)


def check_two_ranks(methods, tmp_path):
    """Two gloo ranks with half of the batch each take the same two steps as one with all of it, in fp64.

    ``methods``: name -> model config; batches have 16 images of 16 px. Keys with an underscore are for this check:
    ``_views`` sides of the views (two of 16 px); ``_draws=True`` random draws with a row per image are shared out over
    the ranks, others are equal on them; ``_prepare(model, rank, size)`` is called after building (importable by name);
    ``_fields()`` (importable by name) more of the samples, of the whole batch; ``_no_gradient`` names of parameters whose gradient is 0 by nature.
    """
    expected, ranks = on_a_rank(methods, 0, 1), on_ranks(functools.partial(on_a_rank, methods), tmp_path)
    for name, cfg in methods.items():
        try:
            compare(cfg, expected[name], [rank[name] for rank in ranks])
        except AssertionError as error:
            raise AssertionError(f'{name}: {error}') from error
    return expected
