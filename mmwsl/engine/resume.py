"""What a resumed run checks and takes from its checkpoint: place, size of an epoch, config, learning rates."""

import ast
import warnings

from mmwsl.checkpoints.read import read_checkpoint, read_meta

# What an epoch's steps depend on, by its name in a checkpoint's meta.
SIZES = dict(batch_size='images a rank and step', world_size='ranks', dataset_size='images')
# Parts of a config that may differ without a word: names, places, and how a run is started.
UNSAID = ('work_dir', 'load_from', 'resume', 'resume_anew', 'experiment_name', 'launcher', 'log_level', 'visualizer')
# Those that learning rates, weight decays and lengths come from.
FOLLOWED = ('optim_wrapper', 'param_scheduler', 'train_cfg', 'auto_scale_lr')


def newest_first(paths, warn):
    """Order checkpoints by the iteration inside, the latest first; file times count only between equals.

    Args:
        paths: the files.
        warn: called with a text for each that cannot be read; it is left out.

    Raises:
        RuntimeError: this torch is too old to read them.
    """
    found = []
    for path in paths:
        try:
            iteration = read_meta(path).get('iter', -1)
        except ValueError as error:
            warn(f'{error} It is passed over; resuming from an older checkpoint.')
            continue
        found.append((iteration if isinstance(iteration, int) else -1, path.stat().st_mtime, path))
    return [path for _, _, path in sorted(found, reverse=True)]


def check_resumable(checkpoint, filename):
    """Raise ValueError unless a checkpoint holds what a training goes on from, not weights alone."""
    absent = [key for key in ('meta', 'state_dict', 'optimizer', 'message_hub') if not checkpoint.get(key)]
    if absent:
        raise ValueError(f'checkpoint {filename} cannot be resumed from, it has no {", ".join(absent)}; to start '
                         'from its weights, use --cfg-options load_from=FILE without --resume')


def check_sizes(meta, now, filename):
    """Raise unless an epoch is divided into steps as it was.

    Args:
        meta: of the checkpoint; what it does not say is not compared.
        now: dict of the numbers :data:`SIZES`.
        filename: the checkpoint, for the message.

    Raises:
        ValueError: they differ; the message has both numbers.
    """
    changed = [f'{meta[name]} {unit} then, {now[name]} now' for name, unit in SIZES.items()
               if meta.get(name) is not None and meta[name] != now[name]]
    if changed:
        raise ValueError(f'--resume: {filename} was trained with other numbers: {"; ".join(changed)}. Images of its '
                         'epoch would be left out or seen twice, and schedules would not fit. Resume with the same '
                         'numbers; or give --resume-anew, which starts at the next epoch with schedules made anew; or '
                         'start from the weights alone, --cfg-options load_from=FILE without --resume')


def position(meta, steps, anew=False, max_iters=None):
    """Epochs and iterations that are done.

    Args:
        meta: of the checkpoint.
        steps: of an epoch now.
        anew: go to the next beginning of an epoch, and count iterations in epochs of ``steps``.
        max_iters: of the training now. An epoch that an earlier end of training cut short is open again.

    Returns:
        tuple: epochs, iterations.
    """
    epoch, iteration = meta['epoch'], meta['iter']
    if anew:
        then = meta.get('steps_per_epoch')
        epoch += bool(then and iteration > epoch * then)
        return epoch, epoch * steps
    if max_iters is not None and iteration < min(epoch * steps, max_iters):
        epoch = iteration // steps
    return epoch, iteration


def config_values(text):
    """dict of dotted names to values, of a config's text (``Config.pretty_text``); nothing in it is run.

    What is no literal is kept as its text. Empty for what is no Python.
    """
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError):
        return {}
    values = {}
    for statement in statements:
        if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            _flatten(statement.value, statement.targets[0].id, values)
    return values


def _flatten(node, name, values):
    entries = None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == 'dict' and not node.args:
        entries = [(each.arg, each.value) for each in node.keywords]
    elif isinstance(node, ast.Dict):
        entries = [(ast.unparse(key).strip('\'"') if key else '**', value)
                   for key, value in zip(node.keys, node.values, strict=True)]
    elif isinstance(node, (ast.List, ast.Tuple)) and any(isinstance(each, (ast.Call, ast.Dict)) for each in node.elts):
        entries = list(enumerate(node.elts))
    if entries:
        for key, value in entries:
            _flatten(value, f'{name}.{key}', values)
    else:
        values[name] = ast.unparse(node)


def differences(then, now):
    """What differs between two configs.

    Args:
        then, now: their texts.

    Returns:
        dict: dotted name to ``'OLD -> NEW'``, without the names of :data:`UNSAID`.
    """
    then, now = config_values(then), config_values(now)
    if not then:
        return {}
    return {name: f'{then.get(name, "(none)")} -> {now.get(name, "(none)")}' for name in sorted({*then, *now})
            if then.get(name) != now.get(name) and name.split('.')[0] not in UNSAID}


def changes_schedule(differing):
    """Whether one of the dotted names has a say in learning rates, weight decays or the length of training."""
    return any(name.split('.')[0] in FOLLOWED for name in differing)


def load_momenta(optim_wrapper, state):
    """Load an optimiser's state; the settings of its parameter groups (lr, weight decay, ...) stay as they are."""
    groups = optim_wrapper.param_groups
    if isinstance(groups, dict):  # an optimizer for each half of the model
        for name in groups:
            load_momenta(optim_wrapper[name], state[name])
        return
    settings = [{key: value for key, value in group.items() if key != 'params'} for group in groups]
    optim_wrapper.load_state_dict(state)
    for group, own in zip(optim_wrapper.param_groups, settings, strict=True):
        group.update(own)


def step_schedulers(schedulers, epochs, iterations, steps):
    """Step schedulers that were just built as a training does until so many epochs and iterations are done.

    Values come out as there, bit for bit: the same multiplications in the same order.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', message='Detected call of `scheduler.step')  # no optimiser stepped, of course
        for iteration in range(1, iterations + 1):
            for scheduler in schedulers:
                if not scheduler.by_epoch:
                    scheduler.step()
            if iteration % steps == 0 and iteration // steps <= epochs:
                for scheduler in schedulers:
                    if scheduler.by_epoch:
                        scheduler.step()


def latest_checkpoint(work_dir, logger):
    """The path of the readable checkpoint of the latest iteration in a folder; None where there is no checkpoint.

    Raises:
        ValueError: none of those that are there is readable; on every rank, since one that went on alone would wait for
            the others.
    """
    paths = sorted(work_dir.glob('*.pth'))
    # the best ones hold weights alone; where there is nothing else, that is said
    paths = [path for path in paths if not path.name.startswith('best_')] or paths
    for path in newest_first(paths, logger.warning):
        try:
            check_resumable(read_checkpoint(path), path)
        except ValueError as error:
            logger.warning(f'{error} It is passed over; resuming from an older checkpoint.')
        else:
            return path
    if paths:
        raise ValueError(f'--resume: none of the {len(paths)} checkpoints in {work_dir} is readable; remove them to '
                         'start anew')
    return None
