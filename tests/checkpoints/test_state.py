import pathlib

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer

from mmwsl.checkpoints.state import check_backbone, first_not_finite, from_plain, load_state, to_plain


def net(width=3):
    return torch.nn.Sequential(torch.nn.Linear(2, width), torch.nn.BatchNorm1d(width))


def test_to_plain_makes_a_file_that_loads_without_running_code(tmp_path):
    history = HistoryBuffer([0.5, 0.25, 0.125], [1, 1, 2])
    kept = dict(weight=torch.nn.Parameter(torch.ones(2)), array=np.arange(3, dtype=np.int32), number=np.float32(0.5),
                count=np.int64(7), pair=(1, None), flag=True, path=pathlib.Path('a/b'),
                nested=[dict(history=history)], betas=(0.9, np.float64(0.999)))
    torch.save(to_plain(kept), tmp_path / 'a.pth')
    loaded = torch.load(tmp_path / 'a.pth', weights_only=True)
    assert torch.equal(loaded['weight'], torch.ones(2)) and not loaded['weight'].requires_grad
    assert loaded['array'].tolist() == [0, 1, 2] and loaded['array'].dtype == torch.int32
    assert [loaded[key] for key in ('number', 'count', 'pair', 'flag', 'path', 'betas')] == [
        0.5, 7, (1, None), True, 'a/b', (0.9, 0.999)]
    back = from_plain(loaded)['nested']  # only dictionaries hold histories in a message hub
    assert back[0].keys() == {'history'}


def test_history_round_trip():
    hub = dict(log_scalars={'train/loss': HistoryBuffer([0.5, 0.25, 0.125], [1, 1, 2])}, runtime_info=dict(iter=3))
    back = from_plain(to_plain(hub))
    buffer = back['log_scalars']['train/loss']
    assert buffer.data[0].tolist() == [0.5, 0.25, 0.125] and buffer.data[1].tolist() == [1, 1, 2]
    assert buffer.current() == 0.125
    assert buffer.mean(3) == pytest.approx((0.5 + 0.25 + 0.125) / 4)  # mmengine divides by the counts
    assert back['runtime_info'] == dict(iter=3)


def test_load_state_report():
    model = net()
    state = {f'module.{key}': value + 1 for key, value in model.state_dict().items() if 'running' not in key}
    state['module.extra'] = torch.zeros(1)
    before = model[0].weight.clone()
    report = load_state(model, state)
    assert report == dict(matched=['0.weight', '0.bias', '1.weight', '1.bias', '1.num_batches_tracked'],
                          missing=['1.running_mean', '1.running_var'], unexpected=['extra'])
    assert torch.equal(model[0].weight, before + 1)


def test_load_state_of_nothing_that_fits():
    model = net()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(ValueError, match='a.pth: none of its 2 keys fits the 7 of the model.*Keys of the file: '
                       'encoder.w, encoder.b; of the model: 0.weight'):
        load_state(model, {'encoder.w': torch.ones(1), 'encoder.b': torch.ones(1)}, what='a.pth')
    with pytest.raises(ValueError, match='none of its 0 keys'):
        load_state(model, {})
    for key, value in model.state_dict().items():
        assert torch.equal(value, before[key])


def test_load_state_of_another_shape():
    model = net()
    before = model[0].bias.clone()
    with pytest.raises(ValueError, match=r'b.pth: 6 tensors have another shape \(0.weight: \(5, 2\) in the file, '
                       r'\(3, 2\) in the model.*another architecture'):
        load_state(model, net(5).state_dict(), what='b.pth')
    assert torch.equal(model[0].bias, before)  # nothing was loaded by halves


def test_load_state_strict():
    model, state = net(), net().state_dict()
    del state['1.weight']
    state['extra'] = torch.ones(1)
    with pytest.raises(ValueError, match='missing keys: 1.weight; unexpected keys: extra; resume with the config'):
        load_state(model, state, strict=True)
    assert load_state(model, net().state_dict(), strict=True)['missing'] == []


@pytest.mark.parametrize('value, in_parameter, in_buffer', [(float('nan'), True, True), (float('inf'), True, False),
                                                            (-float('inf'), True, False), (3e38, False, False)])
@pytest.mark.parametrize('dtype', [torch.float32, torch.bfloat16])
def test_weights_that_are_not_finite_are_named(value, in_parameter, in_buffer, dtype):
    model = net().to(dtype)
    assert first_not_finite(model) is None
    model[1].running_var[1] = value
    assert first_not_finite(model) == ('1.running_var' if in_buffer else None)
    model[1].running_var[1] = 1
    model[0].weight.data[2, 1] = value
    assert first_not_finite(model) == ('0.weight' if in_parameter else None)


def test_tensors_that_a_backbone_lacks():
    keys = ['backbone.fc.weight', 'backbone.head.weight', 'backbone.bn1.num_batches_tracked', 'head.w', 'backbone.aux1.w']
    check_backbone(dict(missing=['neck.w'], unexpected=keys), 'a.pth')
    with pytest.raises(ValueError, match=r'a.pth: its backbone has 1 tensors that the one of the config lacks '
                       r'\(backbone.blocks.0.ls1.gamma\)'):
        check_backbone(dict(missing=[], unexpected=[*keys, 'backbone.blocks.0.ls1.gamma']), 'a.pth')
    with pytest.raises(ValueError, match='1 keys of the backbone are missing'):
        check_backbone(dict(missing=['backbone.w'], unexpected=[]), 'a.pth')
