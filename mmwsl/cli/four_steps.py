"""``mmwsl four-steps``."""

from .arguments import add_config, add_data, add_options, read_options

SUMMARY = 'Learn masks from tags: classifier, class maps, pseudo-masks, segmentor; what was stopped goes on.'
EXAMPLE = ('mmwsl four-steps mmwsl::weaksup/segmentation/four_step/four_step_efficientnetlite0_voc07.py '
           '--data my_tags.csv --out work_dirs/masks')


def add_arguments(parser):
    add_config(parser)
    parser.add_argument('--out', required=True, metavar='DIR', help='folder of the steps, table.md and records.jsonl')
    parser.add_argument('--records', metavar='FILE', help='JSON-lines file that the figures are added to')
    parser.add_argument('--device', help='where maps are made (default: a GPU if there is one)')
    add_data(parser, "your own photos with tags in place of the config's data")
    add_options(parser)


def run(args):
    from mmwsl.apis import four_steps
    print(four_steps(args.config, args.out, args.data, args.format, read_options(args.cfg_options), args.records,
                     args.device), end='')
