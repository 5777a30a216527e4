"""Checkpoints at intervals, none of which is removed before a newer one is whole."""

from collections import deque
from pathlib import Path

from mmengine.dist import is_main_process
from mmengine.hooks import CheckpointHook as MMEngineCheckpointHook

from mmwsl.files import write_atomically
from mmwsl.registry import HOOKS


@HOOKS.register_module()
class CheckpointHook(MMEngineCheckpointHook):
    """mmengine's, with its arguments, but old checkpoints go only when the new one is whole, so that a process that is
    killed while it writes leaves one to resume from, and only files of the folder that it writes to are removed,
    whatever a checkpoint says that a run is resumed from.
    """

    lengths = ('save_begin',)

    def before_train(self, runner):
        info = runner.message_hub.runtime_info
        if self.max_keep_ckpts > 0:  # mmengine's would remove what the checkpoint names
            kept = info.pop('keep_ckpt_ids', [])
        stopped = info.pop('stopped_at', None)  # by a signal; kept until there is a newer one
        self._stopped = stopped if isinstance(stopped, int) else None
        super().before_train(runner)
        if self.max_keep_ckpts > 0:
            kept = [step for step in kept if isinstance(step, int)] if isinstance(kept, (list, tuple)) else []
            self._set_kept(runner, [step for step in kept if self._path_of(step).is_file()])
            self._remove_old(runner)  # a process that was killed after its last save could not
        if self.save_best is not None:
            if len(self.key_indicators) == 1:
                self.best_ckpt_path = self._own_best(self.best_ckpt_path)
            else:
                self.best_ckpt_path_dict = {key: self._own_best(path) for key, path in self.best_ckpt_path_dict.items()}

    def _path_of(self, step):
        return Path(self.out_dir) / self.filename_tmpl.format(step)

    def _own_best(self, path):
        """The best checkpoint of that name in this run's folder, or None: a copied run names the original's."""
        own = Path(self.out_dir) / Path(path).name if isinstance(path, str) else None
        return str(own) if own is not None and own.name.startswith('best_') and own.is_file() else None

    def _set_kept(self, runner, steps):
        self.keep_ckpt_ids = deque(steps)
        runner.message_hub.update_info('keep_ckpt_ids', list(steps))

    def _save_checkpoint_with_step(self, runner, step, meta):
        if self.max_keep_ckpts > 0:  # a resumed run still knows those that could not be removed
            self._set_kept(runner, [each for each in self.keep_ckpt_ids if each != step] + [step])
        path = self._path_of(step)
        self.last_ckpt = str(path)
        runner.message_hub.update_info('last_ckpt', self.last_ckpt)
        runner.save_checkpoint(
            self.out_dir, path.name, self.file_client_args, save_optimizer=self.save_optimizer,
            save_param_scheduler=self.save_param_scheduler, meta=meta, by_epoch=self.by_epoch,
            backend_args=self.backend_args, **self.args)
        if is_main_process():
            write_atomically(Path(runner.work_dir) / 'last_checkpoint', self.last_ckpt)
        self.remove_stopped(runner, path.name)
        if self.max_keep_ckpts > 0:
            self._remove_old(runner)

    def remove_stopped(self, runner, newer):
        """Remove the checkpoint that an earlier stop by a signal left, now that the file named ``newer`` is whole."""
        if self._stopped is not None and newer != f'iter_{self._stopped}.pth':
            self._remove(Path(runner.work_dir) / f'iter_{self._stopped}.pth')
        self._stopped = None

    def _remove_old(self, runner):
        kept = list(self.keep_ckpt_ids)
        for old in kept[:-self.max_keep_ckpts]:
            self._remove(self._path_of(old))
        self._set_kept(runner, kept[-self.max_keep_ckpts:])

    @staticmethod
    def _remove(path):
        if is_main_process():
            Path(path).unlink(missing_ok=True)

    def _save_best_checkpoint(self, runner, metrics):
        if not self.save_best:
            return
        one = len(self.key_indicators) == 1
        before = {None: self.best_ckpt_path} if one else dict(self.best_ckpt_path_dict)
        # mmengine's removes the old one first, and does not where it knows of none
        if one:
            self.best_ckpt_path = None
        else:
            self.best_ckpt_path_dict = dict.fromkeys(before)
        super()._save_best_checkpoint(runner, metrics)
        after = {None: self.best_ckpt_path} if one else self.best_ckpt_path_dict
        for key, old in before.items():
            if after[key] is None:
                after[key] = old
            elif old is not None and old != after[key]:
                self._remove(old)
                runner.logger.info(f'The previous best checkpoint {old} is removed')
        if one:
            self.best_ckpt_path = after[None]
