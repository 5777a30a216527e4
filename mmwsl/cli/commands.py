"""The command line: ``mmwsl train|test|extract|benchmark|suite|throughput|configs``, and the scripts of ``tools/``."""

import os

# torch's OpenMP threads wait for each other by spinning, and keep the processor from the data workers (or from whoever
# shares the machine) meanwhile: several times slower where a third process runs on two cores. A short spin costs a
# quiet machine nothing. Read once, when torch is first imported, so it must stand before that.
os.environ.setdefault('GOMP_SPINCOUNT', '2000')

import argparse  # noqa: E402
import json  # noqa: E402
import logging  # noqa: E402
import sys  # noqa: E402
import warnings  # noqa: E402

from mmengine.config import DictAction  # noqa: E402
from mmengine.dist import is_main_process  # noqa: E402

import mmwsl  # noqa: E402
from mmwsl.dist import leave_process_group  # noqa: E402
from mmwsl.files import check_writable, write_atomically  # noqa: E402


def _options(parser):
    parser.add_argument('--cfg-options', nargs='+', action=DictAction, default={}, metavar='KEY=VALUE',
                        help='override entries of the config, e.g. train_dataloader.batch_size=64')


def _launcher(parser):
    parser.add_argument('--launcher', choices=['none', 'pytorch', 'slurm'], default='none',
                        help='how ranks are started')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0, help=argparse.SUPPRESS)


def _join(args):
    """Join the process group for tools without a Runner."""
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    if args.launcher != 'none':
        from mmwsl.dist import init_process_group
        # one rank fits the SVMs of an hour while the others wait
        init_process_group(args.launcher, timeout=24 * 3600)


def _prepare(args, **extra):
    from mmwsl.apis import prepare_training
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return prepare_training(args.config, options=args.cfg_options, amp=args.amp, launcher=args.launcher, **extra)


def _run_train(args):
    from mmwsl.apis import train
    if args.gpus > 1:
        raise ValueError(f'--gpus {args.gpus}: one process has one; start several by tools/dist_train.sh CONFIG NPROC')
    for key, value in (('load_from', args.pretrained), ('randomness.deterministic', args.deterministic or None),
                       ('randomness.seed', None if args.seed is None else int(args.seed)),
                       ('epochs', args.epochs), ('iters', args.iters)):
        if value is not None:
            args.cfg_options = {**args.cfg_options, key: value}
    cfg = _prepare(args, work_dir=args.work_dir, resume=True if args.resume == 'auto' else args.resume,
                   auto_scale_lr=args.auto_scale_lr)
    if args.dry_run:
        print(cfg.pretty_text)
    else:
        train(cfg)


def _run_test(args):
    from mmwsl.apis import benchmark, evaluate, load_config
    _join(args)
    cfg = load_config(args.config, args.cfg_options)
    if cfg.get('test_evaluator') and not args.protocols:
        figures = evaluate(cfg, args.checkpoint, out=args.out)
        if is_main_process():
            print('\n'.join(f'{name}: {value:.2f}' for name, value in figures.items()))
        return
    if len(args.checkpoint) > 1:
        raise ValueError('several checkpoints are tested as one by the metrics of a config with a test_evaluator only')
    _show(benchmark(cfg, args.checkpoint[0], args.protocols or ['knn'], out=args.out))


def _run_benchmark(args):
    from mmwsl.apis import benchmark, load_config
    _join(args)
    records = []
    configs = [load_config(args.config, args.cfg_options, benchmark_of=data) for data in args.on or [None]]
    wanted = [args.protocols] * len(configs)
    if args.protocols and len(configs) > 1:  # each has its own
        wanted = [[name for name in args.protocols if name in cfg.benchmark.get('protocols', ())] for cfg in configs]
        unknown = set(args.protocols).difference(*wanted)
        if unknown:
            raise ValueError(f'--protocols {", ".join(sorted(unknown))}: none of {", ".join(args.on)} has it')
    for cfg, names in zip(configs, wanted, strict=True):
        if names == []:
            continue
        records += benchmark(cfg, args.checkpoint, names, out=args.out, suite=args.suite, method=args.method,
                             layer=args.layer, layers=args.layers, pooling=args.pooling, work_dir=args.work_dir)
    _show(records)


def _show(records):
    from mmwsl.apis import render_layer_table, render_table
    tables = {}
    for record in records if is_main_process() else ():  # one table never mixes data sets
        trained = record['protocol'] if record['pooling'] is None else ''
        tables.setdefault((record['dataset'], trained), []).append(record)
    for (dataset, _), chosen in tables.items():
        by_layer = len({record['layer'] for record in chosen}) > 1
        print((f'{dataset}:\n\n' if len(tables) > 1 else '')
              + (render_layer_table if by_layer else render_table)(chosen), end='\n' if len(tables) > 1 else '')


