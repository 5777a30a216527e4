import pytest
import torch

from mmwsl import compat


@pytest.mark.parametrize('flags, expected', [('sse avx512f avx512_bf16', True), ('amx_bf16 amx_tile', True),
                                             ('sse avx2 avx512f', False)])
def test_cpu_has_bf16(monkeypatch, flags, expected):
    monkeypatch.setattr(compat.Path, 'read_text', lambda path: f'flags\t: {flags}\n')
    assert compat.cpu_has_bf16.__wrapped__() is expected


def test_cpu_has_bf16_elsewhere(monkeypatch):
    def no_such_file(path):
        raise FileNotFoundError(path)
    monkeypatch.setattr(compat.Path, 'read_text', no_such_file)
    assert compat.cpu_has_bf16.__wrapped__() is False


def test_autocast_dtype(monkeypatch):
    for native, expected in ((True, torch.bfloat16), (False, None)):
        monkeypatch.setattr(compat, 'cpu_has_bf16', lambda native=native: native)
        assert compat.autocast_dtype('cpu') is expected
    for native, expected in ((True, torch.bfloat16), (False, torch.float16)):
        monkeypatch.setattr(torch.cuda, 'is_bf16_supported', lambda including_emulation, native=native: native)
        assert compat.autocast_dtype('cuda') is expected
