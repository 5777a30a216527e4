"""Registration of hooks: what training needs is there whatever a config names, and nothing is there twice."""

from mmengine.hooks import Hook
from mmengine.registry import HOOKS

# What training needs, by its name in ``default_hooks``: the hook, and what does not happen without it.
NEEDED_HOOKS = dict(
    runtime_info=('SyncFreeInfoHook', 'losses are neither logged nor checked for NaN'),
    iteration_seed=('IterationSeedHook', 'a resumed run will not equal an uninterrupted one'),
    optimizer_step=('OptimizerStepHook', 'teachers, queues and erasing stay as they start'),
    pixel_count=('PixelCountHook', 'the pixels that the backbones see are not counted'))


class NeededHooks:
    """Part of the Runner that registers its hooks."""

    def register_default_hooks(self, hooks=None):
        """As mmengine's, with :data:`NEEDED_HOOKS` among them; the one that ``hooks`` sets to None is left out."""
        hooks = dict(hooks or {})
        for name, (kind, without) in NEEDED_HOOKS.items():
            hook = hooks.pop(name, {})  # and to the end: what training needs comes after what a config adds by name
            if hook is None:
                self.logger.warning(f'default_hooks.{name} is None, so {without}')
                if name == 'runtime_info':  # one of mmengine's own, which would add its RuntimeInfoHook
                    hooks[name] = None
            else:
                hooks[name] = hook if isinstance(hook, Hook) else {'type': kind, **hook}
        super().register_default_hooks(hooks)

    def register_hook(self, hook, priority=None):
        """As mmengine's, but nothing runs twice, however often a config that was dumped or inherited names it.

        Of hooks that say ``once = True`` the last one of a class stays; of others one that was there already, or has
        the config of one that was, is passed over.
        """
        if isinstance(hook, dict):
            settings = dict(hook)
            priority = settings.pop('priority', None) if priority is None else priority
            made_from, hook = dict(hook), HOOKS.build(settings)
        else:
            made_from = None
        kind = next((each for each in type(hook).__mro__ if vars(each).get('once')), None)
        if kind:
            self._hooks = [each for each in self._hooks if not isinstance(each, kind)]
        elif any(hook is each or made_from and made_from == getattr(each, 'made_from', None) for each in self._hooks):
            return
        hook.made_from = made_from
        super().register_hook(hook, priority)
