"""``mmwsl label-cost``."""

SUMMARY = 'Draw the values of a suite against the seconds that its labels cost: what a label is worth.'
EXAMPLE = ('mmwsl label-cost mmwsl::suites/label_cost.py work_dirs/label_cost/records.jsonl '
           '--out work_dirs/label_cost/plot')


def add_arguments(parser):
    parser.add_argument('suite', help='suite config, e.g. mmwsl::suites/label_cost.py')
    parser.add_argument('records', help='records.jsonl that mmwsl suite wrote')
    parser.add_argument('--out', required=True, help='folder of label_cost.svg, label_cost.md and label_cost.json')
    parser.add_argument('--families', action='store_true',
                        help='instead of one metric a table of all tasks: families.md, and families.jsonl, the records '
                             'with what the labels cost')
    parser.add_argument('--metric', default='mIoU', help='of the records (default: %(default)s)')


def run(args):
    if args.families:
        from mmwsl.apis.label_cost import label_families
        print(label_families(args.suite, args.records, args.out), end='')
        print(f'{args.out}: families.md, families.jsonl')
        return
    from mmwsl.apis import label_cost
    from mmwsl.apis.label_cost.plot import cost_table
    print(cost_table(label_cost(args.suite, args.records, args.out, args.metric)), end='')
    print(f'{args.out}: label_cost.svg, label_cost.md, label_cost.json')