def _run_extract(args):
    from mmwsl.apis import extract, load_config
    _join(args)
    features = extract(load_config(args.config, args.cfg_options), args.checkpoint, args.out, args.split, args.layer,
                       args.thumbnails)
    if is_main_process():
        print(f'{args.out}: {tuple(features.features.shape)} features')


def _run_suite(args):
    from mmwsl.apis import run_suite
    print(run_suite(args.config, args.out, args.only, args.work_dir, args.cfg_options), end='')


def _run_throughput(args):
    from mmwsl.apis import throughput
    if args.json:
        check_writable(args.json)
    cfg = _prepare(args)
    if args.images:
        cfg.train_dataloader.dataset.data_root = args.images
    if args.batch_size:
        cfg.train_dataloader.batch_size = args.batch_size
    figures = throughput(cfg, args.steps)
    if args.json:
        write_atomically(args.json, json.dumps(figures, indent=1))
    print(json.dumps(figures, indent=1))


def _run_report(args):
    from mmwsl.apis import report
    page = report(args.records, args.out, args.title, args.runs or (), _pairs(args.features, '--features'), args.quoted,
                  _pairs(args.quoted_where, '--quoted-where'))
    print(f'{page}: {page.stat().st_size / 1e6:.1f} MB, open it in a browser')


def _run_overlays(args):
    from mmwsl.apis import overlays
    print(overlays(args.of, args.out, args.count, args.threshold, maps=args.maps, layer=args.layer))


def _run_hidden_robustness(args):
    from mmwsl.apis import hidden_robustness
    from mmwsl.reporting.markdown import markdown_table
    result = hidden_robustness(args.of, args.out, args.cell, args.shares, args.seed)
    print(markdown_table(
        ['top-1 at hidden %', *(f'{100 * share:g}' for share in result['shares'])],
        [[model['name'], *(f'{value:.2f}' for value in model['top1'])] for model in result['models']]), end='')
    print(f'{args.out}: hidden_robustness.json, hidden_robustness.svg')


def _pairs(texts, option):
    """dict of arguments of the form NAME=VALUE."""
    wrong = [text for text in texts or () if '=' not in text]
    if wrong:
        raise ValueError(f'{option} {wrong[0]}: give NAME=VALUE')
    return dict(text.split('=', 1) for text in texts or ())


def _run_convert(args):
    from mmwsl.apis import convert
    print(convert(args.checkpoint, args.out, args.to, args.trust))


def _run_prepare(args):
    from mmwsl.datasets import prepare
    if args.set == 'cityscapes':
        print(f'{prepare.cityscapes(args.root)} class maps')
    elif args.set == 'voc_aug':
        print(f'{prepare.voc_augmented(args.voc, args.sbd)} photos in trainaug.txt (10,582 if both sets are complete)')
    elif args.set == 'imagenet_val':
        print('{:,} images in {:,} classes'.format(*prepare.imagenet_val(args.images, args.labels, args.out)))
    else:
        print('{:,} images in {:,} classes'.format(*prepare.inaturalist(args.annotations, args.out)))


def _run_configs(args):
    from mmwsl.apis.config import configs_root
    root = configs_root()
    for file in sorted(root.rglob('*.py')):
        name = file.relative_to(root).as_posix()
        if '_base_' not in name and (args.filter or '') in name:
            print('mmwsl::' + name)


