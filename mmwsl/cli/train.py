"""``mmwsl train``."""

import argparse

from .arguments import add_config, add_data, add_launcher, add_options, add_proposals, data_options, prepare_config

SUMMARY = 'Train a model.'
EXAMPLE = ('mmwsl train mmwsl::selfsup/rotation/rotation_r18w16_1xb32-cos-5e_digitscenes.py --epochs 1 '
           '--work-dir work_dirs/rotation')


def add_arguments(parser):
    add_config(parser)
    parser.add_argument('--work-dir', '--work_dir',
                        help='where checkpoints and logs go (default: work_dirs/CONFIG_NAME)')
    parser.add_argument('--resume', '--resume_from', nargs='?', const=True, default=False, metavar='CHECKPOINT',
                        help='go on from CHECKPOINT, or (no name, or auto) from the latest readable one of the work '
                             'dir')
    parser.add_argument('--resume-anew', action='store_true',
                        help='resume at the next epoch with schedules made anew: with another batch size, number of '
                             'ranks or data set')
    parser.add_argument('--overwrite', action='store_true',
                        help='where the work dir holds another training: move its checkpoints and logs to old-DATE/ '
                             'there')
    parser.add_argument('--dry-run', action='store_true', help='print the config as it would be run, and stop')
    for name, meaning in (('--pretrained', 'load_from'), ('--seed', 'randomness.seed')):
        parser.add_argument(name, help=f'the same as --cfg-options {meaning}=...')
    for name, unit in (('--epochs', 'epochs'), ('--iters', 'iterations')):
        parser.add_argument(name, type=int, metavar='N',
                            help=f'train for N {unit}, warm-up, steps and all else scaled alike')
    parser.add_argument('--deterministic', action='store_true', help='the same as randomness.deterministic=True')
    parser.add_argument('--gpus', type=int, default=1, help=argparse.SUPPRESS)  # OpenSelfSup's, for one process
    parser.add_argument('--amp', action='store_true', help='mixed precision, of the kind that pays on the device')
    parser.add_argument('--auto-scale-lr', action='store_true', help='scale the learning rate to the total batch size')
    add_data(parser)
    add_proposals(parser)
    add_options(parser)
    add_launcher(parser)


def run(args):
    from mmwsl.apis import train
    if args.overwrite and (args.resume or args.resume_anew):
        raise ValueError('--overwrite and --resume: a training starts anew or goes on, give one of the two')
    if args.gpus > 1:
        raise ValueError(f'--gpus {args.gpus}: one process has one; start several by torchrun '
                         '--nproc-per-node N -m mmwsl train CONFIG --launcher pytorch')
    options = {'load_from': args.pretrained, 'randomness.deterministic': args.deterministic or None,
               'randomness.seed': None if args.seed is None else int(args.seed),
               'epochs': args.epochs, 'iters': args.iters}
    options = {key: value for key, value in options.items() if value is not None}
    cfg = prepare_config(args, {**options, **data_options(args)},
                         work_dir=args.work_dir, resume=True if args.resume == 'auto' else args.resume,
                         auto_scale_lr=args.auto_scale_lr, resume_anew=args.resume_anew)
    if args.dry_run:
        print(cfg.pretty_text)
    else:
        train(cfg, overwrite=args.overwrite)
