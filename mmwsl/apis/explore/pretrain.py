"""Pre-training on the photos themselves, from nothing or from a network that is there."""

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from mmengine.registry import RUNNERS, init_default_scope

from mmwsl.apis.build import build_model
from mmwsl.apis.config import load_config
from mmwsl.apis.explore.network import OWN_RECIPE, Network
from mmwsl.apis.explore.stages import make_key
from mmwsl.apis.train import prepare_training
from mmwsl.apis.work_dir import claim
from mmwsl.checkpoints import read_checkpoint
from mmwsl.files import write_atomically
from mmwsl.progress import progress_bar

METHODS = {
    'simclr': 'mmwsl::selfsup/simclr/simclr_r18w16_1xb256-cos-10e_cifar10.py',
    'moco': 'mmwsl::selfsup/moco/moco_v2_r18w16_1xb256-cos-10e_cifar10.py',
    'byol': 'mmwsl::selfsup/byol/byol_r18w16_1xb256-cos-5e_cifar10.py',
    'simsiam': 'mmwsl::selfsup/simsiam/simsiam_r18w16_1xb256-cos-10e_cifar10.py',
    'barlow_twins': 'mmwsl::selfsup/barlow_twins/barlow_twins_r18w16_1xb256-cos-10e_cifar10.py',
}
BATCH = 64
LOOKS = 60000  # photos that a network from nothing sees, over all epochs
VIEW = 32  # side of its views: a quarter of the work of 64 leaves time for more looks
LEAST, MOST = 10, 200  # epochs of it
ADAPTING = dict(epochs=10, size=128, lr=0.01)  # of a network that knows much already