def build_parser():
    """The parser of every sub-command."""
    parser = argparse.ArgumentParser(prog='mmwsl', description=mmwsl.__doc__)
    parser.add_argument('--version', action='version', version=mmwsl.__version__)
    commands = parser.add_subparsers(dest='command', required=True)

    def command(name, function, text):
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(function=function)
        return sub

    config_help = 'config file, or mmwsl::NAME for one that ships with the package'
    checkpoint_help = "checkpoint file, or 'random' or 'random_rescaled' for the untrained network"

    sub = command('train', _run_train, 'Train a model.')
    sub.add_argument('config', help=config_help)
    sub.add_argument('--work-dir', '--work_dir', help='where checkpoints and logs go (default: work_dirs/CONFIG_NAME)')
    sub.add_argument('--resume', '--resume_from', nargs='?', const=True, default=False, metavar='CHECKPOINT',
                     help='go on from CHECKPOINT, or (no name, or auto) from the newest readable one of the work dir')
    sub.add_argument('--dry-run', action='store_true', help='print the config as it would be run, and stop')
    for name, meaning in (('--pretrained', 'load_from'), ('--seed', 'randomness.seed')):
        sub.add_argument(name, help=f'the same as --cfg-options {meaning}=...')
    for name, unit in (('--epochs', 'epochs'), ('--iters', 'iterations')):
        sub.add_argument(name, type=int, metavar='N',
                         help=f'train for N {unit}, warm-up, steps and all else scaled alike')
    sub.add_argument('--deterministic', action='store_true', help='the same as randomness.deterministic=True')
    sub.add_argument('--gpus', type=int, default=1, help=argparse.SUPPRESS)  # OpenSelfSup's, for one process
    sub.add_argument('--amp', action='store_true', help='mixed precision, of the kind that pays on the device')
    sub.add_argument('--auto-scale-lr', action='store_true', help='scale the learning rate to the total batch size')
    _options(sub)
    _launcher(sub)

    sub = command('test', _run_test, "Score a checkpoint by the config's own metrics (test_evaluator), or else by kNN.")
    sub.add_argument('config', help=config_help)
    sub.add_argument('checkpoint', nargs='+', help=f'{checkpoint_help}; several of one Localizer are tested as one')
    sub.add_argument('--protocols', nargs='+', help='protocols to run (default: knn)')
    sub.add_argument('--out', help='JSON-lines file the records are added to')
    _options(sub)
    _launcher(sub)

    sub = command('extract', _run_extract, 'Write the features of every image of a data set, in its order.')
    sub.add_argument('config', help=config_help)
    sub.add_argument('checkpoint', help=checkpoint_help)
    sub.add_argument('--out', required=True, help='.npz file to write')
    sub.add_argument('--split', choices=['train', 'test'], default='test')
    sub.add_argument('--thumbnails', type=int, default=0, metavar='N',
                     help='keep small pictures of N images, evenly spaced, for the report')
    sub.add_argument('--layer', type=int, default=-1, help="which of the backbone's outputs")
    _options(sub)
    _launcher(sub)

    sub = command('benchmark', _run_benchmark, 'Judge a checkpoint by frozen features: kNN, linear, SVM, plugins.')
    sub.add_argument('config', help=config_help)
    sub.add_argument('checkpoint', help=checkpoint_help)
    sub.add_argument('--on', metavar='CONFIG', action='append',
                     help='judge on the data of this config, with its settings, e.g. mmwsl::benchmarks/voc07_svm.py; '
                          'may be given several times')
    sub.add_argument('--protocols', nargs='+', help='protocols to run (default: those of the config)')
    sub.add_argument('--out', help='JSON-lines file the records are added to')
    sub.add_argument('--suite', help='name of the suite in the records')
    sub.add_argument('--method', help="name of the method in the records (default: the model's class)")
    sub.add_argument('--work-dir', help='where protocols that train do so (default: work_dirs/benchmark)')
    sub.add_argument('--layer', type=int, default=-1, help="which of the backbone's outputs")
    sub.add_argument('--layers', type=int, nargs='+', metavar='N',
                     help="figures for each of these out_indices of the backbone (default: the config's, else none)")
    sub.add_argument('--pooling', help="of --layers: 'openselfsup' (ResNet), 'deepcluster' or 'rotnet' (AlexNet)")
    _options(sub)
    _launcher(sub)

    sub = command('suite', _run_suite, 'Train and judge a list of methods; a stopped suite goes on where it was.')
    sub.add_argument('config', help='suite config, e.g. configs/suites/selfsup_cifar10_equal.py')
    sub.add_argument('--out', required=True, help='folder of records.jsonl, table.md and the runs')
    sub.add_argument('--only', nargs='+', metavar='METHOD', help='these methods only')
    sub.add_argument('--work-dir', help='folder of the training runs (default: OUT/runs)')
    _options(sub)

    sub = command('throughput', _run_throughput,
                  'Views per second of the training loop, of the network on a constant batch, and of the input alone.')
    sub.add_argument('config', help=config_help)
    sub.add_argument('--steps', type=int, default=40, help='training steps to time')
    sub.add_argument('--images', help='folder of images to read instead of the data set of the config (224 px configs)')
    sub.add_argument('--batch-size', type=int, help='images per step')
    sub.add_argument('--json', help='file for the figures')
    sub.add_argument('--amp', action='store_true')
    _options(sub)
    _launcher(sub)

    sub = command('report', _run_report, 'One page to look at: tables, curves, features, training, from records.')
    sub.add_argument('records', nargs='+', help='JSON-lines files of records')
    sub.add_argument('--out', required=True, help='HTML file to write; it opens without a network')
    sub.add_argument('--title', default='mmwsl report')
    sub.add_argument('--runs', nargs='+', metavar='DIR', help='work dirs, or folders of them, for training curves')
    sub.add_argument('--features', nargs='+', metavar='NAME=FILE', help='.npz files of mmwsl extract, to be drawn')
    sub.add_argument('--quoted', metavar='FILE', help='published figures to show beside, as quoted')
    sub.add_argument('--quoted-where', nargs='+', metavar='FIELD=VALUE', help='only those')

    sub = command('overlays', _run_overlays,
                  'A picture of where classifiers look: images, maps and boxes, or the patches of bags.')
    sub.add_argument('--of', nargs=3, action='append', required=True, metavar=('NAME', 'CONFIG', 'CHECKPOINT'),
                     help='a column of the picture; may be given several times')
    sub.add_argument('--out', required=True, help='picture to write, .png')
    sub.add_argument('--count', type=int, default=8, help='images of the first config\'s test set')
    sub.add_argument('--threshold', type=float, default=0.2, help='of the boxes, as a share of the largest value')
    sub.add_argument('--maps', choices=['cam', 'grad_cam', 'saliency', 'smooth_gradient'],
                     help="of any image classifier (default: the config's own)")
    sub.add_argument('--layer', help="part of the backbone that Grad-CAM is of, e.g. layer3 (default: its last map)")

    sub = command('hidden-robustness', _run_hidden_robustness,
                  'Accuracy on test images of which a growing share is hidden, as figures and curves.')
    sub.add_argument('--of', nargs=3, action='append', required=True, metavar=('NAME', 'CONFIG', 'CHECKPOINT'),
                     help='a classifier or localiser; may be given several times')
    sub.add_argument('--out', required=True, help='folder of hidden_robustness.json and hidden_robustness.svg')
    sub.add_argument('--cell', type=int, default=8, help="side of a cell in pixels of the first config's test images")
    sub.add_argument('--shares', type=float, nargs='+', default=[tenth / 10 for tenth in range(8)],
                     help='shares of the cells to hide, from 0 to 1')
    sub.add_argument('--seed', type=int, default=0, help='of the hidden cells')

    sub = command('convert', _run_convert, "Write a checkpoint's backbone under another project's names, or ours.")
    sub.add_argument('checkpoint', help='of mmwsl, OpenSelfSup, MMSelfSup, MoCo, SimSiam, DINO, solo-learn, VISSL, '
                                        'torchvision, timm, mmdet, detectron2, ...')
    sub.add_argument('out', help='file to write: .pth, or .pkl for detectron2')
    sub.add_argument('--to', default='mmwsl', help='names: mmwsl (default), torchvision, timm, mmdet, detectron2')
    sub.add_argument('--trust', action='store_true', help='load Python objects too, which runs code from the file')

    sub = command('prepare', _run_prepare, 'Bring a public data set into the form that mmwsl reads.')
    sets = sub.add_subparsers(dest='set', required=True)
    for name, text, arguments in (
            ('cityscapes', 'class maps of the 19 classes that are scored, beside those of all ids',
             dict(root='folder with gtFine/')),
            ('voc_aug', "VOC2012's class maps with those of SBD, and trainaug.txt",
             dict(voc='VOCdevkit/VOC2012', sbd="the folder 'dataset' of SBD's archive")),
            ('imagenet_val', "ImageNet's validation images in folders of their classes",
             dict(images='folder of ILSVRC2012_val_*.JPEG', labels='lines of NAME CLASS', out='folder to make')),
            ('inaturalist', "a list file of iNaturalist's JSON",
             dict(annotations='train2018.json or val2018.json', out='list file to write'))):
        each = sets.add_parser(name, help=text, description=text)
        for argument, meaning in arguments.items():
            each.add_argument(argument, help=meaning)

    sub = command('configs', _run_configs, 'List the configs that ship with the package.')
    sub.add_argument('filter', nargs='?', help='only names that contain this')
    return parser


