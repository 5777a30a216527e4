"""``mmwsl benchmark``."""

from .arguments import (
    CHECKPOINT,
    add_config,
    add_data,
    add_launcher,
    add_options,
    data_options,
    join_ranks,
    read_options,
)
from .tables import print_tables

SUMMARY = 'Evaluate a checkpoint by frozen features or fine-tuning: kNN, linear, SVM, plugins.'
EXAMPLE = ('mmwsl benchmark mmwsl::selfsup/rotation/rotation_r18w16_1xb32-cos-5e_digitscenes.py random '
           '--protocols knn svm --out records.jsonl')


def add_arguments(parser):
    add_config(parser)
    parser.add_argument('checkpoint', help=CHECKPOINT)
    parser.add_argument('--on', metavar='CONFIG', action='append',
                        help='use the data of this config, with its settings, e.g. mmwsl::benchmarks/voc07_svm.py; '
                             'may be given several times')
    parser.add_argument('--protocols', nargs='+',
                        help='protocols to run (default: those of the config; with --data: those of frozen features '
                             'that fit the labels. linear_online, finetune, semi_supervised, detection and '
                             'segmentation train a network, so they have to be named)')
    parser.add_argument('--out', help='JSON-lines file the records are added to')
    parser.add_argument('--suite', help='name of the suite in the records')
    parser.add_argument('--method', help="name of the method in the records (default: the model's class)")
    parser.add_argument('--work-dir', help='where protocols that train do so (default: work_dirs/benchmark)')
    parser.add_argument('--layer', type=int, default=-1, help="which of the backbone's outputs")
    parser.add_argument('--layers', type=int, nargs='+', metavar='N',
                        help="values for each of these out_indices of the backbone (default: the config's, else none)")
    parser.add_argument('--pooling', help="of --layers: 'openselfsup' (ResNet), 'deepcluster' or 'rotnet' (AlexNet)")
    parser.add_argument('--no-floor', action='store_true',
                        help='with --data: not the untrained network beside the checkpoint')
    add_data(parser)
    add_options(parser)
    add_launcher(parser)


def run(args):
    from mmwsl.apis import benchmark, load_config
    join_ranks(args)
    options = {**read_options(args.cfg_options), **data_options(args)}
    configs = [load_config(args.config, options, benchmark_of=data) for data in args.on or [None]]
    wanted = [args.protocols] * len(configs)
    if args.protocols and len(configs) > 1:  # each has its own
        wanted = [[name for name in args.protocols if name in cfg.benchmark.get('protocols', ())] for cfg in configs]
        unknown = set(args.protocols).difference(*wanted)
        if unknown:
            raise ValueError(f'--protocols {", ".join(sorted(unknown))}: none of {", ".join(args.on)} has it')
    records = []
    for cfg, names in zip(configs, wanted, strict=True):
        if names == []:
            continue
        records += benchmark(cfg, args.checkpoint, names, out=args.out, suite=args.suite, method=args.method,
                             layer=args.layer, layers=args.layers, pooling=args.pooling, work_dir=args.work_dir,
                             floor=bool(args.data) and not args.no_floor)
    print_tables(records)
