"""Parameter groups from rules."""

from mmengine.optim import DefaultOptimWrapperConstructor
from torch.nn import GroupNorm, LayerNorm
from torch.nn.modules.batchnorm import _NormBase

from mmwsl.registry import OPTIM_WRAPPER_CONSTRUCTORS


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class GroupingConstructor(DefaultOptimWrapperConstructor):
    """mmengine's ``paramwise_cfg`` with few groups and exact names.

    A key of ``custom_keys`` matches whole dotted words of a parameter's name (``head`` matches ``head.0.weight`` and
    ``neck.head.bias``, not ``overhead.weight``); the longest match decides alone. Other parameters follow
    ``norm_decay_mult`` and ``norm_lr_mult`` (scales and shifts of normalisation layers), ``bias_decay_mult`` and
    ``bias_lr_mult`` (other biases), ``flat_decay_mult`` (any other one-dimensional parameter). Parameters with equal
    settings share a group, where mmengine makes one group of each, which costs the fused update. Frozen parameters are
    left out.

    Args of a custom key: ``lr_mult``, ``decay_mult``; anything else (``fixed_lr``, ``lars_exclude``, ``momentum``) goes
    into the group as it is.

    Raises:
        ValueError: an unknown rule, or a custom key that matches no parameter.
    """

    RULES = {'custom_keys', 'norm_decay_mult', 'norm_lr_mult', 'bias_decay_mult', 'bias_lr_mult', 'flat_decay_mult'}

    def add_params(self, params, module, **kwargs):
        unknown = set(self.paramwise_cfg) - self.RULES
        if unknown:
            raise ValueError(f'paramwise_cfg has the unknown rules {sorted(unknown)}; known: {sorted(self.RULES)}')
        custom, matched, groups = self.paramwise_cfg.get('custom_keys', {}), set(), {}
        for name, owner in module.named_modules():
            for local, parameter in owner.named_parameters(recurse=False):
                full = f'{name}.{local}' if name else local
                keys = [key for key in custom if f'.{key}.' in f'.{full}.']
                matched.update(keys)
                if not parameter.requires_grad:
                    continue
                settings = dict(custom[max(keys, key=len)]) if keys else self._rules(owner, local, parameter)
                lr_mult, decay_mult = settings.pop('lr_mult', 1.0), settings.pop('decay_mult', 1.0)
                settings['lr'] = self.base_lr * lr_mult
                if self.base_wd is not None:
                    settings['weight_decay'] = self.base_wd * decay_mult
                group = groups.setdefault(tuple(sorted((key, str(value)) for key, value in settings.items())),
                                          dict(settings, params=[]))
                if not any(parameter is other for other in group['params']):  # shared parameters count once
                    group['params'].append(parameter)
        if set(custom) - matched:
            raise ValueError(f'paramwise_cfg.custom_keys {sorted(set(custom) - matched)} match no parameter; a key is '
                             'one or more whole dotted words of a name, e.g. neck or neck.layers.0')
        params.extend(groups.values())

    def _rules(self, owner, name, parameter):
        rule = self.paramwise_cfg.get
        if isinstance(owner, (_NormBase, GroupNorm, LayerNorm)):
            return dict(lr_mult=rule('norm_lr_mult', 1.0), decay_mult=rule('norm_decay_mult', 1.0))
        if name == 'bias':
            return dict(lr_mult=rule('bias_lr_mult', 1.0), decay_mult=rule('bias_decay_mult', 1.0))
        return dict(decay_mult=rule('flat_decay_mult', 1.0) if parameter.ndim == 1 else 1.0)
