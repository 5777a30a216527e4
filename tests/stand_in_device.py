"""A device for tests that shows on a CPU what a GPU would refuse or wait for.

Its tensors hold CPU tensors, and every operation on them runs on the CPU, so values are the CPU's. What a GPU would do
otherwise is recorded with the line that asked for it: *mixed placements*, operations that a GPU refuses because an
operand lies on the CPU; *read-backs*, operations for whose answer the host waits until the device is done; and
*uploads*, copies from the CPU for which it waits as well.

    with StandInDevice() as record:
        model.to(DEVICE)
        record.clear()
        model(...)
    assert not record.mixed and not record.reads and not record.uploads

Autocast has no rules for the device and leaves everything in the precision it has. Torch is told of the device when
this module is imported, which must be before the first backward pass of the process: it counts devices then.
"""

import sys
import weakref
from collections import namedtuple
from pathlib import Path
from unittest import mock

import torch
from torch.utils._python_dispatch import TorchDispatchMode

import mmwsl

REASON = ''  # why tests must skip, if they must
try:
    from torch.utils.backend_registration import _DummyPrivateUse1Hook, _setup_privateuseone_for_python_backend
except ImportError:  # private, so a release of torch may lack them
    _DummyPrivateUse1Hook = object
    REASON = 'this torch has no hooks for a device written in Python'
if torch.cuda.is_available():
    REASON = 'torch would take the stand-in for its accelerator in place of the GPU; see test_gpu.py'

DEVICE = 'standin'
UPLOAD = 'copy from the CPU'
SOURCES = tuple(str(Path(file).parent) for file in (mmwsl.__file__, __file__))  # the package and the tests


class Event(namedtuple('Event', 'operation where line')):
    """An operation, where it was asked for (file and function, ``'mmwsl/ops/nms.py _greedy'``), and in which line."""

    def __str__(self):
        return f'{self.operation} in {self.where}, line {self.line}'


aten = torch.ops.aten
# Their result's size, or the result itself, is a number on the host. Of the sizes of bins CUDA asks for the largest.
READS = {aten._local_scalar_dense, aten.nonzero, aten.masked_select, aten.equal, aten._unique, aten._unique2,
         aten.unique_dim, aten.unique_consecutive, aten.unique_dim_consecutive, aten.bincount}
INDEXING = {aten.index, aten.index_put, aten.index_put_, aten._index_put_impl_, aten._unsafe_index,
            aten._unsafe_index_put}
_real_generator = torch.Generator
_generators = weakref.WeakSet()  # those of the device
_active = []  # the devices entered, the innermost last


class StandInTensor(torch.Tensor):
    """A tensor on the device; ``held`` is the CPU tensor with its values."""

    __torch_function__ = torch._C._disabled_torch_function_impl

    @staticmethod
    def __new__(cls, held):
        return torch.Tensor._make_wrapper_subclass(
            cls, held.shape, strides=held.stride(), storage_offset=held.storage_offset(), dtype=held.dtype,
            device=f'{DEVICE}:0')

    def __init__(self, held):
        self.held = held
        self.from_number = False  # whether Python made it of a number, as in x[mask] = 0

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return _run(function, args, kwargs or {})

    def __repr__(self):
        return f'StandInTensor({self.held})'

    def tolist(self):
        _note('reads', 'tolist')
        return self.held.tolist()

    def numpy(self):
        raise TypeError(f"can't convert a {DEVICE} tensor to numpy: copy it to the CPU first")


class _Generator(torch.Generator):
    """``torch.Generator`` that knows the device; one of the device is one of the CPU, which is remembered as such."""

    def __new__(cls, device='cpu'):
        if torch.device(device).type != DEVICE:
            return _real_generator(device)
        generator = super().__new__(cls)
        _generators.add(generator)
        return generator


class StandInDevice(TorchDispatchMode):
    """The device while the block runs.

    Attributes:
        mixed, reads, uploads: lists of :class:`Event`.
    """

    def __init__(self):
        super().__init__()
        self.clear()

    def clear(self):
        """Start with empty lists."""
        self.mixed, self.reads, self.uploads = [], [], []

    def __enter__(self):
        _active.append(self)
        self._patch = mock.patch('torch.Generator', _Generator)  # torch would ask the device's C++ for one
        self._patch.start()
        return super().__enter__()

    def __exit__(self, *error):
        self._patch.stop()
        _active.pop()
        return super().__exit__(*error)

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        return _run(function, args, kwargs or {})


def _note(kind, operation):
    if _active:
        getattr(_active[-1], kind).append(Event(operation, *_caller()))


def _caller():
    """File and function, and line, of the innermost frame in the package or the tests."""
    frame = sys._getframe(1)
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(SOURCES) and path != __file__:
            folder, = (folder for folder in SOURCES if path.startswith(folder))
            name = frame.f_code.co_qualname.split('.<locals>')[0]
            return f'{Path(path).relative_to(Path(folder).parent).as_posix()} {name}', frame.f_lineno
        frame = frame.f_back
    return 'backward pass', 0  # which another thread runs


