import pytest
import torch
from tiny_runs import SIMCLR, log_text, read_state, train_here, write_config

from mmwsl import compat
from mmwsl.apis import prepare_training
from mmwsl.cli import main
from mmwsl.engine import optim_wrapper
from mmwsl.engine.optim_wrapper import AutocastOptimWrapper


@pytest.fixture(autouse=True)
def on_a_cpu(monkeypatch):
    monkeypatch.setattr(optim_wrapper, 'get_device', lambda: 'cpu')


class Net(torch.nn.Module):
    """One weight; remembers in what type it computed."""

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(2, 1, bias=False)
        torch.nn.init.constant_(self.linear.weight, 1.0)

    def forward(self, x):
        y = self.linear(x)
        self.seen = y.dtype
        return y.float().mean()


def wrapper(net, lr=0.5, **settings):
    return AutocastOptimWrapper(optimizer=torch.optim.SGD(net.parameters(), lr=lr, momentum=0.9), **settings)


@pytest.mark.parametrize('dtype, native, expected', [
    ('bfloat16', False, torch.bfloat16), ('float32', True, torch.float32), ('auto', True, torch.bfloat16),
    ('auto', False, torch.float32)])
def test_dtype_of_the_forward_pass(monkeypatch, dtype, native, expected):
    monkeypatch.setattr(compat, 'cpu_has_bf16', lambda: native)
    net = Net()
    wrapped = wrapper(net, dtype=dtype)
    with wrapped.optim_context(net):
        loss = net(torch.tensor([[1.0, 2.0]]))
    assert net.seen == expected
    wrapped.update_params(loss)
    assert net.linear.weight.dtype == torch.float32  # weights and gradients stay fp32
    assert net.linear.weight.tolist() == [[0.5, 0.0]]  # 1 - 0.5 x (1, 2)
    assert not torch.is_autocast_enabled('cpu')


def test_bad_dtypes():
    with pytest.raises(ValueError, match="float16 needs a GPU; choose 'auto' or 'bfloat16' on a CPU"):
        wrapper(Net(), dtype='float16')
    with pytest.raises(ValueError, match="dtype 'half' is unknown; choose one of auto, bfloat16, float16, float32"):
        wrapper(Net(), dtype='half')


def test_accumulation_is_the_mean_over_micro_batches():
    net, whole = Net(), Net()
    inputs = torch.tensor([[1.0, 2.0], [3.0, -1.0]])
    wrapped, reference = wrapper(net, dtype='float32', accumulative_counts=2), wrapper(whole, dtype='float32')
    wrapped.initialize_count_status(net, 0, 4)
    reference.initialize_count_status(whole, 0, 2)
    for step in range(2):
        for number, row in enumerate(inputs.split(1)):
            with wrapped.optim_context(net):
                loss = net(row)
            wrapped.update_params(loss)
            assert wrapped.should_update() == (number == 1)
        with reference.optim_context(whole):
            loss = whole(inputs)
        reference.update_params(loss)
        assert torch.allclose(net.linear.weight, whole.linear.weight), step
    assert net.linear.weight.tolist()[0] == pytest.approx([1 - 1.0 - 1.9, 1 - 0.25 - 0.475])


def test_gradient_clipping():
    net = Net()
    wrapped = wrapper(net, dtype='bfloat16', clip_grad=dict(max_norm=1.0))
    wrapped.update_params(net(torch.tensor([[3.0, 4.0]])))
    assert net.linear.weight.tolist()[0] == pytest.approx([1 - 0.5 * 0.6, 1 - 0.5 * 0.8], rel=1e-5)


@pytest.mark.parametrize('dtype', ['bfloat16', 'float32'])
def test_state_dict_round_trip(tmp_path, dtype):
    net = Net()
    wrapped = wrapper(net, dtype=dtype)
    wrapped.update_params(net(torch.tensor([[1.0, 2.0]])))
    torch.save(wrapped.state_dict(), tmp_path / 'state.pth')
    other_net = Net()
    other_net.load_state_dict(net.state_dict())
    other = wrapper(other_net, lr=0.1, dtype=dtype)
    state = torch.load(tmp_path / 'state.pth', weights_only=True)
    other.load_state_dict(state)
    assert 'scaler' in state  # the argument is not emptied by loading
    for wrapper_, model in ((wrapped, net), (other, other_net)):
        wrapper_.update_params(model(torch.tensor([[1.0, 2.0]])))
    assert net.linear.weight.tolist() == other_net.linear.weight.tolist()
    assert net.linear.weight.tolist()[0] == pytest.approx([1 - 0.5 - 0.95, 1 - 1.0 - 1.9])  # momentum went along
    # of a run with mmengine's own wrapper, which has no scaler
    del state['scaler']
    wrapper(Net(), dtype=dtype).load_state_dict(state)


@pytest.mark.parametrize('before, expected', [
    (dict(type='OptimWrapper'), 'auto'), (dict(dtype='float32'), 'auto'), (dict(dtype='bfloat16'), 'bfloat16')])
def test_amp_switch(tmp_path, before, expected):
    extra = f'optim_wrapper.update({before!r})\n'
    if before.get('type') == 'OptimWrapper':
        extra += "optim_wrapper.pop('dtype')\n"
    config = write_config(tmp_path, SIMCLR, extra)
    plain = prepare_training(config)
    assert plain.optim_wrapper.type == before.get('type', 'AutocastOptimWrapper')
    assert plain.optim_wrapper.get('dtype') == before.get('dtype')
    amp = prepare_training(config, amp=True).optim_wrapper
    assert (amp.type, amp.dtype) == ('AutocastOptimWrapper', expected)
    assert amp.optimizer == plain.optim_wrapper.optimizer


