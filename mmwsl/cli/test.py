"""``mmwsl test``."""

from .arguments import (
    CHECKPOINT,
    add_config,
    add_data,
    add_launcher,
    add_options,
    add_proposals,
    data_options,
    join_ranks,
    read_options,
)
from .tables import print_tables

SUMMARY = "Evaluate a checkpoint by the config's own metrics (test_evaluator), or else by kNN."
EXAMPLE = 'mmwsl test mmwsl::weaksup/localization/cam/cam_r18w16_1xb64-cos-4e_digitscenes.py random'


def add_arguments(parser):
    add_config(parser)
    parser.add_argument('checkpoint', nargs='+', help=f'{CHECKPOINT}; several of one Localizer are tested as one')
    parser.add_argument('--protocols', nargs='+', help='protocols to run (default: knn)')
    parser.add_argument('--out', help='JSON-lines file the records are added to')
    parser.add_argument('--method', help="name of the method in the records (default: the model's class)")
    add_data(parser)
    add_proposals(parser)
    add_options(parser)
    add_launcher(parser)


def run(args):
    from mmengine.dist import is_main_process

    from mmwsl.apis import benchmark, evaluate, load_config
    join_ranks(args)
    cfg = load_config(args.config, {**read_options(args.cfg_options), **data_options(args)})
    if cfg.get('test_evaluator') and not args.protocols:
        values = evaluate(cfg, args.checkpoint, out=args.out, method=args.method)
        if is_main_process():
            print('\n'.join(f'{name}: {value:.2f}' for name, value in values.items()))
        return
    if len(args.checkpoint) > 1:
        raise ValueError('several checkpoints are tested as one by the metrics of a config with a test_evaluator only')
    unasked = (cfg.get('benchmark') or {}).get('default') or ['knn']  # the first that the labels of --data serve
    print_tables(benchmark(cfg, args.checkpoint[0], args.protocols or unasked[:1], out=args.out, method=args.method))