def _run(function, args, kwargs):
    """Run an operation on the tensors that are held, record what a GPU would mind, and wrap what comes out."""
    wrappers, plain = {}, []

    def unwrap(value):
        if isinstance(value, StandInTensor):
            wrappers[id(value.held)] = value
            return value.held
        if isinstance(value, torch.Tensor):
            if value.ndim:
                plain.append(value)
        elif isinstance(value, (list, tuple)):
            return [unwrap(each) for each in value]
        return value

    def wrap(value):
        if isinstance(value, torch.Tensor):
            if id(value) not in wrappers:
                return StandInTensor(value)
            if wrappers[id(value)].shape != value.shape:
                raise NotImplementedError(f'{function} changes a shape in place, which a stand-in tensor cannot follow')
            return wrappers[id(value)]
        return [wrap(each) for each in value] if isinstance(value, (list, tuple)) else value

    held_args = [unwrap(each) for each in args]
    held_kwargs = {name: unwrap(value) for name, value in kwargs.items()}
    device, kind = kwargs.get('device'), function.overloadpacket
    if kind is aten.copy_:
        here = isinstance(args[0], StandInTensor)
    else:
        here = bool(wrappers) if device is None else torch.device(device).type == DEVICE
    if not wrappers and not here:
        return function(*args, **kwargs)
    if device is not None:
        held_kwargs['device'] = 'cpu'
    if kind in (aten.copy_, aten._to_copy):
        source = args[1] if kind is aten.copy_ else args[0]
        _note_copy(source, here, kwargs.get('non_blocking', args[2] if len(args) > 2 else False))
    else:
        _note_operation(kind, args, kwargs, plain if wrappers else [])
    result = function(*held_args, **held_kwargs)
    if not here:
        return result
    result = wrap(result)
    if kind is aten.scalar_tensor:
        result.from_number = True
    return result


def _note_copy(source, here, non_blocking):
    """Record a copy to the device (``here``) or to the CPU."""
    if isinstance(source, StandInTensor) and not here:
        _note('reads', 'copy to the CPU')
    elif here and not isinstance(source, StandInTensor) and not non_blocking:
        _note('uploads', UPLOAD)


def _note_operation(kind, args, kwargs, plain):
    """Record what a GPU minds of an operation; ``plain`` are the operands on the CPU beside some on the device."""
    name = str(kind)
    generator = kwargs.get('generator')
    if generator is not None and all(generator._cdata != each._cdata for each in _generators):
        _note('mixed', f'{name} with a generator of the CPU')
    if kind in INDEXING:
        indices = [index for index in args[1] if index is not None]
        if isinstance(args[0], StandInTensor):
            elsewhere = [index for index in indices if index.ndim and not isinstance(index, StandInTensor)]
            if elsewhere:
                _note('reads', f'{name} by an index on the CPU')
            plain = [each for each in plain if all(each is not index for index in elsewhere)]  # CUDA copies those
        masks = [index for index in indices if index.dtype in (torch.bool, torch.uint8)]
        # CUDA fills under a single mask with a number without counting
        filled = kind is not aten.index and len(masks) == len(indices) == 1 and (
            not isinstance(args[2], StandInTensor) and args[2].ndim == 0 or getattr(args[2], 'from_number', False))
        if masks and not filled:
            _note('reads', f'{name} by a Boolean mask')
    elif kind in READS or kind is aten.repeat_interleave and kwargs.get('output_size') is None:
        _note('reads', name)
    if plain:
        _note('mixed', f'{name} with a CPU tensor {tuple(plain[0].shape)}')


class _Module:
    """What torch asks of the module of a device."""

    is_available = staticmethod(lambda: bool(_active))
    is_initialized = staticmethod(lambda: True)
    device_count = staticmethod(lambda: 1)
    current_device = staticmethod(lambda: 0)
    _is_in_bad_fork = staticmethod(lambda: False)
    manual_seed = manual_seed_all = staticmethod(lambda seed: None)  # what is drawn comes of the CPU's generator
    get_rng_state = staticmethod(lambda device=None: torch.get_rng_state())
    set_rng_state = staticmethod(lambda state, device=None: torch.set_rng_state(state))
    get_amp_supported_dtype = staticmethod(lambda: [torch.bfloat16, torch.float16])


class _Hook(_DummyPrivateUse1Hook):
    def is_available(self):
        return bool(_active)


def _empty_strided(size, stride, dtype=None, layout=None, device=None, pin_memory=None):
    return StandInTensor(torch.empty_strided(size, stride, dtype=dtype, device='cpu'))


def _empty(size, dtype=None, layout=None, device=None, pin_memory=None, memory_format=None):
    return StandInTensor(torch.empty(size, dtype=dtype, device='cpu', memory_format=memory_format))


def _copy_from(source, target, non_blocking=False):
    _note_copy(source, isinstance(target, StandInTensor), non_blocking)
    getattr(target, 'held', target).copy_(getattr(source, 'held', source))
    return target


if not REASON:
    _setup_privateuseone_for_python_backend(DEVICE, backend_module=_Module(), hook=_Hook())
    # torch.tensor(..., device=...) passes by tensor subclasses and modes and comes to these
    _library = torch.library.Library('aten', 'IMPL')
    for _name, _function in {'empty_strided': _empty_strided, 'empty.memory_format': _empty,
                             '_copy_from': _copy_from, '_copy_from_and_resize': _copy_from}.items():
        _library.impl(_name, _function, 'PrivateUse1')