def test_amp_from_the_command_line_computes_in_bf16(tmp_path, monkeypatch):
    monkeypatch.setattr(compat, 'cpu_has_bf16', lambda: True)
    seen = set()
    from mmwsl.models.backbones.resnet import ResNet
    original = ResNet.forward

    def forward(self, x):
        out = original(self, x)
        seen.add(out[-1].dtype)
        return out

    monkeypatch.setattr(ResNet, 'forward', forward)
    config = write_config(tmp_path)
    options = ['--work-dir', str(tmp_path / 'run'), '--cfg-options', 'train_cfg.max_epochs=1']
    assert main(['train', str(config), '--amp', *options, f'experiment_name=amp_{tmp_path.name}']) == 0
    assert seen == {torch.bfloat16}
    state = read_state(tmp_path / 'run' / 'epoch_1.pth')['state_dict']
    assert state['backbone.conv1.weight'].dtype == torch.float32
    seen.clear()
    options[1] = str(tmp_path / 'other')
    assert main(['train', str(config), *options, f'experiment_name=fp32_{tmp_path.name}']) == 0
    assert seen == {torch.float32}


# Batch size and learning rate ----------------------------------------------------------------------------------------


def first_lr(runner):
    return runner.message_hub.get_scalar('train/lr').data[0][0]


@pytest.mark.parametrize('batch, accumulate, factor', [(32, 1, 1), (16, 1, 0.5), (64, 1, 2), (16, 2, 1), (16, 4, 2)])
def test_auto_scale_lr(tmp_path, batch, accumulate, factor):
    """The tuned total is 32 images an optimiser step; 0.24 is its learning rate."""
    config = write_config(tmp_path, SIMCLR, 'param_scheduler = None\n')
    settings = dict(train_cfg__max_epochs=1, train_dataloader__batch_size=batch,
                    train_dataloader__dataset__max_images=128, optim_wrapper__accumulative_counts=accumulate)
    scaled = train_here(config, tmp_path / 'scaled', **settings, auto_scale_lr__enable=True)
    assert first_lr(scaled) == pytest.approx(0.24 * factor)
    assert '--auto-scale-lr scales' not in log_text(tmp_path / 'scaled')
    plain = train_here(config, tmp_path / 'plain', **settings)
    assert first_lr(plain) == pytest.approx(0.24)
    warning = (f'this run uses {batch * accumulate} images per optimiser step (1 ranks x {batch * accumulate}), the '
               'config was tuned for 32; --auto-scale-lr scales the learning rate')
    assert (warning in log_text(tmp_path / 'plain')) == (factor != 1)


def test_auto_scale_lr_switch(tmp_path):
    config = write_config(tmp_path)
    assert 'enable' not in prepare_training(config).auto_scale_lr
    assert prepare_training(config, auto_scale_lr=True).auto_scale_lr.enable is True
    config = write_config(tmp_path, SIMCLR, 'auto_scale_lr = dict(_delete_=True)\n')
    with pytest.raises(ValueError, match='--auto-scale-lr: .*tiny.py does not say which total batch size'):
        prepare_training(config, auto_scale_lr=True)


def test_clipping_each_tensor_by_itself():
    """Gradients (3, 4) and (0.6, 0.8) of length 5 and 1, clipped to 2: the global rule would shorten both."""
    long, short = torch.nn.Parameter(torch.zeros(2)), torch.nn.Parameter(torch.zeros(2))
    optimizer = torch.optim.SGD([long, short], lr=1.0)
    wrapped = AutocastOptimWrapper(optimizer=optimizer, clip_grad=dict(type='norm_per_tensor', max_norm=2.0))
    wrapped.update_params(-(long * torch.tensor([3.0, 4.0])).sum() - (short * torch.tensor([0.6, 0.8])).sum())
    assert torch.allclose(long, torch.tensor([1.2, 1.6])) and torch.allclose(short, torch.tensor([0.6, 0.8]))


def test_clipping_all_together():
    long, short = torch.nn.Parameter(torch.zeros(2)), torch.nn.Parameter(torch.zeros(1))
    wrapped = AutocastOptimWrapper(optimizer=torch.optim.SGD([long, short], lr=1.0), clip_grad=dict(max_norm=1.3))
    wrapped.update_params(-(long * torch.tensor([3.0, 4.0])).sum() - 12 * short.sum())  # of length 13
    assert torch.allclose(long, torch.tensor([0.3, 0.4])) and torch.allclose(short, torch.tensor([1.2]))


def test_a_dropped_gradient_moves_nothing():
    """Neither the gradient nor the decay nor the momentum of earlier steps."""
    net = Net()
    optimizer = torch.optim.SGD(net.parameters(), lr=0.5, momentum=0.9, weight_decay=0.1)
    wrapped = AutocastOptimWrapper(optimizer=optimizer, dtype='float32')
    wrapped.update_params(net(torch.ones(1, 2)))
    before = net.linear.weight.clone()
    wrapped.dropped = dict(one=list(net.parameters()), another=[])  # two hooks
    wrapped.update_params(net(torch.ones(1, 2)))
    assert torch.equal(net.linear.weight, before)
    wrapped.dropped = dict(one=[], another=[])
    wrapped.update_params(net(torch.ones(1, 2)))
    assert not torch.equal(net.linear.weight, before)