def default_epochs(photos: int, adapting: bool) -> int:
    """Epochs where the user names none."""
    return int(ADAPTING['epochs']) if adapting else min(max(LOOKS // photos, LEAST), MOST)


def training_config(root: Path, method: str, epochs: int, base: Network | None,
                    own: dict[str, Any] | None = None) -> Config:
    """The config of a small pre-training on the photos below ``root``.

    Args:
        root: folder of the photos.
        own: arguments of :class:`mmwsl.datasets.OwnData` for these photos, where they are not all that ``root`` has.
        method: one of :data:`METHODS`.
        epochs: its length; warm-up is a tenth of it.
        base: the network to begin from; None = the small one of the recipe for folders, from nothing.

    Raises:
        ValueError: an unknown method.
    """
    if method not in METHODS:
        raise ValueError(f'--pretrain {method} is unknown; choose one of {", ".join(METHODS)}')
    cfg, model = load_config(OWN_RECIPE, dict(epochs=epochs)), load_config(METHODS[method])
    cfg.model = model.model
    cfg.optim_wrapper = model.optim_wrapper
    cfg.optim_wrapper.optimizer.lr *= BATCH / model.train_dataloader.batch_size
    if model.get('custom_hooks'):
        cfg.custom_hooks = model.custom_hooks
    cfg.train_dataloader.dataset.data_root = cfg.benchmark.test.data_root = str(root)
    if own is not None:
        kept = {key: cfg.train_dataloader.dataset[key] for key in ('supervision', 'on_error', 'verify', 'pipeline')}
        cfg.train_dataloader.dataset = dict(type='OwnData', **kept, **own)
    cfg.default_hooks.checkpoint.max_keep_ckpts = 1
    if base is None:
        cfg.train_dataloader.dataset.pipeline[0].size = VIEW
    else:
        backbone = base.config.model.backbone
        size = ADAPTING['size']
        cfg.model.backbone = backbone
        cfg.model.neck.in_channels = _width(base)
        cfg.data_preprocessor.update({name: base.config.data_preprocessor[name] for name in ('mean', 'std')})
        cfg.train_dataloader.dataset.pipeline[0].size = size
        cfg.optim_wrapper.optimizer.lr = ADAPTING['lr']
        cfg.benchmark = base.config.get('benchmark') or cfg.benchmark
    return cfg


def _width(base: Network) -> int:
    model, _ = build_model(base.config, 'random', 'cpu')
    with torch.no_grad():
        output = model(torch.zeros(1, 3, 64, 64), None, mode='tensor')
    return int((output[-1] if isinstance(output, (list, tuple)) else output).shape[1])


class _Progress(Hook):
    """One line with an ETA, on the stream that stderr was before it went to the log."""

    def __init__(self, description: str, console: TextIO) -> None:
        self.description, self.console = description, console

    def before_train(self, runner: Any) -> None:
        with contextlib.redirect_stderr(self.console):
            self.bar = progress_bar(description=self.description, total=runner.max_iters, unit='step')
        self.bar.update(runner.iter)

    def after_train_iter(self, runner: Any, batch_idx: int, data_batch: Any = None, outputs: Any = None) -> None:
        self.bar.update()

    def after_train(self, runner: Any) -> None:
        self.bar.close()


def pretrain(root: Path, photos: int, photos_key: str, folder: Path, log: TextIO, console: TextIO, method: str,
             epochs: int | None, base: Network | None, own: dict[str, Any] | None = None) -> Network:
    """Train, or go on with a training that was stopped, or take the one that is done.

    Args:
        root: folder of the photos.
        photos: their number.
        photos_key: of the files.
        folder: work dir.
        log: where the training's own output goes.
        console: where its progress goes.
        method, epochs, base, own: see :func:`training_config`.

    Returns:
        Network: with the last checkpoint.

    Raises:
        ValueError: fewer photos than a batch.
        SystemExit: a signal came; a checkpoint was written.
    """
    if photos < BATCH:
        raise ValueError(f'{photos} photos are too few to pre-train on; {BATCH} are needed')
    epochs = epochs or default_epochs(photos, base is not None)
    cfg = training_config(root, method, epochs, base, own)
    size = cfg.train_dataloader.dataset.pipeline[0].size
    key = make_key(photos_key, cfg.model.to_dict(), epochs, size, base and base.key())
    key_file, done = folder / 'key.txt', folder / f'epoch_{epochs}.pth'
    same = key_file.is_file() and key_file.read_text(encoding='utf-8') == key
    if not (same and done.is_file()):
        if not same and folder.is_dir():
            for old in folder.glob('*.pth'):
                old.unlink()  # of other photos or settings; this folder is ours
        write_atomically(key_file, key)
        if base is not None:
            cfg.load_from = str(_start(base, folder / 'start' / 'backbone.pth'))
        with contextlib.redirect_stdout(log), contextlib.redirect_stderr(log), warnings.catch_warnings():
            warnings.simplefilter('ignore')
            cfg = prepare_training(cfg, work_dir=folder, resume=bool(same and list(folder.glob('*.pth'))))
            with claim(cfg.work_dir, cfg.launcher, bool(cfg.get('resume'))):
                init_default_scope('mmwsl')
                runner = RUNNERS.build(cfg)
                runner.register_hook(_Progress(f'pre-training ({method}, {epochs} epochs)', console))
                with _a_core_left():
                    runner.train()
    origin = f'{base.history}; then {photos:,} photos of this folder without labels' if base is not None else \
        f'{photos:,} photos of this folder, without labels'
    name = f'{base.name} adapted by {method}' if base is not None else f'small ResNet by {method}'
    history = f'{origin} ({method}, {epochs} epochs)'
    if base is None:
        return Network(name, cfg, str(done), history)
    return Network(name, base.config, str(_backbone_of(done, folder / 'start' / 'adapted.pth')), history)


@contextlib.contextmanager
def _a_core_left() -> Iterator[None]:
    """Leave one core to those who load: on two busy ones a step took 2.4 s by two threads, 0.4 by one."""
    before = torch.get_num_threads()
    torch.set_num_threads(max(1, before - 1))
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _start(base: Network, path: Path) -> Path:
    """The backbone of ``base`` as a checkpoint to begin from."""
    model, _ = build_model(base.config, base.checkpoint, 'cpu')
    return _write({f'backbone.{name}': value for name, value in model.backbone.state_dict().items()}, path)


def _backbone_of(checkpoint: Path, path: Path) -> Path:
    """The backbone alone of a checkpoint: the rest does not fit the model that it began as."""
    state = read_checkpoint(checkpoint)['state_dict']
    return _write({name: value for name, value in state.items() if name.startswith('backbone.')}, path)


def _write(state: dict[str, torch.Tensor], path: Path) -> Path:
    write_atomically(path, lambda file: torch.save(dict(state_dict=state), file))
    return path
