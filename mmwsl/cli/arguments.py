"""Arguments that several commands have, and what is made of them."""

import argparse
import os

CHECKPOINT = ("checkpoint file, or 'random' or 'random_rescaled' for the untrained network, or 'pretrained:NAME' for "
              'one that comes by pip (efficientnet_lite0, _lite1 or _lite2)')


def add_config(parser):
    parser.add_argument('config', help='config file, or mmwsl::NAME for one that ships with the package')


def add_options(parser):
    """``--cfg-options``: a list of texts KEY=VALUE, which :func:`read_options` reads."""
    parser.add_argument('--cfg-options', nargs='+', action='extend', type=_pair, default=[], metavar='KEY=VALUE',
                        help='override entries of the config, e.g. train_dataloader.batch_size=64')


def add_data(parser, what="your own photos in place of the config's data"):
    """``--data`` and ``--format``, which :func:`data_options` turns into options of the config."""
    parser.add_argument('--data', metavar='PATH', action=_Once,
                        help=f'{what}: a folder of photos or of class folders, a CSV, LabelImg XML, COCO JSON, YOLO, '
                             'photos and masks')
    parser.add_argument('--format', metavar='FORM', help='the form of --data, where it is not recognised: photos, '
                        'class_folders, csv, voc_xml, coco_json, yolo or masks')


def add_proposals(parser):
    """``--proposals``, for detectors that learn from tags; :func:`data_options` takes it along."""
    parser.add_argument('--proposals', metavar='FILE',
                        help='of the photos of --data, for detectors that learn from tags, as mmwsl proposals writes '
                             'it (default: made as each photo is loaded, about a second each time)')


class _Once(argparse.Action):
    """An option of which a second one is an error, where argparse would silently take the last."""

    def __call__(self, parser, namespace, value, option_string=None):
        if getattr(namespace, self.dest) is not None:
            raise argparse.ArgumentError(self, f'{getattr(namespace, self.dest)} and {value}: give one PATH; put the '
                                         'photos of several folders into one')
        setattr(namespace, self.dest, value)


def data_options(args):
    """dict of the options ``data``, ``data_format`` and ``data_proposals``; empty without ``--data``.

    Raises:
        ValueError: ``--format`` or ``--proposals`` without ``--data``.
    """
    if args.format and not args.data:
        raise ValueError('--format says how the labels of --data are written; give --data PATH with it')
    proposals = getattr(args, 'proposals', None)
    if proposals and not args.data:
        raise ValueError('--proposals is the file of proposals of --data; give --data PATH with it')
    options = dict(data=args.data, data_format=args.format, data_proposals=proposals)
    return {key: value for key, value in options.items() if value is not None}


def _pair(text):
    if '=' not in text:
        raise argparse.ArgumentTypeError(f'{text!r} has no "=": give KEY=VALUE')
    return text


def read_options(pairs):
    """dict of the texts KEY=VALUE, the values read as mmengine's tools read them.

    Raises:
        ValueError: brackets of a value do not match.
    """
    from mmengine.config import DictAction
    action, namespace = DictAction([], 'options'), argparse.Namespace(options={})
    for pair in pairs:
        try:
            action(None, namespace, [pair])
        except AssertionError as error:
            raise ValueError(f'--cfg-options {pair}: its brackets do not match') from error
    return namespace.options


def read_pairs(texts, option):
    """dict of texts NAME=VALUE, the values as they are; None is none.

    Raises:
        ValueError: one has no ``=``; the message names ``option``.
    """
    wrong = [text for text in texts or () if '=' not in text]
    if wrong:
        raise ValueError(f'{option} {wrong[0]}: give NAME=VALUE')
    return dict(text.split('=', 1) for text in texts or ())


def add_launcher(parser):
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm'], default='none',
                        help='how ranks are started')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def join_ranks(args):
    """Join the process group, in commands without a Runner."""
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    if args.launcher != 'none':
        from mmwsl.dist import init_process_group
        # one rank fits the SVMs of an hour while the others wait
        init_process_group(args.launcher, timeout=24 * 3600)


def prepare_config(args, options=None, **extra):
    """The config of a training as it is run; ``options`` are added to those of ``--cfg-options``."""
    from mmwsl.apis import prepare_training
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return prepare_training(args.config, options={**read_options(args.cfg_options), **(options or {})}, amp=args.amp,
                            launcher=args.launcher, **extra)