def _is_for_the_user(error):
    """Whether mmwsl itself raised a RuntimeError, or a config gave a class an argument that it does not have."""
    last = error.__traceback__
    while last.tb_next is not None:
        last = last.tb_next
    ours = last.tb_frame.f_code.co_filename.startswith(os.path.dirname(mmwsl.__file__))
    return 'unexpected keyword argument' in str(error) or (isinstance(error, RuntimeError) and ours)


def main(arguments=None):
    """Run a sub-command; returns the exit code. What the user can mend is one line, not a traceback."""
    args = build_parser().parse_args(arguments)
    # Python hides these from users of a program; here they say what of a config or a plugin goes with the next release
    warnings.filterwarnings('default', category=DeprecationWarning, module=r'mmwsl\b')
    try:
        args.function(args)
        leave_process_group()
    except (OSError, ValueError, KeyError, FloatingPointError, SyntaxError, TypeError, RuntimeError) as error:
        if isinstance(error, (TypeError, RuntimeError)) and not _is_for_the_user(error):
            raise
        logging.getLogger('mmwsl').debug('', exc_info=True)
        if os.environ.get('MMWSL_TRACEBACK'):
            raise
        text = error.args[0] if isinstance(error, KeyError) and error.args else error
        print(f'mmwsl {args.command}: {type(error).__name__}: {text}\n(MMWSL_TRACEBACK=1 shows where)', file=sys.stderr)
        return 1
    return 0
